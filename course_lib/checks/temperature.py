"""Checks for the exercises of the chapter on temperature."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib import losses
from course_lib.calibration import calibration_temperature
from course_lib.checks import check
from course_lib.checks.expect import (
    Slips,
    call,
    call_without_autograd,
    close,
    read,
    require,
    same,
)

FILM = [10.0, 5.0, 3.0, 2.0, -1.0, -3.0]


@check("Right: a root of the odds, for a batch and for tiny probabilities too.")
def reheat(function: Callable[[Tensor, float], Any]) -> None:
    """Probabilities at T from probabilities at 1, of shape (..., classes).

    >>> reheat(lambda p, T: (p.log() / T).softmax(-1))
    ✅ Right: a root of the odds, for a batch and for tiny probabilities too.
    >>> reheat(lambda p, T: (p / T).softmax(-1))
    ❌ For p = [0.9, 0.09, 0.01], T = 2 you returned [0.4333, 0.289, 0.2777]; expected
    [0.7034, 0.2224, 0.07415]. Softmax wants logits, and p is none; log p is.
    """
    p = torch.tensor([0.9, 0.09, 0.01])
    root = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]]).sqrt()
    cases: list[tuple[str, Tensor, float, Slips]] = [
        (
            "p = [0.9, 0.09, 0.01], T = 2",
            p,
            2,
            {
                "Those do not sum to 1: divide by their sum.": p.sqrt(),
                "Softmax wants logits, and p is none; log p is.": (p / 2).softmax(-1),
                "That is colder: take the root, not the power.": p**2 / (p**2).sum(),
                "That is what came in.": p,
            },
        ),
        (
            "a batch of shape (2, 3)",
            root**2,
            2,
            {
                "Each row is a distribution of its own and sums to 1.": (
                    root / root.sum(),
                    root / root.sum(0),
                )
            },
        ),
        ("p = [1, 1e-30], T = 8", torch.tensor([1.0, 1e-30]), 8, {}),
        ("p of shape (2, 1, 3), T = 0.5", root[:, None] ** 2, 0.5, {}),
        (
            "p = [1, 1e-60] in double precision, T = 16",
            torch.tensor([1.0, 1e-60], dtype=torch.float64),
            16,
            {},
        ),
    ]
    for given, p, T, slips in cases:
        truth = (p.log() / T).softmax(-1).numpy()
        same(call(function, p, float(T)), truth, given, slips)


@check("Right: the variance under the distribution at T, over T³.")
def entropy_slope(function: Callable[[Tensor, float], Any]) -> None:
    """dH/dT for logits of shape (classes,).

    >>> def variance(z, T):
    ...     p = (z / T).softmax(0)
    ...     return (p * z**2).sum() - (p * z).sum() ** 2
    >>> entropy_slope(lambda z, T: variance(z, T) / T**3)
    ✅ Right: the variance under the distribution at T, over T³.
    >>> entropy_slope(lambda z, T: variance(z, T) / T**2)
    ❌ For logits = [10.0, 5.0, 3.0, 2.0, -1.0, -3.0], T = 3.0 you returned 1.137;
    expected 0.379. That is over T²; the chain rule adds another 1/T.
    """
    for logits, T in [(FILM, 3.0), ([1.0, 0.0], 0.5), ([2.0, 2.0, 2.0], 1.0)]:
        z = torch.tensor(logits)
        variance = _variance(z, T)
        slips = {
            "That is over T²; the chain rule adds another 1/T.": variance / T**2,
            "That is over T; expected is T³.": variance / T,
            "That is the variance; divide it by T³.": variance,
            "That is dH/dβ with β = 1/T; multiply by dβ/dT = -1/T².": -variance / T,
            "The sign: entropy rises with T.": -variance / T**3,
            "That has the deviation, not the variance.": math.sqrt(variance) / T**3,
            "The variance is the one at T, not at 1.": _variance(z, 1.0) / T**3,
            "Weigh each logit by its probability at T.": (
                z.var(correction=0) / T**3,
                z.var() / T**3,
            ),
        }
        given = f"logits = {logits}, T = {T}"
        slope = call_without_autograd(function, z, T)
        same(slope, variance / T**3, given, slips)


def _variance(logits: Tensor, T: float) -> float:
    z = logits.double()
    p = (z / T).softmax(-1)
    return (p * (z - (p * z).sum()) ** 2).sum().item()


@check("Right, for a timid teacher, a sure one and one whose logits are shifted.")
def temperature_for(function: Callable[[Tensor, float], Any]) -> None:
    """The T at which exp(entropy) has a given value; logits are (K,).

    >>> from scipy.optimize import brentq
    >>> def fit(z, classes):
    ...     def gap(T): return losses.entropy(z.double(), T).item() - math.log(classes)
    ...     return brentq(gap, 1e-3, 1e3)
    >>> temperature_for(fit)
    ✅ Right, for a timid teacher, a sure one and one whose logits are shifted.
    >>> temperature_for(lambda z, classes: 3.0)
    ❌ For the film's logits and 1.5 classes you returned T = 3, which gives 2.615
    classes; expected 1.5.
    """
    film = torch.tensor(FILM)
    cases = [
        ("the film's logits", film, 1.5),
        ("the film's logits, doubled", 2 * film, 3.0),
        ("the film's logits plus 100", film + 100, 3.0),
        ("the film's logits, times 20", 20 * film, 5.0),
        ("the logits [0, 0.01]", torch.tensor([0.0, 0.01]), 1.9),
    ]
    for name, logits, classes in cases:
        given = f"{name} and {classes} classes"
        T = read(call(function, logits, classes), 1.0, given)
        require(
            0 < T < math.inf, f"For {given} you returned {T}; expected a T above 0."
        )
        reached = _classes(logits, T)
        hint = ""
        if close(_classes(logits, 1 / T), classes):
            hint = " That is β = 1/T."
        elif close(math.log(reached), classes):
            hint = " That is the T at which H itself is that number."
        require(
            close(reached, classes),
            f"For {given} you returned T = {T:.4g}, which gives {reached:.3f} classes; "
            f"expected {classes}.{hint}",
        )


def _classes(logits: Tensor, T: float) -> float:
    return losses.entropy(logits.double(), T).exp().item()


@check("Right, for models that are too sure and for one that is too timid.")
def calibration(function: Callable[[Tensor, Tensor], Any]) -> None:
    """The T that minimises the cross-entropy of softmax(logits / T).

    >>> calibration(lambda z, y: calibration_temperature(z.numpy(), y.numpy()))
    ✅ Right, for models that are too sure and for one that is too timid.
    >>> calibration(lambda z, y: 1.0)
    ❌ For a model that is three times too sure you returned 1; expected 2.949. At T =
    1 the cross-entropy is not at its smallest.
    """
    for size, classes, given in [
        (3.0, 4, "a model that is three times too sure"),
        (0.5, 3, "a model that is half as sure as it should be"),
        (6.0, 5, "a model that is six times too sure"),
    ]:
        generator = torch.Generator().manual_seed(0)
        z = 2 * torch.randn(2_000, classes, generator=generator)
        labels = torch.multinomial(z.softmax(-1), 1, generator=generator)[:, 0]
        right = calibration_temperature((size * z).numpy(), labels.numpy())
        slips: Slips = {
            "That is β = 1/T.": 1 / right,
            "At T = 1 the cross-entropy is not at its smallest.": 1.0,
        }
        # A grid of steps of 0.05 is too coarse; rounding is not.
        got = call(function, size * z, labels)
        same(got, right, given, slips, within=5e-3 * right)


PENALTY = 0.001


@check("Right: too sure from few examples, and a little timid from many.")
def fitted_temperature(function: Callable[..., Any]) -> None:
    """The T that calibrates, on held-out examples, a linear model trained on others.

    >>> fitted_temperature(lambda x, y, held_x, held_y, classes: 1.0)
    ❌ For 50 examples with 10 features and 4 classes you returned 1; expected 2.053.
    That is no change: fit T on the held-out examples.
    """
    for n, features, classes, seed in (
        (50, 10, 4, 0),
        (200, 20, 3, 1),
        (3_000, 6, 5, 2),
    ):
        generator = torch.Generator().manual_seed(seed)
        true = torch.randn(features, classes, generator=generator)
        held_x, held_y = _drawn(3_000, true, generator)
        x, y = _drawn(n, true, generator)
        ours = _linear(x, y, classes)
        on_others, on_its_own, from_others = (
            calibration_temperature((a.double() @ w).numpy(), b.numpy())
            for a, b, w in (
                (held_x, held_y, ours),
                (x, y, ours),
                (held_x, held_y, _linear(held_x, held_y, classes)),
            )
        )
        slips: Slips = {
            "That is no change: fit T on the held-out examples.": 1.0,
            "That is fitted on the examples that the model was trained on.": on_its_own,
            "That is β = 1/T.": 1 / on_others,
            "That model was trained on the held-out examples.": from_others,
        }
        given = f"{n:,} examples with {features} features and {classes} classes"
        value = call(function, x, y, held_x, held_y, classes)
        same(value, on_others, given, slips, within=0.03 * on_others)


def _drawn(n: int, true: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Examples and labels drawn from the probabilities that a linear model gives."""
    x = torch.randn(n, len(true), generator=generator)
    return x, torch.multinomial((x @ true).softmax(-1), 1, generator=generator)[:, 0]


def _linear(x: Tensor, y: Tensor, classes: int) -> Tensor:
    """Weights (features, classes) at the minimum of the penalised cross-entropy."""
    x = x.double()
    w = torch.zeros(x.shape[1], classes, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([w], max_iter=500, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(x @ w, y) + PENALTY * w.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return w.detach()
