"""Checks for the exercises of the chapter on rare labels."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checks import check
from course_lib.checks.expect import call, read, refuses, require, same


@check("Right: the weight had moved the logit, and nothing else.")
def probabilities(function: Callable[[Tensor, Tensor], Any]) -> None:
    """The probabilities of a model that was trained with positive weights.

    >>> probabilities(lambda z, w: (z - w.log()).sigmoid())
    ✅ Right: the weight had moved the logit, and nothing else.
    >>> probabilities(lambda z, w: z.sigmoid() / w)
    ❌ For logits ... A weight multiplies the odds p / (1 - p), not the probability.
    """
    z = torch.tensor([[0.0, 2.0, -1.0], [3.0, 0.0, -4.0]])
    for w in (torch.tensor([1.0, 9.0, 0.5]), torch.tensor([30.0, 2.0, 1.0])):
        slips = {
            "That is the shifted logit: now the sigmoid.": z - w.log(),
            "Those are still the exaggerated ones.": z.sigmoid(),
            "The other way round: training had added log w.": (z + w.log()).sigmoid(),
            "A weight multiplies the odds p / (1 - p), not the probability.": (
                z.sigmoid() / w
            ),
            "It is the logarithm of the weight that was added.": (z - w).sigmoid(),
        }
        given = f"logits {z.tolist()} and weights {w.tolist()}"
        same(call(function, z, w), (z - w.log()).sigmoid().numpy(), given, slips)


def f1_at(p: np.ndarray, true: np.ndarray, cut: float) -> float:
    """F1 of saying yes above a cut.

    >>> f1_at(np.array([0.9, 0.6, 0.2]), np.array([True, False, False]), 0.5)
    0.6666666666666666
    """
    yes = p > cut
    return float(2 * (yes & true).sum() / max(1, yes.sum() + true.sum()))


@check("Right, ties and rare labels included.")
def cuts(function: Callable[[np.ndarray, np.ndarray], Any]) -> None:
    """A threshold a label with the best F1 there is.

    >>> from course_lib.thresholds import best_thresholds
    >>> def best(p, labels):
    ...     p = p.clip(1e-9, 1 - 1e-9)
    ...     return best_thresholds(np.log(p / (1 - p)), labels)
    >>> cuts(best)
    ✅ Right, ties and rare labels included.
    >>> cuts(lambda p, labels: [0.5] * p.shape[1])
    ❌ For p = [0.9, 0.6, 0.4, 0.2] and labels [1, 0, 1, 0] your threshold of label 0,
    0.500, gives an F1 of 0.500; expected 0.800, the best. Yes is p > threshold.
    """
    random = np.random.default_rng(0)
    many = random.random((300, 4))
    rare = random.random((300, 4)) < many * np.array([1.0, 0.5, 0.1, 0.03])
    cases = [
        (np.array([[0.9], [0.6], [0.4], [0.2]]), np.array([[1], [0], [1], [0]])),
        (
            np.array([[0.3], [0.3], [0.3], [0.1], [0.1]]),
            np.array([[1], [0], [1], [0], [0]]),
        ),
        (np.array([[1.0], [1.0], [0.0]]), np.array([[1], [1], [0]])),
        (np.array([[0.2], [0.1]]), np.array([[1], [1]])),
        (many, rare.astype(np.float64)),
    ]
    for p, labels in cases:
        given = f"p = {p[:5, 0].round(2).tolist()} and labels {labels[:5, 0].tolist()}"
        if len(p) > 5:
            given = "300 random reviews with four labels, the last of them rare"
        for k, cut in enumerate(read(call(function, p, labels), p[0], given)):
            true = labels[:, k] > 0
            levels = [-1.0, *np.unique(p[:, k])]
            best = max(f1_at(p[:, k], true, level) for level in levels)
            f = f1_at(p[:, k], true, cut)
            require(
                0 < cut < 1,
                f"For {given} the threshold of label {k} is {cut:g}; expected it to "
                "lie strictly between 0 and 1.",
            )
            require(
                f > best - 1e-9,
                f"For {given} your threshold of label {k}, {cut:.3f}, gives an F1 of "
                f"{f:.3f}; expected {best:.3f}, the best. Yes is p > threshold.",
            )
    never = np.array([[1.0, 0.0], [0.0, 0.0]])
    refuses(
        lambda: function(np.array([[0.9, 0.2], [0.3, 0.1]]), never),
        "Label 1 is never positive",
        "a ValueError: no cut is better than another",
    )


@check("Right: that is what a test set gives to a cut that was chosen on it.")
def flattery(function: Callable[..., Any]) -> None:
    """By how much F1 is flattered when the cut is chosen where it is scored.

    >>> flattery(lambda p, labels, size: 0.0)
    ❌ For 4,000 reviews, 2.4% of them positive, and test sets of 300 you returned 0;
    expected 0.15, or at most 0.026 off. Is the other cut chosen on reviews of its
    own, and is the mean taken over a hundred draws or more?
    """
    for (share, size), truth in FLATTERED.items():
        p, labels = _pot(share)
        given = (
            f"4,000 reviews, {labels.mean():.1%} of them positive, and test sets of "
            f"{size}"
        )
        got = read(call(function, p, labels, size), 1.0, given)
        within = 0.15 * truth + 0.003
        require(
            abs(got - truth) < within,
            f"For {given} you returned {got:.3g}; expected {truth:.2g}, or at most "
            f"{within:.2g} off. Is the other cut chosen on reviews of its own, and is "
            "the mean taken over a hundred draws or more?",
        )


#: (share of positives, size of the test set): the mean of 4,000 draws.
FLATTERED = {(0.01, 300): 0.151, (0.02, 1000): 0.0536, (0.15, 300): 0.0427}


def _pot(share: float) -> tuple[np.ndarray, np.ndarray]:
    """Return calibrated probabilities of 4,000 reviews, and labels, (reviews,)."""
    random = np.random.default_rng(0)
    z = np.log(share) + 1.5 * random.standard_normal(4000)
    p = 1 / (1 + np.exp(-z))
    return p, (random.random(4000) < p).astype(float)
