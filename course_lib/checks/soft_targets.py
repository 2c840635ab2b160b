"""Checks for the exercises of the chapter on soft targets."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib import losses
from course_lib.checks import check
from course_lib.checks.expect import Slips, call, require, same


@check("Right: T² in front, T on both sides, and a teacher that stays put.")
def soft_target_loss(function: Callable[[Tensor, Tensor, float], Any]) -> None:
    """T² KL(teacher‖student) from two tensors of logits (batch, classes).

    >>> soft_target_loss(losses.soft_target_loss)
    ✅ Right: T² in front, T on both sides, and a teacher that stays put.
    >>> soft_target_loss(lambda s, t, T: T**2 * losses.kl_divergence(t, s, T))
    ❌ The value is right, but the teacher gets gradient; expected none. Detach the
    teacher's logits, and only those.
    """
    t = torch.tensor([[3.0, 1.0, -2.0], [0.0, 2.0, 0.5]])
    s = torch.tensor([[0.0, 1.0, 1.0], [2.0, -1.0, 0.0]], requires_grad=True)
    T = 4.0
    kl = losses.kl_divergence
    right = losses.soft_target_loss(s, t, T).item()
    slips = {
        "T² is missing: without it the gradient fades as 1/T².": right / T**2,
        "That has T in front; expected is T².": right / T,
        "Only the teacher is softened; soften both.": T**2 * kl(t / T, s),
        "Only the student is softened; soften both.": T**2 * kl(t, s / T),
        "Neither side is divided by T.": T**2 * kl(t, s),
        "That is KL(student‖teacher); the teacher weighs.": T**2 * kl(s, t, T),
        "That is the sum over the batch; take its mean.": 2 * right,
        "That is the mean over the classes as well; sum over those.": right / 3,
        "That is the cross-entropy; take away the teacher's entropy.": (
            T**2 * losses.cross_entropy(t, s, T)
        ),
    }
    given = f"student {s.tolist()}, teacher {t.tolist()}, T = 4"
    sure, open_ = torch.tensor([[1000.0, 0.0]]), torch.zeros(1, 2)
    sure_value = call(function, open_, sure, 1.0)
    zero = {"0 · log 0 is no number: take logarithms by log_softmax.": np.isnan}
    truth = losses.soft_target_loss(open_, sure, 1.0).item()
    beyond = "student [[0, 0]], teacher [[1000, 0]], T = 1"
    teacher = t.clone().requires_grad_()
    value = call(partial(function, s, teacher, T))  # no copies: their gradients count
    same(value, right, given, slips)
    same(sure_value, truth, beyond, zero)
    require(
        isinstance(value, Tensor) and value.requires_grad,
        "The value is right, but no gradient flows to the student; expected a tensor "
        "that can be differentiated.",
    )
    from_loss = torch.autograd.grad(value, [s, teacher], allow_unused=True)
    for name, gradient in zip(["student", "teacher"], from_loss, strict=True):
        moved = gradient is not None and bool(gradient.abs().max() > 1e-6)
        wanted = name == "student"
        require(
            moved == wanted,
            f"The value is right, but the {name} {'gets' if moved else 'gets no'} "
            f"gradient; expected {'one' if wanted else 'none'}. "
            "Detach the teacher's logits, and only those.",
        )


@check("Right: the two weights keep their ratio, and sum to 1.")
def alpha_without(function: Callable[[float, float], Any]) -> None:
    """The alpha for a loss without T² that trains as `alpha` does with it.

    >>> alpha_without(lambda alpha, T: alpha * T**2 / (alpha * T**2 + 1 - alpha))
    ✅ Right: the two weights keep their ratio, and sum to 1.
    >>> alpha_without(lambda alpha, T: alpha * T**2)
    ❌ For alpha = 0.5, T = 4 you returned 8; expected 0.9412. That is the weight of the
    soft part; divide by the sum of both weights.
    """
    for alpha, T in [(0.5, 4), (0.9, 2), (0.5, 1), (1.0, 8), (0.0, 8)]:
        soft, hard = alpha * T**2, 1 - alpha
        right = soft / (soft + hard)
        slips: Slips = {
            "That is the weight of the soft part; divide by the sum of both weights.": (
                soft
            ),
            "That is what becomes of alpha when T² is left out; undo it.": (
                alpha / (alpha + hard * T**2)
            ),
            "That makes up for T; what is missing is T².": (
                alpha * T / (alpha * T + hard)
            ),
            "That is what came in.": alpha,
        }
        given = f"alpha = {alpha:g}, T = {T}"
        same(call(function, alpha, float(T)), right, given, slips)


@check("Right: too timid if only the teacher was softened, too sure if it was not.")
def mended(function: Callable[[Tensor, float, str], Any]) -> None:
    """The teacher's logits, from those of a student with T on one side only.

    >>> mended(lambda s, T, softened: s * T if softened == "teacher" else s / T)
    ✅ Right: too timid if only the teacher was softened, too sure if it was not.
    >>> mended(lambda s, T, softened: s / T)
    ❌ For logits = [[0.5, -0.25, 0.0]], T = 4, softened = "teacher" you returned
    [[0.125, -0.0625, 0.0]]; expected [[2.0, -1.0, 0.0]]. That student is too timid: its
    logits are the teacher's over T.
    """
    t = torch.tensor([[2.0, -1.0, 0.0]])
    T = 4.0
    for softened, s in [("teacher", t / T), ("student", t * T)]:
        timid = softened == "teacher"
        why = (
            "That student is too timid: its logits are the teacher's over T."
            if timid
            else "That student is too sure: its logits are T times the teacher's."
        )
        slips: Slips = {
            why: s / T if timid else s * T,
            "That is what came in.": s,
            "Once by T, not twice.": s * T**2 if timid else s / T**2,
            "Those are probabilities; logits were asked for.": t.softmax(-1),
        }
        given = f'logits = {s.tolist()}, T = {T:g}, softened = "{softened}"'
        same(call(function, s, T, softened), t, given, slips)
