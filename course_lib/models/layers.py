"""A student that starts from its teacher's layers."""

from collections.abc import Iterable, Sequence
from copy import deepcopy

import torch
from torch import nn

from course_lib.models.bert import BertClassifier, find_layers
from course_lib.models.recurrent import RecurrentClassifier


def keep_layers(teacher: nn.Module, layers: Sequence[int]) -> nn.Module:
    """Return a student made of some layers of its teacher, and all the rest of it.

    `layers` counts from 0, in the order in which they are to stand; DistilBERT took
    every other layer of BERT (Sanh et al. 2019). The teacher is a `BertClassifier` or a
    recurrent model. The student shares no memory with it, and all of it can be trained.
    Raises `ValueError` for a layer that is not there or cannot read the one below.

    >>> from course_lib.models.recurrent import LSTMClassifier
    >>> teacher = LSTMClassifier(10, 2, embedding_size=4, hidden_size=2, num_layers=3)
    >>> student = keep_layers(teacher, [0, 2])
    >>> len(student.forwards), len(student.backwards)
    (2, 2)
    """
    student = deepcopy(teacher).requires_grad_(True)
    shared = {}  # what is no weight, and of which all layers read one
    if isinstance(student, BertClassifier):
        stacks = [find_layers(student.bert)]
        shared = {id(student.bert.config): student.bert.config}
    elif isinstance(student, RecurrentClassifier):
        stacks = [stack for stack in (student.forwards, student.backwards) if stack]
    else:
        raise ValueError(
            f"{type(teacher).__name__} has no layers to keep: give a BertClassifier, "
            "an LSTMClassifier or a GRUClassifier"
        )
    count = len(stacks[0])
    if not layers or not set(layers) <= set(range(count)):
        raise ValueError(
            f"layers is {list(layers)}; give one or more of 0 to {count - 1}"
        )
    for stack in stacks:
        kept = [deepcopy(stack[number], {**shared}) for number in layers]
        for new, old in zip(kept, stack, strict=False):
            if reads(new) != reads(old):
                raise ValueError(
                    f"layers is {list(layers)}; one that reads {reads(new)} features "
                    f"cannot stand where {reads(old)} come in"
                )
        del stack[:]
        stack.extend(kept)
    if isinstance(student, BertClassifier):
        student.trained_layers = None
        student.bert.config.num_hidden_layers = len(layers)
    return student.train(teacher.training)


def reads(layer: nn.Module) -> int | None:
    """Return how many features a recurrent layer reads; BERT's all read the same."""
    return getattr(layer, "input_size", None)


def evenly(count: int, keep: int) -> list[int]:
    """Return which `keep` of `count` layers to keep, evenly from the first to the last.

    Of BERT's twelve these are the six that DistilBERT began with (Sanh et al. 2019; the
    numbers are in the code that they published). A single one is the first. Raises
    `ValueError` if there are not so many.

    >>> evenly(12, 6)
    [0, 2, 4, 7, 9, 11]
    """
    if not 1 <= keep <= count:
        raise ValueError(
            f"{keep} layers cannot be kept of {count}: keep 1 or more, and no more "
            "than the teacher has"
        )
    gap = (count - 1) / max(keep - 1, 1)
    return [round(place * gap) for place in range(keep)]


def start_from(
    student: nn.Module, teacher: nn.Module, parts: str | Sequence[str] = ""
) -> list[str]:
    """Copy parts of a teacher into a student; return the names of the tensors copied.

    `parts` are names in the student: a module's, as "embedding" or "forwards.0", or a
    tensor's; "" is all of it. Unlike `load_state_dict(strict=False)`, which passes over
    what it does not find, this copies all of each part or raises `ValueError`, and then
    nothing has been copied. The two share no memory.

    >>> teacher, student = nn.Linear(3, 2), nn.Linear(3, 2)
    >>> start_from(student, teacher, ["weight"])
    ['weight']
    >>> start_from(student, teacher, ["weights"])
    Traceback (most recent call last):
    ValueError: the student has no part 'weights'; it has weight, bias
    """
    ours, theirs = student.state_dict(), teacher.state_dict()
    names = []
    for part in [parts] if isinstance(parts, str) else parts:
        inside = [name for name in ours if f"{name}.".startswith(part and f"{part}.")]
        if not inside:
            raise ValueError(
                f"the student has no part {part!r}; it has {', '.join(parts_of(ours))}"
            )
        names += inside
    for name in names:
        there = theirs[name].shape if name in theirs else None
        if there != ours[name].shape:
            found = "none" if there is None else f"one of shape {tuple(there)}"
            raise ValueError(
                f"the student's {name} has shape {tuple(ours[name].shape)}, and the "
                f"teacher has {found}: name parts that both have, of the same sizes"
            )
    with torch.no_grad():
        for name in names:
            ours[name].copy_(theirs[name])
    return list(dict.fromkeys(names))


def parts_of(names: Iterable[str]) -> list[str]:
    """Return what tensors' names begin with, each once; numbered layers apart.

    >>> parts_of(["embedding.weight", "forwards.0.bias", "forwards.0.weight", "bias"])
    ['embedding', 'forwards.0', 'bias']
    """
    found = []
    for name in names:
        first, *rest = name.split(".")
        numbered = len(rest) > 1 and rest[0].isdigit()
        found.append(f"{first}.{rest[0]}" if numbered else first)
    return list(dict.fromkeys(found))
