"""The losses of knowledge distillation, from logits; needs torch and nothing else.

A teacher with logits t and a student with logits s, at temperature T, are compared as
p = softmax(t / T) and q = softmax(s / T), or label by label with sigmoids.

Logits come in, never probabilities: a probability near 0 has lost the digits that its
logarithm needs. The result is the mean over the batch. The arithmetic is in float64
whatever autocast says, because T² magnifies the rounding of a small KL a thousand times
at T = 32, and on so few numbers it costs little; the result is float32, or float64 if
an input is. (Apple's MPS has no float64: float32 there.)

T runs from 1e-18 to 1e4. At 1e4, T² makes 2e-8 of what float64 rounds, 2⁻⁵², and that
is what a float32 rounds; far beyond, nothing else is left (the limit is
`logit_matching_loss`). Below 1e-18, T² is too small for a float32.

Bad input raises `ValueError`. Types and shapes are checked everywhere; values (NaN,
labels out of range) on the CPU only, since looking at one makes a GPU wait, and where
there is one: not under torch.vmap, and not while a program is traced or compiled.
"""

import math
import reprlib
import sys
import warnings
from contextlib import suppress
from numbers import Real

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LOWEST, HIGHEST = 1e-18, 1e4  # temperatures
LARGEST = 1e150  # logits, so that their differences can be squared


def softmax(logits: Tensor, temperature: float = 1.0) -> Tensor:
    """Turn logits of shape (..., classes) into probabilities of the same shape.

    p_i = exp(z_i / T) / Σ_j exp(z_j / T). A higher temperature T gives a flatter
    distribution; adding one constant to all logits of an example changes nothing.

    >>> softmax(torch.tensor([2.0, 0.0]), temperature=2.0)
    tensor([0.7311, 0.2689])
    """
    (log_p,) = _log_softmax(temperature, logits=logits)
    return _rounded(log_p.exp(), logits)


def entropy(logits: Tensor, temperature: float = 1.0) -> Tensor:
    """Return H(p) = -Σ p log p in nats, from 0 (certain) to log(classes) (uniform)."""
    (log_p,) = _log_softmax(temperature, logits=logits)
    return _rounded(-(log_p.exp() * log_p).sum(-1).mean(), logits)


def cross_entropy(
    p_logits: Tensor, q_logits: Tensor, temperature: float = 1.0
) -> Tensor:
    """Return H(p, q) = -Σ p log q in nats; it equals H(p) + KL(p‖q).

    Logits of shape (..., classes) describe both distributions. With class indices in
    the place of p, it is `torch.nn.functional.cross_entropy`.
    """
    log_p, log_q = _log_softmax(temperature, p_logits=p_logits, q_logits=q_logits)
    return _rounded(-(log_p.exp() * log_q).sum(-1).mean(), p_logits, q_logits)


def kl_divergence(
    p_logits: Tensor, q_logits: Tensor, temperature: float = 1.0
) -> Tensor:
    """Return KL(p‖q) = Σ p (log p - log q) in nats: 0 where p = q, else above 0.

    Not symmetric: p says which classes matter. The order is as written, the reverse of
    `torch.nn.functional.kl_div(log_q, log_p)`. Gradients flow into both arguments.

    >>> p, q = torch.tensor([[0.7, 0.3]]).log(), torch.tensor([[0.6, 0.4]]).log()
    >>> kl_divergence(p, q), kl_divergence(q, p)
    (tensor(0.0216), tensor(0.0226))
    """
    log_p, log_q = _log_softmax(temperature, p_logits=p_logits, q_logits=q_logits)
    return _rounded(_mean_kl(log_p, log_q), p_logits, q_logits)


def js_divergence(
    p_logits: Tensor, q_logits: Tensor, temperature: float = 1.0
) -> Tensor:
    """Return ½ KL(p‖m) + ½ KL(q‖m) with m = (p + q) / 2: symmetric, at most log 2.

    Lin (1991). m mixes probabilities; a softmax of mean logits is something else.
    """
    log_p, log_q = _log_softmax(temperature, p_logits=p_logits, q_logits=q_logits)
    log_m = torch.logaddexp(log_p, log_q) - math.log(2)
    js = (_mean_kl(log_p, log_m) + _mean_kl(log_q, log_m)) / 2
    return _rounded(js, p_logits, q_logits)


def soft_target_loss(
    student_logits: Tensor, teacher_logits: Tensor, temperature: float
) -> Tensor:
    """Return T² KL(teacher‖student), as Hinton, Vinyals and Dean (2015) weigh it.

    Both are logits of shape (batch, classes). The gradient for one example's student
    logits is T (q - p). As T grows, q - p shrinks as 1/T: T² keeps the gradient's size,
    so that T can be changed without the learning rate. The cross-entropy of the two has
    the same gradient. None reaches the teacher.

    With one class softmax is always 1 and the loss always 0: this warns.
    """
    _check_temperature(temperature)
    _check_batch(student_logits, teacher_logits)
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
    """
    _check_batch(student_logits, teacher_logits)
    log_p = _log_yes_no(teacher_logits.detach(), temperature)
    log_q = _log_yes_no(student_logits, temperature)
    loss = temperature**2 * _mean_kl(log_p, log_q)
    return _rounded(loss, student_logits, teacher_logits)


def logit_matching_loss(
    student_logits: Tensor, teacher_logits: Tensor, multilabel: bool = False
) -> Tensor:
    """Return the limit of the soft-target loss as T goes to infinity: Σ_k d_k² / 2K.

    d is student minus teacher logit, less its mean over the K classes, since softmax
    ignores a shift. Hinton, Vinyals and Dean (2015, section 2.1) derive the gradient of
    the limit for logits whose mean is 0. With `multilabel` it is the mean of d² / 8 and
    d is not centred: a sigmoid notices a shift, and its slope at 0 is 1/4.
    """
    _check_batch(student_logits, teacher_logits)
    d = _precise(student_logits) - _precise(teacher_logits.detach())
    if not multilabel:
        d = d - d.mean(-1, keepdim=True)
    loss = d.square().mean() / (8 if multilabel else 2)
    return _rounded(loss, student_logits, teacher_logits)


class DistillationLoss(nn.Module):
    """alpha · (soft-target loss at T) + (1 - alpha) · (loss on the labels at T = 1).

    `labels` are class indices of shape (batch,), any integer dtype; or, if
    `multilabel`, multi-hot of shape (batch, labels), any dtype, each from 0 to 1.

    >>> loss = DistillationLoss(temperature=4.0, alpha=0.5)
    >>> student, teacher = torch.tensor([[0.0, 0.0]]), torch.tensor([[4.0, 0.0]])
    >>> loss(student, teacher, torch.tensor([0]))
    tensor(1.2341)
    """

    def __init__(self, temperature: float, alpha: float, multilabel: bool = False):
        super().__init__()
        _check_temperature(temperature)
        _check_number("alpha", alpha, 0, 1, "0 (labels only) to 1 (teacher only)")
        if not isinstance(multilabel, bool):
            raise ValueError(f"multilabel is {multilabel!r}; expected True or False")
        self.temperature, self.alpha, self.multilabel = temperature, alpha, multilabel

    def extra_repr(self) -> str:
        """Say the settings where the loss is printed, and in a checkpoint."""
        many = ", multilabel=True" if self.multilabel else ""
        return f"temperature={self.temperature}, alpha={self.alpha}{many}"

    def forward(
        self, student_logits: Tensor, teacher_logits: Tensor, labels: Tensor
    ) -> Tensor:
        """Return one number; the logits have shape (batch, classes)."""
        _check_batch(student_logits, teacher_logits)
        _check_labels(labels, student_logits, self.multilabel)
        logits = _precise(student_logits)
        if self.multilabel:
            soft_loss = multilabel_soft_target_loss
            hard = F.binary_cross_entropy_with_logits(logits, labels.to(logits.dtype))
        else:
            soft_loss = soft_target_loss
            hard = F.cross_entropy(logits, labels.long())
        soft = soft_loss(student_logits, teacher_logits, self.temperature)
        return self.alpha * soft + (1 - self.alpha) * _rounded(hard, soft)


def _precise(logits: Tensor) -> Tensor:
    return logits.to(torch.float32 if logits.device.type == "mps" else torch.float64)


def _rounded(result: Tensor, *inputs: Tensor) -> Tensor:
    wide = any(tensor.dtype == torch.float64 for tensor in inputs)
    return result.to(torch.float64 if wide else torch.float32)


def _log_softmax(temperature: float, **logits: Tensor) -> list[Tensor]:
    _check_temperature(temperature)
    _check_logits(**logits)
    return [(_precise(z) / temperature).log_softmax(-1) for z in logits.values()]


def _log_yes_no(logits: Tensor, temperature: float) -> Tensor:
    _check_temperature(temperature)
    z = _precise(logits) / temperature
    return torch.stack([F.logsigmoid(z), F.logsigmoid(-z)], dim=-1)  # (..., labels, 2)


def _mean_kl(log_p: Tensor, log_q: Tensor) -> Tensor:
    return (log_p.exp() * (log_p - log_q)).sum(-1).mean()


def _check_temperature(temperature: float) -> None:
    _check_number("temperature", temperature, LOWEST, HIGHEST, "0 < T, 1e-18 to 1e4")


def _check_weight(name: str, weight: float) -> None:
    _check_number(name, weight, 0, sys.float_info.max, "a finite number, 0 or more")


def _check_number(name: str, x: float, low: float, high: float, expected: str) -> None:
    if not isinstance(x, Real) or isinstance(x, bool) or not low <= x <= high:
        raise ValueError(f"{name} is {_said(x)}; expected {expected}")


def _said(value: object) -> str:
    """Quote what came in one short line."""
    if isinstance(value, Tensor):
        return f"{value.dtype} of shape {tuple(value.shape)}"
    short = " ".join(reprlib.repr(value).split())
    return short if isinstance(value, Real) else f"{type(value).__name__} {short}"


def _found(bad: Tensor) -> bool:
    """Whether any is true, where there is one value and a look costs no time."""
    is_traced = torch.compiler.is_compiling() or torch.jit.is_tracing()
    with suppress(RuntimeError):  # vmap has many values for one
        return bad.device.type == "cpu" and not is_traced and bool(bad.any())
    return False


def _check_logits(**named_logits: Tensor) -> None:
    for name, logits in named_logits.items():
        if not isinstance(logits, Tensor) or not logits.is_floating_point():
            raise ValueError(f"{name} is {_said(logits)}; expected a tensor of floats")
        if logits.dim() == 0 or logits.numel() == 0:
            raise ValueError(f"{name} is {_said(logits)}; expected (..., classes) > 0")
        # "Not inside" rather than "outside": NaN is neither, and must be refused.
        if _found(bad := ~(_precise(logits).abs() <= LARGEST)):
            where = bad.nonzero()[0].tolist()
            got = logits[tuple(where)]
            raise ValueError(f"{name}{where} is {got}; expected finite logits, ±1e150")
    shapes = {name: tuple(logits.shape) for name, logits in named_logits.items()}
    if any(shape != tuple(logits.shape) for shape in shapes.values()):
        raise ValueError(f"shapes differ, {shapes}; expected the same for both")


def _check_batch(student_logits: Tensor, teacher_logits: Tensor) -> None:
    _check_logits(student_logits=student_logits, teacher_logits=teacher_logits)
    if student_logits.dim() != 2:
        got = _said(student_logits)
        raise ValueError(f"logits are {got}; expected (batch, classes)")


def _check_labels(labels: Tensor, logits: Tensor, multilabel: bool) -> None:
    if multilabel:
        kind, shape, most = "multi-hot labels", tuple(logits.shape), 1
    else:
        kind, shape, most = "class indices", (len(logits),), logits.shape[1] - 1
    fits = isinstance(labels, Tensor) and labels.shape == shape
    if fits and not multilabel:
        fits = not labels.is_floating_point() and labels.dtype != torch.bool
    if not fits or labels.is_complex():
        raise ValueError(
            f"labels are {_said(labels)}; expected {kind} of shape {shape}, as a tensor"
        )
    if _found(~((labels >= 0) & (labels <= most))):
        low, high = labels.min(), labels.max()
        raise ValueError(f"labels run from {low} to {high}; {kind} are 0 to {most}")
