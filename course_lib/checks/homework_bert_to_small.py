"""The public checks of the assignment on BERT's soft targets, and where those lie."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import course_lib
from course_lib.checks import check
from course_lib.checks.expect import (
    OTHER_SHAPE,
    Slips,
    always,
    call,
    require,
    same,
)
from course_lib.homework import seeded
from course_lib.soft_target_files import SoftTargets

#: The temperatures of the picture.
TEMPERATURES = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)


def bert_says(student: Any, year: int, reviews: int = 2_000) -> Tensor:
    """Return a BERT's logits for some of IMDB's reviews, (reviews, 2), to each student.

    They come with the course: a MiniLM has read all 100,000 reviews once.

    >>> bert_says("ab12", 2026).shape
    torch.Size([2000, 2])
    """
    here = Path(course_lib.__file__).parent
    name = "soft-targets-imdb-minilm.safetensors"
    places = [here / "records_made" / name, here.parent / "book" / "records" / name]
    said = SoftTargets.read(next(place for place in places if place.is_file()))
    random = seeded(student, year, "bert-to-small")
    # A stretch of sureness that differs from student to student.
    gap = (said.logits[:, 1] - said.logits[:, 0]).abs().float().numpy()
    most = np.quantile(gap, random.uniform(0.5, 0.9))
    rows = random.permutation(np.flatnonzero(gap < most))[:reviews]
    return said.logits[torch.tensor(rows)].float()


def doubt(student: Any, year: int) -> float:
    """Return the sureness below which a student of the course calls BERT doubtful.

    >>> 0.6 < doubt("ab12", 2026) < 0.9
    True
    """
    return float(seeded(student, year, "doubt").integers(62, 89) / 100)


@check("Right, in another order. Other texts are tried when this is graded.")
def answers_for(function: Callable[..., Any]) -> None:
    """The rows of logits that belong to some texts, found by the text.

    >>> def answer(texts, known, logits):
    ...     return torch.stack([logits[known.index(text)] for text in texts])
    >>> answers_for(answer)
    ✅ Right, in another order. Other texts are tried when this is graded.
    >>> answers_for(lambda texts, known, logits: logits[: len(texts)])
    ❌ For ... Those rows are of other texts.
    """
    known = ["a joy", "a bore", "dull", "fine"]
    logits = torch.tensor([[0.0, 3.0], [2.0, 0.0], [1.0, -1.0], [0.0, 1.0]])
    texts = ["fine", "a joy", "dull"]
    slips: Slips = {
        "One row for each text asked for.": OTHER_SHAPE,
        "Those rows are of other texts.": always,
    }
    given = f"texts = {texts}, known = {known}"
    same(call(function, texts, known, logits), logits[[3, 0, 2]], given, slips)


@check("Right on a small example. Others are tried when this is graded.")
def to_int8(function: Callable[[Tensor], Any]) -> None:
    """Codes of 8 bits and a scale for each column: code times scale is the logit.

    >>> def answer(logits):
    ...     scales = logits.abs().amax(0) / 127
    ...     return (logits / scales).round().to(torch.int8), scales
    >>> to_int8(answer)
    ✅ Right on a small example. Others are tried when this is graded.
    >>> to_int8(lambda logits: (answer(logits)[0].int(), answer(logits)[1]))
    ❌ For ... you returned codes of int32; expected int8, of which each takes one byte.
    """
    logits = torch.tensor([[1.01, -20.0], [-2.0, 10.1], [0.26, 0.0]])
    value = call(function, logits)
    came = f"For logits = {logits.tolist()} you returned"
    two = isinstance(value, tuple | list) and len(value) == 2
    require(two, f"{came} {type(value).__name__}; expected codes and scales.")
    codes, scales = value
    kind = str(getattr(codes, "dtype", type(codes).__name__)).removeprefix("torch.")
    bytes_ = "expected int8, of which each takes one byte."
    require(kind == "int8", f"{came} codes of {kind}; {bytes_}")
    given = f"logits = {logits.tolist()}"
    right = torch.tensor([2 / 127, 20 / 127])
    slips: Slips = {
        "One scale for each column.": OTHER_SHAPE,
        "The largest code is 127: 128 has no place in 8 bits.": (right * 127 / 128),
        "The largest of a column counts without its sign.": always,
    }
    same(scales, right, f"{given}, as scales,", slips)
    truth = torch.tensor([[64, -127], [-127, 64], [17, 0]], dtype=torch.int8)
    slips = {"Round to the nearest; cutting off is twice as wrong.": always}
    same(codes, truth, f"{given}, as codes,", slips)


@check("Right on a small example. Others are tried when this is graded.")
def best_weight(function: Callable[[Tensor, Tensor, Tensor], Any]) -> None:
    """The w with which w a + (1 - w) b has the smallest cross-entropy.

    >>> from torch.nn import functional as F
    >>> def answer(a, b, labels):
    ...     ws = torch.linspace(0, 1, 1001)
    ...     return min(ws, key=lambda w: F.cross_entropy(w * a + (1 - w) * b, labels))
    >>> best_weight(answer)
    ✅ Right on a small example. Others are tried when this is graded.
    >>> best_weight(lambda a, b, labels: 1 - answer(a, b, labels))
    ❌ For ... That is the weight of b.
    """
    a = torch.tensor([[2.0, 0.0], [2.0, 0.0], [0.0, 2.0], [0.0, 2.0], [1.0, 0.0]])
    b = torch.tensor([[1.0, 0.0], [0.0, 1.5], [0.0, 1.0], [2.0, 0.0], [0.0, 2.0]])
    labels = torch.tensor([0, 1, 1, 1, 0])
    right = _lightest(a, b, labels)
    slips: Slips = {
        "That is the weight of b.": lambda got: abs(got - 1 + right) < 0.011
    }
    given = "five texts, of which a and b get different ones wrong,"
    same(call(function, a, b, labels), right, given, slips, within=0.011)


def _lightest(a: Tensor, b: Tensor, labels: Tensor) -> float:
    grid = torch.linspace(0, 1, 501)
    mixes = grid[:, None, None] * a + (1 - grid)[:, None, None] * b
    rows = torch.arange(len(labels))
    costs = -mixes.log_softmax(-1)[:, rows, labels].mean(-1)
    return float(grid[costs.argmin()])


@check("It learns what its teacher says. How well, is tried when this is graded.")
def learnt(function: Callable[..., Any]) -> None:
    """A student of counts, as a function from counts to logits.

    >>> learnt(lambda counts, soft, T: lambda new: torch.zeros(len(new), 3))
    ❌ For 60 texts your student says what its teacher says of 22%; expected 90% at
    least.
    """
    generator = torch.Generator().manual_seed(0)
    counts = torch.randint(0, 3, (60, 8), generator=generator).float()
    soft = counts @ torch.randn(8, 3, generator=generator)
    student = call(function, counts, soft, 2.0)
    require(
        callable(student),
        f"For 60 texts you returned {type(student).__name__}; expected a function.",
    )
    logits = student(counts)
    shape = tuple(getattr(logits, "shape", ()))
    wanted = "expected (60, 3), a logit for each class."
    require(shape == (60, 3), f"For 60 texts your student says {shape}; {wanted}")
    agree = (torch.as_tensor(logits).argmax(-1) == soft.argmax(-1)).float().mean()
    require(
        agree >= 0.9,
        f"For 60 texts your student says what its teacher says of {agree:.0%}; "
        "expected 90% at least.",
    )
