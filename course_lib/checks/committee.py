"""Checks for the exercises of the chapter on committees."""

from collections.abc import Callable, Sequence
from itertools import combinations
from math import comb
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from course_lib.checks import check
from course_lib.checks.expect import Slips, call, require, same


@check("Right: most of them, and a coin where it is a draw.")
def majority(function: Callable[[float, int], Any]) -> None:
    """How often most of n independent judges are right; a tie is settled by a coin.

    >>> from scipy.stats import binom
    >>> majority(lambda p, n: binom.sf(n / 2, n, p) + binom.pmf(n / 2, n, p) / 2)
    ✅ Right: most of them, and a coin where it is a draw.
    >>> majority(lambda p, n: p**n)
    ❌ For p = 0.7, n = 3 you returned 0.343; expected 0.784. There all have to be
    right; most are enough.
    """
    for p, n in ((0.7, 3), (0.7, 1), (0.4, 5), (0.7, 2), (0.6, 10), (0.5, 7), (1, 4)):
        exactly = [comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]
        more, tie = sum(exactly[n // 2 + 1 :]), exactly[n // 2] if n % 2 == 0 else 0.0
        slips: Slips = {
            "Even numbers can be a draw; a coin then settles it.": (more, more + tie),
            "There all have to be right; most are enough.": float(p) ** n,
            "One who is right does not win a vote.": 1 - (1 - p) ** n,
            "So often most are wrong.": 1 - more - tie / 2,
            "So often just that many are right; more may be.": exactly[n // 2 + 1],
        }
        truth = float(more + tie / 2)
        same(call(function, float(p), n), truth, f"p = {p:g}, n = {n}", slips)


@check("Right: log-odds are added up, and become a probability at the end.")
def mix(function: Callable[[NDArray, NDArray], Any]) -> None:
    """The probabilities of a weighted sum of log-odds, from members' probabilities.

    >>> def added(p, weights):
    ...     return 1 / (1 + np.exp(-np.log(p / (1 - p)) @ weights))
    >>> mix(added)
    ✅ Right: log-odds are added up, and become a probability at the end.
    >>> mix(lambda p, weights: p @ weights)
    ❌ For p = [[0.9, 0.6, 0.4], [0.5, 0.2, 0.2]], weights = [0.5, 0.25, 0.25] you
    returned [0.7, 0.35]; expected [0.75, 0.3333]. That is a mean of probabilities.
    """
    some = np.random.default_rng(0).uniform(0.05, 0.95, size=(4, 2))
    for p, weights in (
        (np.array([[0.9, 0.6, 0.4], [0.5, 0.2, 0.2]]), np.array([0.5, 0.25, 0.25])),
        (some, np.array([1.5, 0.5])),
        (some, np.array([1.0, -0.5])),
        (some.reshape(1, 8), np.linspace(-0.4, 1.0, 8)),
        (np.array([[0.8], [0.3], [0.5]]), np.array([2.0])),
    ):
        z = np.log(p / (1 - p)) @ weights  # (texts,)
        slips: Slips = {
            "That is a mean of probabilities.": (p @ weights, p.mean(1)),
            "Those are log-odds; probabilities were asked for.": z,
            "Without the weights, that is.": _chance(np.log(p / (1 - p)).mean(1)),
            "Take the weights as they are: they need not sum to 1.": _chance(
                z / weights.sum()
            ),
            "log p is half of it: the log-odds are log p - log (1 - p).": (
                np.exp(np.log(p) @ weights),
                _chance(np.log(p) @ weights),
            ),
            "That is the probability of the other class.": _chance(-z),
        }
        given = f"p = {p.round(3).tolist()}, weights = {weights.tolist()}"
        same(call(function, p, weights), _chance(z), given, slips)


@check("Right: it is symmetric, and nobody disagrees with themselves.")
def disagreement(function: Callable[[NDArray], Any]) -> None:
    """On what share of the texts two members say different classes, for all pairs.

    >>> def shares(log_odds):
    ...     said = log_odds > 0
    ...     return (said[:, :, None] != said[:, None]).mean(0)
    >>> disagreement(shares)
    ✅ Right: it is symmetric, and nobody disagrees with themselves.
    >>> disagreement(lambda log_odds: 1 - shares(log_odds))
    ❌ For log_odds = [[2.0, -1.0], [0.5, 3.0], [-1.0, -4.0], [1.0, -0.5]] you returned
    [[1.0, 0.5], [0.5, 1.0]]; expected [[0.0, 0.5], [0.5, 0.0]]. That is how often they
    agree.
    """
    some = np.random.default_rng(1).normal(size=(7, 5)).round(1)
    zeros = np.array([[0.0, 1.0, -1.0], [2.0, 0.0, -0.5], [0.0, -3.0, 0.0]])
    pair = np.array([[2.0, -1.0], [0.5, 3.0], [-1.0, -4.0], [1.0, -0.5]])
    for log_odds in (pair, some, zeros):
        said = log_odds > 0
        truth = (said[:, :, None] != said[:, None]).mean(0)  # (members, members)
        with np.errstate(invalid="ignore", divide="ignore"):
            together = np.corrcoef(said.T.astype(float))
        signs, numbers = np.sign(log_odds), log_odds[:, :, None] != log_odds[:, None]
        slips: Slips = {
            "That is how often they agree.": 1 - truth,
            "Those are counts; divide by the texts.": truth * len(log_odds),
            "A log-odds of 0 says class 0, as a negative one does.": (
                (signs[:, :, None] != signs[:, None]).mean(0),
                ((log_odds >= 0)[:, :, None] != (log_odds >= 0)[:, None]).mean(0),
            ),
            "What they say are classes, not how sure they are.": numbers.mean(0),
            "That is a correlation; a share of texts was asked for.": (
                together,
                1 - together,
            ),
        }
        same(call(function, log_odds), truth, f"log_odds = {log_odds.tolist()}", slips)


class _World(NamedTuple):
    """What members say of texts, and what is true."""

    log_odds: NDArray  # (texts, members)
    labels: NDArray  # (texts,)

    @staticmethod
    def of(
        strength: Sequence[float], twins: int, seed: int, texts: int, loud: float
    ) -> "_World":
        """Members who know more or less; the first few of them hear the same noise.

        Each says what it knows: a normal signal of that strength has log-odds of
        2 · strength · signal. The last one says it `loud` times as loudly.
        """
        random = np.random.default_rng([seed, texts])
        labels = random.integers(2, size=texts)
        noise = random.normal(size=(texts, len(strength)))
        shared = random.normal(size=(texts, 1))
        noise[:, :twins] = 0.98 * shared + 0.2 * noise[:, :twins]
        signal = (2 * labels[:, None] - 1) * np.array(strength) + noise
        log_odds = 2 * np.array(strength) * signal
        log_odds[:, -1] *= loud
        order = np.random.default_rng(seed).permutation(len(strength))
        return _World(log_odds[:, order], labels)

    def right(self, pair: tuple[int, int]) -> float:
        """How often the mean of two is right."""
        said = self.log_odds[:, list(pair)].mean(1) > 0
        return float((said == self.labels).mean())


#: Three twins ahead of two strangers; two strangers ahead of three twins; a member who
#: knows nothing, differs from all and shouts; and the same where the best are twins.
_WORLDS = (
    {"strength": (1.0, 0.98, 0.96, 0.7, 0.5, 0.05), "twins": 3, "loud": 1.0},
    {"strength": (0.6, 0.58, 0.56, 1.0, 0.9, 0.0), "twins": 3, "loud": 1.0},
    {"strength": (1.1, 1.08, 0.75, 0.02), "twins": 2, "loud": 40.0},
    {"strength": (1.1, 1.08, 0.02), "twins": 2, "loud": 40.0},
)
#: Pairs within this of the best are as good: it is what 3,000 texts leave open.
_WITHIN = 0.012


@check("Right: two that are good together, on texts that nobody has chosen on.")
def pair(function: Callable[[NDArray, NDArray], Any]) -> None:
    """Which two members are best together, judged on texts that were not shown.

    >>> def best_alone(log_odds, labels):
    ...     return np.argsort(-((log_odds > 0) == labels[:, None]).mean(0))[:2]
    >>> pair(best_alone)
    ❌ For 3000 texts and 6 members you chose 4 and 5, who together are right about
    84.0% of new texts; expected 89.0% or nearly that. They are the two that are best
    alone: do they make the same mistakes?
    """
    for seed, world in enumerate(2 * _WORLDS):
        shown = _World.of(**world, seed=seed, texts=3_000)  # type: ignore[arg-type]
        new = _World.of(**world, seed=seed, texts=20_000)  # type: ignore[arg-type]
        members = shown.log_odds.shape[1]
        given = f"For {len(shown.labels)} texts and {members} members you"
        chosen = _two(call(function, *shown), members, given)
        score = {two: new.right(two) for two in combinations(range(members), 2)}
        said = shown.log_odds > 0
        alone = (said == shown.labels[:, None]).mean(0)
        differ = {two: (said[:, two[0]] != said[:, two[1]]).mean() for two in score}
        hint = ""
        if set(chosen) == set(np.argsort(-alone)[:2].tolist()):
            hint = " They are the two that are best alone: do they make the same "
            hint += "mistakes?"
        elif chosen == max(differ, key=lambda two: differ[two]):
            hint = " They differ most: to differ is not enough, one has to know "
            hint += "something too."
        require(
            score[chosen] > max(score.values()) - _WITHIN,
            f"{given} chose {chosen[0]} and {chosen[1]}, who together are right about "
            f"{score[chosen]:.1%} of new texts; expected {max(score.values()):.1%} or "
            f"nearly that.{hint}",
        )


def _two(value: Any, members: int, given: str) -> tuple[int, int]:
    """Read the places of two members, the smaller first."""
    try:
        places = np.asarray(value)
        fits = places.shape == (2,) and places.dtype.kind in "iu"
    except ValueError:
        fits = False
    require(fits, f"{given} returned {value!r:.60}; expected two whole numbers.")
    one, other = sorted(places.tolist())
    require(
        0 <= one < other < members,
        f"{given} returned {one} and {other}; expected two different places from 0 to "
        f"{members - 1}.",
    )
    return one, other


def _chance(log_odds: NDArray) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-log_odds))
