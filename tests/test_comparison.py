import numpy as np
import pytest

from course_lib import metrics
from course_lib.comparison import Reading, compare, films_of, gap_closed
from course_lib.intervals import interval_of
from course_lib.reviews.table import Reviews

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
        value = entry["metrics"]["accuracy"]
        assert value == metrics.accuracy(values, LABELS)
        ends, _ = interval_of([value], draws[name]["accuracy"], len(LABELS))
        assert entry["intervals"]["accuracy"] == ends
        assert ends[1] - ends[0] == pytest.approx(
            2 * 1.96 * np.sqrt(value * (1 - value) / len(LABELS)), rel=0.15
        )
    gap = draws["student"]["accuracy"] - draws["baseline"]["accuracy"]
    entry = result["distilled_minus_alone"]
    found = interval_of([entry["value"]], gap, len(LABELS))
    assert (entry["interval"], entry["p"]) == found
    said = "one seed: a bootstrap over reviews, which does not hold the seed's luck"
    assert result["intervals_from"] == said


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
    assert gap["p"] < 0.05
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
    assert result["none"] == {"value": 0.0, "interval": (0.0, 0.0), "p": 1.0}
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


def test_the_interval_covers_the_truth_from_end_to_end():
    """Each seed has its own chance of being right, and all err on the same reviews.

    A review is right by a seed if its difficulty, which all seeds share, is below the
    seed's skill. So a model's true accuracy is its mean skill, and the lead that of one
    model's seeds over another's.
    """
    random = np.random.default_rng(1)
    labels = random.integers(2, size=80)
    held, times = {"accuracy": 0, "lead": 0}, 20
    for _ in range(times):
        difficulty = random.random(80)
        runs = []
        for skill in random.uniform(0.6, 0.8, size=5):
            run = {}
            for name, more in (("baseline", 0.0), ("student", 0.1)):
                right = difficulty < skill + more + random.uniform(-0.05, 0.05)
                said = np.where(right, labels, 1 - labels)
                logits = np.eye(2, dtype=np.float32)[said]
                run[name] = Reading(logits, 10, 40, None)
            runs.append(run)
        result = compare(runs, labels)
        low, high = result["baseline"]["intervals"]["accuracy"]
        held["accuracy"] += low <= 0.7 <= high
        low, high = result["distilled_minus_alone"]["interval"]
        held["lead"] += low <= 0.1 <= high
    assert min(held.values()) >= 17, held  # at 93 %, one in twenty has fewer


def test_the_order_of_runs_and_models_changes_nothing():
    runs = [
        {"baseline": reading(0.7, i), "student": reading(0.8 + i / 30, i + 9)}
        for i in range(4)
    ]
    turned = [dict(reversed(run.items())) for run in (runs[2], *runs[:2], runs[3])]
    one, other = compare(runs, LABELS), compare(turned, LABELS)
    for name in runs[0]:
        for metric, ends in one[name]["intervals"].items():
            assert other[name]["intervals"][metric] == pytest.approx(ends)
    for key, value in one["distilled_minus_alone"].items():
        assert other["distilled_minus_alone"][key] == pytest.approx(value)


def test_an_interval_stays_where_a_metric_can_be():
    """Seeds so different that t would go beyond."""
    runs = [{"teacher": reading(right, i)} for i, right in enumerate((0.1, 1.0))]
    runs[1]["teacher"] = Reading(
        40 * runs[1]["teacher"].logits, None, None, None
    )  # a cross-entropy of nearly 0, beside one of more than 1
    found = compare(runs, LABELS)["teacher"]["intervals"]
    assert found["accuracy"] == (0.0, 1.0)
    low, high = found["cross_entropy"]
    assert low == 0.0 and high > 1.0


def test_reviews_of_one_film_count_once():
    """Fifty films of eight reviews, right or wrong together."""
    films = [f"film {i % 50}" for i in range(400)]
    right = np.resize(np.random.default_rng(0).random(50) < 0.8, 400)
    said = np.where(right, LABELS, 1 - LABELS)
    run = {"teacher": Reading(np.eye(2, dtype=np.float32)[said], 10, 40, None)}
    alone, grouped = compare([run], LABELS), compare([run], LABELS, groups=films)

    def width(result):
        low, high = result["teacher"]["intervals"]["accuracy"]
        return high - low

    assert width(grouped) == pytest.approx(8**0.5 * width(alone), rel=0.2)
    assert grouped["teacher"]["metrics"] == alone["teacher"]["metrics"]
    assert "over films" in grouped["intervals_from"]
    assert compare([run, run], LABELS, groups=films)["intervals_from"] == (
        "t over 2 seeds, with a bootstrap over films"
    )


@pytest.mark.parametrize(("name", "grouped"), [("imdb-genres", True), ("imdb", False)])
def test_films_are_groups_where_labels_are_the_films(name, grouped):
    texts, films = ["good", "bad"], ["1", "1"]
    part = Reviews(name, "test", texts, None, ("no", "yes"), ["a", "b"], films)
    assert films_of(part) == (films if grouped else None)


def test_the_share_of_a_way_has_the_interval_of_a_ratio():
    """Seeds start at 0.5, give or take; half of the way to 1 is always gone.

    The share is then the same in each run, though start and lead are not.
    """
    labels = np.ones(400, dtype=int)

    def right(count):
        said = (np.arange(400) < count).astype(int)
        return Reading(np.eye(2, dtype=np.float32)[said], None, None, None)

    runs = [
        {"start": right(n), "half": right((n + 400) // 2), "all": right(400)}
        for n in (180, 200, 220)
    ]
    found = gap_closed(runs, labels, start="start", goal="all", reached="half")
    low, high = found["interval"]
    assert found["value"] == pytest.approx(0.5)
    assert low < 0.5 < high and high - low < 0.2
    lead = compare(runs, labels, differences={"lead": ("half", "start")})["lead"]
    ends = lead["interval"]
    assert high - low < ends[1] / 0.5 - ends[0] / 0.5  # as start and lead go together
