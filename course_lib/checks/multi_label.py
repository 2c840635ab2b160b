"""Checks for the exercises of the chapter on many labels."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.checks import Wrong, call, check, expect


def tensor_like(value: Any, shape: tuple[int, ...], given: str) -> Tensor:
    """Return what came as float64 of that shape, or say what it is."""
    try:
        got = torch.as_tensor(value).detach().double()
    except (TypeError, ValueError, RuntimeError):
        raise Wrong(f"For {given} you returned {type(value).__name__}.") from None
    expect(
        got.shape == shape,
        f"For {given} you returned shape {tuple(got.shape)}; expected {shape}.",
    )
    expect(not bool(got.isnan().any()), f"For {given} you returned NaN.")
    return got


def close(a: Tensor, b: Tensor) -> bool:
    """Whether two results agree, up to single precision."""
    return bool(torch.allclose(a, b, rtol=1e-4, atol=1e-5))


@check("Right: the weight had moved the logit, and nothing else.")
def probabilities(function: Callable[[Tensor, Tensor], Any]) -> None:
    """The probabilities of a model that was trained with positive weights."""
    logits = torch.tensor([[0.0, 2.0, -1.0], [3.0, 0.0, -4.0]])
    for weights in (torch.tensor([1.0, 9.0, 0.5]), torch.tensor([30.0, 2.0, 1.0])):
        given = f"logits {logits.tolist()} and weights {weights.tolist()}"
        mine = call(function, logits.clone(), weights.clone())
        got = tensor_like(mine, (2, 3), given)
        expected = (logits - weights.log()).sigmoid().double()
        hints = {
            "That is the shifted logit: now the sigmoid.": logits - weights.log(),
            "Those are still the exaggerated ones.": logits.sigmoid(),
            "The other way round: training had added log w.": (
                logits + weights.log()
            ).sigmoid(),
            "A weight multiplies the odds p / (1 - p), not the probability.": (
                logits.sigmoid() / weights
            ),
            "It is the logarithm of the weight that was added.": (
                logits - weights
            ).sigmoid(),
        }
        hint = next((h for h, slip in hints.items() if close(got, slip.double())), "")
        message = (
            f"For {given} you returned {rounded(got)}; expected {rounded(expected)}. "
        )
        expect(close(got, expected), (message + hint).strip())


def rounded(values: Tensor) -> list[Any]:
    """Return values as a message shows them."""
    shown: list[Any] = values.numpy().round(3).tolist()
    return shown


def both_terms(s: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    """The yes and the no part of each label's KL."""
    yes = t.sigmoid() * (F.logsigmoid(t) - F.logsigmoid(s))
    no = (-t).sigmoid() * (F.logsigmoid(-t) - F.logsigmoid(-s))
    return yes, no


@check("Right, and it stays right where a sigmoid is exactly 1.")
def loss(function: Callable[[Tensor, Tensor, float], Any]) -> None:
    """T² times the mean of the binary KLs."""
    generator = torch.Generator().manual_seed(0)
    s = 3 * torch.randn(4, 7, generator=generator)
    t = 3 * torch.randn(4, 7, generator=generator)
    extreme = torch.tensor([[1000.0, -1000.0], [1000.0, 0.0]])
    cases = [
        (s, t, 1.0, "logits of shape (4, 7) at T = 1"),
        (s, t, 3.0, "logits of shape (4, 7) at T = 3"),
        (extreme, -extreme, 1.0, "logits of ±1,000 that contradict each other"),
        (extreme, extreme, 2.0, "equal logits of ±1,000"),
    ]
    for student, teacher, temperature, given in cases:
        got = tensor_like(
            call(function, student.clone(), teacher.clone(), temperature), (), given
        )
        a, b = student.double() / temperature, teacher.double() / temperature
        yes, no = both_terms(a, b)
        square = temperature**2
        expected = square * (yes + no).mean()
        backwards = both_terms(b, a)
        entropy = both_terms(torch.zeros_like(b), b)
        hints = {
            "T² is missing.": (yes + no).mean(),
            "That is the yes part only.": square * yes.mean(),
            "The mean goes over the labels too.": square * (yes + no).sum(-1).mean(),
            "Teacher and student have changed places: the teacher is p.": square
            * (backwards[0] + backwards[1]).mean(),
            "That is the cross-entropy: take off the teacher's entropy.": square
            * (yes + no + np.log(2) - entropy[0] - entropy[1]).mean(),
        }
        hint = next((h for h, slip in hints.items() if close(got, slip)), "")
        message = f"For {given} you returned {got:.5g}; expected {expected:.5g}. "
        expect(close(got, expected), (message + hint).strip())


def f1_at(p: np.ndarray, true: np.ndarray, cut: float) -> float:
    """F1 of saying yes above a cut."""
    yes = p > cut
    return float(2 * (yes & true).sum() / max(1, yes.sum() + true.sum()))


@check("Right, ties and rare labels included.")
def cuts(function: Callable[[np.ndarray, np.ndarray], Any]) -> None:
    """A threshold a label with the best F1 there is."""
    random = np.random.default_rng(0)
    many = random.random((300, 4))
    rare = random.random((300, 4)) < many * np.array([1.0, 0.5, 0.1, 0.03])
    tied = np.array([[0.3], [0.3], [0.3], [0.1], [0.1]])
    cases = [
        (np.array([[0.9], [0.6], [0.4], [0.2]]), np.array([[1], [0], [1], [0]])),
        (tied, np.array([[1], [0], [1], [0], [0]])),
        (np.array([[1.0], [1.0], [0.0]]), np.array([[1], [1], [0]])),
        (np.array([[0.2], [0.1]]), np.array([[1], [1]])),
        (many, rare.astype(np.float64)),
    ]
    for p, labels in cases:
        given = f"p = {p[:5, 0].round(2).tolist()} and labels {labels[:5, 0].tolist()}"
        if len(p) > 5:
            given = "300 random reviews with four labels, the last of them rare"
        got = tensor_like(
            call(function, p.copy(), labels.copy()), (p.shape[1],), given
        ).numpy()
        for k, cut in enumerate(got):
            true = labels[:, k] > 0
            levels = [-1.0, *np.unique(p[:, k])]
            best = max(f1_at(p[:, k], true, level) for level in levels)
            f = f1_at(p[:, k], true, cut)
            expect(
                0 < cut < 1,
                f"For {given} the threshold of label {k} is {cut:g}; expected it to "
                "lie strictly between 0 and 1.",
            )
            expect(
                f > best - 1e-9,
                f"For {given} your threshold of label {k}, {cut:.3f}, gives an F1 of "
                f"{f:.3f}; the best is {best:.3f}. Yes is p > threshold.",
            )
    never = np.array([[1.0, 0.0], [0.0, 0.0]])
    try:
        got = function(np.array([[0.9, 0.2], [0.3, 0.1]]), never)
    except ValueError:
        return
    raise Wrong(
        f"Label 1 is never positive, and you returned {got}; expected a ValueError: "
        "no cut is better than another."
    )


@check("Right. Names would have been cheaper.")
def swapped(function: Callable[[np.ndarray, np.ndarray], Any]) -> None:
    """The two columns of a teacher's logits that have changed places."""
    rates = np.array([0.5, 0.3, 0.3, 0.15, 0.1, 0.05, 0.03])
    for seed, (i, j) in enumerate([(1, 2), (0, 6), (5, 6), (3, 4), (0, 1), (2, 5)]):
        random = np.random.default_rng(seed)
        mood = random.standard_normal((3000, 1))  # what correlates the labels
        height = np.log(rates / (1 - rates))
        logits = height + 0.7 * mood + 1.5 * random.standard_normal((3000, 7))
        labels = (random.random((3000, 7)) < 1 / (1 + np.exp(-logits))).astype(float)
        logits[:, [i, j]] = logits[:, [j, i]]
        got = call(function, logits.copy(), labels.copy())
        given = f"3,000 reviews with columns {i} and {j} swapped"
        try:
            places = {int(place) for place in got}
        except (TypeError, ValueError):
            raise Wrong(
                f"For {given} you returned {got!r}; expected two column numbers."
            ) from None
        expect(
            len(places) == 2 and places <= set(range(7)),
            f"For {given} you returned {got!r}; expected two different columns of 7.",
        )
        expect(
            places == {i, j},
            f"For {given} you named {sorted(places)}. Compare each column of logits "
            "with each column of labels in a way that does not see how common a "
            "label is.",
        )
