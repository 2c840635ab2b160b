"""Several ways to choose sentences, on one set of stories: whose summary is better?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.comparison import intervals_from
from course_lib.intervals import interval_of, resampled
from course_lib.reviews.stories import Story
from course_lib.rouge import rouge_l, rouge_n
from course_lib.summaries import joined

#: The first is the one that differences are taken of.
METRICS = ("rouge_1", "rouge_2", "rouge_l")


@dataclass(frozen=True)
class Choice:
    """Which sentences one model took of each story, and how big the model is."""

    places: Sequence[Sequence[int]]
    parameters: int | None = None  # None if nobody said


def rouge_table(
    stories: Sequence[Story],
    sentences: Sequence[Sequence[str]],
    places: Sequence[Sequence[int]],
) -> NDArray[np.float64]:
    """Return (stories, 3): ROUGE-1, 2 and L, F1 of the sentences that were taken.

    Raises `ValueError` unless there are sentences and places for each story.

    >>> story = Story("A barn burned. It rained.", "A barn burned.")
    >>> rouge_table([story], [["A barn burned.", "It rained."]], [[0]])
    array([[1., 1., 1.]])
    """
    if not len(stories) == len(sentences) == len(places):
        raise ValueError(
            f"there are {len(stories)} stories, sentences of {len(sentences)} and "
            f"choices of {len(places)}; expected one of each a story"
        )
    rows = []
    for story, parts, taken in zip(stories, sentences, places, strict=True):
        said = joined(parts, taken)
        scores = [rouge_n(said, story.summary, n) for n in (1, 2)]
        rows.append([s.f1 for s in (*scores, rouge_l(said, story.summary))])
    return np.array(rows)


def compare_summaries(
    runs: Sequence[Mapping[str, Choice]],
    stories: Sequence[Story],
    sentences: Sequence[Sequence[str]],
    *,
    differences: Mapping[str, tuple[str, str]],
    seed: int = 0,
) -> dict[str, Any]:
    """Do what `comparison.compare` does, for ROUGE; what is resampled are stories.

    Returns what `records.with_interval` and `records.verdicts` read.

    >>> story = Story("A barn burned. It rained.", "A barn burned.")
    >>> run = {"good": Choice([[0]]), "poor": Choice([[1]])}
    >>> found = compare_summaries(
    ...     [run], [story], [["A barn burned.", "It rained."]],
    ...     differences={"lead": ("good", "poor")},
    ... )
    >>> found["good"]["metrics"]["rouge_1"], found["lead"]["value"]
    (1.0, 1.0)
    """
    count = len(stories)
    draws = np.array(list(resampled(np.arange(count), None, 1_000, seed)))
    values: dict[str, NDArray] = {}  # (runs, metrics)
    drawn: dict[str, NDArray] = {}  # (draws, metrics), the mean over runs
    for name in runs[0]:
        each = np.array([rouge_table(stories, sentences, r[name].places) for r in runs])
        values[name] = each.mean(1)
        drawn[name] = each.mean(0)[draws].mean(1)
    result: dict[str, Any] = {
        "headline": METRICS[0],
        "intervals_from": intervals_from(len(runs), grouped=False),
    }
    for name, first in runs[0].items():
        numbers = dict(zip(METRICS, values[name].T, strict=True))
        intervals = {
            metric: interval_of(numbers[metric], drawn[name][:, i], count)[0]
            for i, metric in enumerate(METRICS)
        }
        result[name] = {
            "metrics": {m: float(v.mean()) for m, v in numbers.items()},
            "intervals": {m: (max(a, 0), min(b, 1)) for m, (a, b) in intervals.items()},
            "per_run": {m: v.tolist() for m, v in numbers.items()},
            "parameters": first.parameters,
            "bytes": None,
            "examples_per_second": None,
        }
    for name, (one, other) in differences.items():
        leads = values[one][:, 0] - values[other][:, 0]
        paired = drawn[one][:, 0] - drawn[other][:, 0]
        interval, p = interval_of(leads, paired, count)
        result[name] = {"value": float(leads.mean()), "interval": interval, "p": p}
    return result
