import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.metrics import average_precision_score, f1_score, log_loss

from course_lib import metrics
from course_lib.intervals import resampled

RANDOM = np.random.default_rng(0)


def test_accuracy_counts_the_largest_logit():
    logits = np.array([[1.0, 2.0], [3.0, -1.0], [0.0, 0.1], [9.0, 8.0]])
    assert metrics.accuracy(logits, np.array([1, 0, 0, 0])) == 0.75


def test_cross_entropy_equals_scikit_learn_and_survives_large_logits():
    logits = RANDOM.normal(size=(50, 4))
    labels = RANDOM.integers(4, size=50)
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    expected = log_loss(labels, p, labels=range(4))
    assert metrics.cross_entropy(logits, labels) == pytest.approx(expected)
    huge = np.array([[1e4, 0.0]], dtype=np.float32)
    assert metrics.cross_entropy(huge, np.array([1])) == pytest.approx(1e4)


def test_a_logit_is_cut_at_zero_and_not_at_one_half():
    logits = np.array([[0.3], [-0.3], [0.3], [-0.3]])  # p = .57, .43, ...
    labels = np.array([[1.0], [0.0], [1.0], [0.0]])
    assert metrics.macro_f1(logits, labels) == 1.0
    assert metrics.micro_f1(logits, labels) == 1.0


def test_f1_worked_out_by_hand():
    labels = np.array([[1, 0], [1, 1], [0, 0], [1, 0]], dtype=np.float32)
    logits = np.array([[1, 1], [1, -1], [1, -1], [-1, -1]], dtype=np.float32)
    # Label 1: 2 hits, 1 false alarm, 1 miss: 2/3. Label 2: 0 hits: 0.
    assert metrics.macro_f1(logits, labels) == pytest.approx(1 / 3)
    # Together: 2 hits, 2 false alarms, 2 misses: 1/2.
    assert metrics.micro_f1(logits, labels) == pytest.approx(1 / 2)


@pytest.mark.parametrize("seed", range(5))
def test_f1_equals_scikit_learn(seed):
    random = np.random.default_rng(seed)
    logits = random.normal(size=(20, 6))
    labels = (random.random((20, 6)) < 0.2).astype(np.float32)
    labels[:, 0] = 0
    logits[:, :2] = -1.0  # one label never said, one neither said nor true
    for average, ours in [("macro", metrics.macro_f1), ("micro", metrics.micro_f1)]:
        expected = f1_score(labels, logits > 0, average=average, zero_division=0)
        assert ours(logits, labels) == pytest.approx(expected)


def test_average_precision_worked_out_by_hand_and_a_label_that_never_occurs():
    logits = np.array([[3.0, 0.1], [2.0, 0.2], [1.0, 0.3]])
    labels = np.array([[1.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
    # Hits at rank 1 (precision 1) and rank 3 (2/3); the second label is left out.
    assert metrics.macro_average_precision(logits, labels) == pytest.approx(5 / 6)


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.sampled_from([1, 3, 100]))
def test_average_precision_is_that_of_scikit_learn(seed, count, levels):
    """Also where many reviews have the same logit."""
    random = np.random.default_rng(seed)
    logits = (random.integers(-levels, levels, (count, 5)) / levels).astype(np.float32)
    labels = (random.random((count, 5)) < 0.3).astype(np.float32)
    labels[random.integers(count)] = 1
    np.testing.assert_allclose(
        metrics.average_precision(logits, labels),
        average_precision_score(labels, logits, average=None),
        rtol=1e-13,  # sums of at most 40 terms, rounded 2e-16 each
    )


def test_the_shape_of_the_labels_chooses_the_metrics():
    assert next(iter(metrics.metrics_for(np.array([0, 1])))) == "accuracy"
    many = metrics.metrics_for(np.zeros((2, 3)))
    assert next(iter(many)) == "macro_average_precision"


def test_metrics_are_of_the_whole_split_and_not_a_mean_of_batches():
    logits = np.vstack([np.tile([0.0, 1.0], (10, 1)), [[1.0, 0.0]]])
    labels = np.ones(11, dtype=np.int64)
    assert metrics.evaluate(logits, labels)["accuracy"] == pytest.approx(10 / 11)


def test_the_bootstrap_interval_of_accuracy_is_that_of_the_closed_form():
    labels = np.ones(2000, dtype=np.int64)
    right = RANDOM.random(2000) < 0.9
    logits = np.stack([~right, right], axis=1).astype(float)
    draws = metrics.bootstrap({"m": logits}, labels, resamples=2000)["m"]["accuracy"]
    p = right.mean()
    half = norm.ppf(0.975) * np.sqrt(p * (1 - p) / 2000)
    low, high = metrics.interval(draws)
    assert low == pytest.approx(p - half, abs=0.002)
    assert high == pytest.approx(p + half, abs=0.002)


def test_differences_are_paired():
    """A model and its twin that is right on one review in a hundred more."""
    labels = np.ones(2000, dtype=np.int64)
    right = RANDOM.random(2000) < 0.7
    better = right.copy()
    better[np.flatnonzero(~right)[:20]] = True
    logits = {
        name: np.stack([~hit, hit], axis=1).astype(float)
        for name, hit in [("a", right), ("b", better)]
    }
    draws = metrics.bootstrap(logits, labels, resamples=1000)
    alone = metrics.interval(draws["a"]["accuracy"])
    paired = metrics.interval(draws["b"]["accuracy"] - draws["a"]["accuracy"])
    assert paired[0] > 0
    assert paired[1] - paired[0] < (alone[1] - alone[0]) / 3


def test_the_bootstrap_repeats_itself():
    labels = RANDOM.integers(2, size=30)
    logits = {"m": RANDOM.normal(size=(30, 2))}
    a, b = (metrics.bootstrap(logits, labels, resamples=20) for _ in range(2))
    assert (a["m"]["accuracy"] == b["m"]["accuracy"]).all()
    c = metrics.bootstrap(logits, labels, resamples=20, seed=1)
    assert (a["m"]["accuracy"] != c["m"]["accuracy"]).any()


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 3, 100]), st.booleans())
def test_a_draw_is_what_the_metrics_say_of_its_reviews(seed, levels, grouped):
    """Also where many reviews have the same logit, and where labels do not occur."""
    random = np.random.default_rng(seed)
    logits = (random.integers(-levels, levels, (30, 4)) / levels).astype(np.float32)
    many = (random.random((30, 4)) < 0.1).astype(np.float32)
    many[random.integers(30)] = 1
    groups = random.choice(list("abcdefghij"), 30).tolist() if grouped else None
    for labels in (many, random.integers(4, size=30)):
        draws = metrics.bootstrap({"m": logits}, labels, resamples=5, groups=groups)
        for i, rows in enumerate(resampled(labels, groups, 5, seed=0)):
            expected = metrics.evaluate(logits[rows], labels[rows])
            found = {name: each[i] for name, each in draws["m"].items()}
            assert found == pytest.approx(expected, rel=1e-12)


SINGLE = (np.zeros((4, 3)), np.array([0, 1, 2, 1]))
MANY = (np.zeros((4, 3)), np.eye(4, 3))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(("logits", "labels"), [SINGLE, MANY])
def test_logits_that_are_no_numbers_have_no_score(value, logits, labels):
    logits = logits.copy()
    logits[2, 1] = value
    for measure in (metrics.evaluate, lambda z, y: metrics.bootstrap({"m": z}, y)):
        with pytest.raises(
            ValueError, match=rf"logits\[2, 1\] is {value}; expected num"
        ):
            measure(logits, labels)


@pytest.mark.parametrize(
    ("labels", "match"),
    [
        (
            [0, 1, 2, 3],
            "labels run from 0 to 3, and there are logits for labels 0 to 2",
        ),
        ([0, 1, -1, 2], "labels run from -1 to 2"),
        (
            [0, 1, 2],
            r"of shape \(3,\) and the logits have shape \(4, 3\); expected one",
        ),
        ([0.0, 1.0, 2.0, 0.0], "labels are float64 of shape"),
        (np.eye(4), r"labels have shape \(4, 4\) and the logits \(4, 3\)"),
        (
            np.eye(4, 3) * 0.5,
            r"labels\[0, 0\] of the given split is 0.5; expected 0 or",
        ),
        (np.eye(4, 3) * -1, r"is -1.0; expected 0 or 1"),
        (np.eye(4, 3) + np.nan, r"is nan; expected 0 or 1"),
        (np.zeros((4, 3)), "none of the 4 reviews of the given split has any of its 3"),
    ],
)
def test_labels_that_cannot_be_measured_are_refused(labels, match):
    for measure in (metrics.evaluate, lambda z, y: metrics.bootstrap({"m": z}, y)):
        with pytest.raises(ValueError, match=match):
            measure(np.zeros((4, 3)), np.asarray(labels))


def test_logits_of_another_shape_are_refused():
    for shape in [(4,), (0, 3)]:
        with pytest.raises(ValueError, match="expected \\(reviews, labels\\)"):
            metrics.evaluate(np.zeros(shape), np.zeros(len(np.zeros(shape)), int))


@pytest.mark.parametrize("kind", [bool, np.int64, np.uint8, np.float32])
def test_zeros_and_ones_are_labels_of_any_type(kind):
    logits, labels = MANY
    assert metrics.evaluate(logits, labels.astype(kind)) == metrics.evaluate(*MANY)


def test_a_split_without_a_positive_is_told_with_its_labels():
    said = r"60 reviews of the test split has any of 'threat', 'insult': nothing"
    with pytest.raises(ValueError, match=said):
        metrics.check_positives(np.zeros((60, 2)), "test", ["threat", "insult"])
    metrics.check_positives(np.eye(2), "test")
    metrics.check_positives(np.zeros(60, dtype=int), "test")  # class indices
    with pytest.raises(ValueError, match="has any of its 3 labels"):
        metrics.macro_average_precision(np.zeros((6, 3)), np.zeros((6, 3)))


def test_draws_without_a_positive_are_drawn_again():
    """Two positives of 200: 13 % of the draws have none, and no average precision."""
    labels, logits = np.zeros((200, 2)), RANDOM.normal(size=(200, 2))
    labels[[3, 77], [0, 1]] = 1
    models = {"a": logits, "b": logits + 1}
    draws = metrics.bootstrap(models, labels, resamples=40)
    a, b = (draws[name]["macro_average_precision"] for name in "ab")
    assert np.isfinite(a).all() and np.array_equal(a, b)  # paired, as ever
    # The same as to leave those draws out of an endless row of them.
    random, expected = np.random.default_rng(0), []
    while len(expected) < 40:
        rows = random.integers(200, size=200)
        if labels[rows].any():
            expected.append(metrics.macro_average_precision(logits[rows], labels[rows]))
    np.testing.assert_allclose(a, expected, rtol=1e-13)


def test_draws_that_all_have_a_positive_are_the_usual_ones():
    labels, logits = np.ones((30, 2)), RANDOM.normal(size=(30, 2))
    labels[:15, 0] = 0
    draws = metrics.bootstrap({"m": logits}, labels, resamples=20)["m"]["macro_f1"]
    random = np.random.default_rng(0)
    for value in draws:
        rows = random.integers(30, size=30)
        assert value == pytest.approx(metrics.macro_f1(logits[rows], labels[rows]))
