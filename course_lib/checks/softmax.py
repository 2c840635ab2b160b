"""Checks for the exercises of the chapter on softmax."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.checks import Wrong, call, check, expect


def shown(value: Tensor) -> str:
    """Write a tensor as its numbers, short enough for a message."""
    return str([_rounded(part) for part in value.tolist()])


def _rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    return value if isinstance(value, bool | int) else float(f"{value:.4g}")


def shaped(value: Any, like: Tensor, given: str) -> Tensor:
    """Return a tensor of the right shape, or say what came instead."""
    if not isinstance(value, Tensor):
        raise Wrong(
            f"For {given} you returned {type(value).__name__}; expected a tensor of "
            f"shape {tuple(like.shape)}."
        )
    if value.shape != like.shape:
        raise Wrong(
            f"For {given} you returned shape {tuple(value.shape)}; expected "
            f"{tuple(like.shape)}, one number for each logit."
        )
    return value.detach()


def same(got: Tensor, expected: Tensor, given: str, *slips: tuple[Tensor, str]) -> None:
    """Raise `Wrong` unless all numbers agree; a known slip gets its own hint."""

    def agrees(other: Tensor) -> bool:
        return torch.allclose(
            got.double(), other.double(), rtol=1e-3, atol=1e-5, equal_nan=True
        )

    hint = next((hint for slip, hint in slips if agrees(slip)), "")
    message = f"For {given} you returned {shown(got)}; expected {shown(expected)}. "
    expect(agrees(expected), (message + hint).strip())


@check("Right: by hand, row by row, and where exp overflows or underflows.")
def log_softmax(function: Callable[[Tensor], Any]) -> None:
    """Log-probabilities from logits of shape (..., classes), without overflow."""
    z = torch.tensor([1.0, 2.0, 5.0]).log()
    given = "the logits log 1, log 2, log 5"
    same(
        shaped(call(function, z.clone()), z, given),
        torch.tensor([1 / 8, 2 / 8, 5 / 8]).log(),
        given,
        (torch.tensor([1 / 8, 2 / 8, 5 / 8]), "Those are the probabilities."),
        (torch.tensor([8 / 1, 8 / 2, 8 / 5]).log(), "The sign is turned round."),
    )

    z = torch.tensor([[1.0, 2.0, 5.0], [3.0, 3.0, 0.0]])
    given = f"the batch {z.tolist()}"
    same(
        shaped(call(function, z.clone()), z, given),
        z.log_softmax(1),
        given,
        (z.log_softmax(0), "That runs over the batch; the classes come last: dim=-1."),
        (
            z - z.flatten().logsumexp(0),
            "That sums over the whole batch; each row has a sum of its own: dim=-1.",
        ),
    )

    z = torch.tensor([[1000.0, 0.0]])
    given = f"the logits {z.tolist()}"
    got = shaped(call(function, z.clone()), z, given)
    overflow = "exp(1000) is infinite in float32: subtract the largest logit first."
    underflow = "The small probability rounded to 0 before you took its logarithm."
    hint = underflow if got[0, 0] == 0 else overflow
    slips = [] if got.isfinite().all() else [(got, hint)]
    same(got, torch.tensor([[0.0, -1000.0]]), given, *slips)

    z = torch.tensor([[2000.0, 0.0], [0.0, 1.0]])
    given = f"the batch {z.tolist()}"
    hint = "One maximum for the whole batch drowns the other row: give each its own."
    got = shaped(call(function, z.clone()), z, given)
    slips = [] if got[1].isfinite().all() else [(got, hint)]
    same(got, z.log_softmax(1), given, *slips)

    z = torch.tensor([[1_000_000.25, 1_000_001.5, 999_998.0]])
    given = f"the logits {z.tolist()}"
    hint = (
        "Digits were lost because the large maximum was still in: take it off first, "
        "then subtract the logarithm of the sum."
    )
    shortcut = z - z.logsumexp(-1, keepdim=True)
    got = shaped(call(function, z.clone()), z, given)
    same(got, z.log_softmax(-1), given, (shortcut, hint))


@check("Right: the threshold is a probability, and you compared like with like.")
def labels_at(function: Callable[[Tensor, float], Any]) -> None:
    """True where a label's probability, the sigmoid of its logit, is above p."""
    cases = [
        ([[2.0, 1.9, 0.3, -1.0]], 0.5),
        ([[3.0, 2.0, 0.5]], 0.9),
        ([[-1.0, -3.0, 4.0]], 0.1),
    ]
    for numbers, p in cases:
        z = torch.tensor(numbers)
        given = f"logits {numbers} and p = {p}"
        got = shaped(call(function, z.clone(), p), z, given)
        expect(
            bool(((got == 0) | (got == 1)).all()),
            f"For {given} you returned {shown(got)}; expected only True or False.",
        )
        same(
            got.bool(),
            z.sigmoid() > p,
            given,
            (z > p, "The logits were compared with a probability."),
            (z.softmax(-1) > p, "Softmax makes the labels share one whole."),
            (z > 0, "A logit of 0 is the threshold for p = 0.5 only."),
            (z.sigmoid() < p, "Those are the labels to leave out."),
        )


@check("Right: what is predicted minus what is true, shared out over the batch.")
def gradient(function: Callable[[Tensor, Tensor], Any]) -> None:
    """Gradient of the batch's mean cross-entropy with respect to the logits."""
    cases = [
        ([[0.0, 0.0, 0.0], [2.0, 1.0, -1.0]], [1, 0]),
        ([[1000.0, 0.0], [0.0, 1.0], [0.5, 0.5], [-2.0, 2.0]], [0, 1, 1, 0]),
    ]
    for numbers, classes in cases:
        z, labels = torch.tensor(numbers), torch.tensor(classes)
        given = f"logits {numbers} and labels {classes}"
        got = shaped(call(function, z.clone(), labels.clone()), z, given)
        p, y = z.softmax(-1), F.one_hot(labels, z.shape[-1])
        overflow = "exp(1000) is infinite in float32: use a stable softmax."
        slips = [(got, overflow)] if got.isnan().any() else []
        same(
            got,
            (p - y) / len(z),
            given,
            ((y - p) / len(z), "The sign is wrong: that points downhill."),
            (p - y, "The loss is the mean over the batch: divide by its size."),
            ((p - y) / p.numel(), "Divide by the batch size only, not by the classes."),
            (p / len(z), "The label is missing: take 1 off at the right class."),
            *slips,
        )


@check("Right: with that, one number from a log convicts a line of code.")
def classes_behind(function: Callable[[float], Any]) -> None:
    """How many classes a task has whose doubly-softmaxed loss stops at `floor`."""
    for classes in (2, 3, 10, 1000):
        floor = math.log(1 + (classes - 1) / math.e)
        given = f"a floor of {floor:.4f}"
        got = _number(call(function, floor), given)
        slips = [
            (math.exp(floor), "That is where a model that only guesses stays: log K."),
            (
                math.e * (math.exp(floor) - 1),
                "Those are the wrong classes; count the right one too.",
            ),
            (math.e / math.exp(-floor), "That is e + K - 1: subtract what is not K."),
        ]
        hint = next((h for slip, h in slips if math.isclose(got, slip)), "")
        expect(
            math.isclose(got, classes, rel_tol=1e-3),
            f"For {given} you returned {got:.4g}; expected {classes}. {hint}".strip(),
        )
    got = _number(call(function, 0.74), "a floor of 0.74")
    expect(
        round(got) == 4,
        f"For a floor of 0.74 you returned {got:.4g}; expected 4 or nearly so. A log "
        "rounds its numbers: do not insist on a whole number, and do not cut it off.",
    )


def _number(value: Any, given: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise Wrong(
            f"For {given} you returned {type(value).__name__}; expected one number."
        ) from None
