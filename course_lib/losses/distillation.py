"""What a student loses by not saying what its teacher says."""

import warnings

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.losses.divergences import kl_divergence
from course_lib.losses.inputs import (
    check_batch,
    check_labels,
    check_number,
    check_temperature,
    mean_kl,
    precise,
    rounded,
)


def soft_target_loss(
    student_logits: Tensor, teacher_logits: Tensor, temperature: float
) -> Tensor:
    """Return T² KL(teacher‖student), as Hinton, Vinyals and Dean (2015) weigh it.

    Both are logits of shape (batch, classes). The gradient for one example's student
    logits is T (q - p). As T grows, q - p shrinks as 1/T: T² keeps the gradient's size,
    so that T can be changed without the learning rate. The cross-entropy of the two has
    the same gradient. None reaches the teacher.

    With one class softmax is always 1 and the loss always 0: this warns.

    >>> student, teacher = torch.tensor([[0.0, 0.0]]), torch.tensor([[4.0, 0.0]])
    >>> soft_target_loss(student, teacher, temperature=4.0)
    tensor(1.7751)
    """
    check_temperature(temperature)
    check_batch(student_logits, teacher_logits)
    if student_logits.shape[-1] == 1:
        warnings.warn(
            "softmax over 1 class is always 1, so the loss is 0 and teaches nothing; "
            "for one logit per label use multilabel_soft_target_loss",
            stacklevel=2,
        )
    teacher_logits = teacher_logits.detach()
    return temperature**2 * kl_divergence(teacher_logits, student_logits, temperature)


def multilabel_soft_target_loss(
    student_logits: Tensor, teacher_logits: Tensor, temperature: float
) -> Tensor:
    """Return T² times the mean over batch and labels of KL between two sigmoids.

    Both are logits of shape (batch, labels). Each label is a yes/no question of its
    own: with p = sigmoid(t / T) and q = sigmoid(s / T), its KL is
    p log(p/q) + (1-p) log((1-p)/(1-q)), and its gradient T (q - p) / (batch · labels).
    The mean over labels, not the sum, is what `binary_cross_entropy_with_logits` takes:
    so `alpha` means the same for 2 labels and for 200.

    sigmoid(z) = softmax(z/2, -z/2)[0]: one label's loss is `soft_target_loss` on these
    two. One softmax over all labels ignores a shift, which moves every sigmoid.

    >>> student, teacher = torch.tensor([[0.0, 0.0]]), torch.tensor([[4.0, 4.0]])
    >>> multilabel_soft_target_loss(student, teacher, temperature=4.0)
    tensor(1.7751)
    """
    check_batch(student_logits, teacher_logits)
    log_p = _log_yes_no(teacher_logits.detach(), temperature)
    log_q = _log_yes_no(student_logits, temperature)
    loss = temperature**2 * mean_kl(log_p, log_q)
    return rounded(loss, student_logits, teacher_logits)


def logit_matching_loss(
    student_logits: Tensor, teacher_logits: Tensor, multilabel: bool = False
) -> Tensor:
    """Return the limit of the soft-target loss as T goes to infinity: Σ_k d_k² / 2K.

    d is student minus teacher logit, less its mean over the K classes, since softmax
    ignores a shift. Hinton, Vinyals and Dean (2015, section 2.1) derive the gradient of
    the limit for logits whose mean is 0. With `multilabel` it is the mean of d² / 8 and
    d is not centred: a sigmoid notices a shift, and its slope at 0 is 1/4.

    >>> student, teacher = torch.tensor([[0.0, 0.0]]), torch.tensor([[4.0, 0.0]])
    >>> logit_matching_loss(student, teacher)
    tensor(2.)
    """
    check_batch(student_logits, teacher_logits)
    d = precise(student_logits) - precise(teacher_logits.detach())
    if not multilabel:
        d = d - d.mean(-1, keepdim=True)
    loss = d.square().mean() / (8 if multilabel else 2)
    return rounded(loss, student_logits, teacher_logits)


class DistillationLoss(nn.Module):
    """alpha · (soft-target loss at T) + (1 - alpha) · (loss on the labels at T = 1).

    `labels` are class indices of shape (batch,), any integer dtype; or, if
    `multilabel`, multi-hot of shape (batch, labels), any dtype, each from 0 to 1. Where
    nobody knows them they are None, and `alpha` must be 1.

    >>> loss = DistillationLoss(temperature=4.0, alpha=0.5)
    >>> student, teacher = torch.tensor([[0.0, 0.0]]), torch.tensor([[4.0, 0.0]])
    >>> loss(student, teacher, torch.tensor([0]))
    tensor(1.2341)
    """

    def __init__(self, temperature: float, alpha: float, multilabel: bool = False):
        super().__init__()
        check_temperature(temperature)
        check_number("alpha", alpha, 0, 1, "0 (labels only) to 1 (teacher only)")
        if not isinstance(multilabel, bool):
            raise ValueError(f"multilabel is {multilabel!r}; expected True or False")
        self.temperature, self.alpha, self.multilabel = temperature, alpha, multilabel

    def extra_repr(self) -> str:
        """Say the settings where the loss is printed, and in a checkpoint."""
        many = ", multilabel=True" if self.multilabel else ""
        return f"temperature={self.temperature}, alpha={self.alpha}{many}"

    def forward(
        self, student_logits: Tensor, teacher_logits: Tensor, labels: Tensor | None
    ) -> Tensor:
        """Return one number; the logits have shape (batch, classes)."""
        soft_loss = multilabel_soft_target_loss if self.multilabel else soft_target_loss
        soft = soft_loss(student_logits, teacher_logits, self.temperature)
        if labels is None:
            if self.alpha < 1:
                raise ValueError(
                    f"labels are None, and alpha is {self.alpha}: expected labels, or "
                    "alpha 1, which leaves only the teacher to learn from"
                )
            return soft
        check_labels(labels, student_logits, self.multilabel)
        logits = precise(student_logits)
        if self.multilabel:
            hard = F.binary_cross_entropy_with_logits(logits, labels.to(logits.dtype))
        else:
            hard = F.cross_entropy(logits, labels.long())
        return self.alpha * soft + (1 - self.alpha) * rounded(hard, soft)


def _log_yes_no(logits: Tensor, temperature: float) -> Tensor:
    check_temperature(temperature)
    z = precise(logits) / temperature
    return torch.stack([F.logsigmoid(z), F.logsigmoid(-z)], dim=-1)  # (..., labels, 2)
