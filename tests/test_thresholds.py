import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, f1_score

from course_lib.metrics import macro_f1
from course_lib.thresholds import at_thresholds, best_thresholds


def best_by_trying(logits, labels):
    """The best F1 that any cut of one label gives, by scikit-learn's F1."""
    cuts = [logits.min() - 1, *(np.unique(logits)[:-1] + np.unique(logits)[1:]) / 2]
    return max(f1_score(labels, logits > cut, zero_division=0.0) for cut in cuts)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.integers(-9, 9), st.booleans()), min_size=1, max_size=12
    ).filter(lambda rows: any(label for _, label in rows))
)
def test_no_other_cut_gives_a_better_f1(rows):
    logits = np.array([[z / 2] for z, _ in rows])
    labels = np.array([[float(y)] for _, y in rows])
    cut = at_thresholds(logits, best_thresholds(logits, labels))
    assert macro_f1(cut, labels) == pytest.approx(
        best_by_trying(logits[:, 0], labels[:, 0])
    )


def test_the_best_cut_lies_at_half_the_best_f1_where_logits_are_calibrated():
    """Lipton, Elkan and Narayanaswamy 2014, theorem 1."""
    random = np.random.default_rng(0)
    logits = random.normal(-2, 1.5, (200_000, 1))
    labels = random.random((200_000, 1)) < 1 / (1 + np.exp(-logits))
    (cut,) = thresholds = best_thresholds(logits, labels)
    assert cut == pytest.approx(
        macro_f1(at_thresholds(logits, thresholds), labels) / 2, abs=0.01
    )


def test_each_label_has_its_own_and_keeps_its_order():
    random = np.random.default_rng(1)
    logits = random.normal(size=(300, 3))
    labels = (random.normal(size=(300, 3)) + logits > [0, 1, 2]).astype(np.float32)
    thresholds = best_thresholds(logits, labels)
    alone = [best_thresholds(logits[:, [k]], labels[:, [k]])[0] for k in range(3)]
    assert thresholds.tolist() == alone
    cut = at_thresholds(logits, thresholds)
    assert macro_f1(cut, labels) > macro_f1(logits, labels)
    before = average_precision_score(labels, logits)
    assert average_precision_score(labels, cut) == pytest.approx(before)


def test_a_cut_never_rounds_to_a_probability_of_one():
    logits, labels = np.array([[900.0], [800.0]]), np.array([[1], [0]])
    thresholds = best_thresholds(logits, labels)
    assert 0 < thresholds[0] < 1
    at_thresholds(logits, thresholds)


def test_a_label_that_is_never_positive_is_named():
    logits, labels = np.zeros((4, 3)), np.array([[1, 0, 0]] * 4)
    with pytest.raises(ValueError, match="'grief', 'pride': never positive in"):
        best_thresholds(logits, labels, ["joy", "grief", "pride"])
    with pytest.raises(ValueError, match="'number 1', 'number 2'"):
        best_thresholds(logits, labels)


def test_rows_without_any_label_are_as_good_as_others():
    logits, labels = np.array([[1.0], [-1.0], [-3.0]]), np.array([[1], [0], [0]])
    assert best_thresholds(logits, labels) == pytest.approx([0.5])


def test_class_indices_are_refused():
    with pytest.raises(ValueError, match=r"labels \(4,\); expected multi-hot"):
        best_thresholds(np.zeros((4, 3)), np.array([0, 2, 1, 1]))


@pytest.mark.parametrize("wrong", [0.0, 1.0, -0.2, 1.5, np.nan])
def test_a_threshold_outside_0_and_1_is_refused(wrong):
    with pytest.raises(ValueError, match=r"of label 1 is .* above 0 and below"):
        at_thresholds(np.zeros((2, 2)), np.array([0.5, wrong]))


def test_there_must_be_one_threshold_a_label():
    with pytest.raises(ValueError, match=r"\(3,\) thresholds .* shape \(2, 2\)"):
        at_thresholds(np.zeros((2, 2)), np.array([0.5, 0.5, 0.5]))


def test_what_is_no_number_or_no_label_is_refused():
    logits, labels = np.array([[1.0], [np.nan]]), np.array([[1], [0]])
    with pytest.raises(ValueError, match="some logits are no numbers"):
        best_thresholds(logits, labels)
    with pytest.raises(ValueError, match=r"labels\[1, 0\] .* is -1; expected 0 or 1"):
        best_thresholds(np.zeros((2, 1)), np.array([[1], [-1]]))
