"""Checks for the exercises of the chapter on long reviews."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from scipy.special import ndtri
from torch import Tensor

from course_lib.checks import check
from course_lib.checks.expect import Slips, call, require, same
from course_lib.models.segmented import pool_segments
from course_lib.segments import segments as true_segments


@check("Right: every token is in a segment, and none is longer than it may be.")
def segments(function: Callable[[Sequence[int], int, int], Any]) -> None:
    """A text cut into overlapping pieces, the last one where the text ends.

    >>> segments(true_segments)
    ✅ Right: every token is in a segment, and none is longer than it may be.
    >>> segments(lambda t, length, s: [t[i : i + length] for i in range(0, len(t), s)])
    ❌ For 10 tokens, length 4 and stride 3 you returned [[0, 1, 2, 3], [3, 4, 5, 6],
    [6, 7, 8, 9], [9]]; expected [[0, 1, 2, 3], ... Stop when the end has been reached.
    """
    cases = [(10, 4, 3), (11, 4, 3), (9, 4, 4), (3, 4, 2), (1, 1, 1), (12, 5, 1)]
    for count, length, stride in cases:
        tokens = list(range(count))
        every = [tokens[i : i + length] for i in range(0, count, stride)]
        full = [tokens[i : i + length] for i in range(0, count - length + 1, stride)]
        truth = [list(s) for s in true_segments(tokens, length, stride)]
        slips: Slips = {
            "Stop when the end has been reached.": every,
            "What is left at the end belongs to a segment too.": full,
            "The stride says where the next one begins, not how long it is.": [
                tokens[i : i + stride] for i in range(0, count, stride)
            ],
            "Neighbours should overlap.": [
                tokens[i : i + length] for i in range(0, count, length)
            ],
            "Two of them cover the same end: the first that reaches it is the last.": (
                [*truth, tokens[-length:]]
            ),
        }
        given = f"{count} tokens, length {length} and stride {stride}"
        value = call(function, tokens, length, stride)
        if isinstance(value, list | tuple):
            value = [list(s) if isinstance(s, tuple | range) else s for s in value]
        same(value, truth, given, slips)


def _batches() -> list[tuple[Tensor, Tensor, Tensor]]:
    found = []
    for seed, counts in enumerate(([3, 1, 2], [1, 4], [2])):
        generator = torch.Generator().manual_seed(seed)
        shape = (len(counts), max(counts) + seed, 2)
        said = 2 * torch.randn(*shape, generator=generator, dtype=torch.float64)
        scores = torch.randn(*shape[:2], generator=generator, dtype=torch.float64)
        real = torch.arange(shape[1]) < torch.tensor(counts)[:, None]
        found.append((said, scores - 3, real))  # far below the 0 of a blank
    return found


@check("Right: the segments that are there share the weight among them.")
def pool(function: Callable[[Tensor, Tensor, Tensor], Any]) -> None:
    """Attention pooling of what was said of each segment, where blanks are left out.

    >>> pool(lambda said, scores, real: (scores.softmax(1)[..., None] * said).sum(1))
    ❌ For texts of [3, 1, 2] segments, in rows of 3, you returned ...; expected ...
    Blanks take part in the softmax.
    """
    for said, scores, real in _batches():
        counts = real.sum(1).tolist()
        columns = torch.cat([said, scores[..., None]], dim=2)
        truth = pool_segments(columns, real, "attention")
        blank = ~real[..., None]

        def mix(w: Tensor, values: Tensor = said) -> Tensor:
            return (w[..., None] * values).sum(1)

        zeroed = scores.masked_fill(~real, 0).softmax(1)
        slips: Slips = {
            "Blanks take part in the softmax.": (
                mix(scores.softmax(1)),
                mix(scores.softmax(1), said.masked_fill(blank, 0)),
            ),
            "A score of 0 is no blank: e to the 0 is 1.": (
                mix(zeroed),
                mix(zeroed, said.masked_fill(blank, 0)),
            ),
            "That is a mean, without the scores.": pool_segments(said, real, "mean"),
            "That is the largest of them.": pool_segments(said, real, "max"),
            "The weights have to sum to 1.": mix(scores.exp() * real),
            "A softmax along an axis of length one gives ones.": mix(real.double()),
            "Each text's weights sum to 1, not each column's.": (
                mix(scores.masked_fill(~real, -99).softmax(0) * real)
            ),
            "Probabilities were pooled there; expected logits.": (
                mix(scores.masked_fill(~real, -99).softmax(1), said.softmax(2))
            ),
        }
        given = f"texts of {counts} segments, in rows of {real.shape[1]},"
        same(call(function, said, scores, real), truth, given, slips)


@check("Right: to somebody who sees the head, what stands below it is noise.")
def noise(function: Callable[[np.ndarray, np.ndarray], Any]) -> None:
    """How far targets lie from what the head allows to know: labels', and a teacher's.

    >>> noise(lambda p, head: [(p * (1 - p)).mean(), p.var()])
    ❌ For p = [1.0, 0.0, 0.5, 0.5] and heads [0, 0, 1, 1] you returned ...; expected
    [0.25, 0.125]. ...
    """
    hand = (np.array([1.0, 0.0, 0.5, 0.5]), np.array([0, 0, 1, 1]))
    cases = [hand]
    for seed, (texts, heads) in enumerate(((40, 5), (25, 3), (6, 1))):
        random = np.random.default_rng(seed)
        cases.append((random.random(texts) ** 2, random.integers(heads, size=texts)))
    for p, head in cases:
        mean = np.array([p[head == h].mean() for h in head])
        label, teacher = (mean * (1 - mean)).mean(), ((p - mean) ** 2).mean()
        left = (p * (1 - p)).mean()
        by_head = [(p[head == h].mean(), p[head == h].var()) for h in np.unique(head)]
        slips: Slips = {
            "The other way round: first the label.": ([teacher, label],),
            "Around the mean of its own head, not of all texts.": (
                [p.mean() * (1 - p.mean()), p.var()],
                [label, p.var()],
            ),
            "That is what the teacher takes away, not what it leaves.": (
                [label, left],
                [label, label - teacher],
            ),
            "A label is 0 or 1, and varies more than its probability.": (
                [teacher, teacher],
                [left, teacher],
            ),
            "Squares, not roots.": ([label**0.5, teacher**0.5],),
            "A mean over texts: a head that is frequent counts for more.": (
                np.mean([(m * (1 - m), scatter) for m, scatter in by_head], axis=0),
            ),
        }
        shown = f"p = {p.tolist()} and heads {head.tolist()}"
        given = shown if len(p) < 5 else f"{len(p)} texts with {head.max() + 1} heads"
        value = call(function, p, head)
        pair = isinstance(value, tuple | list | np.ndarray) and len(value) == 2
        require(pair, f"For {given} you returned {value!r:.60}; expected two numbers.")
        same(
            np.array([float(v) for v in value]),
            np.array([label, teacher]),
            given,
            slips,
        )


TEXTS, RATE, LIFT = 20_000, 0.1, 4.0


@check("Right: one alarm in ten at any length, and it still hears the one that counts.")
def alarm(function: Callable[[np.ndarray], Any]) -> None:
    """Whether any segment of a text stands out, as often false at every length.

    >>> alarm(lambda scores: scores.max(1) > 1.2816)
    ❌ Of texts with 4 segments of pure noise you raise an alarm for 34...%; expected
    10 % to within 3 points, at any length.
    >>> alarm(lambda scores: scores.max(1) > ndtri(0.9 ** (1 / scores.shape[1])))
    ✅ Right: one alarm in ten at any length, and it still hears the one that counts.
    """
    for count in (1, 4, 16, 64):
        random = np.random.default_rng(count)
        scores = random.normal(size=(TEXTS, count))
        kind = f"with {count} segment{'s' * (count > 1)}"
        false = _alarms(function, scores, kind)
        require(
            abs(false - RATE) <= 0.03,
            f"Of texts {kind} of pure noise you raise an alarm for {false:.1%}; "
            "expected 10 % to within 3 points, at any length.",
        )
        scores[np.arange(TEXTS), random.integers(count, size=TEXTS)] += LIFT
        best = (scores.max(1) > ndtri((1 - RATE) ** (1 / count))).mean()
        found = _alarms(function, scores, kind)
        require(
            found >= best - 0.08,
            f"Of texts {kind}, one of them lifted by 4, you find {found:.1%}; expected "
            f"{best:.1%} or nearly that. Does what the others say drown it?",
        )


def _alarms(
    function: Callable[[np.ndarray], Any], scores: np.ndarray, kind: str
) -> float:
    value = np.asarray(call(function, scores))
    require(
        value.dtype == bool and value.shape == (len(scores),),
        f"For texts {kind} you returned an array of {value.dtype} and shape "
        f"{value.shape}; expected True or False for each text, {(len(scores),)}.",
    )
    return float(value.mean())
