"""What a function does to what it was given: found on one side, done on the other.

The judge keeps its own tensors, lists and models; the sandbox works on copies. After a
call the sandbox says what has changed in them, as plain data, and the judge does the
same to its own. So a test can pass a model to be trained, or one that notes in a list
how it was called.
"""

import builtins
import itertools
import types
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from coursework.wire import WRONG, Broken

MOST_PARTS = 20_000
PLAIN = (bool, int, float, str, type(None))


def parts(value: Any) -> list[Any]:
    """Return all that a function could change in its arguments, in a fixed order.

    Tensors, arrays, lists, dictionaries, models, optimizers, objects of a test's own
    classes, and what these and a test's own functions hold; at most 20,000 of them.

    >>> notes = [3]
    >>> parts(((notes, 1.5), {"x": "y"}))
    [[3], {'x': 'y'}]
    """
    return list(itertools.islice(_walk(value, set()), MOST_PARTS))


def _walk(value: Any, seen: set[int]) -> Iterator[Any]:
    inside = _inside(value)
    if inside is None or id(value) in seen:
        return
    seen.add(id(value))
    if not isinstance(value, tuple | types.FunctionType):
        yield value
    for item in inside:
        yield from _walk(item, seen)


def _inside(value: Any) -> list[Any] | None:
    """Return what to look at in a value, or None if it is of no interest itself."""
    if isinstance(value, Tensor | np.ndarray):
        return []
    if isinstance(value, tuple) or type(value) is list:
        return list(value)
    if type(value) is dict:
        return list(value.values())
    if isinstance(value, torch.nn.Module):
        tensors = [*value._parameters.values(), *value._buffers.values()]
        return [*tensors, *value._modules.values(), *_public(value).values()]
    if isinstance(value, Optimizer):
        return [p for group in value.param_groups for p in group["params"]]
    if isinstance(value, types.FunctionType):
        return [cell.cell_contents for cell in value.__closure__ or ()]
    kind = type(value)
    # What a test file defines says that it comes from there: it has no module's name.
    own = kind.__module__ == "builtins" and not hasattr(builtins, kind.__name__)
    return list(_public(value).values()) if own and hasattr(value, "__dict__") else None


def _public(thing: Any) -> dict[str, Any]:
    found = vars(thing) if hasattr(thing, "__dict__") else {}
    return {name: value for name, value in found.items() if not name.startswith("_")}


def state(part: Any) -> Any:
    """Return what differs after a change of a part itself, not of what is in it."""
    if isinstance(part, np.ndarray):
        return part.tobytes()
    if isinstance(part, Tensor):
        if part.is_inference():
            flat = part.detach().contiguous().reshape(-1)
            return flat.view(torch.uint8).numpy().tobytes()
        grad = part.grad if part.is_leaf else None
        return part._version, None if grad is None else (id(grad), grad._version)
    if isinstance(part, list):
        return [len(part), *map(id, part)]
    if isinstance(part, dict):
        return [(id(k), id(v)) for k, v in part.items()]
    if isinstance(part, Optimizer):
        return object()  # always: its state is made by its first step
    return plain(part)


def plain(thing: Any) -> dict[str, Any]:
    """Return a thing's attributes that are numbers, texts, or True and False."""
    return {k: v for k, v in _public(thing).items() if type(v) in PLAIN}


def content(part: Any) -> Any:
    """Return what a part holds now, in a form that can cross."""
    if isinstance(part, Tensor):
        return [part.detach(), part.grad if part.is_leaf else None]
    if isinstance(part, Optimizer):
        return part.state_dict()
    return part if isinstance(part, np.ndarray | list | dict) else plain(part)


def write(part: Any, new: Any) -> None:
    """Do to the judge's own part what was done to its copy.

    Raises `wire.Broken` if that is impossible. Attributes that were none before, or no
    numbers and texts, stay as they are.

    >>> numbers, notes = torch.zeros(2), []
    >>> write(numbers, [torch.ones(2), None])
    >>> write(notes, ["seen"])
    >>> numbers, notes
    (tensor([1., 1.]), ['seen'])
    """
    try:
        if isinstance(part, Tensor):
            tensor, grad = new
            with torch.no_grad():
                part.copy_(_like(part, tensor))
            if part.is_leaf:
                part.grad = None if grad is None else _like(part, grad)
        elif isinstance(part, np.ndarray):
            part[...] = _like(part, new)
        elif isinstance(part, list):
            part[:] = _of(list, new)
        elif isinstance(part, dict):
            items = dict(_of(dict, new))
            part.clear()
            part.update(items)
        elif isinstance(part, Optimizer):
            part.load_state_dict(_of(dict, new))
        else:
            known = plain(part)
            for name, value in _of(dict, new).items():
                if name in known and type(value) in PLAIN:
                    setattr(part, name, value)
    except (*WRONG, AttributeError) as error:
        raise Broken(f"a change that cannot be made ({error!r:.100})") from None


def _of(kind: type, new: Any) -> Any:
    if type(new) is not kind:
        raise TypeError(f"{type(new).__name__} for {kind.__name__}")
    return new


def _like(part: Any, new: Any) -> Any:
    kind = np.ndarray if isinstance(part, np.ndarray) else Tensor
    if not isinstance(new, kind) or new.shape != part.shape:
        raise TypeError("another shape")
    return new
