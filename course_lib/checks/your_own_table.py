"""Checks for the exercises of the chapter on a table of one's own."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checks import check
from course_lib.checks.expect import call, call_noting, read, refuses, require, same
from course_lib.losses import multilabel_soft_target_loss, soft_target_loss


@check("Right: a name cannot be out of order.")
def columns(function: Callable[..., Any]) -> None:
    """A teacher's columns in the order of the student's labels.

    >>> columns(lambda logits, theirs, ours: logits[:, [theirs.index(n) for n in ours]])
    ❌ The teacher knows no 'musical', and you raised ValueError: tuple.index(x): x not
    in tuple; expected a ValueError that names it.
    >>> columns(lambda logits, theirs, ours: logits)
    ❌ For a teacher's ... Those are her columns, in her order.
    """
    logits = np.arange(12.0).reshape(3, 4)
    theirs = ("comedy", "horror", "war", "drama")
    for ours in (theirs, ("drama", "comedy", "horror", "war"), ("war", "comedy")):
        back = [ours.index(name) for name in theirs if name in ours]
        slips = {
            "Those are her columns, in her order.": logits,
            "The wrong way round: ask where each of *your* names is hers.": (
                logits[:, back]
            ),
        }
        truth = logits[:, [theirs.index(name) for name in ours]]
        given = f"a teacher's {theirs} and your {ours}"
        same(call(function, logits, theirs, ours), truth, given, slips)
    refuses(
        lambda: function(logits.copy(), theirs, ("war", "musical")),
        "The teacher knows no 'musical'",
        "a ValueError that names it",
        naming="musical",
    )


@check("Right: one softmax, then sigmoids, each in its own columns.")
def two_heads(function: Callable[[Tensor, Tensor, float], Any]) -> None:
    """The soft loss of a student with a softmax head and a sigmoid head.

    >>> two_heads(lambda s, t, T: soft_target_loss(s[:, :2], t[:, :2], T)
    ...     + multilabel_soft_target_loss(s[:, 2:], t[:, 2:], T))
    ❌ You called soft_target_loss of the course; expected the loss written out.
    >>> two_heads(lambda s, t, T: soft_target_loss(s, t, T))
    ❌ For 5 texts, 6 yes/no questions and T = 1 you returned 2.492; expected 1.784.
    That is one softmax over all columns.
    """
    generator = torch.Generator().manual_seed(0)
    for questions, T in ((6, 1.0), (3, 2.0), (1, 4.0)):
        shape = (2, 5, 2 + questions)
        s, t = 2 * torch.randn(shape, generator=generator, dtype=torch.float64)
        one = soft_target_loss(s[:, :2], t[:, :2], T).item()
        many = multilabel_soft_target_loss(s[:, 2:], t[:, 2:], T).item()
        swapped = soft_target_loss(t[:, :2], s[:, :2], T)
        swapped += multilabel_soft_target_loss(t[:, 2:], s[:, 2:], T)
        slips = {
            "T² is missing.": (one + many) / T**2,
            "The teacher comes first in the divergence.": swapped,
            "Take the mean over the questions, not their sum.": one + questions * many,
            "That is one softmax over all columns.": soft_target_loss(s, t, T),
            "That is a sigmoid for all columns; the first two are one question.": (
                multilabel_soft_target_loss(s, t, T)
            ),
            "Add the two heads; do not average them.": (one + many) / 2,
            "The yes/no questions are missing.": one,
            "The first question is missing.": many,
        }
        given = f"5 texts, {questions} yes/no questions and T = {T:g}"
        value, used = call_noting(function, "course_lib.losses", s, t, T)
        same(value, one + many, given, slips)
        require(
            not used,
            f"You called {used[0] if used else ''} of the course; expected the loss "
            "written out.",
        )


@check("Right: nobody is on both sides, and the share is as asked.")
def apart(function: Callable[..., Any]) -> None:
    """Which texts are for testing, where each customer's go together.

    >>> def by_text(customers, share, seed):
    ...     return np.random.default_rng(seed).random(len(customers)) < share
    >>> apart(by_text)
    ❌ For 300 texts of 59 customers and a share of 0.25 (seed 0), 35 customers are on
    both sides; expected none.
    """
    for number, most, share in ((60, 9, 0.25), (200, 30, 0.1), (40, 3, 0.5)):
        random = np.random.default_rng(number)
        sizes = random.integers(1, most + 1, number)
        customers = [f"c{i}" for i, size in enumerate(sizes) for _ in range(size)]
        customers = [customers[i] for i in random.permutation(len(customers))]
        customers = customers[: 5 * number]
        masks = [
            _side(function, customers, share, seed, len(set(customers)))
            for seed in (0, 0, 1)
        ]
        given = f"the same {len(customers)} texts"
        require(
            np.array_equal(masks[0], masks[1]),
            f"For {given} and the same seed you returned two splits; expected one.",
        )
        require(
            not np.array_equal(masks[0], masks[2]),
            f"For {given} and two seeds you returned one split; expected two.",
        )


def _side(
    function: Any, customers: list[str], share: float, seed: int, number: int
) -> np.ndarray:
    """Return the mask, or say what is wrong with it."""
    given = (
        f"{len(customers)} texts of {number} customers and a share of {share} "
        f"(seed {seed})"
    )
    mask = read(
        call(function, list(customers), share, seed),
        np.empty(len(customers)),
        given,
        {},
    )
    require(
        set(np.unique(mask)) <= {0, 1},
        f"For {given} you returned {sorted(set(mask))[:3]}...; expected True for test "
        "and False for training.",
    )
    test = {c for c, tested in zip(customers, mask, strict=True) if tested}
    train = {c for c, tested in zip(customers, mask, strict=True) if not tested}
    both = len(test & train)
    require(
        not both, f"For {given}, {both} customers are on both sides; expected none."
    )
    got, largest = mask.mean(), max(customers.count(c) for c in set(customers))
    slack = largest / len(customers)
    require(
        abs(got - share) <= slack,
        f"For {given} you took {got:.1%} of the texts; expected the share, or at most "
        f"one customer's texts ({slack:.1%}) more or less. Count texts, not customers.",
    )
    return mask > 0
