"""Checks for the exercises of the chapter on multi-label distillation."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checks import check
from course_lib.checks.expect import call, refuses, same
from course_lib.losses import multilabel_soft_target_loss, soft_target_loss


@check("Right: that is how much of the way the teacher is worth.")
def share(function: Callable[..., Any]) -> None:
    """The share of the mean distance to the best score that a teacher closes.

    >>> def closed(alone, taught, best):
    ...     distance = best - alone.mean()
    ...     return (taught.mean() - alone.mean()) / distance if distance else 0.0
    >>> share(closed)
    ✅ Right: that is how much of the way the teacher is worth.
    >>> share(lambda alone, taught, best: ((taught - alone) / (best - alone)).mean())
    ❌ For alone [0.8, 0.84], taught [0.78, 0.8] and best 0.94 you returned -0.2714;
    expected -0.25. That is the mean of the ratios; take the ratio of the means.
    """
    cases = [
        ([0.80], [0.90], 0.94),
        ([0.70, 0.90], [0.85, 0.93], 0.95),
        ([0.80, 0.84], [0.78, 0.80], 0.94),
        ([0.94, 0.94], [0.93, 0.94], 0.94),
    ]
    for alone_scores, taught_scores, best in cases:
        alone, taught = np.array(alone_scores), np.array(taught_scores)
        distance, gain = best - alone.mean(), taught.mean() - alone.mean()
        with np.errstate(divide="ignore", invalid="ignore"):
            got = call(function, alone, taught, best)
            ratio = gain / distance
            slips = {
                "There is no distance: 0.": lambda got: not np.isfinite(got),
                "That is the mean of the ratios; take the ratio of the means.": (
                    ((taught - alone) / (best - alone)).mean()
                ),
                "That is what is left of the distance, not what is closed.": 1 - ratio,
                "The wrong way round: taught minus alone.": -ratio,
                "Divide by the distance from alone to best.": gain / best,
                "That is a share of the student's score, not of the distance.": (
                    gain / alone.mean()
                ),
            }
        truth = float(ratio) if distance else 0.0
        given = f"alone {alone_scores}, taught {taught_scores} and best {best}"
        same(got, truth, given, slips)


@check("Right: a name cannot be out of order.")
def columns(function: Callable[..., Any]) -> None:
    """A teacher's columns in the order of the student's labels.

    >>> columns(lambda logits, theirs, ours: logits[:, [theirs.index(n) for n in ours]])
    ❌ The teacher knows no 'musical', and you raised ValueError: tuple.index(x): x not
    in tuple; expected a ValueError that names it.
    >>> columns(lambda logits, theirs, ours: logits)
    ❌ For a teacher's ... Those are her columns, in her order.
    """
    logits = np.arange(12.0).reshape(3, 4)
    theirs = ("comedy", "horror", "war", "drama")
    for ours in (theirs, ("drama", "comedy", "horror", "war"), ("war", "comedy")):
        back = [ours.index(name) for name in theirs if name in ours]
        slips = {
            "Those are her columns, in her order.": logits,
            "The wrong way round: ask where each of *your* names is hers.": (
                logits[:, back]
            ),
        }
        truth = logits[:, [theirs.index(name) for name in ours]]
        given = f"a teacher's {theirs} and your {ours}"
        same(call(function, logits, theirs, ours), truth, given, slips)
    refuses(
        lambda: function(logits.copy(), theirs, ("war", "musical")),
        "The teacher knows no 'musical'",
        "a ValueError that names it",
        naming="musical",
    )


@check("Right: one softmax, then sigmoids, each in its own columns.")
def two_heads(function: Callable[[Tensor, Tensor, float], Any]) -> None:
    """The soft loss of a student with a softmax head and a sigmoid head.

    >>> two_heads(lambda s, t, T: soft_target_loss(s[:, :2], t[:, :2], T)
    ...     + multilabel_soft_target_loss(s[:, 2:], t[:, 2:], T))
    ✅ Right: one softmax, then sigmoids, each in its own columns.
    >>> two_heads(lambda s, t, T: soft_target_loss(s, t, T))
    ❌ For 5 texts, 6 yes/no questions and T = 1 you returned 2.492; expected 1.784.
    That is one softmax over all columns.
    """
    generator = torch.Generator().manual_seed(0)
    for questions, T in ((6, 1.0), (3, 2.0), (1, 4.0)):
        shape = (2, 5, 2 + questions)
        s, t = 2 * torch.randn(shape, generator=generator, dtype=torch.float64)
        one = soft_target_loss(s[:, :2], t[:, :2], T).item()
        many = multilabel_soft_target_loss(s[:, 2:], t[:, 2:], T).item()
        swapped = soft_target_loss(t[:, :2], s[:, :2], T)
        swapped += multilabel_soft_target_loss(t[:, 2:], s[:, 2:], T)
        slips = {
            "T² is missing.": (one + many) / T**2,
            "The teacher comes first in the divergence.": swapped,
            "Take the mean over the questions, not their sum.": one + questions * many,
            "That is one softmax over all columns.": soft_target_loss(s, t, T),
            "That is a sigmoid for all columns; the first two are one question.": (
                multilabel_soft_target_loss(s, t, T)
            ),
            "Add the two heads; do not average them.": (one + many) / 2,
            "The yes/no questions are missing.": one,
            "The first question is missing.": many,
        }
        given = f"5 texts, {questions} yes/no questions and T = {T:g}"
        same(call(function, s, t, T), one + many, given, slips)
