"""What a record of many labels says besides the headline."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from course_lib import comparison, metrics, records
from course_lib.comparison import Reading
from course_lib.experiment import Experiment
from course_lib.thresholds import at_thresholds, best_thresholds


def at_their_thresholds(
    done: Experiment, before: Sequence[Mapping[str, NDArray]]
) -> dict[str, float]:
    """Shift logits so that each model's own thresholds lie at 0, where metrics cut.

    They are chosen on validation, for each model from each seed by itself. Returns the
    macro F1 that one half would give, by model.
    """
    splits = done.splits
    known, labels = splits.validation.truth.numpy(), splits.test.truth.numpy()
    at_half: dict[str, list[float]] = {}
    for run, said in zip(done.runs, before, strict=True):
        for row, reading in run.items():
            cuts = best_thresholds(said[row], known, splits.label_names)
            at_half.setdefault(row, []).append(metrics.macro_f1(reading.logits, labels))
            shifted = at_thresholds(reading.logits, cuts).astype(np.float32)
            run[row] = replace(reading, logits=shifted)
    return {row: comparison.mean(values) for row, values in at_half.items()}


def by_label(done: Experiment) -> records.Record:
    """Return what a record says label by label, of fidelity, and of dependence."""
    runs, labels = done.runs, done.splits.test.truth.numpy()
    taught_by = "both" if "both" in runs[0] else "teacher"
    return {
        "per_label": {
            "train_positives": done.splits.train.truth.sum(0).int().tolist(),
            "test_positives": labels.sum(0).astype(int).tolist(),
            "average_precision": {
                row: mean_over(
                    runs,
                    row,
                    lambda z: average_precision_score(labels, z, average=None),
                )
                for row in runs[0]
            },
        },
        "fidelity": {
            row: fidelity([run[row] for run in runs], runs[0][taught_by], labels)
            for row in ("alone", "distilled")
        },
        "fidelity_to": taught_by,
        "dependence": {
            "truth": correlations(labels).tolist(),
            **{
                row: mean_over(runs, row, lambda z: correlations(z > 0))
                for row in runs[0]
            },
        },
    }


def mean_over(
    runs: list[dict[str, Reading]], name: str, f: Callable[[NDArray], NDArray]
) -> list[Any]:
    """Return the mean over seeds of what a function makes of a model's logits."""
    rounded: list[Any] = (
        np.mean([f(run[name].logits) for run in runs], 0).round(4).tolist()
    )
    return rounded


def fidelity(
    students: list[Reading], teacher: Reading, labels: NDArray
) -> dict[str, float]:
    """Say how often a student decides as its teacher does, right or wrong.

    `agreement` is over all pairs of a text and a label; `shared_mistakes` over those
    that the teacher gets wrong.
    """
    theirs = teacher.logits > 0
    wrong = theirs != (labels > 0)
    same = [(student.logits > 0) == theirs for student in students]
    return {
        "agreement": float(np.mean([s.mean() for s in same])),
        "shared_mistakes": float(np.mean([s[wrong].mean() for s in same])),
    }


def correlations(said: NDArray) -> NDArray[np.float64]:
    """Return the correlation of every two columns of yes and no; 0 if constant."""
    centred = said - said.mean(0)
    scale = np.sqrt((centred**2).sum(0))
    outer = np.outer(scale, scale)
    return np.divide(
        centred.T @ centred, outer, out=np.zeros_like(outer), where=outer > 0
    )
