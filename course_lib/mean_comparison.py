"""Means over one test split, of models trained from several seeds: who is better?"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.comparison import intervals_from
from course_lib.intervals import interval_of, resampled


def compare_means(
    runs: Sequence[Mapping[str, ArrayLike]],
    metrics: Sequence[str] = ("accuracy",),
    *,
    differences: Mapping[str, tuple[str, str]],
    seed: int = 0,
) -> dict[str, Any]:
    """Do what `comparison.compare` does, for scores that each test has by itself.

    Each run has for each model (tests,) scores from 0 to 1, such as whether it is
    right, or (tests, metrics). What is resampled are the tests; differences are of the
    first metric. `records.with_interval` and `records.verdicts` read the result.

    >>> run = {"good": [True, True], "poor": [True, False]}
    >>> found = compare_means([run, run], differences={"lead": ("good", "poor")})
    >>> found["poor"]["metrics"], found["lead"]["value"]
    ({'accuracy': 0.5}, 0.5)
    """
    scores = {  # (runs, tests, metrics)
        name: np.array([run[name] for run in runs], float).reshape(
            len(runs), -1, len(metrics)
        )
        for name in runs[0]
    }
    tests = next(iter(scores.values())).shape[1]
    draws = np.array(list(resampled(np.arange(tests), None, 1_000, seed)))

    def interval(each: NDArray) -> tuple[tuple[float, float], float]:
        return interval_of(each.mean(1), each.mean(0)[draws].mean(1), tests)

    result: dict[str, Any] = {
        "headline": metrics[0],
        "intervals_from": intervals_from(len(runs), grouped=False),
    }
    for name, every in scores.items():
        by_metric = dict(zip(metrics, np.moveaxis(every, 2, 0), strict=True))
        result[name] = {
            "metrics": {m: float(each.mean()) for m, each in by_metric.items()},
            "intervals": {
                m: tuple(np.clip(interval(each)[0], 0, 1).tolist())
                for m, each in by_metric.items()
            },
            "per_run": {m: each.mean(1).tolist() for m, each in by_metric.items()},
        }
    for name, (one, other) in differences.items():
        leads = (scores[one] - scores[other])[:, :, 0]
        bounds, p = interval(leads)
        result[name] = {"value": float(leads.mean()), "interval": bounds, "p": p}
    return result
