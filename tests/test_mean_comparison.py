"""Means of scores that each test has by itself, beside the comparison of models."""

import numpy as np
import pytest

from course_lib.comparison import Reading, compare
from course_lib.mean_comparison import compare_means


def test_differences_are_of_the_first_metric_and_each_has_its_own_interval():
    one = np.array([[1.0, 0.2], [0.8, 0.4]])  # (tests, metrics)
    other = np.array([[0.5, 0.9], [0.7, 0.1]])
    found = compare_means(
        [{"one": one, "other": other}] * 2,
        ("first", "second"),
        differences={"lead": ("one", "other")},
    )
    assert found["headline"] == "first"
    assert found["lead"]["value"] == pytest.approx(0.3)
    assert found["one"]["metrics"] == pytest.approx({"first": 0.9, "second": 0.3})
    assert found["other"]["per_run"]["second"] == pytest.approx([0.5, 0.5])
    first, second = (found["one"]["intervals"][m] for m in ("first", "second"))
    assert first[0] < 0.9 < first[1] == 1 and second[0] < 0.3 < second[1]


def test_accuracy_is_compared_as_models_are():
    """The other way draws other samples of tests: a tenth of the width is that."""
    random = np.random.default_rng(0)
    truth = random.integers(2, size=1_500)
    runs, right = [], []
    for _ in range(5):
        said = {
            name: np.where(random.random(len(truth)) < share, truth, 1 - truth)
            for name, share in {"student": 0.8, "baseline": 0.7}.items()
        }
        runs.append(
            {
                name: Reading(np.eye(2, dtype=np.float32)[verdict], None, None, None)
                for name, verdict in said.items()
            }
        )
        right.append({name: verdict == truth for name, verdict in said.items()})
    asked = {"lead": ("student", "baseline")}
    theirs = compare(runs, truth, differences=asked)
    ours = compare_means(right, differences=asked)
    assert ours["intervals_from"] == theirs["intervals_from"]
    assert ours["lead"]["value"] == pytest.approx(theirs["lead"]["value"])
    pairs = [(ours["lead"]["interval"], theirs["lead"]["interval"])]
    pairs += [
        (ours[m]["intervals"]["accuracy"], theirs[m]["intervals"]["accuracy"])
        for m in ("student", "baseline")
    ]
    for (low, high), (their_low, their_high) in pairs:
        width = their_high - their_low
        assert low == pytest.approx(their_low, abs=width / 10)
        assert high == pytest.approx(their_high, abs=width / 10)
