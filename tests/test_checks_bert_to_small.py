import numpy as np
import pytest

from course_lib.checks import bert_to_small as check
from course_lib.models import STUDENTS, count_parameters

CHECKS = [check.features_for, check.front, check.excess]


@pytest.mark.parametrize("each", CHECKS)
def test_what_is_no_number_is_told(each):
    result = each(lambda *_: "x")
    assert result.state == "not yet"
    assert "expected" in result.message or "raised" in result.message


def features(budget):
    constant = 8 * 24 * 26 + 97 * 2
    return max(0, (budget // 4 - constant) // (20_000 + 8 * 24))


def test_a_budget_is_kept_to_the_byte():
    assert check.features_for(features)
    model = STUDENTS["lstm"].build(20_000, 2)  # 15 features a word
    size = 4 * count_parameters(model)
    assert (features(size), features(size - 1)) == (15, 14)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda b: features(b) + 1, "just too large"),
        (lambda b: b // 80_000, "you returned"),
        (lambda b: (b // 4 - 5_186) // 20_192, "For a budget of"),
    ],
)
def test_slips_with_the_budget_are_named(wrong, said):
    result = check.features_for(wrong)
    assert result.state == "not yet"
    assert said in result.message


def front(points):
    gain = np.asarray(points) * [1, -1, -1]
    return [
        i
        for i, row in enumerate(gain)
        if not ((gain >= row).all(1) & (gain > row).any(1)).any()
    ]


def test_the_front_is_found():
    assert check.front(front)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda p: front(p)[::-1], "ascending"),
        (lambda p: [int(np.argmax(p[:, 0]))], "One is missing"),
        (lambda p: list(range(len(p))), "One too many"),
        (lambda p: front(np.asarray(p) * [1, 1, -1]), "For 3 models"),
    ],
)
def test_a_wrong_front_is_explained(wrong, said):
    result = check.front(wrong)
    assert result.state == "not yet"
    assert said in result.message


def excess(teacher, taught, alone, labels):
    said = teacher.argmax(1)
    wrong = said != labels
    if not wrong.any():
        return 0.0
    own, by_itself = (m.argmax(1)[wrong] == said[wrong] for m in (taught, alone))
    return own.mean() - by_itself.mean()


def without_alone(teacher, taught, alone, labels):
    said, wrong = teacher.argmax(1), teacher.argmax(1) != labels
    return (taught.argmax(1) == said)[wrong].mean() if wrong.any() else 0.0


def unguarded(teacher, taught, alone, labels):
    said, wrong = teacher.argmax(1), teacher.argmax(1) != labels
    same = [(m.argmax(1) == said)[wrong] for m in (taught, alone)]
    return np.float64(same[0].sum() - same[1].sum()) / wrong.sum()


def on_all_texts(teacher, taught, alone, labels):
    said = teacher.argmax(1)
    return (taught.argmax(1) == said).mean() - (alone.argmax(1) == said).mean()


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (without_alone, "student alone"),
        (lambda *a: -excess(*a), "taught minus alone"),
        (on_all_texts, "gets wrong"),
        (unguarded, "makes no mistake"),
    ],
)
def test_a_wrong_excess_is_explained(wrong, said):
    result = check.excess(wrong)
    assert result.state == "not yet"
    assert said in result.message


def test_the_excess_is_found():
    assert check.excess(excess)
