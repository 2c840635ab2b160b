"""Several writers on one test split, trained from several seeds: who is right?"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.intervals import interval_of, resampled


def compare_answers(
    runs: Sequence[Mapping[str, NDArray]],
    *,
    differences: Mapping[str, tuple[str, str]],
    seed: int = 0,
) -> dict[str, Any]:
    """Return shares of right answers, and differences of two, with intervals.

    Each run has for each writer whether its answers are right, (tests,) booleans. What
    is resampled are the tests. `records.verdicts` reads the result.

    >>> run = {"good": np.array([True, True]), "poor": np.array([True, False])}
    >>> found = compare_answers([run, run], differences={"lead": ("good", "poor")})
    >>> found["poor"]["metrics"], found["lead"]["value"]
    ({'accuracy': 0.5}, 0.5)
    """
    right = {name: np.array([run[name] for run in runs], float) for name in runs[0]}
    tests = next(iter(right.values())).shape[1]  # each is (runs, tests)
    rows = np.array(list(resampled(np.arange(tests), None, 200, seed)))

    def interval(each: NDArray) -> tuple[tuple[float, float], float]:
        drawn = each.mean(0)[rows].mean(1)
        return interval_of(each.mean(1), drawn, tests)

    record: dict[str, Any] = {"headline": "accuracy"}
    for name, each in right.items():
        low, high = interval(each)[0]
        record[name] = {
            "metrics": {"accuracy": float(each.mean())},
            "intervals": {"accuracy": (max(low, 0.0), min(high, 1.0))},
            "per_run": {"accuracy": each.mean(1).tolist()},
        }
    for name, (one, other) in differences.items():
        bounds, p = interval(right[one] - right[other])
        lead = float((right[one] - right[other]).mean())
        record[name] = {"value": lead, "interval": bounds, "p": p}
    return record
