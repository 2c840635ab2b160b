"""Distributions from logits, and how far one is from another."""

import math

import torch
from torch import Tensor

from course_lib.losses.inputs import log_softmax, mean_kl, rounded


def softmax(logits: Tensor, temperature: float = 1.0) -> Tensor:
    """Turn logits of shape (..., classes) into probabilities of the same shape.

    p_i = exp(z_i / T) / Σ_j exp(z_j / T). A higher temperature T gives a flatter
    distribution; adding one constant to all logits of an example changes nothing.

    >>> softmax(torch.tensor([2.0, 0.0]), temperature=2.0)
    tensor([0.7311, 0.2689])
    """
    (log_p,) = log_softmax(temperature, logits=logits)
    return rounded(log_p.exp(), logits)


def entropy(logits: Tensor, temperature: float = 1.0) -> Tensor:
    """Return H(p) = -Σ p log p in nats, from 0 (certain) to log(classes) (uniform).

    Logits of shape (..., classes) give one number, the mean over all others.

    >>> entropy(torch.tensor([[0.0, 0.0], [99.0, 0.0]]))  # log 2, and 0
    tensor(0.3466)
    """
    (log_p,) = log_softmax(temperature, logits=logits)
    return rounded(-(log_p.exp() * log_p).sum(-1).mean(), logits)


def cross_entropy(
    p_logits: Tensor, q_logits: Tensor, temperature: float = 1.0
) -> Tensor:
    """Return H(p, q) = -Σ p log q in nats; it equals H(p) + KL(p‖q).

    Logits of shape (..., classes) describe both distributions. With class indices in
    the place of p, it is `torch.nn.functional.cross_entropy`.

    >>> p, q = torch.tensor([[0.7, 0.3]]).log(), torch.tensor([[0.6, 0.4]]).log()
    >>> cross_entropy(p, q), entropy(p) + kl_divergence(p, q)
    (tensor(0.6325), tensor(0.6325))
    """
    log_p, log_q = log_softmax(temperature, p_logits=p_logits, q_logits=q_logits)
    return rounded(-(log_p.exp() * log_q).sum(-1).mean(), p_logits, q_logits)


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
    log_p, log_q = log_softmax(temperature, p_logits=p_logits, q_logits=q_logits)
    return rounded(mean_kl(log_p, log_q), p_logits, q_logits)


def js_divergence(
    p_logits: Tensor, q_logits: Tensor, temperature: float = 1.0
) -> Tensor:
    """Return ½ KL(p‖m) + ½ KL(q‖m) with m = (p + q) / 2: symmetric, at most log 2.

    Lin (1991). m mixes probabilities; a softmax of mean logits is something else.

    >>> p, q = torch.tensor([[0.7, 0.3]]).log(), torch.tensor([[0.6, 0.4]]).log()
    >>> js_divergence(p, q), js_divergence(q, p)
    (tensor(0.0055), tensor(0.0055))
    """
    log_p, log_q = log_softmax(temperature, p_logits=p_logits, q_logits=q_logits)
    log_m = torch.logaddexp(log_p, log_q) - math.log(2)
    js = (mean_kl(log_p, log_m) + mean_kl(log_q, log_m)) / 2
    return rounded(js, p_logits, q_logits)
