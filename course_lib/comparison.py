"""Several models on one test split, trained from several seeds: who is better?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from course_lib import metrics
from course_lib.batches import Examples
from course_lib.metrics import Draws
from course_lib.models import count_parameters, file_bytes
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
    seed: int = 0,
) -> dict[str, Any]:
    """Summarise one or more runs, each of which has read the split with every model.

    A metric is the mean over runs. Its interval comes from a bootstrap over reviews
    and, where there are several runs, over runs as well: how far the number would move
    with other test reviews and other training seeds. Differences are paired: in every
    draw, all models are read on the same reviews, and in the same runs.

    Returns, for each model, `metrics`, `intervals`, `per_run`, `parameters`, `bytes`
    and `examples_per_second`; `headline`, the metric that counts; and of that metric
    the `differences`, where both models are there: {name: (one, other)} is one's lead
    over the other.

    >>> def reading(*said):
    ...     return Reading(np.eye(2, dtype=np.float32)[list(said)], 10, 40, 100.0)
    >>> runs = [{"student": reading(0, 1, 1, 0), "baseline": reading(0, 1, 0, 0)}]
    >>> result = compare(runs, np.array([0, 1, 1, 0]))
    >>> result["student"]["metrics"], result["distilled_minus_alone"]["value"]
    ({'accuracy': 1.0, 'cross_entropy': 0.313...}, 0.25)
    """
    draws = draws_over_runs(runs, labels, seed)
    result: dict[str, Any] = {"headline": next(iter(metrics.metrics_for(labels)))}
    for name, first in runs[0].items():
        scores = [metrics.evaluate(run[name].logits, labels) for run in runs]
        per_run = {metric: [score[metric] for score in scores] for metric in scores[0]}
        speeds = [run[name].examples_per_second for run in runs]
        known = [speed for speed in speeds if speed is not None]
        result[name] = {
            "metrics": {metric: mean(values) for metric, values in per_run.items()},
            "intervals": {
                metric: metrics.interval(values)
                for metric, values in draws[name].items()
            },
            "per_run": per_run,
            "parameters": first.parameters,
            "bytes": first.bytes,
            "examples_per_second": round(mean(known), 1) if known else None,
        }
    for name, (one, other) in differences.items():
        if {one, other} <= runs[0].keys():
            result[name] = difference(one, other, result, draws)
    return result


def draws_over_runs(
    runs: Sequence[Mapping[str, Reading]], labels: NDArray, seed: int
) -> Draws:
    """Return bootstrap draws of each model's mean over runs: draws[model][metric].

    >>> def reading(*said):
    ...     return Reading(np.eye(2, dtype=np.float32)[list(said)], 10, 40, 100.0)
    >>> runs = [{"student": reading(0, 1)}, {"student": reading(0, 0)}]
    >>> draws = draws_over_runs(runs, np.array([0, 1]), seed=0)
    >>> draws["student"]["accuracy"].shape
    (200,)
    """
    # One seed, so that draw i has resampled the same reviews in every run.
    each = [
        metrics.bootstrap({m: r.logits for m, r in run.items()}, labels, seed=seed)
        for run in runs
    ]
    count = len(next(iter(next(iter(each[0].values())).values())))
    random = np.random.default_rng([seed, len(runs)])
    picked = random.integers(len(runs), size=(count, len(runs)))  # runs of each draw
    rows = np.arange(count)[:, None]
    return {
        model: {
            metric: np.stack([e[model][metric] for e in each], 1)[rows, picked].mean(1)
            for metric in by_metric
        }
        for model, by_metric in each[0].items()
    }


def difference(
    one: str, other: str, result: Mapping[str, Any], draws: Draws
) -> dict[str, Any]:
    """Return one model's lead over another, and its paired interval."""
    metric = result["headline"]
    lead = result[one]["metrics"][metric] - result[other]["metrics"][metric]
    paired = draws[one][metric] - draws[other][metric]
    return {"value": lead, "interval": metrics.interval(paired)}


def mean(values: Sequence[float]) -> float:
    """Return the plain average."""
    return sum(values) / len(values)
