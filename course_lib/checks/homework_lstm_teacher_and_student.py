"""The public checks of the assignment on LSTMs, and what a colleague has measured."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.checks import check
from course_lib.checks.expect import OTHER_SHAPE, Slips, always, call, require, same
from course_lib.homework import seeded


class Colleague(NamedTuple):
    """Accuracies in % that somebody hands you, and a budget of parameters."""

    alone: np.ndarray  # (5 runs,), on test
    taught: np.ndarray  # (5 runs,), of the same seeds
    curves: dict[str, list[float]]  # 12 epochs each, on validation
    budget: int


def colleague(student: Any, year: int) -> Colleague:
    """Return the results of one student's colleague.

    Drawn so that each question about them has one answer.

    >>> colleague("ab12", 2026).alone.shape
    (5,)
    """
    random = seeded(student, year, "lstm-teacher-and-student")
    while True:
        alone = (80 + random.normal(size=5)).round(2)
        gain = random.choice([-0.8, 0.0, 0.8])
        taught = (alone + gain + random.normal(size=5) / 2).round(2)
        differences = taught - alone
        error = differences.std(ddof=1) / math.sqrt(5)
        ends = differences.mean() + np.array([-1, 1]) * 2.7764451 * error
        epochs = np.arange(1, 13)
        peak, start = random.uniform(4, 8), random.uniform(1, 4)
        lines = [
            82 - 0.15 * (epochs - peak) ** 2 + random.normal(size=12) / 3,
            70 + start + 11 * (1 - np.exp(-epochs / 4)) + random.normal(size=12) / 3,
        ]
        names = ("alone", "taught")
        curves = {
            n: line.round(1).tolist() for n, line in zip(names, lines, strict=True)
        }
        best = sorted(curves["alone"])[-1] - sorted(curves["alone"])[-2]
        ahead = np.greater(curves["taught"], curves["alone"])
        changes = np.flatnonzero(np.diff(ahead.astype(int)))
        once = len(changes) == 1 and ahead[-1] and 3 < changes[0] < 10
        if best > 0.15 and once and abs(ends).min() > 0.1:
            return Colleague(
                alone, taught, curves, int(random.integers(200_000, 2_000_000))
            )


@check("Right on a small example. Others are tried when this is graded.")
def attention_pool(function: Callable[[Tensor, Tensor, Tensor], Any]) -> None:
    """The states of each text, weighed by the softmax of the scores of its own words.

    >>> def answer(states, scores, lengths):
    ...     there = torch.arange(scores.shape[1]) < lengths[:, None]
    ...     weights = scores.where(there, -math.inf).softmax(-1)
    ...     return (weights[..., None] * states).sum(1)
    >>> attention_pool(answer)
    ✅ Right on a small example. Others are tried when this is graded.
    >>> attention_pool(lambda states, scores, n: answer(states, scores, n + 9))
    ❌ For ... Padding has taken part.
    """
    states = torch.tensor(
        [[[1.0, 0.0], [3.0, 2.0], [9.0, 9.0]], [[0.0, 3.0], [3.0, 0.0], [6.0, 3.0]]]
    )
    scores = torch.tensor([[0.0, math.log(3), 5.0], [0.0, 0.0, 0.0]])
    lengths = torch.tensor([2, 3])
    right = torch.tensor([[2.5, 1.5], [3.0, 2.0]])
    whole = (scores.softmax(-1)[..., None] * states).sum(1)
    slips: Slips = {
        "Return one vector of features for each text.": OTHER_SHAPE,
        "Padding has taken part.": whole,
        "That is the plain mean; weigh the words by their scores.": (
            torch.tensor([[2.0, 1.0], [3.0, 2.0]])
        ),
        "Do the weights of a text sum to 1, over its own words alone?": always,
    }
    given = f"states = {states.tolist()}, scores [[0, log 3, 5], [0, 0, 0]], lengths"
    value = call(function, states, scores, lengths)
    same(value, right, f"{given} [2, 3]", slips)


@check("Right for one budget. Others are tried when this is graded.")
def widest(function: Callable[[int, int, int, int], Any]) -> None:
    """The most hidden units that a bidirectional LSTM classifier may have.

    >>> def answer(budget, words, embedding, classes):
    ...     def size(h):
    ...         lstm = 2 * (4 * h * (embedding + h) + 8 * h)
    ...         return words * embedding + lstm + 4 * h * classes + classes
    ...     return max((h for h in range(2000) if size(h) <= budget), default=0)
    >>> widest(answer)
    ✅ Right for one budget. Others are tried when this is graded.
    >>> widest(lambda *sizes: answer(*sizes) + 1)
    ❌ For ... you returned 9; expected 8. That many no longer fit.
    """
    slips: Slips = {
        "That many no longer fit.": lambda got: bool(got > 8),
        "A few more still fit.": lambda got: bool(got < 8),
    }
    # 10 · 4 + 2 · (4 · 8 · (4 + 8) + 8 · 8) + 4 · 8 · 2 + 2 = 1,002
    given = "a budget of 1,100, 10 words, embedding 4, 2 classes"
    same(call(function, 1100, 10, 4, 2), 8, given, slips)


@check("Right: it learns, and it says what it cost. More is tried when it is graded.")
def distil_epoch(function: Callable[..., Any]) -> None:
    """One pass over the batches; the mean loss of a text comes back.

    >>> distil_epoch(lambda *given: 1.0)
    ❌ For three batches of four texts the student's weights stay what they were;
    expected other ones.
    """
    torch.manual_seed(0)
    student, teacher = _Reader(), _Reader()
    before = student.head.weight.detach().clone()
    batches = [
        (torch.randint(9, (4, 5)), torch.full((4,), 5), torch.randint(2, (4,)))
        for _ in range(3)
    ]
    optimizer = torch.optim.SGD(student.parameters(), lr=0.5)
    inputs = (student, teacher, batches, 2.0, 0.5, optimizer)
    first = call(function, *inputs)
    moved = not torch.equal(before, student.head.weight)
    given = "For three batches of four texts"
    wanted = "expected other ones."
    require(moved, f"{given} the student's weights stay what they were; {wanted}")
    number = isinstance(first, float | int) or getattr(first, "numel", int)() == 1
    came = type(first).__name__
    require(number, f"{given} you returned {came}; expected one number.")
    for _ in range(20):
        last = call(function, *inputs)
    require(
        float(last) < float(first),
        f"{given} the loss was {float(first):.3g} in the first epoch and "
        f"{float(last):.3g} after twenty more; expected less.",
    )


class _Reader(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words, self.head = nn.Embedding(9, 6), nn.Linear(6, 2)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        logits: Tensor = self.head(self.words(tokens).mean(1))
        return logits


@check("Right for three runs. Others are tried when this is graded.")
def paired_interval(function: Callable[[Any, Any], Any]) -> None:
    """Mean of a - b and the ends of its 95 % interval, by Student's t.

    >>> from scipy import stats
    >>> def answer(a, b):
    ...     d = np.subtract(a, b)
    ...     half = stats.t.ppf(0.975, len(d) - 1) * d.std(ddof=1) / len(d) ** 0.5
    ...     return d.mean(), d.mean() - half, d.mean() + half
    >>> paired_interval(answer)
    ✅ Right for three runs. Others are tried when this is graded.
    """
    a, b = np.array([82.0, 84.0, 86.0]), np.array([81.0, 84.0, 83.0])
    mean, error = 4 / 3, math.sqrt(7 / 3) / math.sqrt(3)

    def ends(factor: float) -> np.ndarray:
        return np.array([mean, mean - factor * error, mean + factor * error])

    t = 4.3026527
    slips: Slips = {
        "Return three numbers: the mean, and the two ends.": OTHER_SHAPE,
        "1.96 is for many runs; three have heavier tails.": (
            ends(1.96),
            ends(1.959964),
        ),
        "Each tail has 2.5 %.": ends(2.9199856),
        "The spread of three runs is estimated with 2 degrees of freedom.": (
            ends(t * math.sqrt(2 / 3))
        ),
        "That is the spread of one run, not of their mean.": ends(t * math.sqrt(3)),
    }
    given = f"a = {a.tolist()}, b = {b.tolist()}"
    same(call(function, a, b), ends(t), given, slips)
