"""Checks for the exercises of the chapter on multi-label distillation."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checks import Wrong, call, check, expect
from course_lib.losses import multilabel_soft_target_loss, soft_target_loss


def number(
    value: Any,
    expected: float,
    given: str,
    hints: Mapping[str, float],
    tolerance: float = 1e-6,
) -> None:
    """Raise `Wrong` unless `value` is the number; a known slip gets its own hint."""
    try:
        got = float(value)
    except (TypeError, ValueError, RuntimeError):
        raise Wrong(
            f"For {given} you returned {type(value).__name__}; expected one number."
        ) from None

    def equal(other: float) -> bool:
        return math.isclose(got, other, rel_tol=tolerance, abs_tol=tolerance)

    hint = next((h for h, slip in hints.items() if equal(slip)), "")
    message = f"For {given} you returned {got:.5g}; expected {expected:.5g}. {hint}"
    expect(equal(expected), message.strip())


@check("Right: that is how much of the way the teacher is worth.")
def share(function: Callable[..., Any]) -> None:
    """The share of the mean distance to the best score that a teacher closes."""
    cases = [
        ([0.80], [0.90], 0.94),
        ([0.70, 0.90], [0.85, 0.93], 0.95),
        ([0.80, 0.84], [0.78, 0.80], 0.94),
        ([0.94, 0.94], [0.93, 0.94], 0.94),
    ]
    for alone_scores, taught_scores, best in cases:
        alone, taught = np.array(alone_scores), np.array(taught_scores)
        distance = best - alone.mean()
        gain = taught.mean() - alone.mean()
        expected, hints = 0.0, {}
        if distance:
            expected = gain / distance
            hints = {
                "That is the mean of the ratios; take the ratio of the means.": float(
                    ((taught - alone) / (best - alone)).mean()
                ),
                "That is what is left of the distance, not what is closed.": 1
                - expected,
                "The wrong way round: taught minus alone.": -expected,
                "Divide by the distance from alone to best.": gain / best,
                "That is a share of the student's score, not of the distance.": gain
                / alone.mean(),
            }
        given = f"alone {alone_scores}, taught {taught_scores} and best {best}"
        with np.errstate(divide="ignore", invalid="ignore"):
            got = call(function, alone, taught, best)
        if not distance and not np.isfinite(got):
            raise Wrong(f"For {given} you returned {got}; there is no distance: 0.")
        number(got, expected, given, hints)


@check("Right: a name cannot be out of order.")
def columns(function: Callable[..., Any]) -> None:
    """A teacher's columns in the order of the student's labels."""
    logits = np.arange(12.0).reshape(3, 4)
    theirs = ("comedy", "horror", "war", "drama")
    for ours in (
        theirs,
        ("drama", "comedy", "horror", "war"),
        ("war", "comedy"),
    ):
        expected = logits[:, [theirs.index(name) for name in ours]]
        got = call(function, logits.copy(), theirs, ours)
        given = f"a teacher's {theirs} and your {ours}"
        try:
            values = np.asarray(got, dtype=float)
        except (TypeError, ValueError):
            raise Wrong(
                f"For {given} you returned {type(got).__name__}; expected an array."
            ) from None
        message = (
            f"For {given} the first row should be {expected[0].tolist()}; you "
            f"returned {values[:1].tolist()} of shape {values.shape}. "
        )
        back = [ours.index(name) for name in theirs if name in ours]
        if values.shape == logits.shape and np.array_equal(values, logits):
            message += "Those are her columns, in her order."
        elif len(ours) == 4 and np.array_equal(values, logits[:, back]):
            message += "The wrong way round: ask where each of *your* names is hers."
        expect(
            values.shape == expected.shape and np.array_equal(values, expected), message
        )
    refuses(function, logits, theirs)


def refuses(
    function: Callable[..., Any], logits: np.ndarray, theirs: Sequence[str]
) -> None:
    """A label that the teacher lacks has to be named in a `ValueError`."""
    try:
        function(logits.copy(), theirs, ("war", "musical"))
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        expect(
            isinstance(error, ValueError) and "musical" in str(error),
            "The teacher knows no 'musical', and you raised "
            f"{said}; expected a ValueError that names it.",
        )
        return
    raise Wrong(
        "The teacher knows no 'musical', and you returned something all the same; "
        "expected a ValueError that names it."
    )


@check("Right: one softmax, then sigmoids, each in its own columns.")
def two_heads(function: Callable[[Tensor, Tensor, float], Any]) -> None:
    """The soft loss of a student with a softmax head and a sigmoid head."""
    generator = torch.Generator().manual_seed(0)
    for questions, temperature in ((6, 1.0), (3, 2.0), (1, 4.0)):
        shape = (2, 5, 2 + questions)
        s, t = 2 * torch.randn(shape, generator=generator, dtype=torch.float64)
        one = soft_target_loss(s[:, :2], t[:, :2], temperature).item()
        many = multilabel_soft_target_loss(s[:, 2:], t[:, 2:], temperature).item()
        swapped = soft_target_loss(t[:, :2], s[:, :2], temperature)
        swapped += multilabel_soft_target_loss(t[:, 2:], s[:, 2:], temperature)
        hints = {
            "T² is missing.": (one + many) / temperature**2,
            "The teacher comes first in the divergence.": swapped.item(),
            "Take the mean over the questions, not their sum.": one + questions * many,
            "That is one softmax over all columns.": soft_target_loss(
                s, t, temperature
            ).item(),
            "That is a sigmoid for all columns; the first two are one question.": (
                multilabel_soft_target_loss(s, t, temperature).item()
            ),
            "Add the two heads; do not average them.": (one + many) / 2,
            "The yes/no questions are missing.": one,
            "The first question is missing.": many,
        }
        if temperature == 1:
            del hints["T² is missing."]
        given = f"5 texts, {questions} yes/no questions and T = {temperature:g}"
        got = call(function, s.clone(), t.clone(), temperature)
        number(got, one + many, given, hints)
