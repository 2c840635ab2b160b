"""Checks for the exercises of the chapter on tuning."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.checks import check
from course_lib.checks.expect import always, call, require, same

#: Mean of the highest of N standard normal draws (Tippett 1925 has a table).
EXPECTED_BEST = {1: 0.0, 2: 0.5642, 10: 1.5388, 40: 2.1608}


@check("Right: that much a search over nothing is ahead of its average.")
def optimism(function: Callable[[int, float], Any]) -> None:
    """How far the best of n noisy scores is above their common true value.

    >>> optimism(lambda n, sd: sd * EXPECTED_BEST[n])
    ✅ Right: that much a search over nothing is ahead of its average.
    >>> optimism(lambda n, sd: EXPECTED_BEST[n])
    ❌ For n = 10 and sd = 0.5 you returned 1.539; expected 0.7694. Scale it: the noise
    is sd, not 1.
    """
    for n, sd in [(1, 1.0), (2, 1.0), (10, 0.5), (40, 2.0)]:
        truth = EXPECTED_BEST[n] * sd
        slips = {
            "Scale it: the noise is sd, not 1.": EXPECTED_BEST[n],
            "√(2 ln n) is only an upper bound.": sd * math.sqrt(2 * math.log(n)),
            "sd is a standard deviation, not a variance.": truth * sd,
            "That is the lowest score.": -truth,
            "That is the noise of one score, not of the best.": sd,
        }
        got = call(function, n, sd)
        same(got, truth, f"n = {n} and sd = {sd}", slips, within=0.05 * sd)


@check("Right: from 1 to 2 is as big a step as from 10 to 20.")
def log_uniform(function: Callable[[float, float, float], Any]) -> None:
    """A uniform number made a draw from a logarithmic scale.

    >>> log_uniform(lambda u, low, high: low * (high / low) ** u)
    ✅ Right: from 1 to 2 is as big a step as from 10 to 20.
    >>> log_uniform(lambda u, low, high: low + u * (high - low))
    ❌ For u = 0.5, low = 1.0 and high = 16.0 you returned 8.5; expected 4. That is a
    uniform draw.
    """
    for u, low, high in [
        (0.0, 0.5, 8.0),
        (1.0, 0.5, 8.0),
        (0.5, 1.0, 16.0),
        (0.25, 2.0, 162.0),
    ]:
        slips = {
            "That is a uniform draw.": low + u * (high - low),
            "That is the logarithm of the temperature.": (
                math.log(low) + u * math.log(high / low)
            ),
            "Low and high are swapped.": high * (low / high) ** u,
        }
        given = f"u = {u}, low = {low} and high = {high}"
        same(call(function, u, low, high), low * (high / low) ** u, given, slips)


#: Scores with fresh seeds, the place to return, and what it tries out.
SCORES: list[tuple[list[list[float]], int, str]] = [
    ([[0.80, 0.82], [0.84, 0.80], [0.70, 0.72]], 0, "The first is close enough."),
    ([[0.60, 0.62], [0.79, 0.82], [0.80, 0.82]], 1, "The first is too far off."),
    ([[0.50, 0.52], [0.60, 0.62], [0.80, 0.82]], 2, "Only the best itself is left."),
    ([[0.785] * 3, [0.77, 0.80, 0.83], [0.5] * 3], 0, "Divide by seeds minus one."),
    ([[0.778] * 4, [0.77, 0.79, 0.81, 0.79]], 1, "Divide by the root of the seeds."),
    ([[0.775] * 8, [0.75, 0.85] * 4], 1, "Here are eight seeds, not three."),
    ([[0.70, 0.84], [0.79, 0.80]], 1, "The error is the best one's own."),
]


@check("Right: as good as the best, as far as one can tell, and simpler.")
def simplest(function: Callable[[NDArray[np.float64]], Any]) -> None:
    """The first setting within one standard error of the best.

    >>> def first(scores, ddof=1):
    ...     mean, best = scores.mean(1), scores[scores.mean(1).argmax()]
    ...     error = best.std(ddof=ddof) / len(best) ** 0.5
    ...     return int((mean >= mean.max() - error).argmax())
    >>> simplest(first)
    ✅ Right: as good as the best, as far as one can tell, and simpler.
    >>> simplest(lambda scores: first(scores, ddof=0))
    ❌ For scores [[0.785, 0.785, 0.785], [0.77, 0.8, 0.83], [0.5, 0.5, 0.5]] you
    returned 1; expected 0. Divide by seeds minus one.
    """
    for scores, truth, why in SCORES:
        got = call(function, np.array(scores))
        same(got, truth, f"scores {scores}", {why: always})


Draw = Callable[[int, int], float]


class Draws:
    """Scores that are noisy at the first call, and a note of who was asked for."""

    def __init__(self, settings: int, lucky: int, best: int) -> None:
        self.settings, self.lucky, self.best = settings, lucky, best
        self.asked: list[tuple[int, int]] = []

    def __call__(self, setting: int, seed: int) -> float:
        """Return a score: the lucky one shines once, whatever its seed is called."""
        before = sum(setting == other for other, _ in self.asked)
        self.asked.append((setting, seed))
        if setting == self.lucky:
            return 0.5 if before else 0.9
        return 0.7 + 0.05 * (setting == self.best) + 0.001 * setting / self.settings


@check("Right: the lucky one shone once, and was seen through.")
def halving(function: Callable[[Draw, int], Any]) -> None:
    """Successive halving with fresh seeds.

    >>> def winner(draw, settings, worst=0):
    ...     seen = {i: [draw(i, 0)] for i in range(settings)}
    ...     while len(seen) > 2:
    ...         best = sorted(seen, key=lambda i: -sum(seen[i]))[: len(seen) // 2]
    ...         seen = {i: seen[i] + [draw(i, len(seen[i]) + k)
    ...                               for k in range(len(seen[i]))] for i in best}
    ...     return max(seen, key=lambda i: sum(seen[i]))
    >>> halving(winner)
    ✅ Right: the lucky one shone once, and was seen through.
    >>> halving(lambda draw, n: max(range(n), key=lambda i: draw(i, 0)))
    ❌ For 8 settings you trained 8 times; expected 16: each one left gets as many new
    seeds as it has had, until one is left.
    """
    for settings, lucky, best in [(2, 0, 1), (8, 2, 5), (16, 15, 0)]:
        draws = Draws(settings, lucky, best)
        got = call(function, draws, settings)
        given, asked = f"{settings} settings", len(draws.asked)
        pairs = len(set(draws.asked))
        require(
            pairs == asked,
            f"For {given} you asked {asked} times for {pairs} pairs; expected each "
            "pair of setting and seed once: the same seed again tells nothing new.",
        )
        # Each round but the first spends as much as its survivors have had.
        expected = settings + sum(
            (settings >> k) << (k - 1) for k in range(1, settings.bit_length() - 1)
        )
        require(
            asked == expected,
            f"For {given} you trained {asked} times; expected {expected}: each one "
            "left gets as many new seeds as it has had, until one is left.",
        )
        # With two settings there is one look, and the lucky one wins by it.
        slips = {"That one was lucky once: rank by the mean over all seeds.": lucky}
        same(got, lucky if settings == 2 else best, given, slips)
