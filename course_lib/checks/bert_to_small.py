"""Checks for the exercises of the chapter on small students of a BERT."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import check
from course_lib.checks.expect import Slips, call, same
from course_lib.checks.lstm_to_lstm import lstm_parameters


@check("Right: the file is a straight line in the features.")
def features_for(function: Callable[[int], Any]) -> None:
    """The largest embedding that fits a budget of bytes.

    >>> features_for(lambda budget: max(0, (budget // 4 - 5_186) // 20_192))
    ✅ Right: the file is a straight line in the features.
    >>> features_for(lambda budget: budget // 80_000)
    ❌ For a budget of 1,232,263 bytes you returned 15; expected 14. The words
    are not all: the gates cost something too.
    """
    size = [4 * lstm_parameters(20_000, e, 24) for e in range(60)]  # with e features
    for budget in (1_000_000, 300_000, size[15], size[15] - 1, 10_000, 0):
        truth = max((e for e in range(1, 60) if size[e] <= budget), default=0)
        slips = {
            "The words are not all: the gates cost something too.": budget // 80_000,
            "That one is just too large.": truth + 1,
        }
        same(call(function, budget), truth, f"a budget of {budget:,} bytes", slips)


@check("Right: nothing is thrown away that nothing else beats.")
def front(function: Callable[[np.ndarray], Any]) -> None:
    """The places of the rows that no other row dominates.

    >>> def best(rows):
    ...     gain = rows * [1, -1, -1]
    ...     return [i for i, row in enumerate(gain)
    ...             if not ((gain >= row).all(1) & (gain > row).any(1)).any()]
    >>> front(best)
    ✅ Right: nothing is thrown away that nothing else beats.
    >>> front(lambda rows: [int(rows[:, 0].argmax())])
    ❌ For 3 models, first [[90.0, 5.0, 1.0], [88.0, 6.0, 2.0], [85.0, 1.0, 0.1]], you
    returned [0]; expected [0, 2]. One is missing: is it beaten in all three, by a
    single model?
    """
    rows = [
        [[90, 5, 1], [88, 6, 2], [85, 1, 0.1]],
        [[90, 5, 1], [90, 5, 1], [90, 6, 1]],
        [[80, 1, 1]],
        [[90, 10, 9], [89, 10, 8], [88, 9, 9], [88, 10, 9]],
        np.random.default_rng(0).random((30, 3)).round(1).tolist(),
    ]
    for points in map(np.array, rows):
        gain = points * [1, -1, -1]
        truth = [
            i
            for i, row in enumerate(gain)
            if not any((other >= row).all() and (other > row).any() for other in gain)
        ]
        slips = {
            "Those are the right ones: put them in ascending order.": (
                lambda got, truth=truth: sorted(got) == truth
            ),
            "One is missing: is it beaten in all three, by a single model?": (
                lambda got, truth=truth: all(i in truth for i in got)
            ),
            "One too many: another is as good in all and better in one.": (
                lambda got, truth=truth: all(i in got for i in truth)
            ),
        }
        given = f"{len(points)} models, first {points[:4].tolist()},"
        same(call(function, points), truth, given, slips)


@check("Right. Only what is beyond its own mistakes has come from the teacher.")
def excess(function: Callable[..., Any]) -> None:
    """How much oftener a taught student repeats its teacher's mistakes.

    >>> def beyond(teacher, taught, alone, labels):
    ...     said = teacher.argmax(1)
    ...     wrong = said != labels
    ...     same = [(m.argmax(1) == said)[wrong].mean() for m in (taught, alone)
    ...             if wrong.any()]
    ...     return same[0] - same[1] if same else 0.0
    >>> excess(beyond)
    ✅ Right. Only what is beyond its own mistakes has come from the teacher.
    >>> excess(lambda *given: -beyond(*given))
    ❌ For 5 mistakes of the teacher in 10 texts you returned -0.4; expected 0.4. The
    other way round: taught minus alone.
    """
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1, 2, 2])
    teacher = np.array([1, 1, 2, 0, 1, 0, 0, 1, 2, 2])
    taught = np.array([1, 2, 2, 0, 1, 0, 1, 0, 2, 0])
    alone = np.array([1, 2, 1, 0, 1, 1, 1, 1, 0, 2])
    for said in (teacher, labels):
        wrong = said != labels
        truth, slips = 0.0, Slips({"What if the teacher makes no mistake?": np.isnan})
        if wrong.any():
            repeats = (taught == said)[wrong].mean()
            truth = float(repeats - (alone == said)[wrong].mean())
            errs = (taught != labels)[wrong].mean() - (alone != labels)[wrong].mean()
            slips = {
                "And how often does the student alone do that?": repeats,
                "The other way round: taught minus alone.": -truth,
                "A mistake is repeated only if it is the same mistake.": errs,
                "Only the texts count that the teacher gets wrong.": (
                    (taught == said).mean() - (alone == said).mean()
                ),
            }
        given = f"{wrong.sum()} mistakes of the teacher in {len(labels)} texts"
        logits = [np.eye(3)[v] * 2.0 - 1 for v in (said, taught, alone)]
        same(call(function, *logits, labels), truth, given, slips)
