"""Three well-known losses that say nothing about two classes, and so refuse them.

Each compares something of which two classes have none. Centre two logits and divide by
their spread: (0.707, -0.707) or the reverse, whatever they were. Correlate two pairs of
probabilities that each sum to 1: always 1 or -1. Leave out the true class of two: one
class is left, with probability 1. Their papers show gains with 100 and 1,000 classes;
on a sentiment task such a loss is a constant, or only asks which class is first.

Conventions are those of `course_lib.losses`: logits of shape (batch, classes), float64
inside, no gradient for the teacher, `ValueError` for bad input. Weights of a loss's
parts are finite and not negative.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.losses.distillation import soft_target_loss
from course_lib.losses.inputs import (
    check_batch,
    check_labels,
    check_temperature,
    check_weight,
    log_softmax,
    mean_kl,
    precise,
    rounded,
)


def logit_standardisation_loss(
    student_logits: Tensor, teacher_logits: Tensor, temperature: float
) -> Tensor:
    """Return `soft_target_loss` on standardised logits (Sun et al., CVPR 2024).

    Each example's logits are centred and divided by their standard deviation, so the
    student need not reach the teacher's scale. The deviation divides by classes - 1, as
    in the authors' code.
    """
    check_temperature(temperature)
    _check_many_classes(student_logits, teacher_logits, "logit standardisation")
    student, teacher = _standardised(student_logits), _standardised(teacher_logits)
    loss = soft_target_loss(student, teacher, temperature)
    return rounded(loss, student_logits, teacher_logits)


def dist_loss(
    student_logits: Tensor,
    teacher_logits: Tensor,
    temperature: float,
    *,
    beta: float = 1.0,
    gamma: float = 1.0,
) -> Tensor:
    """Return T² (beta · inter + gamma · intra) of DIST (Huang et al., NeurIPS 2022).

    Both parts are 1 minus Pearson's correlation of the student's probabilities with the
    teacher's. Inter-class: over the classes of one example, mean over the batch.
    Intra-class: over the examples for one class, mean over the classes. The batch needs
    three examples for the same reason that the task needs three classes.
    """
    check_weight("beta", beta)
    check_weight("gamma", gamma)
    _check_many_classes(student_logits, teacher_logits, "DIST")
    if len(student_logits) < 3:
        raise ValueError(
            f"DIST got a batch of {len(student_logits)}; expected at least 3 examples, "
            "since the correlation of two is always 1 or -1"
        )
    log_q, log_p = log_softmax(
        temperature, student_logits=student_logits, teacher_logits=teacher_logits
    )
    q, p = log_q.exp(), log_p.detach().exp()
    inter, intra = 1 - _correlation(q, p), 1 - _correlation(q.T, p.T)
    loss = temperature**2 * (beta * inter.mean() + gamma * intra.mean())
    return rounded(loss, student_logits, teacher_logits)


def dkd_loss(
    student_logits: Tensor,
    teacher_logits: Tensor,
    labels: Tensor,
    temperature: float,
    *,
    alpha: float = 1.0,
    beta: float = 8.0,
) -> Tensor:
    """Return T² (alpha · TCKD + beta · NCKD) of DKD (Zhao et al., CVPR 2022).

    TCKD is KL(teacher‖student) between true class and all others together; NCKD is the
    same among the others. Plain KL is TCKD + (1 - p_true) NCKD with the teacher's
    p_true: a sure teacher mutes what it knows of the others, and `beta` takes the place
    of that factor. `labels` are class indices of shape (batch,). The
    `alpha` here is the paper's, and no share of a whole.
    """
    check_weight("alpha", alpha)
    check_weight("beta", beta)
    _check_many_classes(student_logits, teacher_logits, "DKD")
    check_labels(labels, student_logits, multilabel=False)
    log_q, log_p = log_softmax(
        temperature, student_logits=student_logits, teacher_logits=teacher_logits
    )
    true_q, others_q = _true_and_others(log_q, labels)
    true_p, others_p = _true_and_others(log_p.detach(), labels)
    target = mean_kl(true_p, true_q)
    non_target = mean_kl(others_p, others_q)
    loss = temperature**2 * (alpha * target + beta * non_target)
    return rounded(loss, student_logits, teacher_logits)


def _standardised(logits: Tensor) -> Tensor:
    z = precise(logits)
    centred = z - z.mean(-1, keepdim=True)
    return centred / (z.std(-1, keepdim=True) + 1e-7)  # equal logits give 0, not NaN


def _correlation(a: Tensor, b: Tensor) -> Tensor:
    a, b = a - a.mean(-1, keepdim=True), b - b.mean(-1, keepdim=True)
    return F.cosine_similarity(a, b, dim=-1)  # (rows,)


def _true_and_others(log_p: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return logs of (true, rest), (batch, 2), and within the rest, (batch, K-1)."""
    true = labels.long()[:, None]
    classes = log_p.shape[1]
    # Indices of the other classes, counted on from the true one and round the end: a
    # mask would do too, but indexing with it makes a GPU wait.
    rest = (true + torch.arange(1, classes, device=labels.device)) % classes
    others = log_p.gather(1, rest)
    both = torch.cat([log_p.gather(1, true), others.logsumexp(1, keepdim=True)], dim=1)
    return both, others.log_softmax(-1)


def _check_many_classes(student: Tensor, teacher: Tensor, loss: str) -> None:
    check_batch(student, teacher)
    if student.shape[1] < 3:
        raise ValueError(
            f"{loss} got {student.shape[1]} classes; expected at least 3, since with "
            "fewer it carries nothing of the teacher's confidence: use soft_target_loss"
        )
