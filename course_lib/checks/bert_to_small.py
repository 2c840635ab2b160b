"""Checks for the exercises of the chapter on small students of a BERT."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from course_lib.checks import Wrong, call, check, expect


def number(value: Any, expected: float, given: str, hints: Mapping[float, str]) -> None:
    """Raise `Wrong` unless `value` is the number; a known slip gets its own hint."""
    try:
        got = float(value)
    except (TypeError, ValueError):
        raise Wrong(
            f"For {given} you returned {type(value).__name__}; expected one number."
        ) from None
    hint = next((h for slip, h in hints.items() if math.isclose(got, slip)), "")
    message = f"For {given} you returned {got:,.6g}; expected {expected:,.6g}. {hint}"
    expect(math.isclose(got, expected, abs_tol=1e-9), message.strip())


def count(vocabulary: int, features: int, hidden: int, labels: int) -> int:
    """The numbers of a one-layer BiLSTM with mean and maximum pooling."""
    direction = 4 * hidden * (features + hidden + 2)
    return vocabulary * features + 2 * direction + (4 * hidden + 1) * labels


@check("Right: the file is a straight line in the features.")
def features_for(function: Callable[[int], Any]) -> None:
    """The largest embedding that fits a budget of bytes."""
    largest = 4 * count(20_000, 15, 24, 2)
    for budget in (1_000_000, 300_000, largest, largest - 1, 10_000, 0):
        best = max(
            (e for e in range(1, 60) if 4 * count(20_000, e, 24, 2) <= budget),
            default=0,
        )
        hints: dict[float, str] = {
            best + 1: "That one is just too large.",
            budget // 80_000: "The words are not all: the gates cost something too.",
        }
        got = call(function, budget)
        number(got, best, f"a budget of {budget:,} bytes", hints)


@check("Right: nothing is thrown away that nothing else beats.")
def front(function: Callable[[np.ndarray], Any]) -> None:
    """The places of the rows that no other row dominates."""
    rows = [
        [[90, 5, 1], [88, 6, 2], [85, 1, 0.1]],
        [[90, 5, 1], [90, 5, 1], [90, 6, 1]],
        [[80, 1, 1]],
        [[90, 10, 9], [89, 10, 8], [88, 9, 9], [88, 10, 9]],
        np.random.default_rng(0).random((30, 3)).round(1).tolist(),
    ]
    for points in map(np.array, rows):
        gain = points * [1, -1, -1]
        expected = [
            i
            for i, row in enumerate(gain)
            if not any((other >= row).all() and (other > row).any() for other in gain)
        ]
        got = call(function, points.copy())
        shown = points[:4].tolist()
        message = (
            f"For {len(points)} models, first {shown}, you returned {got}; expected "
            f"{expected}. "
        )
        if not isinstance(got, Sequence | np.ndarray):
            raise Wrong(message + "Return a list of places.")
        places = [int(i) for i in got]
        if sorted(places) == expected:
            message += "Those are the right ones: put them in ascending order."
        elif set(places) < set(expected):
            message += "One is missing: is it beaten in all three, by a single model?"
        elif set(places) > set(expected):
            message += "One too many: another is as good in all and better in one."
        expect(places == expected, message)


@check("Right. Only what is beyond its own mistakes has come from the teacher.")
def excess(function: Callable[..., Any]) -> None:
    """How much oftener a taught student repeats its teacher's mistakes."""
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1, 2, 2])
    teacher = np.array([1, 1, 2, 0, 1, 0, 0, 1, 2, 2])
    taught = np.array([1, 2, 2, 0, 1, 0, 1, 0, 2, 0])
    alone = np.array([1, 0, 1, 0, 1, 1, 1, 1, 0, 2])
    for said in (teacher, labels):
        wrong = said != labels
        arrays = [np.eye(3)[v] * 2.0 - 1 for v in (said, taught, alone)]
        expected, slips = 0.0, {}
        if wrong.any():
            repeats = (taught == said)[wrong].mean()
            by_itself = (alone == said)[wrong].mean()
            errs = (taught != labels)[wrong].mean() - (alone != labels)[wrong].mean()
            expected = float(repeats - by_itself)
            slips = {
                float(repeats): "And how often does the student alone do that?",
                -expected: "The other way round: taught minus alone.",
                float(errs): "A mistake is repeated only if it is the same mistake.",
                float((taught == said).mean() - (alone == said).mean()): (
                    "Only the texts count that the teacher gets wrong."
                ),
            }
        given = f"{wrong.sum()} mistakes of the teacher in {len(labels)} texts"
        got = call(function, *arrays, labels.copy())
        expect(
            not isinstance(got, float | np.floating) or not math.isnan(float(got)),
            f"For {given} you returned NaN: what if the teacher makes no mistake?",
        )
        number(got, expected, given, slips)
