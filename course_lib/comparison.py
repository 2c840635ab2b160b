"""Several models on one test split, trained from several seeds: who is better?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from course_lib import metrics
from course_lib.batches import Examples
from course_lib.intervals import interval_of, ratio_of
from course_lib.metrics import Draws
from course_lib.models import count_parameters, file_bytes
from course_lib.reviews.table import Reviews
from course_lib.soft_targets import predict_logits
from course_lib.training.runs import Clock

#: What a distillation's record says of the headline metric.
DIFFERENCES = {
    "distilled_minus_alone": ("student", "baseline"),
    "int8_minus_float32": ("int8", "student"),
}


@dataclass(frozen=True)
class Reading:
    """What one model, trained from one seed, said about the test split."""

    logits: NDArray[np.float32]  # (reviews, labels)
    parameters: int | None  # None if nobody said
    bytes: int | None
    examples_per_second: float | None  # None if the model itself was not here


def read(model: nn.Module, examples: Examples, progress: str | None = None) -> Reading:
    """Read a split with a model, and note how long it took.

    >>> from torch import tensor
    >>> from course_lib.models.bag import BagOfEmbeddings
    >>> reviews = Examples([np.array([2, 3]), np.array([4])], tensor([0, 1]))
    >>> reading = read(BagOfEmbeddings(10, 2, 4), reviews)
    >>> reading.logits.shape, reading.parameters
    ((2, 2), 50)
    """
    clock = Clock()
    logits = predict_logits(model, examples, progress=progress).numpy()
    return Reading(
        logits=logits,
        parameters=count_parameters(model),
        bytes=file_bytes(model),
        examples_per_second=len(examples) / clock.lap(),
    )


def compare(
    runs: Sequence[Mapping[str, Reading]],
    labels: NDArray,
    *,
    differences: Mapping[str, tuple[str, str]] = DIFFERENCES,
    groups: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Summarise one or more runs, each of which has read the split with every model.

    A metric is the mean over runs, and its 95 % interval holds the luck of the seeds
    and that of the test reviews: `intervals.interval_of`. With one run, the seed's luck
    is in no interval. Reviews of one of the `groups`, such as a film, are drawn
    together. Differences are paired: of models in the same run, on the same reviews.

    Returns, for each model, `metrics`, `intervals`, `per_run`, `parameters`, `bytes`
    and `examples_per_second`; `headline`, the metric that counts; `intervals_from`, how
    they were made; and of the headline the `differences`, where both models are there:
    {name: (one, other)} is one's lead over the other, its `interval` and its `p`.

    >>> def reading(*said):
    ...     return Reading(np.eye(2, dtype=np.float32)[list(said)], 10, 40, 100.0)
    >>> runs = [{"student": reading(0, 1, 1, 0), "baseline": reading(0, 1, 0, 0)}]
    >>> result = compare(runs, np.array([0, 1, 1, 0]))
    >>> result["student"]["metrics"], result["distilled_minus_alone"]["value"]
    ({'accuracy': 1.0, 'cross_entropy': 0.313...}, 0.25)
    """
    values, draws = measured(runs, labels, groups)
    units = len(labels) if groups is None else len(set(groups))
    headline = next(iter(metrics.metrics_for(labels)))
    result: dict[str, Any] = {
        "headline": headline,
        "intervals_from": intervals_from(len(runs), grouped=groups is not None),
    }
    for name, first in runs[0].items():
        speeds = [run[name].examples_per_second for run in runs]
        known = [speed for speed in speeds if speed is not None]
        result[name] = {
            "metrics": {metric: mean(each) for metric, each in values[name].items()},
            "intervals": {
                metric: within(
                    metrics.RANGES[metric],
                    interval_of(each, draws[name][metric], units)[0],
                )
                for metric, each in values[name].items()
            },
            "per_run": values[name],
            "parameters": first.parameters,
            "bytes": first.bytes,
            "examples_per_second": round(mean(known), 1) if known else None,
        }
    for name, (one, other) in differences.items():
        if {one, other} <= runs[0].keys():
            leads = np.subtract(values[one][headline], values[other][headline])
            paired = draws[one][headline] - draws[other][headline]
            interval, p = interval_of(leads, paired, units)
            value = float(leads.mean())
            result[name] = {"value": value, "interval": interval, "p": p}
    return result


def gap_closed(
    runs: Sequence[Mapping[str, Reading]],
    labels: NDArray,
    start: str,
    goal: str,
    reached: str,
) -> dict[str, Any]:
    """Return what share of the way from one model's score to another's a third goes.

    That is `value`, (reached - start) / (goal - start), of the headline metric's means
    over runs. Its `interval` is that of a ratio: `intervals.ratio_of`.

    >>> def reading(*said):
    ...     return Reading(np.eye(2, dtype=np.float32)[list(said)], 10, 40, 100.0)
    >>> run = {"all": reading(1, 1), "half": reading(1, 0), "none": reading(0, 0)}
    >>> gap_closed([run], np.array([1, 1]), "none", "all", "half")["value"]
    0.5
    """
    three = [{name: run[name] for name in (start, goal, reached)} for run in runs]
    values, draws = measured(three, labels, None)
    headline = next(iter(metrics.metrics_for(labels)))
    share, interval = ratio_of(
        np.subtract(values[reached][headline], values[start][headline]),
        np.subtract(values[goal][headline], values[start][headline]),
        draws[reached][headline] - draws[start][headline],
        draws[goal][headline] - draws[start][headline],
        len(labels),
    )
    return {"value": share, "interval": interval}


def measured(
    runs: Sequence[Mapping[str, Reading]],
    labels: NDArray,
    groups: Sequence[str] | None,
) -> tuple[dict[str, dict[str, list[float]]], Draws]:
    """Return every metric of every model: one value a run, and draws of their mean.

    Both as [model][metric]. In a draw, all models of all runs read the same reviews.
    """
    drawn = [
        metrics.bootstrap(
            {model: reading.logits for model, reading in run.items()},
            labels,
            seed=0,  # the same in each run, so that draw i has the same reviews
            groups=groups,
        )
        for run in runs
    ]
    values: dict[str, dict[str, list[float]]] = {}
    draws: Draws = {}
    for model in runs[0]:
        scores = [metrics.evaluate(run[model].logits, labels) for run in runs]
        values[model] = {name: [score[name] for score in scores] for name in scores[0]}
        draws[model] = {
            name: np.mean([each[model][name] for each in drawn], axis=0)
            for name in scores[0]
        }
    return values, draws


def intervals_from(runs: int, *, grouped: bool) -> str:
    """Say how the intervals of so many runs were made.

    >>> intervals_from(5, grouped=False)
    't over 5 seeds, with a bootstrap over reviews'
    """
    over = f"bootstrap over {'films' if grouped else 'reviews'}"
    if runs == 1:
        return f"one seed: a {over}, which does not hold the seed's luck"
    return f"t over {runs} seeds, with a {over}"


def films_of(reviews: Reviews) -> list[str] | None:
    """Return the groups of reviews that stand or fall together, if there are any.

    A film's genres are the labels of all its reviews: thirty reviews of one film are
    one question, asked thirty times. Of other labels, each review has its own.

    >>> from course_lib import reviews
    >>> films_of(reviews.load("synthetic", "test", limit=4)) is None
    True
    """
    return reviews.films if reviews.name == "imdb-genres" else None


def within(
    most: tuple[float, float], interval: tuple[float, float]
) -> tuple[float, float]:
    """Return what both hold: an interval without what no model can reach."""
    return max(interval[0], most[0]), min(interval[1], most[1])


def mean(values: Sequence[float]) -> float:
    """Return the plain average."""
    return sum(values) / len(values)
