import numpy as np
import pytest
from exercises import exercise_tests

from course_lib.checks import bert_to_small as check
from course_lib.models import STUDENTS, count_parameters

pytestmark = pytest.mark.filterwarnings("ignore:invalid value")


def features(budget):
    constant = 8 * 24 * 26 + 97 * 2
    return max(0, (budget // 4 - constant) // (20_000 + 8 * 24))


def front(points):
    gain = np.asarray(points) * [1, -1, -1]
    return [
        i
        for i, row in enumerate(gain)
        if not ((gain >= row).all(1) & (gain > row).any(1)).any()
    ]


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


def any_mistake(teacher, taught, alone, labels):
    wrong = teacher.argmax(1) != labels
    mistakes = [(m.argmax(1) != labels)[wrong] for m in (taught, alone)]
    return mistakes[0].mean() - mistakes[1].mean() if wrong.any() else 0.0


def on_all_texts(teacher, taught, alone, labels):
    said = teacher.argmax(1)
    return (taught.argmax(1) == said).mean() - (alone.argmax(1) == said).mean()


ANSWERS = {"features_for": [features], "front": [front], "excess": [excess]}

WRONG = {
    "features_for": [
        (lambda b: features(b) + 1, "just too large"),
        (lambda b: b // 80_000, "the gates cost something"),
        (lambda b: (b // 4 - 5_186) // 20_192, "For a budget of"),
    ],
    "front": [
        (lambda p: front(p)[::-1], "ascending"),
        (lambda p: [int(np.argmax(p[:, 0]))], "One is missing"),
        (lambda p: list(range(len(p))), "One too many"),
        (lambda p: front(np.asarray(p) * [1, 1, -1]), "For 3 models"),
    ],
    "excess": [
        (without_alone, "student alone"),
        (lambda *a: -excess(*a), "taught minus alone"),
        (any_mistake, "the same mistake"),
        (on_all_texts, "gets wrong"),
        (unguarded, "makes no mistake"),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)


def test_the_budget_is_that_of_the_model():
    model = STUDENTS["lstm"].build(20_000, 2)  # 15 features a word
    size = 4 * count_parameters(model)
    assert (features(size), features(size - 1)) == (15, 14)
