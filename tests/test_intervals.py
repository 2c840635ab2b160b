"""An interval must cover what it says: the truth is known here, and drawn many times.

All are means over runs of examples' scores, around a truth of zero.
"""

import numpy as np
import pytest
from scipy.stats import norm, ttest_1samp

from course_lib.intervals import holm, interval_of, ratio_of, resampled, verdict
from course_lib.metrics import interval

TIMES = 1000


def weights(labels, groups=None):
    """How much each example counts in each of 200 resampled splits."""
    drawn = resampled(labels, groups, 200, seed=0)
    counts = np.stack([np.bincount(rows, minlength=len(labels)) for rows in drawn])
    return counts / counts.sum(1, keepdims=True)


def covered(scores, drawn, units):
    """The share of repetitions whose interval holds zero; scores (times, runs, n)."""
    held = 0
    for score in scores:
        (low, high), p = interval_of(score.mean(1), drawn @ score.mean(0), units)
        held += low <= 0 <= high
        assert (p < 0.05) == (low > 0 or high < 0)
    return held / len(scores)


def noise(random, runs, n, seeds, examples, both):
    """Scores that differ by seed, by example, and by each seed's view of an example."""
    scores = seeds * random.normal(size=(TIMES, runs, 1))
    scores = scores + examples * n**0.5 * random.normal(size=(TIMES, 1, n))
    return scores + both * n**0.5 * random.normal(size=(TIMES, runs, n))


@pytest.mark.parametrize(
    ("runs", "seeds", "examples", "both"),
    [
        (5, 1, 0, 0),
        (5, 0, 1, 0),
        (5, 1, 0.5, 0),
        (5, 0.5, 1, 1),
        (3, 1, 0, 0),
        (3, 0, 1, 0),
        (3, 1, 1, 0),
        (1, 0, 1, 0),
    ],
)
def test_the_interval_covers_the_truth(runs, seeds, examples, both):
    """And of a model's lead over another of the same noise, which is mostly shared."""
    random = np.random.default_rng(runs)
    drawn = weights(np.zeros(60, int))
    shared = noise(random, runs, 60, seeds, examples, both)
    assert covered(shared, drawn, 60) >= 0.93
    own = [noise(random, runs, 60, seeds / 3, examples / 3, both) for _ in range(2)]
    lead = (shared + own[0]) - (shared + own[1])
    assert covered(lead, drawn, 60) >= 0.93


def test_it_is_no_wider_than_it_must_be():
    """No more than one in a hundred beside 5 %, where each kind of noise is alone."""
    random, drawn = np.random.default_rng(0), weights(np.zeros(60, int))
    assert covered(noise(random, 5, 60, 1, 0, 0), drawn, 60) <= 0.965
    assert covered(noise(random, 5, 60, 0, 1, 0), drawn, 60) <= 0.965


@pytest.mark.parametrize(("runs", "below"), [(3, 0.8), (5, 0.88)])
def test_a_percentile_bootstrap_over_seeds_does_not_cover(runs, below):
    """Why there is a t: this is how it was done before."""
    random = np.random.default_rng(0)
    values = random.normal(size=(TIMES, runs))
    picked = random.integers(runs, size=(200, runs))
    found = [interval(each[picked].mean(1)) for each in values]
    assert np.mean([low <= 0 <= high for low, high in found]) < below


def test_with_seeds_alone_it_is_students_t():
    values = [0.1, 0.4, 0.2, 0.6, 0.3]
    expected = ttest_1samp(values, 0)
    ends, p = interval_of(values, np.full(200, 0.32), 1000)
    assert ends == pytest.approx(tuple(expected.confidence_interval()))
    assert p == pytest.approx(expected.pvalue)


def test_with_one_run_it_is_the_bootstraps_standard_error():
    draws = np.random.default_rng(0).normal(0.5, 0.01, 100_000)
    (low, high), p = interval_of([0.5], draws, 100_000)
    assert high - 0.5 == pytest.approx(0.5 - low)
    assert high - 0.5 == pytest.approx(norm.ppf(0.975) * 0.01, rel=0.01)
    assert p < 1e-9


def test_a_bootstraps_variance_is_made_that_of_a_new_sample():
    """It divides by n, and here n is five."""
    x = np.array([0.1, 0.4, 0.2, 0.6, 0.3])
    draws = weights(np.zeros(5, int)) @ x
    half = interval_of([x.mean()], draws, 5)[0][1] - x.mean()
    expected = np.diff(ttest_1samp(x, 0).confidence_interval())[0] / 2
    assert half == pytest.approx(expected, rel=0.1)


def test_without_variation_it_is_the_number_itself():
    assert interval_of([0.0, 0.0], np.zeros(200), 10) == ((0.0, 0.0), 1.0)
    assert interval_of([0.25] * 4, np.full(200, 0.25), 10) == ((0.25, 0.25), 0.0)
    assert interval_of([0.25], np.full(200, 0.25), 1) == ((0.25, 0.25), 0.0)


@pytest.mark.parametrize("runs", [1, 5])
def test_the_interval_of_a_ratio_covers_it(runs):
    """A way of 1 and a half of it, each by itself unsure of a fifth or so."""
    random, drawn = np.random.default_rng(runs), weights(np.zeros(60, int))
    seeds = 0.2 if runs > 1 else 0  # whose luck is else in no interval
    way = 1 + noise(random, runs, 60, seeds, 0.1, 0)
    gone = way / 2 + noise(random, runs, 60, seeds, 0.1, 0)
    held = 0
    for above, below in zip(gone, way, strict=True):
        drawn_above, drawn_below = drawn @ above.mean(0), drawn @ below.mean(0)
        ratio, (low, high) = ratio_of(
            above.mean(1), below.mean(1), drawn_above, drawn_below, 60
        )
        assert ratio == pytest.approx(above.mean() / below.mean())
        held += low <= 0.5 <= high
    assert 0.93 <= held / TIMES <= 0.97


FILMS = [f"film {i // 5}" for i in range(200)]


def test_reviews_of_one_film_are_drawn_together():
    """Of forty films of five reviews, alike but for a little: forty, and not 200."""
    random = np.random.default_rng(0)
    scores = np.repeat(random.normal(size=(TIMES, 1, 40)), 5, axis=2)
    scores = scores + 0.3 * random.normal(size=scores.shape)
    labels = np.zeros(200, int)
    assert covered(scores, weights(labels, FILMS), 40) >= 0.92
    assert covered(scores, weights(labels), 200) < 0.75


def test_a_group_is_drawn_whole_wherever_its_rows_are():
    films = ["b", "a", "b", "c", "b", "a"]
    several = set()
    for rows in resampled(np.zeros(6), films, 50, seed=0):
        counts = np.bincount(rows, minlength=6)
        assert counts[0] == counts[2] == counts[4] and counts[1] == counts[5]
        assert counts[0] + counts[1] + counts[3] == 3  # as many as there are
        several.add(tuple(counts))
    assert len(several) == 10  # all that there can be


def test_each_row_needs_a_group():
    with pytest.raises(ValueError, match="2 groups and 3 labels"):
        next(resampled(np.zeros(3), ["a", "b"], 1, seed=0))


def test_holm_by_hand():
    """Four differences: 4 · 0.005, then 3 · 0.01, then 2 · 0.03, then not below."""
    found = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    expected = {"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02}
    assert list(found) == list("abcd")
    assert found == pytest.approx(expected)
    assert holm({"a": 0.2}) == {"a": 0.2}
    assert holm({}) == {}


def test_holm_keeps_the_order_and_stays_between_the_raw_p_and_bonferroni():
    random = np.random.default_rng(0)
    for count in (1, 2, 5, 20):
        raw = {str(i): float(p) for i, p in enumerate(random.random(count) ** 3)}
        found = holm(raw)
        for name, p in raw.items():
            assert p <= found[name] <= min(1.0, count * p) + 1e-12
        ranked = sorted(raw, key=lambda name: raw[name])
        assert [found[name] for name in ranked] == sorted(found.values())


def test_where_nothing_is_real_holm_finds_something_in_one_of_twenty():
    random = np.random.default_rng(0)
    families = random.random((2000, 8))
    found = [min(holm(dict(enumerate(each))).values()) < 0.05 for each in families]
    assert np.mean(found) == pytest.approx(0.05, abs=0.015)


@pytest.mark.parametrize(
    ("low", "high", "p", "said"),
    [
        (0.01, 0.03, None, "better"),
        (-0.03, -0.01, None, "worse"),
        (-0.01, 0.03, None, "no difference shown"),
        (0.0, 0.0, None, "no difference shown"),
        (0.01, 0.03, 0.049, "better"),
        (-0.03, -0.01, 0.001, "worse"),
        (0.01, 0.03, 0.05, "no difference shown"),
    ],
)
def test_a_verdict_follows_the_interval_or_an_adjusted_p(low, high, p, said):
    old = {"value": (low + high) / 2, "interval": [low, high]}  # a record without p
    assert verdict(old, p) == said
