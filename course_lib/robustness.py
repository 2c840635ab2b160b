"""What is left of a model when its texts change, and how sure one may be of it."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.intervals import interval_of, resampled

Array = NDArray[Any]


def kept_share(clean: ArrayLike, changed: ArrayLike, classes: int = 2) -> Array:
    """Return what share of a model's lead over guessing is left on changed texts.

    `clean` and `changed` are accuracies, from 0 to 1, of any one shape. Guessing among
    `classes` alike is right in 1/classes of the cases. Where a change leaves nothing
    but a guess in a share r of the texts, every model keeps 1 - r, however good it is;
    what it loses in *points* grows with how good it was. So points compare models that
    were equally good before, and this others too. It is a line through the point of
    guessing; Taori et al. (2020) lay one through models of all qualities, and call
    what lies above it *effective* robustness. Raises `ValueError` for a model that
    led by nothing.

    >>> kept_share([0.9, 0.6], [0.82, 0.58]).round(3).tolist()  # 8 and 2 points less
    [0.8, 0.8]
    """
    guess = 1 / classes
    before, after = np.asarray(clean, float), np.asarray(changed, float)
    if (before <= guess).any():
        raise ValueError(
            f"on clean texts the accuracy is {before.min():.3g}, and guessing among "
            f"{classes} classes gives {guess:.3g}; there is no lead to keep a share of"
        )
    return np.asarray((after - guess) / (before - guess))


def risk_coverage(sure: ArrayLike, right: ArrayLike) -> tuple[Array, Array]:
    """Return how many texts a model answers, and its errors among those.

    `sure` says how sure it was of each text and `right` whether it was right, (texts,).
    It answers the text that it is surest of, then the two surest, and so on: coverage
    runs from 1/n to 1, and the risk is the share of errors among what was answered
    (El-Yaniv and Wiener 2010, *On the foundations of noise-free selective
    classification*).
    Texts of which it is equally sure count as in a random order: each as the mean of
    them all. Float64 (texts,) both. Raises `ValueError` for other shapes.

    >>> coverage, risk = risk_coverage([0.9, 0.6, 0.8, 0.7], [1, 0, 0, 1])
    >>> coverage.tolist(), risk.round(3).tolist()
    ([0.25, 0.5, 0.75, 1.0], [0.0, 0.5, 0.333, 0.5])
    """
    scores, wrong = np.asarray(sure, float), 1.0 - np.asarray(right, float)
    if scores.ndim != 1 or scores.shape != wrong.shape or not len(scores):
        raise ValueError(
            f"sure has shape {scores.shape} and right {wrong.shape}; expected one "
            "number of each for every text"
        )
    order = np.argsort(-scores, kind="stable")
    _, group, size = np.unique(-scores[order], return_inverse=True, return_counts=True)
    errors = (np.bincount(group, wrong[order]) / size)[group].cumsum()
    answered = np.arange(1, len(scores) + 1)
    return answered / len(scores), errors / answered


def selective_risk(sure: ArrayLike, right: ArrayLike) -> float:
    """Return the area under `risk_coverage`: the mean risk over all coverages.

    0 for a model without errors. One with errors has the least area if it is surer of
    every text that it has right than of any that it has wrong (Geifman, Uziel and
    El-Yaniv 2019, *Bias-reduced uncertainty estimation for deep neural classifiers*).

    >>> selective_risk([0.9, 0.8, 0.7], [1, 1, 0]), selective_risk([1, 1, 1], [1, 1, 0])
    (0.111..., 0.333...)
    """
    return float(risk_coverage(sure, right)[1].mean())


def measured(
    statistic: Callable[[NDArray[np.intp]], ArrayLike],
    texts: int,
    *,
    resamples: int = 200,
    seed: int = 0,
) -> dict[str, Any]:
    """Return a number's mean over runs, its 95 % interval and its p value.

    `statistic(rows)` computes it from the test texts `rows`, for each run: a metric, or
    the difference of two models of one run, on the same texts. It is asked once for all
    texts and then for resampled ones, so that anything can be compared that can be
    computed: see `intervals.interval_of`, and `intervals.verdict` for what to say.

    >>> right = np.array([[1, 1, 0, 1], [1, 0, 0, 1]])  # (runs, texts)
    >>> found = measured(lambda rows: right[:, rows].mean(1), texts=4)
    >>> found["value"], round(found["p"], 2)  # of 0.75 and 0.5, on four texts
    (0.625, 0.08)
    """
    whole = np.atleast_1d(np.asarray(statistic(np.arange(texts)), float))
    draws = np.array(
        [
            np.mean(np.asarray(statistic(rows), float))
            for rows in resampled(np.zeros(texts), None, resamples, seed)
        ]
    )
    interval, p = interval_of(whole, draws, texts)
    return {"value": float(whole.mean()), "interval": interval, "p": p}
