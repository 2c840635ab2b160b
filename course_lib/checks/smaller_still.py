"""Checks for the exercises of the chapter on models made smaller still."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checks import check
from course_lib.checks.expect import Slips, call, require, same

ROWS = (([1.75, -0.6, 0.4, 0.05], 4), ([-0.3, 0.1, 0.26], 8), ([0.2, -3.0, 1.4], 2))


@check("Right: the largest meets the last mark, and zero stays zero.")
def codes(function: Callable[[Tensor, int], Any]) -> None:
    """Codes and scale of a row of numbers.

    >>> def answer(row, bits):
    ...     scale = row.abs().max() / (2 ** (bits - 1) - 1)
    ...     return (row / scale.clamp(min=1e-9)).round(), scale
    >>> codes(answer)
    ✅ Right: the largest meets the last mark, and zero stays zero.
    >>> codes(lambda row, bits: (answer(row, bits)[0].trunc(), row.abs().max() / 8))
    ❌ For [1.75, -0.6, 0.4, 0.05] and 4 bits you returned a scale of 0.2188; expected
    0.25. As many marks to either side: 7, not 8.
    """
    for numbers, bits in (*ROWS, ([0.0, 0.0, 0.0], 4)):
        row = torch.tensor(numbers, dtype=torch.float64)
        most, largest = 2 ** (bits - 1) - 1, row.abs().max().item()
        given = f"{numbers} and {bits} bits"
        value = call(function, row, bits)
        pair = isinstance(value, tuple | list) and len(value) == 2
        require(
            pair, f"For {given} you returned {value!r:.60}; expected codes and a scale."
        )
        found, scale = value
        if largest == 0:
            truth = np.zeros(len(row))
            same(found, truth, given, {"Nothing may be divided by zero.": _no_number})
            continue
        step = largest / most
        said = _number(scale)
        hint = ""
        for why, wrong in {
            f"As many marks to either side: {most}, not {most + 1}.": (
                largest / (most + 1)
            ),
            "The largest by size, whatever its sign.": row.max().item() / most,
            "That is the range over all marks; zero would be no mark.": (
                (row.max() - row.min()).item() / (2**bits - 1)
            ),
            "That is one over the scale.": 1 / step,
            "That is the largest number; a scale is the distance of two marks.": (
                largest
            ),
        }.items():
            if said is not None and np.isclose(said, wrong, rtol=1e-3):
                hint = f" {why}"
                break
        right = said is not None and np.isclose(said, step, rtol=2e-3)
        shown = scale if said is None else f"{said:.4g}"
        require(
            right,
            f"For {given} you returned a scale of {shown!s:.40}; expected "
            f"{step:.4g}.{hint}",
        )
        truth = (row / step).round().numpy()
        slips: Slips = {
            "Nearest, not towards zero.": (row / step).trunc().numpy(),
            "Nearest, not the next below.": (row / step).floor().numpy(),
            "Those are no whole numbers yet.": (row / step).numpy(),
            "Those are the numbers once they are back; expected codes.": (truth * step),
        }
        same(found, truth, given, slips)


def _number(value: Any) -> float | None:
    """Return one number, or None for what is none."""
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError):
        return None


def _no_number(got: Any) -> bool:
    return not np.isfinite(np.asarray(got, dtype=np.float64)).all()


@check("Right: rounded on the way there, and nothing in the way back.")
def straight(function: Callable[[Tensor], Any]) -> None:
    """Rounding whose gradient passes as it is.

    >>> straight(lambda x: x.round().detach() + (x - x.detach()))
    ✅ Right: rounded on the way there, and nothing in the way back.
    >>> straight(torch.round)
    ❌ For a gradient of [1.0, -2.0, 0.5] at x = [0.2, 1.7, -3.4] you returned [0.0,
    0.0, 0.0]; expected [1.0, -2.0, 0.5]. That is the true slope of a staircase: zero.
    """
    cases = (([0.2, 1.7, -3.4], [1.0, -2.0, 0.5]), ([[2.5, -0.4]], [[3.0, 4.0]]))
    for numbers, pulls in cases:
        x = torch.tensor(numbers, dtype=torch.float64, requires_grad=True)
        pull = torch.tensor(pulls, dtype=torch.float64)
        value = function(x)
        call(lambda value=value: value)  # open, if it is a stub
        slips: Slips = {
            "Nothing is rounded there.": x.detach().numpy(),
            "Nearest, not the next below.": x.detach().floor().numpy(),
            "Nearest, not towards zero.": x.detach().trunc().numpy(),
        }
        same(value, x.detach().round(), f"x = {numbers}", slips)
        given = f"a gradient of {pulls} at x = {numbers}"
        flows = value.requires_grad
        if flows:
            (value * pull).sum().backward()
        came = x.grad if flows and x.grad is not None else None
        require(
            came is not None,
            f"For x = {numbers} no gradient arrives; expected {pulls}, as they came: "
            "something of x itself has to stay in the sum.",
        )
        assert came is not None
        known: Slips = {
            "That is the true slope of a staircase: zero.": torch.zeros(()).expand_as(
                pull
            ),
            "It comes through twice.": (2 * pull).numpy(),
            "It comes with the other sign.": (-pull).numpy(),
            "Its size is lost: the gradient passes as it is.": pull.sign().numpy(),
            "It is scaled by x; let it pass as it is.": (
                (pull * x.detach()).numpy(),
                (pull * x.detach().round()).numpy(),
            ),
        }
        same(came.numpy(), pull.numpy(), given, known)


FEATURES, OUTPUTS, INPUTS = 16, 4, 400
#: What may be left of the error of the nearest marks. Training leaves 0.05 to 0.2.
LEFT = 0.3


@check("Right: two bits, and their errors cancel.")
def two_bits(function: Callable[[Tensor, Tensor, Tensor], Any]) -> None:
    """Weights in two bits a number, judged by their outputs on new inputs.

    >>> two_bits(lambda x, y, start: start)
    ❌ For weights of shape (4, 16) you returned 16 sizes in row 0; expected one, s,
    beside zeros: a row may have the numbers -s, 0 and s.
    """
    for seed in (1, 3):
        x, y, start, new, wanted = regression(seed)
        given = f"For weights of shape {tuple(start.shape)} you returned"
        value = call(function, x, y, start)
        require(
            isinstance(value, Tensor) and value.shape == start.shape,
            f"{given} {_shape(value)}; expected a tensor of that shape.",
        )
        weight = value.detach().double()
        require(weight.isfinite().all(), f"{given} no numbers; expected some.")
        for place, row in enumerate(weight):
            held = row[row.abs() > 1e-6 * row.abs().max()].abs()
            apart = (
                len(torch.unique((held / held.max() * 1e4).round())) if len(held) else 0
            )
            require(
                apart <= 1,
                f"{given} {apart} sizes in row {place}; expected one, s, beside "
                "zeros: a row may have the numbers -s, 0 and s.",
            )
        lost = share_lost(weight, new, wanted)
        nearest = share_lost(nearest_marks(start), new, wanted)
        require(
            lost < LEFT * nearest,
            f"{given} some that lose {lost:.0%} of the outputs' variance on new "
            f"inputs; expected less than {LEFT * nearest:.0%}, as the nearest "
            f"marks lose {nearest:.0%}. Does the loss see rounded weights, and does a "
            "gradient get past the rounding?",
        )


def regression(seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Return inputs, outputs, the weights between them, and new inputs and outputs."""
    generator = torch.Generator().manual_seed(seed)
    mixed = torch.randn(FEATURES, FEATURES, generator=generator) / FEATURES**0.5
    mixed = mixed + 0.7 * torch.randn(FEATURES, 1, generator=generator)
    start = torch.randn(OUTPUTS, FEATURES, generator=generator)
    x, new = torch.randn(2, INPUTS, FEATURES, generator=generator) @ mixed.T
    return x, x @ start.T, start, new, new @ start.T


def nearest_marks(weight: Tensor) -> Tensor:
    """Return what rounding to the nearest of three marks makes of each row."""
    step = weight.abs().amax(1, keepdim=True)
    return (weight / step).round() * step


def share_lost(weight: Tensor, x: Tensor, y: Tensor) -> float:
    """Return what share of the outputs' variance weights miss."""
    missed = (x.double() @ weight.double().T - y.double()).square().mean()
    return float(missed / y.double().var(0).mean())


def _shape(value: Any) -> str:
    """Say what came in place of weights."""
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    return type(value).__name__
