"""Checks for the exercises of the chapter on multi-label distillation."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checks import check
from course_lib.checks.expect import call, read, require, same


@check("Right: that is how much of the way the teacher is worth.")
def share(function: Callable[..., Any]) -> None:
    """The share of the mean distance to the best score that a teacher closes.

    >>> def closed(alone, taught, best):
    ...     distance = best - alone.mean()
    ...     return (taught.mean() - alone.mean()) / distance if distance else 0.0
    >>> share(closed)
    ✅ Right: that is how much of the way the teacher is worth.
    >>> share(lambda alone, taught, best: ((taught - alone) / (best - alone)).mean())
    ❌ For alone [0.8, 0.84], taught [0.78, 0.8] and best 0.94 you returned -0.2714;
    expected -0.25. That is the mean of the ratios; take the ratio of the means.
    """
    cases = [
        ([0.80], [0.90], 0.94),
        ([0.70, 0.90], [0.85, 0.93], 0.95),
        ([0.80, 0.84], [0.78, 0.80], 0.94),
        ([0.60, 0.80, 0.82, 0.90], [0.80, 0.85, 0.86, 0.93], 0.96),
        ([0.94, 0.94], [0.93, 0.94], 0.94),
    ]
    for alone_scores, taught_scores, best in cases:
        alone, taught = np.array(alone_scores), np.array(taught_scores)
        distance, gain = best - alone.mean(), taught.mean() - alone.mean()
        with np.errstate(divide="ignore", invalid="ignore"):
            got = call(function, alone, taught, best)
            ratio = gain / distance
            slips = {
                "There is no distance: 0.": lambda got: not np.isfinite(got),
                "That is the mean of the ratios; take the ratio of the means.": (
                    ((taught - alone) / (best - alone)).mean()
                ),
                "That is what is left of the distance, not what is closed.": 1 - ratio,
                "The wrong way round: taught minus alone.": -ratio,
                "Divide by the distance from alone to best.": gain / best,
                "That is a share of the student's score, not of the distance.": (
                    gain / alone.mean()
                ),
            }
        truth = float(ratio) if distance else 0.0
        given = f"alone {alone_scores}, taught {taught_scores} and best {best}"
        same(got, truth, given, slips)


@check("Right: the one alone is the measure of what needed no teacher.")
def excess(function: Callable[..., Any]) -> None:
    """The share of a teacher's mistakes that a student repeats, beyond one alone.

    >>> def beyond(teacher, taught, alone, labels):
    ...     wrong = teacher != labels
    ...     return taught[wrong].mean() - alone[wrong].mean()
    >>> excess(beyond)
    ❌ For 6 texts and 3 labels (seed 0) you returned ...; expected .... Not how often
    they say yes: how often they say what the teacher says.
    """
    for seed, texts, labels in ((0, 6, 3), (1, 40, 5), (2, 8, 2)):
        random = np.random.default_rng(seed)
        truth, teacher, taught, alone = random.integers(0, 2, (4, texts, labels))
        given = f"{texts} texts and {labels} labels (seed {seed})"
        wrong, as_said = teacher != truth, taught == teacher
        alike = alone == teacher
        right = as_said[wrong].mean() - alike[wrong].mean()
        slips = {
            "The wrong way round: taught minus alone.": -right,
            "That is over all decisions; look at the teacher's mistakes.": (
                as_said.mean() - alike.mean()
            ),
            "That is a share of all decisions, not of the teacher's mistakes.": (
                (as_said & wrong).mean() - (alike & wrong).mean()
            ),
            "That is a share of the students' own mistakes.": (
                as_said[taught != truth].mean() - alike[alone != truth].mean()
            ),
            "Those are the decisions that the teacher gets right.": (
                as_said[~wrong].mean() - alike[~wrong].mean()
            ),
            "That is the taught student's share; take off that of the one alone.": (
                as_said[wrong].mean()
            ),
            "Not how often they say yes: how often they say what the teacher says.": (
                taught[wrong].mean() - alone[wrong].mean()
            ),
        }
        same(call(function, teacher, taught, alone, truth), right, given, slips)
    perfect = np.eye(3, dtype=int)
    with np.errstate(divide="ignore", invalid="ignore"):
        got = call(function, perfect, 1 - perfect, perfect, perfect)
    none = {"There is no mistake to repeat: 0.": lambda got: not np.isfinite(got)}
    same(got, 0.0, "a teacher that makes no mistake", none)


@check("Right: many tosses are a soft target.")
def tossed(function: Callable[..., Any]) -> None:
    """A student of biases that can only be tossed, as a function to logits.

    >>> def untrained(toss, x):
    ...     return torch.nn.Linear(x.shape[1], toss().shape[1])
    >>> tossed(untrained)
    ❌ For 200 new texts and 4 labels your student's probabilities are off by ... on
    average after 1 tosses a text; expected less than 0.05. ...
    """
    for seed, labels in ((0, 4), (1, 3)):
        generator = torch.Generator().manual_seed(seed)
        x, new = torch.randn(2, 200, 30, generator=generator)
        w = torch.randn(30, labels, generator=generator) / 30**0.5
        coin = _Coin((x @ w).sigmoid(), generator)
        student = call(function, coin, x)
        require(
            callable(student),
            f"For 200 texts you returned {type(student).__name__}; expected a function "
            "from features to logits.",
        )
        coin.present = False
        value = student(new.clone())
        value = value.detach() if isinstance(value, Tensor) else value
        given = f"200 new texts and {labels} labels"
        z = read(value, np.empty((200, labels)), given)
        off = float(np.abs(1 / (1 + np.exp(-z)) - (new @ w).sigmoid().numpy()).mean())
        require(
            off < NEAR,
            f"For {given} your student's probabilities are off by {off:.3f} on average "
            f"after {coin.tosses} tosses a text; expected less than {NEAR}. Are they "
            "fresh ones, are there hundreds, and does it return logits?",
        )


#: How far off probabilities may be: well above what many tosses leave, of other seeds
#: and optimisers, and well below what a few tosses do.
NEAR = 0.05


class _Coin:
    """Tosses of hidden biases, counted."""

    def __init__(self, biases: Tensor, generator: torch.Generator) -> None:
        self._biases, self._generator = biases, generator
        self.tosses, self.present = 0, True

    def __call__(self) -> Tensor:
        require(
            self.present,
            "Your student tosses when it is used; expected one that answers by itself.",
        )
        self.tosses += 1
        return torch.bernoulli(self._biases, generator=self._generator)
