"""Checks for the exercises of the chapter on many labels."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib import losses
from course_lib.checks import check
from course_lib.checks.expect import Wrong, always, call, read, require, same


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


@check("Right. Names would have been cheaper.")
def swapped(function: Callable[[np.ndarray, np.ndarray], Any]) -> None:
    """The two columns of a teacher's logits that have changed places.

    >>> def misplaced(logits, labels):
    ...     n = labels.shape[1]
    ...     fit = np.corrcoef(logits.T, labels.T)[:n, n:]
    ...     gain = fit + fit.T - np.diag(fit)[:, None] - np.diag(fit)
    ...     return np.unravel_index(gain.argmax(), gain.shape)
    >>> swapped(misplaced)
    ✅ Right. Names would have been cheaper.
    >>> swapped(lambda logits, labels: (0, 1))
    ❌ For 3,000 reviews with columns 1 and 2 swapped you returned [0, 1]; expected [1,
    2]. Compare each column of logits with each column of labels in a way that does
    not see how common a label is.
    """
    all_rates = np.array([0.5, 0.3, 0.3, 0.15, 0.1, 0.05, 0.03])
    hint = (
        "Compare each column of logits with each column of labels in a way that does "
        "not see how common a label is."
    )
    pairs = [(1, 2), (0, 6), (5, 6), (3, 4), (0, 1), (2, 5)]
    for seed, (i, j) in enumerate(pairs):
        count = 5 if (i, j) in ((3, 4), (0, 1)) else 7
        rates = all_rates[:count]
        random = np.random.default_rng(seed)
        mood = random.standard_normal((3000, 1))  # what correlates the labels
        height = np.log(rates / (1 - rates))
        logits = height + 0.7 * mood + 1.5 * random.standard_normal((3000, count))
        labels = (random.random((3000, count)) < 1 / (1 + np.exp(-logits))).astype(
            float
        )
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
            len(places) == 2 and places <= set(range(count)),
            f"For {given} you returned {got!r}; expected two different columns of "
            f"{count}.",
        )
        same(sorted(places), [i, j], given, {hint: always})


@check("Right: its sigmoids are the teacher's, by a loss that knows none.")
def library(function: Callable[..., Any]) -> None:
    """A student of many labels by the softmax KL alone, as a function to logits.

    >>> def untrained(loss, features, teacher_logits):
    ...     return torch.nn.Linear(features.shape[1], teacher_logits.shape[1])
    >>> library(untrained)
    ❌ You asked the library's loss 0 times; expected the student to learn by it, in ten
    steps at least.
    """
    for seed, texts, labels in ((0, 400, 7), (1, 300, 5)):
        generator = torch.Generator().manual_seed(seed)
        x = torch.randn(2 * texts, 6, generator=generator)
        w = torch.randn(6, labels, generator=generator) / 2
        t = x @ w + torch.linspace(-2.5, 0.5, labels)
        loss = _Library()
        student = call(function, loss, x[:texts], t[:texts])
        require(
            callable(student),
            f"For {texts} texts you returned {type(student).__name__}; expected a "
            "function from features to logits.",
        )
        require(
            loss.steps >= 10,
            f"You asked the library's loss {loss.steps} times; expected the student to "
            "learn by it, in ten steps at least.",
        )
        given = f"{texts} new texts and {labels} labels"
        value = student(x[texts:].clone())
        value = value.detach() if isinstance(value, Tensor) else value
        z = read(value, np.empty((texts, labels)), given)
        truth = t[texts:].numpy()
        off = float(np.abs(_sigmoid(z) - _sigmoid(truth)).mean())
        said, wanted = ((each > 0).sum(1).mean() for each in (z, truth))
        require(
            off < CLOSE,
            f"For {given} your student's probabilities are off by {off:.3f} on "
            f"average, and it says {said:.2f} labels a text, where the teacher says "
            f"{wanted:.2f}; expected less than {CLOSE}. Has the height of its logits "
            "been asked for, and has it been trained long enough?",
        )


#: How far off probabilities may be: above what right students leave, of other seeds,
#: steps and optimisers, and below those that hear no height.
CLOSE = 0.05


class _Library:
    """The softmax KL, which counts how often it was asked for a gradient."""

    def __init__(self) -> None:
        self.steps = 0

    def __call__(self, student: Tensor, teacher: Tensor) -> Tensor:
        require(
            student.ndim == 2 and student.shape == teacher.shape,
            f"The library was given logits of shape {tuple(student.shape)} and "
            f"{tuple(teacher.shape)}; expected (rows, classes), twice the same.",
        )
        self.steps += student.requires_grad
        return losses.soft_target_loss(student, teacher, 1.0)


def _sigmoid(z: np.ndarray) -> np.ndarray:
    probability: np.ndarray = 1 / (1 + np.exp(-z))
    return probability
