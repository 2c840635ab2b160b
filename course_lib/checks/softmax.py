"""Checks for the exercises of the chapter on softmax."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.checks import check
from course_lib.checks.expect import (
    OTHER_SHAPE,
    Slips,
    always,
    call,
    call_without_autograd,
    same,
)

EACH = {"One number for each logit.": OTHER_SHAPE}


@check("Right: by hand, row by row, and where exp overflows or underflows.")
def log_softmax(function: Callable[[Tensor], Any]) -> None:
    """Log-probabilities from logits of shape (..., classes), without overflow.

    >>> log_softmax(lambda z: z.log_softmax(-1))
    ✅ Right: by hand, row by row, and where exp overflows or underflows.
    >>> log_softmax(lambda z: z.softmax(-1))
    ❌ For the logits log 1, log 2, log 5 you returned [0.125, 0.25, 0.625]; expected
    [-2.079, -1.386, -0.47]. Those are the probabilities.
    """
    p = torch.tensor([1.0, 2.0, 5.0]) / 8
    rows = torch.tensor([[1.0, 2.0, 5.0], [3.0, 3.0, 0.0]])
    several = torch.stack([rows, rows.flip(1)])
    huge = torch.tensor([[1_000_000.25, 1_000_001.5, 999_998.0]])
    cases: list[tuple[str, Tensor, Slips]] = [
        (
            "the logits log 1, log 2, log 5",
            (8 * p).log(),
            {"Those are the probabilities.": p, "The sign is turned round.": -p.log()},
        ),
        (
            f"the batch {rows.tolist()}",
            rows,
            {
                "That runs over the batch; the classes come last: dim=-1.": (
                    rows.log_softmax(0)
                ),
                "That sums over the whole batch; each row has a sum of its own: "
                "dim=-1.": rows - rows.flatten().logsumexp(0),
            },
        ),
        (
            f"{several.tolist()}, which has three dimensions,",
            several,
            {
                "The classes are the last dimension, however many there are: dim=-1.": (
                    several.log_softmax(1),
                    several.log_softmax(0),
                )
            },
        ),
        (
            "the logits [[1000.0, 0.0]]",
            torch.tensor([[1000.0, 0.0]]),
            {
                "The small probability rounded to 0 before you took its logarithm.": (
                    lambda got: got[0, 0] == 0 and np.isinf(got[0, 1])
                ),
                "exp(1000) is infinite in float32: subtract the largest logit first.": (
                    lambda got: not np.isfinite(got).all()
                ),
            },
        ),
        (
            "the batch [[2000.0, 0.0], [0.0, 1.0]]",
            torch.tensor([[2000.0, 0.0], [0.0, 1.0]]),
            {
                "One maximum for the whole batch drowns the other row: give each its "
                "own.": lambda got: not np.isfinite(got[1]).all()
            },
        ),
        (
            f"the logits {huge.tolist()}",
            huge,
            {
                "Digits were lost because the large maximum was still in: take it off "
                "first, then subtract the logarithm of the sum.": (
                    huge - huge.logsumexp(-1, keepdim=True)
                )
            },
        ),
    ]
    for given, z, slips in cases:
        truth = z.log_softmax(-1).numpy()
        same(call(function, z), truth, given, EACH | slips)


@check("Right: the threshold is a probability, and you compared like with like.")
def labels_at(function: Callable[[Tensor, float], Any]) -> None:
    """True where a label's probability, the sigmoid of its logit, is above p.

    >>> labels_at(lambda z, p: z.sigmoid() > p)
    ✅ Right: the threshold is a probability, and you compared like with like.
    >>> labels_at(lambda z, p: z > p)
    ❌ For logits [[2.0, 1.9, 0.3, -1.0]] and p = 0.5 you returned [[True, True, False,
    False]]; expected [[True, True, True, False]]. The logits were compared with a
    probability.
    """
    cases = [
        ([[2.0, 1.9, 0.3, -1.0]], 0.5),
        ([[3.0, 2.0, 0.5]], 0.9),
        ([[-1.0, -3.0, 4.0]], 0.1),
        ([[0.0, 0.1, -0.1]], 0.5),
        ([[1.0, -1.0], [-2.0, 2.0], [0.9, 0.8]], 0.7),
    ]
    for numbers, p in cases:
        z = torch.tensor(numbers)
        slips = EACH | {
            "Say only True or False.": lambda got: not np.isin(got, (0, 1)).all(),
            "The logits were compared with a probability.": z > p,
            "Softmax makes the labels share one whole.": z.softmax(-1) > p,
            "A logit of 0 is the threshold for p = 0.5 only.": z > 0,
            "Those are the labels to leave out.": z.sigmoid() < p,
            "What is at p is not above it.": z.sigmoid() >= p,
        }
        given = f"logits {numbers} and p = {p}"
        same(call(function, z, p), (z.sigmoid() > p).numpy(), given, slips)


@check("Right: what is predicted minus what is true, shared out over the batch.")
def gradient(function: Callable[[Tensor, Tensor], Any]) -> None:
    """Gradient of the batch's mean cross-entropy with respect to the logits.

    >>> from torch.nn.functional import one_hot
    >>> gradient(lambda z, y: (z.softmax(-1) - one_hot(y, z.shape[-1])) / len(z))
    ✅ Right: what is predicted minus what is true, shared out over the batch.
    >>> gradient(lambda z, y: z.softmax(-1) - one_hot(y, z.shape[-1]))
    ❌ For logits ... The loss is the mean over the batch: divide by its size.
    """
    cases = [
        ([[0.0, 0.0, 0.0], [2.0, 1.0, -1.0]], [1, 0]),
        ([[1000.0, 0.0], [0.0, 1.0], [0.5, 0.5], [-2.0, 2.0]], [0, 1, 1, 0]),
    ]
    for numbers, classes in cases:
        z, labels = torch.tensor(numbers), torch.tensor(classes)
        p, y = z.softmax(-1), F.one_hot(labels, z.shape[-1])
        slips = EACH | {
            "The sign is wrong: that points downhill.": (y - p) / len(z),
            "The loss is the mean over the batch: divide by its size.": p - y,
            "Divide by the batch size only, not by the classes.": (p - y) / p.numel(),
            "The label is missing: take 1 off at the right class.": p / len(z),
            "exp(1000) is infinite in float32: use a stable softmax.": (
                lambda got: np.isnan(got).any()
            ),
        }
        given = f"logits {numbers} and labels {classes}"
        value = call_without_autograd(function, z, labels)
        same(value, ((p - y) / len(z)).numpy(), given, slips)


@check("Right: with that, one number from a log convicts a line of code.")
def classes_behind(function: Callable[[float], Any]) -> None:
    """How many classes a task has whose doubly-softmaxed loss stops at `floor`.

    >>> classes_behind(lambda floor: 1 + math.e * (math.exp(floor) - 1))
    ✅ Right: with that, one number from a log convicts a line of code.
    >>> classes_behind(lambda floor: math.e * (math.exp(floor) - 1))
    ❌ For a floor of 0.3133 you returned 1; expected 2. Those are the wrong classes;
    count the right one too.
    """
    for classes in (2, 3, 10, 1000):
        floor = math.log(1 + (classes - 1) / math.e)
        slips = {
            "That is where a model that only guesses stays: log K.": math.exp(floor),
            "Those are the wrong classes; count the right one too.": (
                math.e * (math.exp(floor) - 1)
            ),
            "That is e + K - 1: subtract what is not K.": math.e * math.exp(floor),
        }
        given = f"a floor of {floor:.4f}"
        same(call(function, floor), float(classes), given, slips)
    rounding = (
        "A log rounds its numbers: do not insist on a whole number, and do not cut it "
        "off."
    )
    got = call(function, 0.74)
    same(got, 4.0, "a floor of 0.74", {rounding: always}, within=0.5)


@check("Right: through two softmaxes it is sure of the first and blind to the rest.")
def student(function: Callable[[Tensor, int, Tensor], Any]) -> None:
    """What free logits say after training on a teacher, through 1 or 2 softmaxes.

    >>> def settled(teacher, times, start):
    ...     one_hot = F.one_hot(teacher.argmax(), len(teacher)).float()
    ...     far = teacher.max() > 0.5
    ...     return one_hot.softmax(-1) if times == 2 and far else teacher
    >>> student(settled)
    ✅ Right: through two softmaxes it is sure of the first and blind to the rest.
    >>> student(lambda teacher, times, start: teacher)
    ❌ For the teacher [0.9, 0.09, 0.01], 2 softmaxes and the start [0.0, 0.0, 0.0] you
    returned [0.9, 0.09, 0.01]; expected [0.5761, 0.2119, 0.2119]. That is what one
    softmax leads to; train through both.
    """
    generator = torch.Generator().manual_seed(0)
    for shares in ([0.9, 0.09, 0.01], [0.02, 0.95, 0.02, 0.01], [0.4, 0.35, 0.25]):
        teacher = torch.tensor(shares)
        sure = F.one_hot(teacher.argmax(), len(shares)).float()
        # One whose odds stay well below e is within reach: p = log t + a constant.
        reached = teacher.max() < 0.5
        drawn = torch.randn(len(shares), generator=generator)
        for start in (torch.zeros(len(shares)), drawn):
            for times in (1, 2):
                inner = teacher if times == 1 else sure
                if reached:
                    inner = teacher.log() + (1 - teacher.log().sum()) / len(shares)
                truth = teacher if times == 1 or reached else sure.softmax(-1)
                slips: Slips = {
                    "Those are logarithms; take exp.": lambda got: got.max() <= 0,
                    "Those are logits; the shares that they stand for sum to 1.": (
                        lambda got: abs(got.sum() - 1) > 0.01
                    ),
                    "That is what one softmax leads to; train through both.": teacher,
                    "That is where labels lead; use all of the teacher's shares.": sure
                    if times == 1
                    else (),
                    "Those are the inner probabilities; the student says what the "
                    "outer softmax makes of them.": inner if times == 2 else (),
                    "Train through one softmax where `times` is 1.": (
                        sure.softmax(-1) if times == 1 else ()
                    ),
                    "Train longer, or in larger steps: the loss is still falling.": (
                        always
                    ),
                }
                how = "1 softmax" if times == 1 else "2 softmaxes"
                zs = [round(z, 2) for z in start.tolist()]
                given = f"the teacher {shares}, {how} and the start {zs}"
                value = call(function, teacher, times, start)
                same(value, truth.numpy(), given, EACH | slips, within=0.02)
