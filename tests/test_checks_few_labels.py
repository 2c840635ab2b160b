import numpy as np
import torch
from exercises import exercise_tests
from torch.nn import functional as F

from course_lib.checks import few_labels as check
from course_lib.losses import soft_target_loss


def pair(z):
    return np.stack([-z / 2, z / 2], 1)


def draw(labels, n, seed):
    random = np.random.default_rng(seed)
    classes = np.unique(labels)
    rows = []
    for place, kind in enumerate(classes):
        count = n // len(classes) + (place < n % len(classes))
        rows.append(random.choice(np.flatnonzero(labels == kind), count, False))
    return np.concatenate(rows)


def window(labels, n, seed):
    """Of each class, neighbours from a place that the seed chooses."""
    classes = np.unique(labels)
    each = np.full(len(classes), n // len(classes))
    each[: n % len(classes)] += 1
    rows = []
    for c, k in zip(classes, each, strict=True):
        members = np.flatnonzero(labels == c)
        rows += np.roll(members, -7 * seed)[:k].tolist()
    return np.array(rows)


def early(labels, n, seed):
    """Only the first reviews of each class, in another order."""
    kept = np.concatenate([np.flatnonzero(labels == c)[:6] for c in (0, 1)])
    return kept[draw(labels[kept], n, seed)]


def known_loss(s, t, y):
    soft = soft_target_loss(s, t, 2.0)
    known = y >= 0
    hard = F.cross_entropy(s[known], y[known]) if known.any() else 0.0
    return 0.5 * soft + 0.5 * hard


def ignoring(s, t, y, reduction="mean"):
    hard = F.cross_entropy(s, y, ignore_index=-1, reduction=reduction)
    hard = hard / len(y) if reduction == "sum" else hard
    return 0.5 * soft_target_loss(s, t, 2.0) + 0.5 * hard


def only_known(s, t, y):
    return known_loss(s[y >= 0], t[y >= 0], y[y >= 0])


ANSWERS = {
    "logits": [pair],
    "copied": [lambda a, g: a * g + (1 - a) * (1 - g)],
    "draw": [draw],
    "known_loss": [known_loss],
}

WRONG = {
    "logits": [
        (lambda z: pair(-z), "Class 1 comes second"),
        (lambda z: 2 * pair(z), "twice"),
        (lambda z: np.stack([0 * z, z], 1), "mean of each row 0"),
        (lambda z: torch.tensor(pair(z)).softmax(-1), "Those are probabilities"),
        (lambda z: z, "shape"),
    ],
    "copied": [
        (lambda a, g: a * g, "two classes"),
        (lambda a, g: a, "the teacher's"),
        (lambda a, g: a + g - 2 * a * g, "wrong"),
    ],
    "draw": [
        (lambda y, n, s: np.arange(n), "all seeds"),
        (
            lambda y, n, s: np.random.default_rng(s).choice(len(y), n, False),
            "of the classes",
        ),
        (lambda y, n, s: draw(y, n, 0), "all seeds"),
        (lambda y, n, s: draw(y, n, None), "two calls"),
        (lambda y, n, s: draw(y, n, s)[1:], "places"),
        (lambda y, n, s: [0] * n, "twice"),
        (lambda y, n, s: draw(y, n, s) + len(y), "expected 0 to 59"),
        (lambda y, n, s: early(y, n, s), "any may be drawn"),
        (lambda y, n, s: window(y, n, s), "a window of its class"),
    ],
    "known_loss": [
        (lambda s, t, y: known_loss(s, t, y.clamp(min=0)), "not class 0"),
        (ignoring, "no label at all"),
        (lambda s, t, y: ignoring(s, t, y, "sum"), "over the known labels"),
        (only_known, "every review"),
        (lambda s, t, y: 2 * known_loss(s, t, y), "one half"),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)


def test_the_logits_say_what_logistic_regression_says():
    z = np.linspace(-5, 5, 11)
    p = torch.tensor(pair(z)).softmax(-1)[:, 1].numpy()
    assert np.allclose(p, 1 / (1 + np.exp(-z)))
