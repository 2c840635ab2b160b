"""Checks for the exercises of the chapter on KL divergence."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib import losses
from course_lib.checks import check
from course_lib.checks.expect import OTHER_SHAPE, Slips, Wrong, always, call, same

ONE: Slips = {
    "Sum over the classes, and take the mean over the batch if there is one.": (
        OTHER_SHAPE
    )
}


@check("Right, with both conventions: 0 where p is 0, infinity where only q is.")
def kl(function: Callable[[Tensor, Tensor], Any]) -> None:
    """KL(p‖q) in nats from two vectors of probabilities.

    >>> kl(lambda p, q: (torch.xlogy(p, p) - torch.xlogy(p, q)).sum())
    ✅ Right, with both conventions: 0 where p is 0, infinity where only q is.
    >>> kl(lambda p, q: (p * (p / q).log()).sum())
    ❌ For p = [1.0, 0.0], q = [0.5, 0.5] you returned nan; expected 0.6931. An outcome
    with p = 0 costs nothing.
    """
    right = 0.7 * math.log(0.7 / 0.6) + 0.3 * math.log(0.3 / 0.4)
    cases: list[tuple[list[float], list[float], float, Slips]] = [
        (
            [0.7, 0.3],
            [0.6, 0.4],
            right,
            {
                "That is KL(q‖p): p is the one that weighs the terms.": (
                    0.6 * math.log(0.6 / 0.7) + 0.4 * math.log(0.4 / 0.3)
                ),
                "That is in bits; use the natural logarithm.": right / math.log(2),
                "That is the mean over the outcomes; KL is their sum.": right / 2,
                "That is the cross-entropy; take away the entropy of p.": (
                    -0.7 * math.log(0.6) - 0.3 * math.log(0.4)
                ),
                "The sign is the wrong way round: KL is never negative.": -right,
            },
        ),
        (
            [1.0, 0.0],
            [0.5, 0.5],
            math.log(2),
            {"An outcome with p = 0 costs nothing.": always},
        ),
        (
            [0.5, 0.5, 0.0],
            [0.25, 0.75, 0.0],
            0.5 * math.log(2) + 0.5 * math.log(2 / 3),
            {
                "Where both are 0 the outcome costs nothing; beware of 0/0 and of "
                "log 0 - log 0.": always
            },
        ),
        (
            [0.5, 0.5],
            [1.0, 0.0],
            math.inf,
            {"The student calls impossible what happens half of the time.": always},
        ),
        (
            [0.1, 0.2, 0.3, 0.4],
            [0.25] * 4,
            math.log(4) + sum(x * math.log(x) for x in (0.1, 0.2, 0.3, 0.4)),
            {"There may be more than three outcomes; sum over all.": always},
        ),
    ]
    for p, q, truth, slips in cases:
        got = call(function, torch.tensor(p), torch.tensor(q))
        same(got, truth, f"p = {p}, q = {q}", ONE | slips)


@check("Right, at ordinary logits and at enormous ones.")
def kl_from_logits(function: Callable[[Tensor, Tensor], Any]) -> None:
    """Mean over the batch of KL(p‖q) from logits of shape (batch, classes).

    >>> kl_from_logits(losses.kl_divergence)
    ✅ Right, at ordinary logits and at enormous ones.
    >>> kl_from_logits(lambda p, q: losses.kl_divergence(q, p))
    ❌ For p_logits = ... That is KL(q‖p). F.kl_div takes log q first, then p.
    """
    p = torch.tensor([[2.0, 1.0, -1.0], [0.0, 0.0, 3.0]])
    q = torch.tensor([[0.0, 0.5, 0.0], [1.0, -2.0, 0.5]])
    right = losses.kl_divergence(p, q).item()
    slips: Slips = {
        "That is the sum over the batch; take its mean.": 2 * right,
        "That is divided by the number of classes as well; use "
        'reduction="batchmean", or sum over the classes.': right / 3,
        "That is KL(q‖p). F.kl_div takes log q first, then p.": (
            losses.kl_divergence(q, p)
        ),
        "F.kl_div was given probabilities first; it wants log-probabilities.": (
            _with_input(p, q.softmax(-1))
        ),
        "F.kl_div was given logits first; it wants log-probabilities.": (
            _with_input(p, q)
        ),
    }
    lost: Slips = {
        "Probabilities this small round to 0, and their logarithm is lost; "
        "log_softmax keeps it.": lambda got: not np.isfinite(got)
    }
    sure, even = torch.tensor([[1e4, 0.0]]), torch.tensor([[0.0, 0.0]])
    for a, b, known in [(p, q, slips), (sure, even, lost), (even, sure, lost)]:
        given = f"p_logits = {a.tolist()}, q_logits = {b.tolist()}"
        truth = losses.kl_divergence(a, b).item()
        same(call(function, a, b), truth, given, ONE | known)


def _with_input(p_logits: Tensor, kl_div_input: Tensor) -> Tensor:
    """Return what `F.kl_div` makes of something that need not be log q."""
    p = p_logits.softmax(-1)
    return (p * (p.log() - kl_div_input)).sum(-1).mean()


@check("Right: the best bump has the teacher's own mean and standard deviation.")
def best_bump(function: Callable[[Tensor, Tensor], Any]) -> None:
    """Mean and standard deviation of the bump that minimises KL(p‖q).

    >>> def moments(x, p):
    ...     mean = (p * x).sum()
    ...     return mean, (p * (x - mean) ** 2).sum().sqrt()
    >>> best_bump(moments)
    ✅ Right: the best bump has the teacher's own mean and standard deviation.
    >>> best_bump(lambda x, p: (x[p.argmax()], x.std()))
    ❌ For x = [0.0, 10.0], p = [0.8, 0.2], as the mean, you returned 0; expected 2.
    That is the likeliest value; this KL covers, it does not pick.
    """
    for values, shares in [
        ([0.0, 10.0], [0.8, 0.2]),
        ([0.0, 1.0, 2.0, 3.0, 4.0], [0.1, 0.2, 0.4, 0.2, 0.1]),
    ]:
        x, p = torch.tensor(values), torch.tensor(shares)
        given = f"x = {values}, p = {shares}"
        value = call(function, x, p)
        two = isinstance(value, tuple | list | Tensor | np.ndarray)
        if not two or np.shape(value)[:1] != (2,):
            raise Wrong(f"For {given} you returned {value!r}; expected two numbers.")
        mean, square = (p * x).sum().item(), (p * x**2).sum().item()
        variance = square - mean**2
        unweighted = "That treats all values alike; weigh each by its probability."
        slips: Slips = {
            unweighted: x.mean(),
            "That is the likeliest value; this KL covers, it does not pick.": (
                x[p.argmax()]
            ),
        }
        same(value[0], mean, f"{given}, as the mean,", ONE | slips)
        slips = {
            "That is the variance; take its square root.": variance,
            unweighted: (x.std(correction=0), x.std()),
            "That is the root mean square; subtract the mean first.": math.sqrt(square),
        }
        deviation = math.sqrt(variance)
        same(value[1], deviation, f"{given}, as the standard deviation,", ONE | slips)


@check("Right: the average one way, the geometric mean the other.")
def compromise(function: Callable[[Tensor, str, Tensor], Any]) -> None:
    """What one set of free logits says after training on several teachers at once.

    >>> def settled(teachers, direction, start):
    ...     if direction == "forward":
    ...         return teachers.mean(0)
    ...     return teachers.log().mean(0).softmax(-1)
    >>> compromise(settled)
    ✅ Right: the average one way, the geometric mean the other.
    >>> compromise(lambda teachers, direction, start: teachers.mean(0))
    ❌ For ..., "reverse" and the start [0.0, 0.0, 0.0] you returned [0.54, 0.305,
    0.155]; expected [0.703, 0.174, 0.123]. That is where the other direction leads.
    """
    generator = torch.Generator().manual_seed(0)
    for rows in (
        [[0.98, 0.01, 0.01], [0.10, 0.60, 0.30]],
        [[0.9, 0.1], [0.2, 0.8], [0.05, 0.95]],
        [[0.7, 0.1, 0.1, 0.1], [0.01, 0.01, 0.01, 0.97]],
    ):
        teachers = torch.tensor(rows)
        ends = {
            "forward": teachers.mean(0),
            "reverse": teachers.log().mean(0).softmax(-1),
        }
        classes = teachers.shape[-1]
        for start in (torch.zeros(classes), torch.randn(classes, generator=generator)):
            for direction, truth in ends.items():
                other = ends["reverse" if direction == "forward" else "forward"]
                slips: Slips = {
                    "One answer for all texts; return it once.": OTHER_SHAPE,
                    "Those do not sum to 1: divide by their sum.": (
                        lambda got: got.min() > 0 and abs(got.sum() - 1) > 0.01
                    ),
                    "Those are logarithms or logits; take the softmax.": (
                        lambda got: abs(got.sum() - 1) > 0.01
                    ),
                    "That is where the other direction leads.": other,
                    "That is what the first text alone would teach.": teachers[0],
                    "That is the start; train the logits.": start.softmax(-1),
                    "Train longer, or in larger steps: the loss is still falling.": (
                        always
                    ),
                }
                zs = [round(z, 2) for z in start.tolist()]
                given = f'the teachers {rows}, "{direction}" and the start {zs}'
                value = call(function, teachers, direction, start)
                same(value, truth.numpy(), given, slips, within=0.01)
