"""Checks for the exercises of the chapter on many labels."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.checks import check
from course_lib.checks.expect import Wrong, always, call, read, refuses, require, same


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


def both_terms(s: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    """The yes and the no part of each label's KL."""
    yes = t.sigmoid() * (F.logsigmoid(t) - F.logsigmoid(s))
    no = (-t).sigmoid() * (F.logsigmoid(-t) - F.logsigmoid(-s))
    return yes, no


@check("Right, and it stays right where a sigmoid is exactly 1.")
def loss(function: Callable[[Tensor, Tensor, float], Any]) -> None:
    """T² times the mean of the binary KLs.

    >>> from course_lib.losses import multilabel_soft_target_loss
    >>> loss(multilabel_soft_target_loss)
    ✅ Right, and it stays right where a sigmoid is exactly 1.
    >>> loss(lambda s, t, T: multilabel_soft_target_loss(s, t, T) / T**2)
    ❌ For logits of shape (4, 7) at T = 3 you returned 0.1497; expected 1.347. T² is
    missing.
    """
    generator = torch.Generator().manual_seed(0)
    s = 3 * torch.randn(4, 7, generator=generator)
    t = 3 * torch.randn(4, 7, generator=generator)
    extreme = torch.tensor([[1000.0, -1000.0], [1000.0, 0.0]])
    cases = [
        (s, t, 1.0, "logits of shape (4, 7) at T = 1"),
        (s, t, 3.0, "logits of shape (4, 7) at T = 3"),
        (extreme, -extreme, 1.0, "logits of ±1,000 that contradict each other"),
        (extreme, extreme, 2.0, "equal logits of ±1,000"),
    ]
    for student, teacher, T, given in cases:
        a, b = student.double() / T, teacher.double() / T
        yes, no = both_terms(a, b)
        kl = yes + no
        slips = {
            "T² is missing.": kl.mean(),
            "That is the yes part only.": T**2 * yes.mean(),
            "The mean goes over the labels too.": T**2 * kl.sum(-1).mean(),
            "Teacher and student have changed places: the teacher is p.": (
                T**2 * torch.stack(both_terms(b, a)).sum(0).mean()
            ),
            "That is the cross-entropy: take off the teacher's entropy.": (
                T**2 * F.binary_cross_entropy_with_logits(a, b.sigmoid())
            ),
        }
        truth = T**2 * kl.mean().item()
        same(call(function, student, teacher, T), truth, given, slips)


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


@check("Right. Names would have been cheaper.")
def swapped(function: Callable[[np.ndarray, np.ndarray], Any]) -> None:
    """The two columns of a teacher's logits that have changed places.

    >>> def misplaced(logits, labels):
    ...     fit = np.corrcoef(logits.T, labels.T)[:7, 7:]
    ...     gain = fit + fit.T - np.diag(fit)[:, None] - np.diag(fit)
    ...     return np.unravel_index(gain.argmax(), gain.shape)
    >>> swapped(misplaced)
    ✅ Right. Names would have been cheaper.
    >>> swapped(lambda logits, labels: (0, 1))
    ❌ For 3,000 reviews with columns 1 and 2 swapped you returned [0, 1]; expected [1,
    2]. Compare each column of logits with each column of labels in a way that does
    not see how common a label is.
    """
    rates = np.array([0.5, 0.3, 0.3, 0.15, 0.1, 0.05, 0.03])
    hint = (
        "Compare each column of logits with each column of labels in a way that does "
        "not see how common a label is."
    )
    for seed, (i, j) in enumerate([(1, 2), (0, 6), (5, 6), (3, 4), (0, 1), (2, 5)]):
        random = np.random.default_rng(seed)
        mood = random.standard_normal((3000, 1))  # what correlates the labels
        height = np.log(rates / (1 - rates))
        logits = height + 0.7 * mood + 1.5 * random.standard_normal((3000, 7))
        labels = (random.random((3000, 7)) < 1 / (1 + np.exp(-logits))).astype(float)
        logits[:, [i, j]] = logits[:, [j, i]]
        given = f"3,000 reviews with columns {i} and {j} swapped"
        got = call(function, logits, labels)
        try:
            places = {int(place) for place in got}
        except (TypeError, ValueError):
            raise Wrong(
                f"For {given} you returned {got!r}; expected two column numbers."
            ) from None
        require(
            len(places) == 2 and places <= set(range(7)),
            f"For {given} you returned {got!r}; expected two different columns of 7.",
        )
        same(sorted(places), [i, j], given, {hint: always})
