"""Checks for the exercises of the chapter on few labels and many texts."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.checks import Wrong, call, check, expect
from course_lib.losses import soft_target_loss


def number(value: Any, given: str) -> float:
    """Return one number, or say what came instead."""
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError):
        raise Wrong(
            f"For {given} you returned {type(value).__name__}; expected one number."
        ) from None


@check("Right: any pair with that difference would do, and this one is centred.")
def logits(function: Callable[[np.ndarray], Any]) -> None:
    """Log-odds of class 1 as two logits whose mean is 0."""
    for z in (np.array([0.0]), np.array([2.0, -1.0, 0.5])):
        expected = np.stack([-z / 2, z / 2], axis=1)
        given = f"log-odds {z.tolist()}"
        got = np.asarray(call(function, z.copy()), dtype=np.float64)
        expect(
            got.shape == expected.shape,
            f"For {given} you returned shape {got.shape}; expected {expected.shape}.",
        )
        hint = ""
        if np.allclose(got, expected[:, ::-1]):
            hint = " Class 1 comes second."
        elif np.allclose(got, 2 * expected):
            hint = " The difference of the two is the log-odds: yours is twice that."
        elif np.allclose(got[:, 1] - got[:, 0], z):
            hint = " The difference is right; now make the mean of each row 0."
        elif np.allclose(got.sum(1), 1):
            hint = " Those are probabilities, and a loss of the course takes logits."
        expect(
            np.allclose(got, expected),
            f"For {given} you returned {got.round(3).tolist()}; expected "
            f"{expected.tolist()}.{hint}",
        )


@check("Right: every disagreement by chance costs, as soon as the teacher is good.")
def copied(function: Callable[[float, float], Any]) -> None:
    """Accuracy of a student that disagrees with its teacher by pure chance."""
    for a, g in [(0.8, 1.0), (0.8, 0.9), (0.75, 0.5), (1.0, 0.95), (0.5, 0.6)]:
        expected = a * g + (1 - a) * (1 - g)
        given = f"a teacher right in {a:.0%} and agreement of {g:.0%}"
        got = number(call(function, a, g), given)
        hint = ""
        if math.isclose(got, a * g):
            hint = " With two classes, whoever disagrees with a wrong verdict is right."
        elif math.isclose(got, a):
            hint = " That is the teacher's; the student disagrees now and then."
        elif math.isclose(got, 1 - expected):
            hint = " That is how often it is wrong."
        expect(
            math.isclose(got, expected, abs_tol=1e-9),
            f"For {given} you returned {got:.4g}; expected {expected:.4g}.{hint}",
        )


@check("Right: as equal as can be, nobody twice, and another draw for each seed.")
def draw(function: Callable[[np.ndarray, int, int], Any]) -> None:
    """Places of n reviews, the classes as equal as can be."""
    random = np.random.default_rng(0)
    cases = [
        (np.array([0, 1] * 30), 10),
        (np.array([0] * 50 + [1] * 10), 12),
        (random.permutation(np.repeat([0, 1, 2], [40, 20, 15])), 31),
    ]
    for labels, n in cases:
        classes = np.unique(labels)
        given = f"{len(labels)} reviews of {len(classes)} classes and n = {n}"
        draws = []
        for seed in range(20):
            got = call(function, labels.copy(), n, seed)
            again = call(function, labels.copy(), n, seed)
            rows = np.asarray(got)
            expect(
                rows.ndim == 1 and np.issubdtype(rows.dtype, np.integer),
                f"For {given} you returned {type(got).__name__} of "
                f"{rows.dtype} and shape {rows.shape}; expected places, {n} integers.",
            )
            expect(
                len(rows) == n,
                f"For {given} you returned {len(rows)} places; expected {n}.",
            )
            expect(
                bool(((rows >= 0) & (rows < len(labels))).all()),
                f"For {given} a place is outside 0 to {len(labels) - 1}.",
            )
            expect(
                len(np.unique(rows)) == n,
                f"For {given} some review is drawn twice; expected each at most once.",
            )
            counts = [int((labels[rows] == c).sum()) for c in classes]
            expect(
                max(counts) - min(counts) <= 1,
                f"For {given} you drew {counts} of the classes; expected numbers that "
                "differ by at most one.",
            )
            expect(
                np.array_equal(rows, np.asarray(again)),
                f"For {given} and seed {seed} two calls drew different reviews; "
                "expected the same ones.",
            )
            draws.append(set(rows.tolist()))
        expect(
            any(one != draws[0] for one in draws),
            f"For {given} all seeds drew the same reviews; expected another draw for "
            "each seed.",
        )
        reached = set().union(*draws)
        each = {
            int(c): len(reached & set(np.flatnonzero(labels == c))) for c in classes
        }
        most = {c: int((labels == c).sum()) for c in each}
        first = [c for c in each if each[c] <= 0.5 * most[c]]
        expect(
            not first,
            f"For {given}, 20 seeds reached only {each} different reviews of "
            f"{most}; expected that any may be drawn.",
        )


def loss_where_known(student: Tensor, teacher: Tensor, labels: Tensor) -> Tensor:
    """Half the soft-target loss at T = 2, half the label loss where it is known."""
    known = labels >= 0
    hard = student.sum() * 0
    if known.any():
        hard = F.cross_entropy(student[known], labels[known])
    return 0.5 * soft_target_loss(student, teacher, 2.0) + 0.5 * hard


@check("Right: a label that nobody gave has no say, and no teacher was needed for it.")
def known_loss(function: Callable[[Tensor, Tensor, Tensor], Any]) -> None:
    """A distillation loss for batches in which most labels are -1: unknown."""
    random = torch.Generator().manual_seed(0)
    s = torch.randn(4, 2, generator=random)
    t = torch.randn(4, 2, generator=random)
    for labels in ([0, 1, 1, 0], [1, -1, -1, 0], [-1, 1, -1, -1], [-1, -1, -1, -1]):
        y = torch.tensor(labels)
        known = y >= 0
        given = f"labels {labels}"
        expected = loss_where_known(s, t, y).item()
        soft = 0.5 * soft_target_loss(s, t, 2.0).item()
        got = number(call(function, s.clone(), t.clone(), y.clone()), given)
        zeros = soft + 0.5 * F.cross_entropy(s, y.clamp(min=0)).item()
        hint = ""
        if math.isnan(got):
            hint = " What is the mean over no label at all?"
        elif math.isclose(got, zeros, rel_tol=1e-5):
            hint = " An unknown label is not class 0."
        elif known.any():
            total = (expected - soft) * int(known.sum())
            if math.isclose(got, soft + total / len(y), rel_tol=1e-5):
                hint = " Take the mean of the label loss over the known labels only."
            part = 0.5 * soft_target_loss(s[known], t[known], 2.0).item()
            if math.isclose(got, part + expected - soft, rel_tol=1e-5):
                hint = " The teacher has answered for every review, known or not."
        if math.isclose(got, 2 * expected, rel_tol=1e-5):
            hint = " Each part counts one half."
        expect(
            math.isclose(got, expected, rel_tol=1e-4, abs_tol=1e-6),
            f"For {given} you returned {got:.4g}; expected {expected:.4g}.{hint}",
        )
