from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.calibration import calibration_error
from course_lib.robustness import kept_share, measured, risk_coverage, selective_risk


@given(st.floats(0.51, 1), st.floats(0, 1), st.integers(2, 9))
def test_what_is_guessed_anew_is_what_is_not_kept(clean, lost, classes):
    """A share `lost` of the texts becomes a guess: 1 - lost is kept, whoever reads."""
    changed = (1 - lost) * clean + lost / classes
    assert kept_share(clean, changed, classes) == pytest.approx(1 - lost, abs=1e-9)


def test_it_may_be_nothing_all_or_more():
    assert kept_share([0.9, 0.9, 0.9], [0.5, 0.9, 0.1]).tolist() == pytest.approx(
        [0, 1, -1]
    )


def test_who_guesses_has_no_lead():
    with pytest.raises(ValueError, match=r"accuracy is 0\.5, and guessing among 2"):
        kept_share([0.8, 0.5], [0.8, 0.5])
    assert kept_share(0.5, 0.5, classes=4) == 1


SURE = st.lists(
    st.tuples(st.sampled_from([0.5, 0.6, 0.7, 0.9]), st.booleans()),
    min_size=1, max_size=6,
)  # fmt: skip


@given(SURE)
def test_the_risk_is_the_mean_over_all_orders_that_sureness_allows(rows):
    """By brute force: each order of the texts in which nobody is out of turn."""
    allowed = [
        order
        for order in permutations(range(len(rows)))
        if all(rows[a][0] >= rows[b][0] for a, b in pairwise(order))
    ]
    risks = [
        [np.mean([not rows[i][1] for i in order[:n]]) for n in range(1, len(rows) + 1)]
        for order in allowed
    ]
    sure, right = zip(*rows, strict=True)
    coverage, risk = risk_coverage(sure, right)
    assert risk == pytest.approx(np.mean(risks, axis=0))
    assert coverage == pytest.approx(np.arange(1, len(rows) + 1) / len(rows))
    assert selective_risk(sure, right) == pytest.approx(np.mean(risks))


@given(SURE)
def test_all_answered_the_risk_is_the_error_and_only_the_order_counts(rows):
    sure, right = (np.array(x, float) for x in zip(*rows, strict=True))
    assert risk_coverage(sure, right)[1][-1] == pytest.approx(1 - right.mean())
    bent = np.exp(5 * sure) - 3
    assert selective_risk(bent, right) == selective_risk(sure, right)


@pytest.mark.parametrize(("sure", "right"), [([], []), ([1, 2], [1]), ([[1]], [[1]])])
def test_risk_needs_one_number_of_each_for_every_text(sure, right):
    with pytest.raises(ValueError, match="expected one number of each"):
        risk_coverage(sure, right)


def test_calibration_error_by_hand():
    sure, right = [0.9, 0.7, 0.9, 0.7], [1, 1, 0, 0]
    # |0.7 - 0.5| and |0.9 - 0.5|, each for half of the texts.
    assert calibration_error(sure, right, groups=2) == pytest.approx(0.3)
    assert calibration_error(sure, right, groups=1) == pytest.approx(0.3)
    assert calibration_error([0.8] * 5, [1, 1, 1, 1, 0], groups=1) < 1e-12
    # Groups of 2, 1: the larger one counts for more.
    assert calibration_error([0.5, 0.6, 0.9], [1, 1, 1], groups=2) == pytest.approx(
        (2 * 0.45 + 0.1) / 3
    )


def test_doubts_of_one_group_cancel_and_of_two_do_not():
    sure, right = [0.5] * 10 + [0.9] * 10, [1] * 7 + [0] * 3 + [1] * 7 + [0] * 3
    assert calibration_error(sure, right, groups=1) == pytest.approx(0)
    assert calibration_error(sure, right, groups=2) == pytest.approx(0.2)


def test_calibration_needs_texts_for_its_groups():
    with pytest.raises(ValueError, match="10 texts or more, or fewer groups"):
        calibration_error([0.9] * 9, [1] * 9)


def test_an_interval_is_that_of_the_mean_and_nothing_stays_nothing():
    right = np.random.default_rng(0).random((5, 400)) < 0.8
    found = measured(lambda rows: right[:, rows].mean(1), 400)
    assert found["value"] == pytest.approx(right.mean())
    low, high = found["interval"]
    assert low < 0.8 < high and high - low < 0.1
    nothing = measured(lambda rows: np.zeros(5), 400)
    assert nothing == {"value": 0.0, "interval": (0.0, 0.0), "p": 1.0}


def test_paired_texts_make_a_difference_sure_that_is_small():
    """The same 400 texts, of which both have the same wrong, but for eight."""
    one = np.tile(np.arange(400) % 4 > 0, (5, 1))
    other = one.copy()
    other[:, 1:33:4] = False  # right in the one, and wrong here
    found = measured(lambda rows: (one[:, rows] * 1.0 - other[:, rows]).mean(1), 400)
    assert found["value"] == pytest.approx(0.02)
    assert found["p"] < 0.02 and found["interval"][0] > 0
