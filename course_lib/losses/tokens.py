"""Losses of a tagger or writer: a soft target a token, and tokens that do not count.

Logits are (batch, tokens, tags), and `counted` is (batch, tokens), True where the model
has to answer. It is False for padding, for what a tokenizer adds at both ends, and for
the pieces of a word behind its first: `labels != -100`, where labels follow PyTorch.

The mean is over the tokens that count, and over nothing else. What stands at the others
may be anything, also no number; their gradient is exactly zero. Conventions are those
of `course_lib.losses`: float64 inside, none for the teacher, `ValueError`.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.losses.inputs import (
    check_logits,
    check_number,
    check_temperature,
    log_softmax,
    precise,
    rounded,
    said,
)

#: What PyTorch's cross-entropy passes over, if nobody says otherwise.
IGNORED = -100


def token_soft_target_loss(
    student_logits: Tensor,
    teacher_logits: Tensor,
    counted: Tensor,
    temperature: float,
) -> Tensor:
    """Return T² KL(teacher‖student), its mean over the tokens that count.

    >>> ours, theirs = torch.zeros(1, 2, 2), torch.tensor([[[4.0, 0.0], [0.0, 9.0]]])
    >>> token_soft_target_loss(ours, theirs, torch.tensor([[True, False]]), 4.0)
    tensor(1.7751)
    """
    check_temperature(temperature)
    theirs = teacher_logits.detach() if isinstance(teacher_logits, Tensor) else None
    named = {"student_logits": student_logits, "teacher_logits": theirs}
    only = {name: _only(counted, name, z) for name, z in named.items()}
    log_q, log_p = log_softmax(temperature, **only)
    apart = (log_p.exp() * (log_p - log_q)).sum(-1)  # (batch, tokens)
    loss = temperature**2 * _mean(apart, counted)
    return rounded(loss, student_logits, teacher_logits)


def token_label_loss(logits: Tensor, labels: Tensor, counted: Tensor) -> Tensor:
    """Return the cross-entropy with (batch, tokens) tags, its mean over what counts.

    >>> tags = torch.tensor([[0, -100]])
    >>> token_label_loss(torch.zeros(1, 2, 4), tags, tags != -100)
    tensor(1.3863)
    """
    only = _only(counted, "logits", logits)
    check_logits(logits=only)
    whole = isinstance(labels, Tensor) and not labels.is_floating_point()
    if not whole or labels.shape != counted.shape:
        shape = tuple(counted.shape)
        raise ValueError(f"labels are {said(labels)}; expected whole numbers {shape}")
    tags = labels.long().masked_fill(~counted, 0)
    if tags.device.type == "cpu" and not ((tags >= 0) & (tags < only.shape[2])).all():
        raise ValueError(
            f"labels run from {tags.min()} to {tags.max()} where tokens count; "
            f"expected 0 to {only.shape[2] - 1}"
        )
    each = F.cross_entropy(
        precise(only).flatten(0, 1), tags.flatten(), reduction="none"
    )
    return rounded(_mean(each.view_as(counted), counted), logits)


def generalised_js_loss(
    student_logits: Tensor,
    teacher_logits: Tensor,
    counted: Tensor,
    beta: float,
    temperature: float = 1.0,
) -> Tensor:
    """Return T² times a divergence between KL(teacher‖student) and its reverse.

    With p the teacher's, q the student's and m = βp + (1 - β)q, Agarwal et al. (2024)
    take JSD = β KL(p‖m) + (1 - β) KL(q‖m), which is 0 at both ends, and near them is
    nearly a KL times β or 1 - β. Here it is divided by β(1 - β): so it is KL(p‖q) at
    β = 0, KL(q‖p) at β = 1, and has no jump between; at β = ½ it is 4 `js_divergence`.
    The mean is over the tokens that count, and the teacher gets no gradient.

    >>> p, q = torch.tensor([[[0.9, 0.1]]]).log(), torch.tensor([[[0.5, 0.5]]]).log()
    >>> one = torch.tensor([[True]])
    >>> generalised_js_loss(q, p, one, beta=0), generalised_js_loss(q, p, one, beta=1)
    (tensor(0.3681), tensor(0.5108))
    """
    check_number("beta", beta, 0, 1, "0, KL(teacher‖student), to 1, its reverse")
    theirs = teacher_logits.detach() if isinstance(teacher_logits, Tensor) else None
    named = {"student_logits": student_logits, "teacher_logits": theirs}
    only = {name: _only(counted, name, z) for name, z in named.items()}
    log_q, log_p = log_softmax(temperature, **only)
    # Below, rounding is divided by β: from there on the limit is nearer than the sum.
    if beta < 1e-6:
        each = _kl(log_p, log_q)
    elif beta > 1 - 1e-6:
        each = _kl(log_q, log_p)
    else:
        log_m = torch.logaddexp(log_p + math.log(beta), log_q + math.log1p(-beta))
        each = _kl(log_p, log_m) / (1 - beta) + _kl(log_q, log_m) / beta
    loss = temperature**2 * _mean(each, counted)
    return rounded(loss, student_logits, teacher_logits)


class TokenDistillationLoss(nn.Module):
    """alpha · (soft targets at T) + (1 - alpha) · (labels at T = 1), both over tokens.

    Both parts are means over the same tokens, so that `alpha` is what it says. `labels`
    are None where nobody knows them, and `alpha` must be 1.

    >>> loss = TokenDistillationLoss(temperature=4.0, alpha=0.5)
    >>> ours, theirs = torch.zeros(1, 1, 2), torch.tensor([[[4.0, 0.0]]])
    >>> loss(ours, theirs, torch.tensor([[0]]), torch.tensor([[True]]))
    tensor(1.2341)
    """

    def __init__(self, temperature: float, alpha: float) -> None:
        super().__init__()
        check_temperature(temperature)
        check_number("alpha", alpha, 0, 1, "0 (labels only) to 1 (teacher only)")
        self.temperature, self.alpha = temperature, alpha

    def extra_repr(self) -> str:
        """Say the settings where the loss is printed, and in a checkpoint."""
        return f"temperature={self.temperature}, alpha={self.alpha}"

    def forward(
        self,
        student_logits: Tensor,
        teacher_logits: Tensor,
        labels: Tensor | None,
        counted: Tensor,
    ) -> Tensor:
        """Return one number; the logits have shape (batch, tokens, tags)."""
        soft = token_soft_target_loss(
            student_logits, teacher_logits, counted, self.temperature
        )
        if self.alpha == 1:
            return soft
        if labels is None:
            raise ValueError(
                f"labels are None, and alpha is {self.alpha}: expected labels, or "
                "alpha 1, which leaves only the teacher to learn from"
            )
        hard = token_label_loss(student_logits, labels, counted)
        return self.alpha * soft + (1 - self.alpha) * hard


def _only(counted: Tensor, name: str, logits: Tensor | None) -> Tensor:
    """Return logits with zeros where nothing counts; a fill and no index, for GPUs.

    Filled before the softmax, since 0 times no number is no number, backwards too.
    """
    if not isinstance(logits, Tensor) or logits.dim() != 3:
        raise ValueError(f"{name} is {said(logits)}; expected (batch, tokens, tags)")
    is_mask = isinstance(counted, Tensor) and counted.dtype == torch.bool
    if not is_mask or counted.shape != logits.shape[:2]:
        raise ValueError(
            f"counted is {said(counted)}; expected booleans of shape "
            f"{tuple(logits.shape[:2])}, one a token, as in `labels != -100`"
        )
    if counted.device.type == "cpu" and not counted.any():
        raise ValueError("no token of this batch counts; expected at least one True")
    return logits.masked_fill(~counted.unsqueeze(-1), 0)


def _mean(values: Tensor, counted: Tensor) -> Tensor:
    return values.masked_fill(~counted, 0).sum() / counted.sum()


def _kl(log_p: Tensor, log_q: Tensor) -> Tensor:
    return (log_p.exp() * (log_p - log_q)).sum(-1)
