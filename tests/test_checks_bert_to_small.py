import numpy as np
import pytest
import torch
from exercises import exercise_tests
from sklearn.linear_model import LogisticRegression

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


def by_bytes(budget):
    """Try them all, with the model itself."""
    sizes = [
        4 * (20_000 * e + 2 * 4 * 24 * (e + 24 + 2) + (4 * 24 + 1) * 2)
        for e in range(1, 40)
    ]
    return np.int64(sum(size <= budget for size in sizes))


def pairwise_front(points):
    points = [tuple(row) for row in np.asarray(points)]
    beaten = [
        any(
            (b[0] >= a[0], b[1] <= a[1], b[2] <= a[2]) == (True,) * 3 and b != a
            for b in points
        )
        for a in points
    ]
    return np.flatnonzero(~np.array(beaten))


def counted_excess(teacher, taught, alone, labels):
    said, one, two = (m.argmax(-1).tolist() for m in (teacher, taught, alone))
    wrong = [i for i, y in enumerate(labels) if said[i] != y]
    gain = sum((one[i] == said[i]) - (two[i] == said[i]) for i in wrong)
    return gain / max(1, len(wrong))


def of_two_classes(teacher, taught, alone, labels):
    return excess(teacher, *(m[:, :3] for m in (taught, alone)), labels)


def share_of_all(teacher, taught, alone, labels):
    wrong = (teacher.argmax(1) != labels).mean()
    return excess(teacher, taught, alone, labels) * wrong


def by_tensors(points):
    gain = torch.tensor(points) * torch.tensor([1.0, -1, -1])
    at_least = (gain >= gain[:, None]).all(-1)
    return torch.nonzero(~(at_least & (gain > gain[:, None]).any(-1)).any(1)).flatten()


def in_place(points):
    """What a check gives is a copy, and may be changed."""
    points[:, 1:] *= -1
    return front(points * [1, -1, -1])


def without_ties(points):
    gain = points * [1, -1, -1]
    return [
        i
        for i, row in enumerate(gain)
        if not (np.delete(gain, i, 0) >= row).all(1).any()
    ]


def by_formula(told, labelled, test):
    """What the angle costs, and no label drawn."""
    x, y = least_squares(told)[:2]
    count = 16 / np.arctan2(y, x) ** 2
    return min(check.COUNTS, key=lambda n: abs(np.log(n / count)))


def least_squares(told, hard=False):
    """A student that is taught: weights and a bias."""
    x, z = told
    table = np.c_[x, np.ones(len(x))]
    return np.linalg.lstsq(table, np.sign(z) if hard else z, rcond=None)[0]


def accuracy(weights, test):
    x, y = test
    return ((x @ weights[:-1] + weights[-1] > 0) == y).mean()


def crossing(told, labelled, test, *, draws=10, mean=np.mean, hard=False, train=False):
    bar = accuracy(least_squares(told, hard), test)
    for n in check.COUNTS:
        scores = []
        for seed in range(draws):
            few = labelled(n, seed)
            model = LogisticRegression(C=10.0).fit(*few)
            scores.append(model.score(*(few if train else test)))
        if mean(scores) > bar:
            return n
    return None


def squared(told, labelled, test):
    """No logistic regression: least squares on the labels as well."""
    bar = accuracy(least_squares(told), test)
    ahead = []
    for n in check.COUNTS:
        few = [labelled(n, 50 + seed) for seed in range(8)]
        own = [accuracy(least_squares((x, 2 * y - 1)), test) for x, y in few]
        ahead.append(np.mean(own) > bar)
    return np.array(check.COUNTS)[np.argmax(ahead)]


ANSWERS = {
    "features_for": [features, by_bytes, lambda b: torch.tensor(features(b))],
    "front": [
        front,
        pairwise_front,
        lambda p: tuple(front(p)),
        by_tensors,
        in_place,
    ],
    "excess": [
        excess,
        counted_excess,
        lambda *a: np.float32(excess(*a)),
        lambda *a: torch.tensor(excess(*a)),
    ],
    "crossing": [
        crossing,
        squared,
        lambda *world: crossing(*world, hard=True, draws=5),
    ],
}

WRONG = {
    "features_for": [
        (lambda b: features(b) + 1, "just too large"),
        (lambda b: b // 80_000, "the gates cost something"),
        (lambda b: (b // 4 - 5_186) // 20_192, "For a budget of"),
        (lambda b: features(4 * b), "For a budget of"),
        (lambda b: 15, "For a budget of"),  # right by the printed example
        (lambda b: features(b - 1), "For a budget of"),  # what just fits left out
        (lambda b: max(0, (b / 4 - 5_186) / 20_192), "For a budget of"),
        (lambda b: features(b + 768), "For a budget of"),  # one bias a gate
    ],
    "front": [
        (lambda p: front(p)[::-1], "ascending"),
        (lambda p: [int(np.argmax(p[:, 0]))], "One is missing"),
        (lambda p: list(range(len(p))), "One too many"),
        (lambda p: front(np.asarray(p) * [1, 1, -1]), "For 3 models"),
        (lambda p: [0, 2], "For 3 models"),  # the first case by heart
        (without_ties, "One is missing"),
        (lambda p: front(np.c_[p[:, :2], p[:, 1]]), "One is missing"),
        (lambda p: [i in front(p) for i in range(len(p))], "For 3 models"),
    ],
    "excess": [
        (without_alone, "student alone"),
        (lambda *a: -excess(*a), "taught minus alone"),
        (any_mistake, "the same mistake"),
        (on_all_texts, "gets wrong"),
        (unguarded, "makes no mistake"),
        (of_two_classes, "in 30 texts"),  # the last of four left out
        (share_of_all, "not of all texts"),
        # The printed example by heart.
        (lambda t, *_: 0.4 if len(t) == 10 else 0.0, "in 30 texts"),
    ],
    "crossing": [
        (lambda *world: crossing(*world, train=True), "on the test"),
        (lambda *world: 400, "Too many"),
        (lambda *world: check.COUNTS.index(crossing(*world)), "one of"),
        (lambda *world: check.COUNTS[-1], "Too many"),
        (lambda *world: [crossing(*world)], "list"),
        (lambda told, labelled, test: accuracy(least_squares(told), test), "one of"),
        (lambda *world: crossing(*world, draws=1), "one may be lucky"),
        (by_formula, "one may be lucky"),
        (lambda *world: 100 if world[0][1][0] > 0 else 200, "For a teacher"),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)


def test_the_budget_is_that_of_the_model():
    model = STUDENTS["lstm"].build(20_000, 2)  # 15 features a word
    size = 4 * count_parameters(model)
    assert (features(size), features(size - 1)) == (15, 14)
