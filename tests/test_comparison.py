import numpy as np
import pytest

from course_lib import metrics
from course_lib.comparison import Reading, compare

RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(2, size=400)


def reading(right, seed=0):
    """A model that is right about a given share of the reviews."""
    random = np.random.default_rng(seed)
    verdict = np.where(random.random(400) < right, LABELS, 1 - LABELS)
    return Reading(np.eye(2, dtype=np.float32)[verdict], 10, 40, 5.0)


def test_one_run_is_the_metric_itself_and_its_bootstrap_over_reviews():
    runs = [{"baseline": reading(0.8), "student": reading(0.9, 1)}]
    result = compare(runs, LABELS)
    logits = {name: value.logits for name, value in runs[0].items()}
    draws = metrics.bootstrap(logits, LABELS)
    for name, values in logits.items():
        entry = result[name]
        assert entry["metrics"]["accuracy"] == metrics.accuracy(values, LABELS)
        assert entry["intervals"]["accuracy"] == metrics.interval(
            draws[name]["accuracy"]
        )
    gap = draws["student"]["accuracy"] - draws["baseline"]["accuracy"]
    assert result["distilled_minus_alone"]["interval"] == metrics.interval(gap)


def test_several_runs_are_averaged_and_kept_one_by_one():
    rights = [0.7, 0.8, 0.9]
    runs = [{"teacher": reading(right, i)} for i, right in enumerate(rights)]
    entry = compare(runs, LABELS)["teacher"]
    each = [metrics.accuracy(run["teacher"].logits, LABELS) for run in runs]
    assert entry["per_run"]["accuracy"] == each
    assert entry["metrics"]["accuracy"] == pytest.approx(np.mean(each))


def test_runs_that_differ_widen_the_interval():
    """The same mean, from three runs alike and from three far apart."""
    alike = [{"teacher": reading(0.8, i)} for i in range(3)]
    apart = [{"teacher": reading(r, i)} for i, r in enumerate((0.6, 0.8, 1.0))]

    def width(runs):
        low, high = compare(runs, LABELS)["teacher"]["intervals"]["accuracy"]
        return high - low

    assert width(apart) > 2 * width(alike)


def test_a_difference_is_paired_by_run_and_by_review():
    """Each run's student is right where its equal is, and on ten reviews more."""
    runs = []
    for i, right in enumerate((0.6, 0.75, 0.9)):
        alone = reading(right, i)
        better = alone.logits.copy()
        wrong = np.flatnonzero(better.argmax(1) != LABELS)[:10]
        better[wrong] = better[wrong][:, ::-1]
        student = Reading(better, 10, 40, None)
        runs.append({"baseline": alone, "student": student})
    result = compare(runs, LABELS)
    gap = result["distilled_minus_alone"]
    assert gap["value"] == pytest.approx(10 / 400)
    low, high = gap["interval"]
    assert 0 < low < 10 / 400 < high < 0.05
    spread = result["baseline"]["intervals"]["accuracy"]
    assert spread[1] - spread[0] > 5 * (high - low)


def test_a_model_that_is_not_here_has_no_speed():
    slow, absent = reading(0.8), Reading(reading(0.8).logits, 10, 40, None)
    result = compare([{"teacher": absent, "student": slow}], LABELS)
    assert result["teacher"]["examples_per_second"] is None
    assert result["student"]["examples_per_second"] == 5.0


def test_any_two_models_can_be_compared():
    run = {"bag": reading(0.7), "lstm": reading(0.9, 1), "same": reading(0.7)}
    pairs = {"gain": ("lstm", "bag"), "none": ("same", "bag"), "absent": ("x", "bag")}
    result = compare([run], LABELS, differences=pairs)
    gain = metrics.accuracy(run["lstm"].logits, LABELS)
    gain -= metrics.accuracy(run["bag"].logits, LABELS)
    assert result["gain"]["value"] == pytest.approx(gain)
    assert result["none"] == {"value": 0.0, "interval": (0.0, 0.0)}
    assert "absent" not in result and "distilled_minus_alone" not in result


def test_rare_labels_leave_the_comparison_whole():
    """Two positives of 200: some draws of the bootstrap have none."""
    labels = np.zeros((200, 2), dtype=np.float32)
    labels[[3, 77], [0, 1]] = 1
    logits = RANDOM.normal(size=(2, 200, 2)).astype(np.float32)
    run = {
        "baseline": Reading(logits[0], 10, 40, 5.0),
        "student": Reading(logits[1], 10, 40, 5.0),
    }
    result = compare([run], labels)
    assert np.isfinite(result["distilled_minus_alone"]["interval"]).all()
    for name in run:
        for low, high in result[name]["intervals"].values():
            assert low <= high
