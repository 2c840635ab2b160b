"""Checks for the exercises of the chapter on tuning."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.checks import Wrong, call, check, expect

#: Mean of the highest of N standard normal draws (Tippett 1925 has a table).
EXPECTED_BEST = {1: 0.0, 2: 0.5642, 10: 1.5388, 40: 2.1608}


def number(value: Any, given: str) -> float:
    """Return one number, or say what came instead."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise Wrong(
            f"For {given} you returned {type(value).__name__}; expected one number."
        ) from None


@check("Right: that much a search over nothing is ahead of its average.")
def optimism(function: Callable[[int, float], Any]) -> None:
    """How far the best of n noisy scores is above their common true value."""
    for n, sd in [(1, 1.0), (2, 1.0), (10, 0.5), (40, 2.0)]:
        expected = EXPECTED_BEST[n] * sd
        given = f"n = {n} and sd = {sd}"
        got = number(call(function, n, sd), given)
        hints = [
            (EXPECTED_BEST[n], "Scale it: the noise is sd, not 1."),
            (sd * math.sqrt(2 * math.log(n)), "√(2 ln n) is only an upper bound."),
            (EXPECTED_BEST[n] * sd**2, "sd is a standard deviation, not a variance."),
            (-expected, "That is the lowest score."),
            (sd, "That is the noise of one score, not of the best."),
        ]
        close = [hint for slip, hint in hints if abs(got - slip) <= 0.05 * sd]
        expect(
            abs(got - expected) <= 0.05 * sd,
            f"For {given} you returned {got:.3f}; expected {expected:.3f}."
            + (f" {close[0]}" if close else ""),
        )


@check("Right: from 1 to 2 is as big a step as from 10 to 20.")
def log_uniform(function: Callable[[float, float, float], Any]) -> None:
    """A uniform number made a draw from a logarithmic scale."""
    for u, low, high in [(0.0, 0.5, 8.0), (1.0, 0.5, 8.0), (0.5, 1.0, 16.0)]:
        expected = low * (high / low) ** u
        given = f"u = {u}, low = {low} and high = {high}"
        got = number(call(function, u, low, high), given)
        slips = [
            (low + u * (high - low), "That is a uniform draw."),
            (
                math.log(low) + u * math.log(high / low),
                "That is the logarithm of the temperature.",
            ),
            (high * (low / high) ** u, "Low and high are swapped."),
        ]
        close = [hint for slip, hint in slips if math.isclose(got, slip, abs_tol=1e-9)]
        expect(
            math.isclose(got, expected, rel_tol=1e-6),
            f"For {given} you returned {got:.4g}; expected {expected:.4g}."
            + (f" {close[0]}" if close else ""),
        )


#: Scores with fresh seeds, the place to return, and what it tries out.
SCORES: list[tuple[list[list[float]], int, str]] = [
    ([[0.80, 0.82], [0.84, 0.80], [0.70, 0.72]], 0, "the first is close enough"),
    ([[0.60, 0.62], [0.79, 0.82], [0.80, 0.82]], 1, "the first is too far off"),
    ([[0.50, 0.52], [0.60, 0.62], [0.80, 0.82]], 2, "only the best itself is left"),
    ([[0.785] * 3, [0.77, 0.80, 0.83], [0.5] * 3], 0, "divide by seeds minus one"),
    ([[0.778] * 4, [0.77, 0.79, 0.81, 0.79]], 1, "divide by the root of the seeds"),
]


@check("Right: as good as the best, as far as one can tell, and simpler.")
def simplest(function: Callable[[NDArray[np.float64]], Any]) -> None:
    """The first setting within one standard error of the best."""
    for scores, expected, why in SCORES:
        given = f"scores {scores}"
        got = number(call(function, np.array(scores)), given)
        expect(
            got == expected,
            f"For {given} you returned {got:g}; expected {expected}: {why}.",
        )


Draw = Callable[[int, int], float]


class Draws:
    """Scores that are noisy at the first seed, and a note of who was asked for."""

    def __init__(self, settings: int, lucky: int, best: int) -> None:
        self.settings, self.lucky, self.best = settings, lucky, best
        self.asked: list[tuple[int, int]] = []

    def __call__(self, setting: int, seed: int) -> float:
        """Return a score: the lucky one shines at seed 0, and only there."""
        self.asked.append((setting, seed))
        if setting == self.lucky:
            return 0.9 if seed == 0 else 0.5
        return 0.7 + 0.05 * (setting == self.best) + 0.001 * setting / self.settings


@check("Right: the lucky one shone once, and was seen through.")
def halving(function: Callable[[Draw, int], Any]) -> None:
    """Successive halving with fresh seeds."""
    for settings, lucky, best in [(2, 0, 1), (8, 2, 5), (16, 15, 0)]:
        draws = Draws(settings, lucky, best)
        got = call(function, draws, settings)
        given = f"{settings} settings"
        expect(
            len(set(draws.asked)) == len(draws.asked),
            f"For {given} you asked {len(draws.asked)} times for "
            f"{len(set(draws.asked))} pairs; expected each pair of setting and seed "
            "once: the same seed again tells nothing new.",
        )
        # Each round but the first spends as much as its survivors have had.
        expected = settings + sum(
            (settings >> k) << (k - 1) for k in range(1, settings.bit_length() - 1)
        )
        expect(
            len(draws.asked) == expected,
            f"For {given} you trained {len(draws.asked)} times; expected {expected}: "
            "each one left gets as many new seeds as it has had, until one is left.",
        )
        # With two settings there is one look, and the lucky one wins by it.
        wanted = lucky if settings == 2 else best
        hint = ""
        if settings > 2 and got == lucky:
            hint = " That one was lucky at seed 0: rank by the mean over all seeds."
        expect(
            number(got, given) == wanted,
            f"For {given} you returned {got}; expected {wanted}.{hint}",
        )
