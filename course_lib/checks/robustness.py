"""Checks for the exercises of the chapter on robustness."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checks import check
from course_lib.checks.expect import Slips, call, require, same
from course_lib.robustness import kept_share, risk_coverage


@check("Right: what is left of the lead over a guess.")
def kept(function: Callable[[float, float, int], Any]) -> None:
    """The share of its lead over guessing that a model keeps.

    >>> kept(lambda a, b, k: (b - 1 / k) / (a - 1 / k))
    ✅ Right: what is left of the lead over a guess.
    >>> kept(lambda a, b, k: b / a)
    ❌ For accuracies 0.9 and 0.7 and 2 classes you returned 0.7778; expected 0.5. A
    guess has some accuracy too: take it off both.
    """
    for clean, changed, classes in ((0.9, 0.7, 2), (0.8, 0.5, 4), (0.6, 0.2, 10)):
        truth = float(kept_share(clean, changed, classes))
        guess = 1 / classes
        slips: Slips = {
            "A guess has some accuracy too: take it off both.": changed / clean,
            "That is the share that is lost.": 1 - truth,
            "The other way round: what is left, over what there was.": 1 / truth,
            "Those are points lost, which a better model has more of.": (
                clean - changed,
                100 * (clean - changed),
            ),
            "With so many classes a guess is right less often than in half.": (
                (changed - 0.5) / (clean - 0.5)
            ),
            "Take the guess off what was there before, too.": (changed - guess) / clean,
        }
        given = f"accuracies {clean} and {changed} and {classes} classes"
        same(call(function, clean, changed, classes), truth, given, slips)


#: Sureness and what was right, by hand; then at random.
BY_HAND = ([0.9, 0.6, 0.8, 0.7, 0.55], [1, 1, 0, 1, 0])


@check("Right: the largest share of texts that it may answer.")
def coverage(function: Callable[[np.ndarray, np.ndarray, float], Any]) -> None:
    """How much a model may answer if its errors are to stay below a share.

    >>> def first_error(sure, right, allowed):
    ...     share, risk = risk_coverage(sure, right)
    ...     stop = (risk > allowed).argmax() if (risk > allowed).any() else len(risk)
    ...     return stop / len(risk)
    >>> coverage(first_error)
    ❌ For sureness [0.9, 0.6, 0.8, 0.7, 0.55], right [1, 1, 0, 1, 0] and a risk of 0.3
    you returned 0.2; expected 0.8. You stop at the first error ...
    """
    random = np.random.default_rng(0)
    sure = random.permutation(200) / 200
    likely = (random.random(200) < 0.5 + 0.45 * sure).astype(int)
    awful = (random.random(200) < 0.1).astype(int)
    awful[sure.argmax()] = 0
    one, other = map(np.array, BY_HAND)
    inputs = [(one, other, allowed) for allowed in (0.3, 0.25, 0.0)]
    inputs += [(sure, likely, 0.1), (sure, likely, 0.9), (sure, awful, 0.05)]
    for at, right, allowed in inputs:
        share, risk = risk_coverage(at, right)
        truth = _largest(share, risk <= allowed + 1e-12)
        over = risk > allowed + 1e-12
        given = (
            f"sureness {at.tolist()}, right {right.tolist()} and a risk of {allowed}"
        )
        if len(at) > 9:
            given = f"{len(at)} texts and a risk of {allowed}"
        doubtful = risk_coverage(-at, right)[1]
        slips: Slips = {
            "As much as is allowed is allowed.": _largest(
                share, risk < allowed - 1e-12
            ),
            "You stop at the first error that is too much; go on, later texts may make "
            "up for it.": float(over.argmax() if over.any() else len(at)) / len(at),
            "That is a number of texts; expected their share.": truth * len(at),
            "Answer those first of which it is surest.": _largest(
                share, doubtful <= allowed + 1e-12
            ),
            "That is the share of right answers that is held against it.": _largest(
                share, 1 - risk <= allowed + 1e-12
            ),
            "The risk is the share of errors among those answered, not among all.": (
                _largest(share, risk * share <= allowed + 1e-12)
            ),
        }
        same(call(function, at, right, allowed), truth, given, slips)


def _largest(share: np.ndarray, fine: np.ndarray) -> float:
    return float(share[fine].max()) if fine.any() else 0.0


NUMBERS, WEAK, MISSING, GOAL = 600, 10, 0.5, 0.84


@check("Right: steady, though half of it is missing.")
def steady(function: Callable[[Tensor, Tensor, Tensor], Any]) -> None:
    """A classifier of inputs of which half the numbers are missing.

    >>> steady(lambda x, y, teacher: lambda new: new[:, 2:].sum(1))
    ✅ Right: steady, though half of it is missing.
    >>> steady(lambda x, y, teacher: lambda new: new[:, 0] - new[:, 1])
    ❌ For inputs of which half is missing you are right in ... of the cases; expected
    84.0% or more. ...
    """
    for seed in (0, 1):
        x, y, odds = _world(NUMBERS, seed)
        new, truth, _ = _world(4_000, seed + 100)
        draw = np.random.default_rng(seed + 7)
        seen = new * torch.from_numpy(draw.random(new.shape) >= MISSING).float()
        given = "For inputs of which half is missing"
        scorer = call(function, x, y, odds)
        require(
            callable(scorer),
            f"{given} you returned {type(scorer).__name__}; expected a function.",
        )
        with torch.no_grad():
            scores = torch.as_tensor(scorer(seen.clone()))
        require(
            scores.shape == truth.shape and bool(scores.float().isfinite().all()),
            f"{given}, your function gave a tensor of shape {tuple(scores.shape)}; "
            f"expected {len(truth):,} numbers, one score an input.",
        )
        right = ((scores > 0) == (truth > 0)).double().mean().item()
        require(
            right >= GOAL,
            f"{given} you are right in {right:.1%} of the cases; expected {GOAL:.1%} "
            "or more. Has anybody shown your student what a missing number looks like?",
        )


def _world(count: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Inputs, labels 0 or 1, and the exact log-odds of inputs that are whole."""
    random = np.random.default_rng(seed)
    sign = random.choice([-1, 1], count)
    hum = 5 * random.normal(size=count)
    first = 2 * sign + hum + 0.5 * random.normal(size=count)
    weak = 0.5 * sign[:, None] + random.normal(size=(count, WEAK))
    odds = 2 * 2 * (first - hum) / 0.25 + 2 * 0.5 * weak.sum(1)
    x = np.column_stack([first, hum, weak])
    return tuple(torch.from_numpy(part).float() for part in (x, sign > 0, odds))  # type: ignore[return-value]
