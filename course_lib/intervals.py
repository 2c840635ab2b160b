"""How sure a number is: its interval, its p value, and what may be said of it.

Two kinds of luck are in the mean of several trainings: which examples the test split
has, and which seeds were drawn. Both are few enough to matter.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

#: What a verdict says.
BETTER, WORSE, OPEN = "better", "worse", "no difference shown"


def interval_of(
    values: Sequence[float] | NDArray, draws: NDArray, units: int
) -> tuple[tuple[float, float], float]:
    """Return the 95 % interval of a mean over runs, and a p value of its being zero.

    `values` has one number a run, measured on the whole test split: a metric, or a
    difference of two. `draws` are bootstrap draws of their mean, in which only the
    examples change, the same for all runs. `units` is how many there were to draw
    from: the examples, or their groups.

    The interval is the mean ± t · se, where se² = s²/runs + v: s² is the variance of
    the values, and v that of the draws, times units / (units - 1), since a resampled
    mean varies by so much less than a new one. Student's t has the degrees of freedom
    of Welch (1947) and Satterthwaite (1946); that there are only so many draws counts
    as well. Simulated with normal noise, it covers the truth 94 to 95 % of the time
    with 5 runs, 92 to 95 % with 3, and with 2 no more than 87 % if s² is the larger
    part but not all. A percentile bootstrap over the runs, which knows nothing of t,
    covers 84, 75 and 49 %.

    What two seeds say differently of one example is in both s² and v, so the interval
    is a little wide where seeds disagree at random. Of one run there is no s²: then
    the seed's luck is in no interval. Without any variation, the interval is the
    number itself, and p is 1 for zero and 0 for all else.

    >>> (low, high), p = interval_of([1.0, 2.0, 3.0], np.full(200, 2.0), 1000)
    >>> round(low, 2), round(high, 2), round(p, 3)  # 2 ± 4.30 / √3
    (-0.48, 4.48, 0.074)
    """
    runs, mean = len(values), float(np.mean(values))
    of_seeds = float(np.var(values, ddof=1)) / runs if runs > 1 else 0.0
    of_examples = float(np.var(draws, ddof=1)) * units / max(units - 1, 1)
    variance = of_seeds + of_examples
    if variance == 0:
        return (mean, mean), float(mean == 0)
    # Shares of the variance, as the square of a tiny one would be zero.
    seeds, examples = of_seeds / variance, of_examples / variance
    doubt = examples**2 * (1 / max(units - 1, 1) + 1 / (len(draws) - 1))
    if runs > 1:
        doubt += seeds**2 / (runs - 1)
    freedom, error = 1 / doubt, variance**0.5
    half = float(stdtrit(freedom, 0.975)) * error
    p = 2 * float(stdtr(freedom, -abs(mean) / error))
    return (mean - half, mean + half), p


def ratio_of(
    above: Sequence[float] | NDArray,
    below: Sequence[float] | NDArray,
    drawn_above: NDArray,
    drawn_below: NDArray,
    units: int,
) -> tuple[float, tuple[float, float]]:
    """Return the ratio of two means over runs, and its 95 % interval.

    By the delta method: near its value R, the ratio moves as does above - R · below,
    over the mean below. That is sound where the mean below is many times its own
    standard error. For the rest it is `interval_of`.

    >>> ratio_of([1.0, 2.0], [2.0, 4.0], np.full(9, 1.5), np.full(9, 3.0), 100)
    (0.5, (0.5, 0.5))
    """
    whole = float(np.mean(below))
    ratio = float(np.mean(above)) / whole
    interval, _ = interval_of(
        ratio + np.subtract(above, ratio * np.asarray(below)) / whole,
        (drawn_above - ratio * drawn_below) / whole,
        units,
    )
    return ratio, interval


def resampled(
    labels: NDArray, groups: Sequence[str] | None, resamples: int, seed: int
) -> Iterator[NDArray[np.intp]]:
    """Yield the rows of each of many resampled test splits: a bootstrap's draws.

    With `groups`, one name a row, as many groups are drawn as there are, each with all
    its rows (the cluster bootstrap): rows of one group that are alike are then not
    taken for independent ones. Multi-label splits without a positive label are drawn
    again. Raises `ValueError` unless each row has a group.

    >>> films = ["a", "b", "a"]
    >>> [sorted(rows.tolist()) for rows in resampled(np.zeros(3), films, 3, seed=0)]
    [[1, 1], [0, 1, 2], [0, 0, 2, 2]]
    """
    if groups is not None and len(groups) != len(labels):
        raise ValueError(
            f"there are {len(groups)} groups and {len(labels)} labels; expected the "
            "group of each"
        )
    random = np.random.default_rng(seed)
    members: list[NDArray[np.intp]] = []
    if groups is not None:
        _, places = np.unique(np.asarray(groups), return_inverse=True)
        ends = np.bincount(places).cumsum()[:-1]
        members = np.split(np.argsort(places, kind="stable"), ends)

    def draw() -> NDArray[np.intp]:
        if not members:
            return random.integers(len(labels), size=len(labels))
        picked = random.integers(len(members), size=len(members))
        return np.concatenate([members[group] for group in picked])

    for _ in range(resamples):
        rows = draw()
        while labels.ndim == 2 and not labels[rows].any():
            rows = draw()
        yield rows


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return p values that stand for several questions asked at once.

    Where only differences with an adjusted p below 0.05 are called real, the chance
    that any of them is not stays below 5 %. The smallest of m is multiplied by m, the
    next by m - 1, and none is let below the one before (Holm 1979). Whatever
    Bonferroni would find, who takes m for all of them, this finds too.

    >>> holm({"a": 0.01, "b": 0.04, "c": 0.03})
    {'a': 0.03, 'b': 0.06, 'c': 0.06}
    """
    adjusted, highest = {}, 0.0
    for place, name in enumerate(sorted(p_values, key=lambda name: p_values[name])):
        times = len(p_values) - place
        highest = max(highest, min(1.0, times * p_values[name]))
        adjusted[name] = highest
    return {name: adjusted[name] for name in p_values}


def verdict(difference: Mapping[str, Any], p: float | None = None) -> str:
    """Return what may be said of a difference in which more is better.

    By its 95 % interval; or by `p`, where it was adjusted for others beside it.

    >>> gain = {"value": 0.02, "interval": (0.01, 0.03), "p": 0.004}
    >>> verdict(gain), verdict(gain, p=0.08)
    ('better', 'no difference shown')
    """
    low, high = difference["interval"]
    is_real = low > 0 or high < 0 if p is None else p < 0.05
    if not is_real:
        return OPEN
    return BETTER if difference["value"] > 0 else WORSE
