"""Checks for the exercises of the chapter on distilling an LSTM into an LSTM."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.checks import Wrong, call, check, expect


def number(value: Any, given: str) -> float:
    """Return one number, or say what came instead."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise Wrong(
            f"For {given} you returned {type(value).__name__}; expected one number."
        ) from None


@check("Right: the same verdict counts, whether or not it is the label's.")
def agreement(function: Callable[[Tensor, Tensor], Any]) -> None:
    """Share of reviews on which two models give the same verdict."""
    cases: list[tuple[list[list[float]], list[list[float]], float]] = [
        ([[2.0, 0], [0, 1], [3, 0]], [[1.0, 0], [5, 1], [9, 2]], 2 / 3),
        ([[-1.0, -2], [-3, -1]], [[4.0, 3], [-9, -8]], 1.0),
        ([[1.0, 0]], [[0.0, 1]], 0.0),
    ]
    for student, teacher, expected in cases:
        given = f"student logits {student} and teacher logits {teacher}"
        value = call(function, torch.tensor(student), torch.tensor(teacher))
        got = number(value, given)
        hint = ""
        if math.isclose(got, 100 * expected, rel_tol=1e-4) and expected:
            hint = " That is in per cent; return a share."
        elif math.isclose(got, expected * len(student), rel_tol=1e-4):
            hint = " That is how many; return a share."
        elif math.isclose(got, 1 - expected, abs_tol=1e-6):
            hint = " That is the share on which they differ."
        right = math.isclose(got, expected, abs_tol=1e-6)
        expect(
            right, f"For {given} you returned {got:.4g}; expected {expected:.4g}.{hint}"
        )


def lstm_parameters(vocabulary: int, embedding: int, hidden: int) -> int:
    """Count the parameters of `LSTMClassifier` with two labels."""
    gates = 2 * 4 * hidden * (embedding + hidden + 2)
    return vocabulary * embedding + gates + 2 * 4 * hidden + 2


@check("Right: and most of it was the embedding, as it always is.")
def parameters(function: Callable[[int, int, int], Any]) -> None:
    """How many parameters an LSTMClassifier with two labels has."""
    for sizes in [(10, 3, 2), (1_000, 50, 128), (20_000, 100, 256)]:
        vocabulary, embedding, hidden = sizes
        expected = lstm_parameters(*sizes)
        given = f"vocabulary {vocabulary}, embedding {embedding}, hidden {hidden}"
        got = number(call(function, *sizes), given)
        off = expected - got
        hints: dict[float, str] = {
            vocabulary * embedding: "The embedding is missing.",
            4 * hidden * (embedding + hidden + 2): "It reads in two directions.",
            8 * hidden: "PyTorch's LSTM has two bias vectors a direction.",
            8 * hidden + 2: "The linear layer at the end is missing.",
            4 * hidden: "Mean and maximum are pooled, so its input is 4 · hidden wide.",
            2: "The linear layer has a bias for each label.",
        }
        hint = f" {hints[off]}" if off in hints else ""
        expect(
            got == expected,
            f"For {given} you returned {got:,.0f}; expected {expected:,}.{hint}",
        )


@check("Right: two pulls on each logit, the teacher's and the label's.")
def gradient(function: Callable[[Tensor, Tensor, int, float, float], Any]) -> None:
    """The gradient of the distillation loss for one review's student logits."""
    s, t = torch.tensor([1.0, -0.5]), torch.tensor([-1.0, 2.0])
    for label, temperature, alpha in [(0, 1.0, 0.0), (1, 1.0, 1.0), (0, 4.0, 0.7)]:
        hard = s.softmax(0) - F.one_hot(torch.tensor(label), 2)
        gap = (s / temperature).softmax(0) - (t / temperature).softmax(0)
        expected = alpha * temperature * gap + (1 - alpha) * hard
        given = (
            f"student {s.tolist()}, teacher {t.tolist()}, label {label}, "
            f"temperature {temperature} and alpha {alpha}"
        )
        got = call(function, s.clone(), t.clone(), label, temperature, alpha)
        if not isinstance(got, Tensor) or got.shape != (2,):
            kind = tuple(got.shape) if isinstance(got, Tensor) else type(got).__name__
            raise Wrong(f"For {given} you returned {kind}; expected a tensor of 2.")

        def close(other: Tensor, got: Tensor = got) -> bool:
            return torch.allclose(got.double(), other.double(), atol=1e-5)

        slips = [
            (-expected, "The sign is turned round: it is q - p."),
            (
                alpha * gap / temperature + (1 - alpha) * hard,
                "T² is missing: without it the teacher's pull shrinks.",
            ),
            (
                alpha * gap + (1 - alpha) * hard,
                "T² times 1/T leaves one T before the teacher's part.",
            ),
            (
                (1 - alpha) * temperature * gap + alpha * hard,
                "alpha is the teacher's weight, not the label's.",
            ),
        ]
        hint = next((f" {hint}" for slip, hint in slips if close(slip)), "")
        rounded = [round(x, 3) for x in got.tolist()]
        wanted = [round(x, 3) for x in expected.tolist()]
        expect(
            close(expected),
            f"For {given} you returned {rounded}; expected {wanted}.{hint}",
        )


Loss = Callable[[Tensor, Tensor, Tensor], Tensor]


def mixture(
    temperature: float,
    alpha: float,
    *,
    soft: str = "kl",
    power: int = 2,
    divisor: int = 1,
    alpha_is_the_labels: bool = False,
    leaks: bool = False,
) -> Loss:
    """Write a distillation loss out, as it should be or with something changed."""
    weight = 1 - alpha if alpha_is_the_labels else alpha

    def loss(student: Tensor, teacher: Tensor, labels: Tensor) -> Tensor:
        teacher = teacher if leaks else teacher.detach()
        log_q = (student / temperature).log_softmax(-1)
        log_p = (teacher / temperature).log_softmax(-1)
        terms = {
            "kl": log_p.exp() * (log_p - log_q),
            "cross-entropy": -log_p.exp() * log_q,
            "reverse": log_q.exp() * (log_q - log_p),
            "logits": -teacher * log_q,
        }[soft]
        distance = temperature**power * terms.sum(-1).mean() / divisor
        return weight * distance + (1 - weight) * F.cross_entropy(student, labels)

    return loss


#: What is changed in a loss, and whether that is a mistake.
LOSSES: dict[str, tuple[dict[str, Any], bool]] = {
    "a sound one": ({}, False),
    "a sound one plus the teacher's entropy": ({"soft": "cross-entropy"}, False),
    "one without T²": ({"power": 0}, True),
    "one whose alpha is the label's weight": ({"alpha_is_the_labels": True}, True),
    "one with KL(student‖teacher)": ({"soft": "reverse"}, True),
    "one that takes the teacher's logits for probabilities": ({"soft": "logits"}, True),
    "one that divides by the number of classes too": ({"divisor": 2}, True),
    "one whose gradient reaches the teacher": ({"leaks": True}, True),
}


@check("Right: you caught every mistake, and blamed nobody else.")
def is_wrong(function: Callable[[Loss, float, float], Any]) -> None:
    """Whether a distillation loss is not what it claims to be."""
    for temperature, alpha in [(4.0, 0.7), (2.0, 0.6)]:
        for name, (changed, expected) in LOSSES.items():
            loss = mixture(temperature, alpha, **changed)
            got = call(function, loss, temperature, alpha)
            expect(
                isinstance(got, (bool, np.bool_)) or getattr(got, "shape", None) == (),
                f"For {name} you returned {type(got).__name__}; expected True or "
                "False.",
            )
            expect(
                bool(got) == expected,
                f"For {name}, at temperature {temperature} and alpha {alpha}, you "
                f"returned {bool(got)}; expected {expected}.",
            )
