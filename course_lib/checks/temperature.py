"""Checks for the exercises of the chapter on temperature."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib import losses
from course_lib.checks import Wrong, call, check, expect

FILM = [10.0, 5.0, 3.0, 2.0, -1.0, -3.0]


def number(value: Any, given: str) -> float:
    """Return one number as a float, or say what came instead."""
    if isinstance(value, Tensor) and value.numel() != 1:
        shape = tuple(value.shape)
        raise Wrong(
            f"For {given} you returned a tensor of shape {shape}; expected one number."
        )
    try:
        return float(value.detach() if isinstance(value, Tensor) else value)
    except (TypeError, ValueError):
        kind = type(value).__name__
        raise Wrong(f"For {given} you returned {kind}; expected one number.") from None


def alike(got: float, expected: float) -> bool:
    """Agree to one part in a thousand."""
    return math.isclose(got, expected, rel_tol=1e-3, abs_tol=1e-9)


def same(got: float, expected: float, given: str, *slips: tuple[float, str]) -> None:
    """Raise `Wrong` unless the numbers agree; name the slip that explains `got`."""
    hints = [hint for value, hint in slips if alike(got, value)]
    message = f"For {given} you returned {got:.4g}; expected {expected:.4g}."
    expect(alike(got, expected), " ".join([message, *hints[:1]]))


@check("Right: a root of the odds, for a batch and for tiny probabilities too.")
def reheat(function: Callable[[Tensor, float], Any]) -> None:
    """Probabilities at T from probabilities at 1, of shape (..., classes)."""
    p, T = torch.tensor([0.9, 0.09, 0.01]), 2.0
    slips = [
        (p ** (1 / T), "Those do not sum to 1: divide by their sum."),
        ((p / T).softmax(-1), "Softmax wants logits, and p is none; log p is."),
        ((p**T) / (p**T).sum(), "That is colder: take the root, not the power."),
        (p, "That is what came in."),
    ]
    right = (p.log() / T).softmax(-1)
    same_rows(call(function, p.clone(), T), right, f"p = {p.tolist()}, T = 2", slips)

    p = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]])
    whole = p.sqrt() / p.sqrt().sum()
    slips = [(whole, "Each row is a distribution of its own and sums to 1.")]
    slips += [(p.sqrt() / p.sqrt().sum(0), slips[0][1])]
    right = (p.log() / T).softmax(-1)
    given = "a batch of shape (2, 3)"
    same_rows(call(function, p.clone(), T), right, given, slips)

    p = torch.tensor([1.0, 1e-30])
    right = (p.log() / 8).softmax(-1)
    same_rows(call(function, p.clone(), 8.0), right, "p = [1, 1e-30], T = 8", [])


def same_rows(
    value: Any, expected: Tensor, given: str, slips: list[tuple[Tensor, str]]
) -> None:
    """As `same`, for a tensor of probabilities."""
    if not isinstance(value, Tensor) or value.shape != expected.shape:
        came = getattr(value, "shape", None)
        came = type(value).__name__ if came is None else f"shape {tuple(came)}"
        raise Wrong(
            f"For {given} you returned {came}; expected a tensor of shape "
            f"{tuple(expected.shape)}."
        )
    got = value.detach().to(expected.dtype)
    hints = [hint for v, hint in slips if torch.allclose(got, v, rtol=1e-3)]
    near = torch.allclose(got, expected, rtol=1e-3, atol=1e-7)
    show = [[round(x, 4) for x in t.flatten().tolist()] for t in (got, expected)]
    message = f"For {given} you returned {show[0]}; expected {show[1]}."
    expect(near, " ".join([message, *hints[:1]]))


@check("Right: the variance under the distribution at T, over T³.")
def entropy_slope(function: Callable[[Tensor, float], Any]) -> None:
    """dH/dT for logits of shape (classes,)."""
    for logits, T in [(FILM, 3.0), ([1.0, 0.0], 0.5), ([2.0, 2.0, 2.0], 1.0)]:
        z = torch.tensor(logits)
        variance = _variance(z, T)
        plain = z.var(correction=0).item()
        hint = "Weigh each logit by its probability at T."
        slips = [
            (variance / T**2, "That is over T²; the chain rule adds another 1/T."),
            (variance / T, "That is over T; expected is T³."),
            (variance, "That is the variance; divide it by T³."),
            (-variance / T, "That is dH/dβ with β = 1/T; multiply by dβ/dT = -1/T²."),
            (-variance / T**3, "The sign: entropy rises with T."),
            (math.sqrt(variance) / T**3, "That has the deviation, not the variance."),
            (_variance(z, 1.0) / T**3, "The variance is the one at T, not at 1."),
            (plain / T**3, hint),
            (z.var().item() / T**3, hint),
        ]
        got = number(call(function, z.clone(), T), f"logits = {logits}, T = {T}")
        same(got, variance / T**3, f"logits = {logits}, T = {T}", *slips)


def _variance(logits: Tensor, T: float) -> float:
    z = logits.double()
    p = (z / T).softmax(-1)
    return (p * (z - (p * z).sum()) ** 2).sum().item()


@check("Right: T² in front, T on both sides, and a teacher that stays put.")
def soft_target_loss(function: Callable[[Tensor, Tensor, float], Any]) -> None:
    """T² KL(teacher‖student) from two tensors of logits (batch, classes)."""
    t = torch.tensor([[3.0, 1.0, -2.0], [0.0, 2.0, 0.5]])
    s = torch.tensor([[0.0, 1.0, 1.0], [2.0, -1.0, 0.0]], requires_grad=True)
    T = 4.0
    kl = losses.kl_divergence
    right = losses.soft_target_loss(s, t, T).item()
    slips = [
        (right / T**2, "T² is missing: without it the gradient fades as 1/T²."),
        (right / T, "That has T in front; expected is T²."),
        ((T**2 * kl(t / T, s)).item(), "Only the teacher is softened; soften both."),
        ((T**2 * kl(t, s / T)).item(), "Only the student is softened; soften both."),
        ((T**2 * kl(t, s)).item(), "Neither side is divided by T."),
        (
            (T**2 * kl(s, t, T)).item(),
            "That is KL(student‖teacher); the teacher weighs.",
        ),
        (2 * right, "That is the sum over the batch; take its mean."),
        (right / 3, "That is the mean over the classes as well; sum over those."),
        (
            (T**2 * losses.cross_entropy(t, s, T)).item(),
            "That is the cross-entropy; take away the teacher's entropy.",
        ),
    ]
    given = f"student {s.tolist()}, teacher {t.tolist()}, T = 4"
    teacher = t.clone().requires_grad_()
    value = call(function, s, teacher, T)
    same(number(value, given), right, given, *slips)

    if not isinstance(value, Tensor) or not value.requires_grad:
        raise Wrong(
            "The value is right, but no gradient flows to the student; expected a "
            "tensor that can be differentiated."
        )
    from_loss = torch.autograd.grad(value, [s, teacher], allow_unused=True)
    for name, gradient in zip(["student", "teacher"], from_loss, strict=True):
        moved = gradient is not None and bool(gradient.abs().max() > 1e-6)
        wanted = name == "student"
        expect(
            moved == wanted,
            f"The value is right, but the {name} {'gets' if moved else 'gets no'} "
            f"gradient; expected {'one' if wanted else 'none'}. "
            "Detach the teacher's logits, and only those.",
        )


@check("Right, for a timid teacher, a sure one and one whose logits are shifted.")
def temperature_for(function: Callable[[Tensor, float], Any]) -> None:
    """The T at which exp(entropy) has a given value; logits are (K,)."""
    film = torch.tensor(FILM)
    cases = [
        ("the film's logits", film, 1.5),
        ("the film's logits, doubled", 2 * film, 3.0),
        ("the film's logits plus 100", film + 100, 3.0),
        ("the logits [0, 0.01]", torch.tensor([0.0, 0.01]), 1.9),
    ]
    for name, logits, classes in cases:
        given = f"{name} and {classes} classes"
        T = number(call(function, logits.clone(), classes), given)
        expect(0 < T < math.inf, f"For {given} you returned {T}; expected a T above 0.")
        reached = _classes(logits, T)
        hint = ""
        if alike(_classes(logits, 1 / T), classes):
            hint = " That is β = 1/T."
        elif alike(math.log(reached), classes):
            hint = " That is the T at which H itself is that number."
        expect(
            math.isclose(reached, classes, rel_tol=1e-3),
            f"For {given} you returned T = {T:.4g}, which gives {reached:.3f} classes; "
            f"expected {classes}.{hint}",
        )


def _classes(logits: Tensor, T: float) -> float:
    return losses.entropy(logits.double(), T).exp().item()


@check("Right, for models that are too sure and for one that is too timid.")
def calibration(function: Callable[[Tensor, Tensor], Any]) -> None:
    """The T that minimises the cross-entropy of softmax(logits / T)."""
    for size, given in [
        (3.0, "a model that is three times too sure"),
        (0.5, "a model that is half as sure as it should be"),
    ]:
        generator = torch.Generator().manual_seed(0)
        z = 2 * torch.randn(2_000, 4, generator=generator)
        labels = torch.multinomial(z.softmax(-1), 1, generator=generator)[:, 0]
        logits = size * z
        right = _calibrated(logits, labels)
        slips = [
            (1 / right, "That is β = 1/T."),
            (1.0, "At T = 1 the cross-entropy is not at its smallest."),
        ]
        got = number(call(function, logits.clone(), labels.clone()), given)
        # A grid of steps of 0.05 is too coarse; rounding is not.
        close = math.isclose(got, right, rel_tol=5e-3)
        if not close:
            same(got, right, given, *slips)


def _calibrated(logits: Tensor, labels: Tensor) -> float:
    """Find where the mean logit under the model equals that of the labels."""
    z = logits.double()
    goal = z.gather(1, labels[:, None]).mean()
    low, high = 1e-4, 1e4
    for _ in range(60):
        beta = math.sqrt(low * high)
        if ((beta * z).softmax(-1) * z).sum(-1).mean() < goal:
            low = beta
        else:
            high = beta
    return 1 / beta
