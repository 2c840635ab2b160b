"""What exercises compare, and how they tell the reader: one rule for all of them.

`same` takes the reader's answer, the truth, what was given, and the known slips: a
dictionary from a hint to the wrong answer that it explains. The truth is also the
pattern: True or False; an `int`, which has to be met exactly; a `float`; a list, with
equal items; an array, or anything that is one to numpy; a tensor, and nothing else.

What is no whole number has to be right to one part in a thousand, and messages show
four digits: two numbers that are told apart never look alike.
"""

import copy
import math
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

RELATIVE, ABSOLUTE = 1e-3, 1e-6

#: From a hint to what it explains: a wrong answer, a tuple of several, a function that
#: tells whether an answer (as numpy has it) is one, or `OTHER_SHAPE`.
Slips = dict[str, Any]
OTHER_SHAPE = object()


class Wrong(Exception):
    """Raised inside a check, with a message for the reader."""


class Open(Exception):
    """Raised inside a check when the reader's function is still a stub."""


def call(function: Callable[..., Any], *inputs: Any) -> Any:
    """Call the reader's function with copies of the data, which it may change.

    Raises `Open` if it returns nothing, or the dots: then it is still a stub.

    >>> numbers = [2, 1]
    >>> call(lambda given: given.sort() or given, numbers), numbers
    ([1, 2], [2, 1])
    """
    data = (Tensor, np.ndarray, list, set)
    value = function(*(copy.deepcopy(x) if isinstance(x, data) else x for x in inputs))
    if value is None or value is ...:
        raise Open
    return value


def call_without_autograd(function: Callable[..., Any], *inputs: Any) -> Any:
    """Call the reader's function where no gradient can be had but by its formula.

    >>> import torch
    >>> def by_autograd(x):
    ...     y = x.clone().requires_grad_()
    ...     y.square().sum().backward()
    ...     return y.grad
    >>> call_without_autograd(lambda x: 2 * x, torch.ones(2))
    tensor([2., 2.])
    >>> call_without_autograd(by_autograd, torch.ones(2))
    Traceback (most recent call last):
    course_lib.checks.expect.Wrong: You asked autograd; expected the formula.
    """
    with torch.inference_mode(), WithoutAutograd():
        try:
            return call(function, *inputs)
        except RuntimeError as error:
            if "grad" not in str(error):
                raise
    raise Wrong("You asked autograd; expected the formula.")


def call_noting(
    function: Callable[..., Any], module: str, *inputs: Any
) -> tuple[Any, list[str]]:
    """Call the reader's function; return what it does, and what it used of a module.

    >>> import statistics
    >>> call_noting(lambda x: statistics.mean(x), "statistics", [1, 3])[1][0]
    'mean'
    >>> call_noting(lambda x: sum(x) / len(x), "statistics", [1, 3])
    (2.0, [])
    """
    used: list[str] = []

    def watch(frame: FrameType, event: str, argument: Any) -> None:
        name = frame.f_globals.get("__name__", "")
        if event == "call" and (name + ".").startswith(module + "."):
            used.append(frame.f_code.co_name)

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        return call(function, *inputs), used
    finally:
        sys.setprofile(before)


class WithoutAutograd(TorchFunctionMode):
    """Stops those who turn it on again: `torch.func.grad`, `jvp`, `enable_grad`.

    >>> with torch.inference_mode(), WithoutAutograd():
    ...     torch.func.grad(torch.sin)(torch.tensor(0.0))
    Traceback (most recent call last):
    RuntimeError: There is no autograd here.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        forward_mode = getattr(func, "__name__", "") == "_make_dual"
        if forward_mode or torch.is_grad_enabled():
            raise RuntimeError("There is no autograd here.")
        return func(*args, **(kwargs or {}))


def count_operations(function: Callable[..., Any], *inputs: Any) -> float:
    """Return how often a function calls torch; infinite if it leaves it for lists.

    A loop over rows takes more calls for more rows.

    >>> import torch
    >>> def looped(x):
    ...     return torch.stack([row.flip(0) for row in x])
    >>> small, large = torch.zeros(2, 3), torch.zeros(5, 3)
    >>> count_operations(looped, large) > count_operations(looped, small)
    True
    """
    counted = _Counted()
    with counted:
        function(*inputs)
    return counted.number


class _Counted(TorchFunctionMode):
    number = 0.0

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        self.number += math.inf if func is Tensor.tolist else 1
        return func(*args, **(kwargs or {}))


def require(condition: Any, message: str) -> None:
    """Raise `Wrong(message)` unless the condition holds.

    >>> require(1 + 1 == 3, "For 1 and 1 you returned 2; expected 3.")
    Traceback (most recent call last):
    course_lib.checks.expect.Wrong: For 1 and 1 you returned 2; expected 3.
    """
    if not condition:
        raise Wrong(message)


def same(
    value: Any, truth: Any, given: str, slips: Slips | None = None, within: float = 0
) -> None:
    """Raise `Wrong` unless an answer is the truth; the first slip that fits is named.

    `within` is how far an answer may be off where it is an estimate.

    >>> same(0.25, 0.5, "p = 0.5", {"That is p squared.": 0.25, "Too small.": always})
    Traceback (most recent call last):
    course_lib.checks.expect.Wrong: For p = 0.5 you returned 0.25; expected 0.5. That is
    p squared.
    """
    got = read(value, truth, given, slips)
    if not close(got, truth, within):
        raise Wrong(
            f"For {given} you returned {_shown(value, truth)}; expected "
            f"{_shown(truth, truth)}.{_hint(got, slips or {}, True, within)}"
        )


def always(got: Any) -> bool:
    """Explain whatever is wrong: for the last of the slips, or the only one.

    >>> always(3)
    True
    """
    return True


def close(got: Any, other: Any, within: float = 0) -> bool:
    """Whether two answers agree, to one part in a thousand if they are no integers.

    >>> close(0.5004, 0.5), close(1001, 1000), close([1, 2], [2, 1])
    (True, False, False)
    """
    other = _plain(other)
    if isinstance(got, list):
        return bool(got == other)
    ours, theirs = np.asarray(_plain(got), dtype=np.float64), np.asarray(other)
    if ours.shape != theirs.shape:
        return False
    exact = theirs.dtype.kind in "biu"
    rtol, atol = (0, within) if within or exact else (RELATIVE, ABSOLUTE)
    return bool(np.allclose(ours, theirs, rtol=rtol, atol=atol))


def read(value: Any, like: Any, given: str, slips: Slips | None = None) -> Any:
    """Return an answer in the form of `like`, or say what came instead.

    >>> read(np.float32(0.5), 1.0, "p = 0.5")
    0.5
    >>> read("a half", 1.0, "p = 0.5")
    Traceback (most recent call last):
    course_lib.checks.expect.Wrong: For p = 0.5 you returned str; expected one number.
    """
    got, came = _plain(value), f"For {given} you returned {type(value).__name__}"
    shape = tuple(getattr(like, "shape", ()))
    if isinstance(like, bool):
        wanted, fits = "True or False", isinstance(got, bool)
    elif isinstance(like, list):
        wanted, fits = "a list", isinstance(got, list)
    elif isinstance(like, int | float):
        wanted, fits = "one number", not isinstance(value, list | tuple)
    elif isinstance(like, Tensor):
        wanted, fits = f"a tensor of shape {shape}", isinstance(value, Tensor)
    else:
        wanted, fits = f"an array of shape {shape}", True
    require(fits, f"{came}; expected {wanted}.")
    if isinstance(like, bool | list):
        return got
    try:
        array = np.asarray(got, dtype=np.float64)
    except (TypeError, ValueError):
        raise Wrong(f"{came}; expected {wanted}.") from None
    if wanted == "one number" and array.size == 1:
        return array.item()
    if array.shape != shape:
        hint = _hint(array, slips or {}, same_shape=False)
        raise Wrong(f"{came} of shape {array.shape}; expected {wanted}.{hint}")
    return array


def refuses(
    attempt: Callable[[], Any], given: str, wanted: str, naming: str = ""
) -> None:
    """Raise `Wrong` unless the call raises a `ValueError` with `naming` in its text.

    >>> refuses(lambda: int("seven"), "Seven is no number", "a ValueError", "seven")
    >>> refuses(lambda: int("7"), "Seven is no number", "a ValueError")
    Traceback (most recent call last):
    course_lib.checks.expect.Wrong: Seven is no number, and you returned 7 all the same;
    expected a ValueError.
    """
    try:
        said = f"returned {_shown(attempt())} all the same"
    except Exception as error:
        if isinstance(error, ValueError) and naming in str(error):
            return
        said = f"raised {type(error).__name__}: {error}"
    raise Wrong(f"{given}, and you {said}; expected {wanted}.")


def _hint(got: Any, slips: Slips, same_shape: bool, within: float = 0) -> str:
    for hint, slip in slips.items():
        for one in slip if isinstance(slip, tuple) else (slip,):
            if one is OTHER_SHAPE:
                found = not same_shape
            elif callable(one):
                found = same_shape and one(got)
            else:
                found = close(got, one, within)
            if found:
                return f" {hint}"
    return ""


def _plain(value: Any) -> Any:
    """Tensors, arrays and tuples as lists, and their single numbers as Python's."""
    if isinstance(value, Tensor | np.ndarray | np.generic):
        return value.tolist()
    return [_plain(x) for x in value] if isinstance(value, list | tuple) else value


def _shown(value: Any, like: Any = None) -> str:
    """An answer as a message has it; the truth says whether all digits count."""
    value = _plain(value)
    if isinstance(value, list):
        return str(_rounded(value))
    if isinstance(like, int) and not isinstance(like, bool):
        return f"{float(value):,.10g}"
    return f"{value:.4g}" if isinstance(value, float) else repr(value)


def _rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [_rounded(x) for x in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value
