"""Checks for the exercises of the chapter on few labels and many texts."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.checks import check
from course_lib.checks.expect import Slips, call, require, same
from course_lib.losses import soft_target_loss


@check("Right: any pair with that difference would do, and this one is centred.")
def logits(function: Callable[[np.ndarray], Any]) -> None:
    """Log-odds of class 1 as two logits whose mean is 0.

    >>> logits(lambda z: np.stack([-z / 2, z / 2], axis=1))
    ✅ Right: any pair with that difference would do, and this one is centred.
    >>> logits(lambda z: np.stack([0 * z, z], axis=1))
    ❌ For log-odds [2.0, -1.0, 0.5] you returned [[0.0, 2.0], [-0.0, -1.0], [0.0,
    0.5]]; expected [[-1.0, 1.0], [0.5, -0.5], [-0.25, 0.25]]. The difference is
    right; now make the mean of each row 0.
    """
    for z in map(np.array, ([0.0], [2.0, -1.0, 0.5], [0.37, -4.2, 3.01, 12.5])):
        truth = np.stack([-z / 2, z / 2], axis=1)
        slips = {
            "Class 1 comes second.": truth[:, ::-1],
            "The difference of the two is the log-odds: yours is twice that.": (
                2 * truth
            ),
            "Those are probabilities, and a loss of the course takes logits.": (
                lambda got: np.allclose(got.sum(1), 1)
            ),
            "The difference is right; now make the mean of each row 0.": (
                lambda got, z=z: np.allclose(got[:, 1] - got[:, 0], z)
            ),
        }
        same(call(function, z), truth, f"log-odds {z.tolist()}", slips)


@check("Right: every disagreement by chance costs, as soon as the teacher is good.")
def copied(function: Callable[[float, float], Any]) -> None:
    """Accuracy of a student that disagrees with its teacher by pure chance.

    >>> copied(lambda a, g: a * g + (1 - a) * (1 - g))
    ✅ Right: every disagreement by chance costs, as soon as the teacher is good.
    >>> copied(lambda a, g: a * g)
    ❌ For a teacher right in 80% and agreement of 90% you returned 0.72; expected
    0.74. With two classes, whoever disagrees with a wrong verdict is right.
    """
    for a, g in [(0.8, 1.0), (0.8, 0.9), (0.75, 0.5), (1.0, 0.95), (0.5, 0.6)]:
        truth = a * g + (1 - a) * (1 - g)
        slips = {
            "With two classes, whoever disagrees with a wrong verdict is right.": a * g,
            "That is the teacher's; the student disagrees now and then.": a,
            "That is how often it is wrong.": 1 - truth,
        }
        given = f"a teacher right in {a:.0%} and agreement of {g:.0%}"
        same(call(function, a, g), truth, given, slips)


@check("Right: as equal as can be, nobody twice, and another draw for each seed.")
def draw(function: Callable[[np.ndarray, int, int], Any]) -> None:
    """Places of n reviews, the classes as equal as can be.

    >>> def equal(labels, n, seed):
    ...     order = np.random.default_rng(seed).permutation(len(labels))
    ...     rank = [(labels[order[:i]] == labels[k]).sum() for i, k in enumerate(order)]
    ...     return order[np.argsort(rank, kind="stable")[:n]]
    >>> draw(equal)
    ✅ Right: as equal as can be, nobody twice, and another draw for each seed.
    >>> draw(lambda labels, n, seed: equal(labels, n, 0))
    ❌ For 60 reviews of 2 classes and n = 10 all seeds drew the same reviews; expected
    another draw for each seed.
    """
    random = np.random.default_rng(0)
    cases = [
        (np.array([0, 1] * 30), 10),
        (np.array([0] * 50 + [1] * 10), 12),
        (random.permutation(np.repeat([1, 4, 7], [40, 20, 15])), 31),
    ]
    for labels, n in cases:
        classes = np.unique(labels)
        given = f"For {len(labels)} reviews of {len(classes)} classes and n = {n}"
        draws, windows = [], []
        for seed in range(20):
            got = call(function, labels, n, seed)
            rows = np.asarray(got)
            require(
                rows.ndim == 1 and np.issubdtype(rows.dtype, np.integer),
                f"{given} you returned {type(got).__name__} of {rows.dtype} and shape "
                f"{rows.shape}; expected places, {n} integers.",
            )
            require(
                len(rows) == n,
                f"{given} you returned {len(rows)} places; expected {n}.",
            )
            require(
                ((rows >= 0) & (rows < len(labels))).all(),
                f"{given} a place is outside; expected 0 to {len(labels) - 1}.",
            )
            require(
                len(np.unique(rows)) == n,
                f"{given} some review is drawn twice; expected each at most once.",
            )
            counts = [int((labels[rows] == c).sum()) for c in classes]
            require(
                max(counts) - min(counts) <= 1,
                f"{given} you drew {counts} of the classes; expected numbers that "
                "differ by at most one.",
            )
            require(
                np.array_equal(rows, np.asarray(call(function, labels, n, seed))),
                f"{given} and seed {seed} two calls drew different reviews; expected "
                "the same ones.",
            )
            draws.append(set(rows.tolist()))
            windows.append(is_window(rows, labels))
        require(
            any(one != draws[0] for one in draws),
            f"{given} all seeds drew the same reviews; expected another draw for each "
            "seed.",
        )
        require(
            len(set(map(frozenset, draws))) == len(draws),
            f"{given} two of {len(draws)} seeds drew the same reviews; expected "
            "another draw for each seed.",
        )
        require(
            not all(windows),
            f"{given} each draw took neighbours, a window of its class; expected that "
            "any reviews may meet.",
        )
        reached = np.array(sorted(set().union(*draws)))
        each = {int(c): int((labels[reached] == c).sum()) for c in classes}
        most = {c: int((labels == c).sum()) for c in each}
        require(
            all(each[c] > 0.5 * most[c] for c in each),
            f"{given}, 20 seeds reached only {each} different reviews of {most}; "
            "expected that any may be drawn.",
        )


def is_window(rows: np.ndarray, labels: np.ndarray) -> bool:
    """Whether all rows of each class follow each other in it; it may be a circle.

    >>> is_window(np.array([5, 0, 1]), np.zeros(6))
    True
    >>> is_window(np.array([0, 2, 3]), np.zeros(6))
    False
    """
    for c in np.unique(labels):
        members = np.flatnonzero(labels == c)
        places = np.sort(np.searchsorted(members, rows[labels[rows] == c]))
        gaps = np.diff(places, append=places[:1] + len(members))
        if (gaps > 1).sum() > 1:
            return False
    return True


@check("Right: a label that nobody gave has no say, and no teacher was needed for it.")
def known_loss(function: Callable[[Tensor, Tensor, Tensor], Any]) -> None:
    """A distillation loss for batches in which most labels are -1: unknown.

    >>> def loss(s, t, y):
    ...     known = y >= 0
    ...     hard = F.cross_entropy(s[known], y[known]) if known.any() else 0
    ...     return 0.5 * soft_target_loss(s, t, 2.0) + 0.5 * hard
    >>> known_loss(loss)
    ✅ Right: a label that nobody gave has no say, and no teacher was needed for it.
    >>> known_loss(lambda s, t, y: loss(s, t, y.clamp(min=0)))
    ❌ For labels [1, -1, -1, 0] you returned 0.9889; expected 0.9338. An unknown label
    is not class 0.
    """
    random = torch.Generator().manual_seed(0)
    s = torch.randn(4, 2, generator=random)
    t = torch.randn(4, 2, generator=random)
    for labels in ([0, 1, 1, 0], [1, -1, -1, 0], [-1, 1, -1, -1], [-1, -1, -1, -1]):
        y = torch.tensor(labels)
        known = y >= 0
        soft, hard = 0.5 * soft_target_loss(s, t, 2.0), torch.tensor(0.0)
        slips: dict[str, Any] = {}
        if known.any():
            hard = 0.5 * F.cross_entropy(s[known], y[known])
            slips = {
                "The teacher has answered for every review, known or not.": (
                    0.5 * soft_target_loss(s[known], t[known], 2.0) + hard
                ),
                "Take the mean of the label loss over the known labels only.": (
                    soft + hard * known.sum() / len(y)
                ),
            }
        slips = {
            "Each part counts one half.": 2 * (soft + hard),
            **slips,
            "An unknown label is not class 0.": (
                soft + 0.5 * F.cross_entropy(s, y.clamp(min=0))
            ),
            "What is the mean over no label at all?": np.isnan,
        }
        truth = (soft + hard).item()
        same(call(function, s, t, y), truth, f"labels {labels}", slips)


def crossed_scores(
    by_draw: float, by_start: float, rest: float, runs: int, seed: int = 0
) -> np.ndarray:
    """Return scores (draws, starts) that are made of three kinds of luck.

    Each has the standard deviation asked for, not only on average: what is estimated
    by the differences of means is `by_draw` and `by_start` to the last digit. Of a
    negative one, its means differ by less than the rest makes them on average, and the
    estimate of its variance is minus its square.

    >>> scores = crossed_scores(3.0, 1.0, 2.0, runs=20)
    >>> scores.shape, round(float(scores.mean(1).var(ddof=1)), 6)  # 9 + 4 / 20
    ((20, 20), 9.2)
    """
    random = np.random.default_rng(seed)
    noise = random.normal(size=(runs, runs))
    noise -= noise.mean(0) + noise.mean(1, keepdims=True) - noise.mean()
    noise *= rest / np.sqrt((noise**2).sum() / (runs - 1) ** 2)
    effects = []
    for sd in (by_draw, by_start):
        effect = random.normal(size=runs)
        effect -= effect.mean()
        effect *= np.sqrt(sd * abs(sd) + rest**2 / runs) / effect.std(ddof=1)
        effects.append(effect)
    return 70 + effects[0][:, None] + effects[1] + noise


@check("Right: a mean still has some of the rest in it, and that is taken out.")
def spreads(function: Callable[[np.ndarray], Any]) -> None:
    """How far the draw of labels moves a score, and how far the start.

    >>> def apart(scores):
    ...     rows, columns = scores.mean(1), scores.mean(0)
    ...     rest = scores - rows[:, None] - columns + scores.mean()
    ...     rest = (rest**2).sum() / (len(rows) - 1) / (len(columns) - 1)
    ...     variances = np.array([rows.var(ddof=1), columns.var(ddof=1)])
    ...     return np.sqrt(np.maximum(0, variances - rest / len(rows)))
    >>> spreads(apart)
    ✅ Right: a mean still has some of the rest in it, and that is taken out.
    >>> spreads(lambda scores: [s.std(ddof=1) for s in (scores[:, 0], scores[0])])
    ❌ For draws that move a score by 3, starts by 1 and the rest by 2 you returned
    [3.527, 1.345]; expected [3.0, 1.0]. That is one start, and one draw: the rest is in
    it too.
    """
    cases = [(3.0, 1.0, 2.0, 12), (0.5, 2.0, 4.0, 20), (1.0, 0.0, 3.0, 8)]
    cases += [(2.0, -0.8, 3.0, 8)]
    for by_draw, by_start, rest, runs in cases:
        scores = crossed_scores(by_draw, by_start, rest, runs)
        means = np.array([scores.mean(1).std(ddof=1), scores.mean(0).std(ddof=1)])
        truth = np.maximum(0, [by_draw, by_start])
        total = scores.std(ddof=1)
        slips: Slips = {
            "The means still have some of the rest in them.": means,
            "The other way round: first the draws, which are the rows.": truth[::-1],
            "Those are variances: take the root.": truth**2,
            "That is one start, and one draw: the rest is in it too.": (
                np.array([scores[:, 0].std(ddof=1), scores[0].std(ddof=1)])
            ),
            "That mixes all kinds of luck.": lambda got, t=total: bool(
                np.isclose(got, t, rtol=0.05).all()
            ),
            "No variance is below 0: take 0 where the difference is.": (
                lambda got: bool(np.isnan(got).any())
            ),
        }
        given = (
            f"draws that move a score by {truth[0]:g}, starts by {truth[1]:g} and the "
            f"rest by {rest:g}"
        )
        same(call(function, scores), truth, given, slips, within=0.02)
