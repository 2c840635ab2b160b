"""Several taggers on one test split, trained from several seeds: who is better?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from course_lib.comparison import intervals_from
from course_lib.intervals import interval_of, resampled
from course_lib.models import count_parameters, file_bytes
from course_lib.soft_targets import predict_logits
from course_lib.spans import span_counts
from course_lib.tagged import TokenExamples, tags_said
from course_lib.training.runs import Clock

HEADLINE = "span_f1"


@dataclass(frozen=True)
class TagReading:
    """What one model said of the words of a split: its tags, text by text."""

    tags: list[list[str]]
    parameters: int | None = None  # None if nobody said
    bytes: int | None = None
    examples_per_second: float | None = None


def read_tags(
    model: nn.Module, examples: TokenExamples, names: Sequence[str]
) -> TagReading:
    """Read a split with a tagger, and note how long it took.

    >>> from torch import tensor
    >>> from course_lib.models.taggers import ConvTagger
    >>> texts = TokenExamples([np.array([5, 2])], counted=tensor([[True, True]]))
    >>> read_tags(ConvTagger(9, 2, 4, 4), texts, ["O", "B-PER"]).parameters
    202
    """
    clock = Clock()
    logits = predict_logits(model, examples)
    seconds = clock.lap()
    assert examples.counted is not None
    return TagReading(
        tags_said(logits, examples.counted, names),
        count_parameters(model),
        file_bytes(model),
        len(examples) / seconds,
    )


def compare_tags(
    runs: Sequence[Mapping[str, TagReading]],
    true: Sequence[Sequence[str]],
    *,
    differences: Mapping[str, tuple[str, str]],
    seed: int = 0,
) -> dict[str, Any]:
    """Do what `comparison.compare` does, for F1 over names and the share of right tags.

    What is resampled are texts. Returns what `records.table` and `records.verdicts`
    read.

    >>> true = [["B-PER", "I-PER", "O"], ["B-LOC", "O", "O"]]
    >>> good, poor = TagReading(true), TagReading([true[0], ["O", "O", "O"]])
    >>> run = {"good": good, "poor": poor}
    >>> found = compare_tags([run], true, differences={"lead": ("good", "poor")})
    >>> round(found["poor"]["metrics"]["span_f1"], 3), round(found["lead"]["value"], 3)
    (0.667, 0.333)
    """
    texts = np.arange(len(true))
    draws = np.array(  # how often each text is in each draw
        [
            np.bincount(rows, minlength=len(true))
            for rows in resampled(texts, None, 200, seed)
        ]
    )
    values: dict[str, dict[str, list[float]]] = {}
    drawn: dict[str, dict[str, NDArray]] = {}
    for name in runs[0]:
        each = [_sums(run[name].tags, true) for run in runs]
        values[name] = {
            m: [float(f(s.sum(0))) for s in each] for m, f in METRICS.items()
        }
        drawn[name] = {
            m: np.mean([f((draws @ s).T) for s in each], axis=0)
            for m, f in METRICS.items()
        }
    result: dict[str, Any] = {
        "headline": HEADLINE,
        "intervals_from": intervals_from(len(runs), grouped=False),
    }
    for name, first in runs[0].items():
        speeds = [run[name].examples_per_second for run in runs]
        known = [speed for speed in speeds if speed is not None]
        intervals = {
            m: interval_of(values[name][m], drawn[name][m], len(true))[0]
            for m in METRICS
        }
        result[name] = {
            "metrics": {m: float(np.mean(values[name][m])) for m in METRICS},
            "intervals": {
                m: (max(low, 0.0), min(high, 1.0))
                for m, (low, high) in intervals.items()
            },
            "per_run": values[name],
            "parameters": first.parameters,
            "bytes": first.bytes,
            "examples_per_second": round(float(np.mean(known)), 1) if known else None,
        }
    for name, (one, other) in differences.items():
        leads = np.subtract(values[one][HEADLINE], values[other][HEADLINE])
        paired = drawn[one][HEADLINE] - drawn[other][HEADLINE]
        interval, p = interval_of(leads, paired, len(true))
        result[name] = {"value": float(leads.mean()), "interval": interval, "p": p}
    return result


def _sums(said: Sequence[Sequence[str]], true: Sequence[Sequence[str]]) -> NDArray:
    """Return, for each text: names found, said, there; right tags, and words."""
    right = [
        (sum(a == b for a, b in zip(ours, theirs, strict=True)), len(theirs))
        for ours, theirs in zip(said, true, strict=True)
    ]
    return np.hstack([span_counts(said, true), np.array(right)])


def _f1(sums: NDArray) -> NDArray:
    return 2 * sums[0] / np.maximum(sums[1] + sums[2], 1)


def _accuracy(sums: NDArray) -> NDArray:
    return sums[3] / sums[4]


METRICS = {HEADLINE: _f1, "token_accuracy": _accuracy}
