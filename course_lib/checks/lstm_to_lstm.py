"""Checks for the exercises of the chapter on distilling an LSTM into an LSTM."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.checks import check
from course_lib.checks.expect import call, call_without_autograd, read, require, same


@check("Right: the same verdict counts, whether or not it is the label's.")
def agreement(function: Callable[[Tensor, Tensor], Any]) -> None:
    """Share of reviews on which two models give the same verdict.

    >>> agreement(lambda s, t: (s.argmax(1) == t.argmax(1)).float().mean())
    ✅ Right: the same verdict counts, whether or not it is the label's.
    >>> agreement(lambda s, t: (s.argmax(1) == t.argmax(1)).sum())
    ❌ For student logits [[2.0, 0], [0, 1], [3, 0]] and teacher logits [[1.0, 0], [5,
    1], [9, 2]] you returned 2; expected 0.6667. That is how many; return a share.
    """
    cases: list[tuple[list[list[float]], list[list[float]], float]] = [
        ([[2.0, 0], [0, 1], [3, 0]], [[1.0, 0], [5, 1], [9, 2]], 2 / 3),
        ([[-1.0, -2], [-3, -1]], [[4.0, 3], [-9, -8]], 1.0),
        ([[1.0, 0]], [[0.0, 1]], 0.0),
        # More than two classes: the same worst one is not the same verdict.
        (
            [[3.0, 2, 1], [0, 1, 2], [5, 0, 1]],
            [[2.0, 3, 1], [1, 0, 4], [2, 1, 0]],
            2 / 3,
        ),
    ]
    for student, teacher, truth in cases:
        slips = {
            "That is in per cent; return a share.": 100 * truth,
            "That is how many; return a share.": truth * len(student),
            "That is the share on which they differ.": 1 - truth,
        }
        given = f"student logits {student} and teacher logits {teacher}"
        got = call(function, torch.tensor(student), torch.tensor(teacher))
        same(got, truth, given, slips)


def lstm_parameters(vocabulary: int, embedding: int, hidden: int) -> int:
    """Count the parameters of `LSTMClassifier` with two labels.

    >>> lstm_parameters(vocabulary=10, embedding=3, hidden=2)
    160
    """
    gates = 2 * 4 * hidden * (embedding + hidden + 2)
    return vocabulary * embedding + gates + 2 * 4 * hidden + 2


@check("Right: every matrix, every bias, and the embedding.")
def parameters(function: Callable[[int, int, int], Any]) -> None:
    """How many parameters an LSTMClassifier with two labels has.

    >>> parameters(lstm_parameters)
    ✅ Right: every matrix, every bias, and the embedding.
    >>> parameters(lambda v, e, h: lstm_parameters(v, e, h) - v * e)
    ❌ For vocabulary 10, embedding 3, hidden 2 you returned 130; expected 160. The
    embedding is missing.
    """
    for v, e, h in [(10, 3, 2), (1_000, 50, 128), (20_000, 100, 256)]:
        truth = lstm_parameters(v, e, h)
        slips = {
            "The embedding is missing.": truth - v * e,
            "It reads in two directions.": truth - 4 * h * (e + h + 2),
            "PyTorch's LSTM has two bias vectors a direction.": truth - 8 * h,
            "The linear layer at the end is missing.": truth - 8 * h - 2,
            "Mean and maximum are pooled, so its input is 4 · hidden wide.": (
                truth - 4 * h
            ),
            "The linear layer has a bias for each label.": truth - 2,
        }
        given = f"vocabulary {v}, embedding {e}, hidden {h}"
        same(call(function, v, e, h), truth, given, slips)


@check("Right: two pulls on each logit, the teacher's and the label's.")
def gradient(function: Callable[[Tensor, Tensor, int, float, float], Any]) -> None:
    """The gradient of the distillation loss for one review's student logits.

    >>> def pulls(s, t, label, T, alpha):
    ...     hard = s.softmax(0) - torch.eye(2)[label]
    ...     soft = (s / T).softmax(0) - (t / T).softmax(0)
    ...     return alpha * T * soft + (1 - alpha) * hard
    >>> gradient(pulls)
    ✅ Right: two pulls on each logit, the teacher's and the label's.
    >>> gradient(lambda s, t, label, T, alpha: -pulls(s, t, label, T, alpha))
    ❌ For student [1.0, -0.5], teacher [-1.0, 2.0], label 0, temperature 1.0 and alpha
    0.0 you returned [0.1824, -0.1824]; expected [-0.1824, 0.1824]. The sign is turned
    round: it is q - p.
    """
    s, t = torch.tensor([1.0, -0.5]), torch.tensor([-1.0, 2.0])
    for label, T, alpha in [(0, 1.0, 0.0), (1, 1.0, 1.0), (0, 4.0, 0.7)]:
        hard = s.softmax(0) - F.one_hot(torch.tensor(label), 2)
        soft = (s / T).softmax(0) - (t / T).softmax(0)
        truth = alpha * T * soft + (1 - alpha) * hard
        slips = {
            "The sign is turned round: it is q - p.": -truth,
            "T² is missing: without it the teacher's pull shrinks.": (
                alpha * soft / T + (1 - alpha) * hard
            ),
            "T² times 1/T leaves one T before the teacher's part.": (
                alpha * soft + (1 - alpha) * hard
            ),
            "alpha is the teacher's weight, not the label's.": (
                (1 - alpha) * T * soft + alpha * hard
            ),
        }
        given = (
            f"student {s.tolist()}, teacher {t.tolist()}, label {label}, "
            f"temperature {T} and alpha {alpha}"
        )
        value = call_without_autograd(function, s, t, label, T, alpha)
        same(value, truth.numpy(), given, slips)


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
    """Whether a distillation loss is not what it claims to be.

    >>> def suspicious(loss, T, alpha):
    ...     s = torch.tensor([[1.0, -1.0], [0.5, 2.0]], requires_grad=True)
    ...     t = torch.tensor([[-2.0, 1.0], [0.0, 4.0]], requires_grad=True)
    ...     y = torch.tensor([0, 1])
    ...     right = torch.autograd.grad(mixture(T, alpha)(s, t, y), s)[0]
    ...     got, leak = torch.autograd.grad(loss(s, t, y), (s, t), allow_unused=True)
    ...     return leak is not None or not torch.allclose(got, right)
    >>> is_wrong(suspicious)
    ✅ Right: you caught every mistake, and blamed nobody else.
    >>> is_wrong(lambda *given: False)
    ❌ For one without T², at temperature 4.0 and alpha 0.7, you returned False;
    expected True.
    """
    for temperature, alpha in [(4.0, 0.7), (2.0, 0.6)]:
        for name, (changed, truth) in LOSSES.items():
            loss = mixture(temperature, alpha, **changed)
            given = f"{name}, at temperature {temperature} and alpha {alpha},"
            same(call(function, loss, temperature, alpha), truth, given)


def opinions(features: int, texts: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return weights, inputs and probabilities of a truth that is a straight line.

    >>> weights, x, p = opinions(features=3, texts=2, seed=0)
    >>> bool(torch.allclose(p, (x @ weights).sigmoid()))
    True
    """
    random = torch.Generator().manual_seed(seed)
    weights = torch.randn(features, generator=random)
    weights = 2 * weights / weights.norm()
    x = torch.randn(texts, features, generator=random)
    return weights, x, (x @ weights).sigmoid()


@check("Right: a doubt is an equation, and as many as unknowns are enough.")
def from_doubts(function: Callable[[Tensor, Tensor], Any]) -> None:
    """A logistic student of labels or of probabilities, as its weights.

    >>> def descend(x, targets, steps=1000):
    ...     w = torch.zeros(x.shape[1])
    ...     for _ in range(steps):
    ...         w += 2 * x.T @ (targets - (x @ w).sigmoid()) / len(x)
    ...     return w
    >>> from_doubts(descend)
    ✅ Right: a doubt is an equation, and as many as unknowns are enough.
    >>> from_doubts(lambda x, targets: descend(x, targets.round()))
    ❌ For 30 probabilities of inputs with 20 features your weights stand at 39° to
    those that made them; expected at most 6°. That is where 30 labels lead: do not
    round the targets.
    """
    for features, texts, hard in [(20, 30, False), (5, 12, False), (6, 4_000, True)]:
        for seed in (0, 1):
            truth, x, p = opinions(features, texts, seed)
            random = torch.Generator().manual_seed(seed)
            targets = torch.bernoulli(p, generator=random) if hard else p
            kind = "labels" if hard else "probabilities"
            given = f"{texts} {kind} of inputs with {features} features"
            value = call(function, x.clone(), targets.clone())
            value = value.detach() if isinstance(value, Tensor) else value
            weights = torch.as_tensor(read(value, truth.numpy(), given)).double()
            angle = angle_between(weights, truth)
            hint = "Train for longer, or in larger steps."
            if not hard and angle_between(weights, logistic(x, p.round())) < 5:
                hint = f"That is where {texts} labels lead: do not round the targets."
            elif angle > 90:
                hint = "It has learnt the opposite."
            require(
                angle <= WIDEST,
                f"For {given} your weights stand at {angle:.0f}° to those that made "
                f"them; expected at most {WIDEST}°. {hint}",
            )


#: Degrees; 4,000 labels lead to within 4 from any of 20 seeds, and doubts nearer.
WIDEST = 6


def angle_between(one: Tensor, other: Tensor) -> float:
    """Return the angle between two vectors in degrees; 90 for one of zeros.

    >>> angle_between(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 2.0]))
    90.0
    """
    one, other = one.double(), other.double()
    length = one.norm() * other.norm()
    cosine = one @ other / length if length > 0 else torch.zeros((), dtype=one.dtype)
    return float(torch.rad2deg(torch.arccos(cosine.clamp(-1, 1))))


def logistic(x: Tensor, targets: Tensor, steps: int = 1_000) -> Tensor:
    """Return the weights that gradient descent finds from zero."""
    weights = torch.zeros(x.shape[1])
    for _ in range(steps):
        weights += 2 * x.T @ (targets - (x @ weights).sigmoid()) / len(x)
    return weights
