"""The public checks of the assignment on the loss, and the logits of each student."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib import losses
from course_lib.checks import check
from course_lib.checks.expect import (
    OTHER_SHAPE,
    Slips,
    call,
    call_without_autograd,
    same,
)
from course_lib.homework import seeded

#: The temperatures of the picture.
TEMPERATURES = (1.0, 2.0, 4.0, 8.0, 16.0)


class Pair(NamedTuple):
    """What a student and its teacher say about 16 texts of 4 classes."""

    student: Tensor
    teacher: Tensor
    labels: Tensor
    T: float


def pair(student: Any, year: int) -> Pair:
    """Return the logits, labels and temperature of one student of the course.

    Drawn so that the soft gradient is largest inside the range of the picture.

    >>> pair("ab12", 2026).teacher.shape
    torch.Size([16, 4])
    """
    random = seeded(student, year, "distillation-loss")
    while True:
        s = random.normal(size=(16, 4)) * random.uniform(1, 3)
        t = random.normal(size=(16, 4)) * random.uniform(1, 3)
        labels = torch.tensor(random.integers(0, 4, 16))
        ours, theirs = (torch.tensor(x.round(2), dtype=torch.float32) for x in (s, t))
        T = float(random.integers(4, 13) / 2)
        sizes = [soft_pull(ours, theirs, heat).norm().item() for heat in TEMPERATURES]
        best, second = sorted(sizes)[-1:-3:-1]
        inside = 0 < sizes.index(best) < len(sizes) - 1
        if inside and best > 1.004 * second:
            return Pair(ours, theirs, labels, T)


def soft_pull(student: Tensor, teacher: Tensor, T: float) -> Tensor:
    """The gradient of T² KL(teacher‖student) for the student's logits.

    >>> soft_pull(torch.zeros(1, 2), torch.tensor([[9.0, 9.0]]), T=2.0)
    tensor([[0., 0.]])
    """
    return T * ((student / T).softmax(-1) - (teacher / T).softmax(-1)) / len(student)


@check("Right where all texts have labels. The rest is tried when this is graded.")
def distillation_loss(function: Callable[..., Any]) -> None:
    """Alpha times the soft part, and the rest for the labels that are not -1.

    >>> def answer(s, t, y, T, alpha):
    ...     hard = F.cross_entropy(s, y, ignore_index=-1)
    ...     return alpha * losses.soft_target_loss(s, t, T) + (1 - alpha) * hard
    >>> distillation_loss(answer)
    ✅ Right where all texts have labels. The rest is tried when this is graded.
    >>> distillation_loss(lambda s, t, y, T, alpha: answer(s, t, y, T, 1 - alpha))
    ❌ For ... Alpha is the weight of the teacher's part.
    """
    s = torch.tensor([[1.0, 0.0, -1.0], [0.5, 2.0, 0.0]])
    t = torch.tensor([[3.0, 1.0, 0.0], [0.0, 4.0, -2.0]])
    y, T, alpha = torch.tensor([0, 2]), 2.0, 0.75
    soft, hard = losses.soft_target_loss(s, t, T), F.cross_entropy(s, y)
    kl = T**2 * losses.kl_divergence(s, t, T)

    def mixed(soft: Tensor, hard: Tensor = hard, alpha: float = alpha) -> Tensor:
        return alpha * soft + (1 - alpha) * hard

    slips: Slips = {
        "Return one number, the mean over the batch.": OTHER_SHAPE,
        "Alpha is the weight of the teacher's part.": mixed(soft, alpha=1 - alpha),
        "T² is missing.": mixed(soft / T**2),
        "T² is wanted, and not T.": mixed(soft / T),
        "That is the KL of the student's view; the teacher weighs.": mixed(kl),
        "That divides by the classes as well.": mixed(soft / 3),
        "The labels are compared at T = 1.": mixed(soft, F.cross_entropy(s / T, y)),
        "Both parts have weight 1.": soft + hard,
    }
    given = (
        f"student {s.tolist()}, teacher {t.tolist()}, labels [0, 2], T = 2, alpha = .75"
    )
    same(call(function, s, t, y, T, alpha), mixed(soft).item(), given, slips)


@check("Right on a small example. Others are tried when this is graded.")
def loss_gradient(function: Callable[..., Any]) -> None:
    """The gradient of that loss for the student's logits, by its formula.

    >>> def answer(s, t, y, T, alpha):
    ...     hard = (s.softmax(-1) - F.one_hot(y, s.shape[-1])) / len(s)
    ...     return alpha * soft_pull(s, t, T) + (1 - alpha) * hard
    >>> loss_gradient(answer)
    ✅ Right on a small example. Others are tried when this is graded.
    >>> loss_gradient(lambda s, t, y, T, alpha: 2 * answer(s, t, y, T, alpha))
    ❌ For ... The loss is a mean over the batch, and so is each gradient.
    """
    s = torch.tensor([[1.0, 0.0, -1.0], [0.5, 2.0, 0.0]])
    t = torch.tensor([[3.0, 1.0, 0.0], [0.0, 4.0, -2.0]])
    y, T, alpha = torch.tensor([0, 2]), 4.0, 0.75
    soft = soft_pull(s, t, T)
    hard = (s.softmax(-1) - F.one_hot(y, 3)) / 2
    right = alpha * soft + (1 - alpha) * hard
    slips: Slips = {
        "One number for each logit of the student.": OTHER_SHAPE,
        "The loss is a mean over the batch, and so is each gradient.": 2 * right,
        "That is uphill's opposite: what the student says minus what it should.": (
            -right
        ),
        "Of T², one T is left: T² in front, 1/T from the chain rule.": (
            alpha * soft / T + (1 - alpha) * hard,
            alpha * soft * T + (1 - alpha) * hard,
            alpha * soft / T**2 + (1 - alpha) * hard,
        ),
        "Alpha is the weight of the teacher's part.": (1 - alpha) * soft + alpha * hard,
    }
    given = (
        f"student {s.tolist()}, teacher {t.tolist()}, labels [0, 2], T = 4, alpha = .75"
    )
    value = call_without_autograd(function, s, t, y, T, alpha)
    same(value, right, given, slips)


@check("Right on a small example. Others are tried when this is graded.")
def topk_loss(function: Callable[[Tensor, Tensor, Tensor], Any]) -> None:
    """KL over the classes that were kept and one more for all the rest.

    >>> def answer(s, kept, classes):
    ...     log_q = s.log_softmax(-1).gather(-1, classes)
    ...     p, q = ([x, 1 - x.sum(-1, keepdim=True)] for x in (kept.exp(), log_q.exp()))
    ...     p, q = torch.cat(p, -1), torch.cat(q, -1)
    ...     return (p * (p / q).log()).sum(-1).mean()
    >>> topk_loss(answer)
    ✅ Right on a small example. Others are tried when this is graded.
    >>> topk_loss(lambda s, kept, classes: answer(s, kept, classes) * 2)
    ❌ For ... That is the sum over the batch; take its mean.
    """
    p = torch.tensor([[0.5, 0.3, 0.15, 0.05], [0.1, 0.2, 0.1, 0.6]])
    q = torch.tensor([[0.25, 0.25, 0.25, 0.25], [0.4, 0.3, 0.2, 0.1]])
    kept, classes = p.topk(2)
    pairs = [
        [(0.5, 0.25), (0.3, 0.25), (0.2, 0.5)],
        [(0.6, 0.1), (0.2, 0.3), (0.2, 0.6)],
    ]
    terms = [[a * math.log(a / b) for a, b in row] for row in pairs]
    sums = [sum(row) for row in terms]
    right = sum(sums) / 2
    full = (p * (p / q).log()).sum(-1).mean()
    again = kept / kept.sum(-1, keepdim=True)
    alone = (again * (again / q.gather(-1, classes)).log()).sum(-1).mean()
    both = q.gather(-1, classes)
    shares = (again * (again * both.sum(-1, keepdim=True) / both).log()).sum(-1).mean()
    slips: Slips = {
        "Return one number, the mean over the batch.": OTHER_SHAPE,
        "That is the sum over the batch; take its mean.": 2 * right,
        "What was not kept is one more outcome, and has a probability too.": (
            sum(row[0] + row[1] for row in terms) / 2,
            alone,
            shares,
        ),
        "That is the KL over all four classes, which nobody has kept.": full,
    }
    given = f"the teacher's two likeliest of {p.tolist()}, student {q.tolist()}"
    value = call(function, q.log(), kept.log(), classes)
    same(value, right, given, slips)
