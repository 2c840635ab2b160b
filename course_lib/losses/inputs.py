"""What all losses do with their inputs: look at them, and compute precisely."""

import reprlib
import sys
from contextlib import suppress
from numbers import Real

import torch
from torch import Tensor

LOWEST, HIGHEST = 1e-18, 1e4  # temperatures
LARGEST = 1e150  # logits, so that their differences can be squared


def precise(logits: Tensor) -> Tensor:
    """Return logits in the widest floats that their device has."""
    return logits.to(torch.float32 if logits.device.type == "mps" else torch.float64)


def rounded(result: Tensor, *inputs: Tensor) -> Tensor:
    """Return a result as float32, or as float64 if an input is."""
    wide = any(tensor.dtype == torch.float64 for tensor in inputs)
    return result.to(torch.float64 if wide else torch.float32)


def log_softmax(temperature: float, **logits: Tensor) -> list[Tensor]:
    """Return log softmax(z / T) of each named tensor of logits, over the last axis."""
    check_temperature(temperature)
    check_logits(**logits)
    return [(precise(z) / temperature).log_softmax(-1) for z in logits.values()]


def mean_kl(log_p: Tensor, log_q: Tensor) -> Tensor:
    """Return Σ p (log p - log q) over the last axis, and its mean over all others."""
    return (log_p.exp() * (log_p - log_q)).sum(-1).mean()


def check_temperature(temperature: float) -> None:
    """Raise `ValueError` unless T is a number that the arithmetic carries."""
    check_number("temperature", temperature, LOWEST, HIGHEST, "0 < T, 1e-18 to 1e4")


def check_weight(name: str, weight: float) -> None:
    """Raise `ValueError` unless the weight of a part is finite and not negative."""
    check_number(name, weight, 0, sys.float_info.max, "a finite number, 0 or more")


def check_number(name: str, x: float, low: float, high: float, expected: str) -> None:
    """Raise `ValueError` unless x is a number from low to high."""
    if not isinstance(x, Real) or isinstance(x, bool) or not low <= x <= high:
        raise ValueError(f"{name} is {said(x)}; expected {expected}")


def said(value: object) -> str:
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


def check_logits(**named_logits: Tensor) -> None:
    """Raise `ValueError` unless these are finite logits (..., classes) of one shape."""
    for name, logits in named_logits.items():
        if not isinstance(logits, Tensor) or not logits.is_floating_point():
            raise ValueError(f"{name} is {said(logits)}; expected a tensor of floats")
        if logits.dim() == 0 or logits.numel() == 0:
            raise ValueError(f"{name} is {said(logits)}; expected (..., classes) > 0")
        # "Not inside" rather than "outside": NaN is neither, and must be refused.
        if _found(bad := ~(precise(logits).abs() <= LARGEST)):
            where = bad.nonzero()[0].tolist()
            got = logits[tuple(where)]
            raise ValueError(f"{name}{where} is {got}; expected finite logits, ±1e150")
    shapes = {name: tuple(logits.shape) for name, logits in named_logits.items()}
    if any(shape != tuple(logits.shape) for shape in shapes.values()):
        raise ValueError(f"shapes differ, {shapes}; expected the same for both")


def check_batch(student_logits: Tensor, teacher_logits: Tensor) -> None:
    """Raise `ValueError` unless both are finite logits of shape (batch, classes)."""
    check_logits(student_logits=student_logits, teacher_logits=teacher_logits)
    if student_logits.dim() != 2:
        got = said(student_logits)
        raise ValueError(f"logits are {got}; expected (batch, classes)")


def check_labels(labels: Tensor, logits: Tensor, multilabel: bool) -> None:
    """Raise `ValueError` unless labels fit logits of shape (batch, classes)."""
    if multilabel:
        kind, shape, most = "multi-hot labels", tuple(logits.shape), 1
    else:
        kind, shape, most = "class indices", (len(logits),), logits.shape[1] - 1
    fits = isinstance(labels, Tensor) and labels.shape == shape
    if fits and not multilabel:
        fits = not labels.is_floating_point() and labels.dtype != torch.bool
    if not fits or labels.is_complex():
        raise ValueError(
            f"labels are {said(labels)}; expected {kind} of shape {shape}, as a tensor"
        )
    if _found(~((labels >= 0) & (labels <= most))):
        low, high = labels.min(), labels.max()
        raise ValueError(f"labels run from {low} to {high}; {kind} are 0 to {most}")
