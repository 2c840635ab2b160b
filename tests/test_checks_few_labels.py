import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course_lib.checks import few_labels as check
from course_lib.losses import soft_target_loss

CHECKS = [check.logits, check.copied, check.draw, check.known_loss]


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


def known_loss(s, t, y):
    soft = soft_target_loss(s, t, 2.0)
    known = y >= 0
    hard = F.cross_entropy(s[known], y[known]) if known.any() else 0.0
    return 0.5 * soft + 0.5 * hard


def test_the_answers_are_solved():
    assert check.logits(pair)
    assert check.copied(lambda a, g: a * g + (1 - a) * (1 - g))
    assert check.draw(draw)
    assert check.known_loss(known_loss)


def test_the_logits_say_what_logistic_regression_says():
    z = np.linspace(-5, 5, 11)
    p = torch.tensor(pair(z)).softmax(-1)[:, 1].numpy()
    assert np.allclose(p, 1 / (1 + np.exp(-z)))


@pytest.mark.parametrize(
    ("each", "wrong", "said"),
    [
        (check.logits, lambda z: pair(-z), "Class 1 comes second"),
        (check.logits, lambda z: 2 * pair(z), "twice"),
        (check.logits, lambda z: np.stack([0 * z, z], 1), "mean of each row 0"),
        (check.logits, lambda z: z, "shape"),
        (check.copied, lambda a, g: a * g, "two classes"),
        (check.copied, lambda a, g: a, "the teacher's"),
        (check.copied, lambda a, g: a + g - 2 * a * g, "wrong"),
        (check.draw, lambda y, n, s: np.arange(n), "all seeds"),
        (
            check.draw,
            lambda y, n, s: np.random.default_rng(s).choice(len(y), n, False),
            "of the classes",
        ),
        (check.draw, lambda y, n, s: draw(y, n, 0), "all seeds"),
        (check.draw, lambda y, n, s: draw(y, n, None), "two calls"),
        (check.draw, lambda y, n, s: draw(y, n, s)[1:], "places"),
        (check.draw, lambda y, n, s: [0] * n, "twice"),
        (
            check.known_loss,
            lambda s, t, y: known_loss(s, t, y.clamp(min=0)),
            "not class 0",
        ),
        (
            check.known_loss,
            lambda s, t, y: (
                0.5 * soft_target_loss(s, t, 2.0)
                + 0.5 * F.cross_entropy(s, y, ignore_index=-1)
            ),
            "no label at all",
        ),
        (
            check.known_loss,
            lambda s, t, y: (
                0.5 * soft_target_loss(s, t, 2.0)
                + 0.5 * F.cross_entropy(s, y, ignore_index=-1, reduction="sum") / len(y)
            ),
            "over the known labels",
        ),
        (check.known_loss, lambda s, t, y: 2 * known_loss(s, t, y), "one half"),
    ],
)
def test_a_slip_is_named(each, wrong, said):
    result = each(wrong)
    assert result.state == "not yet"
    assert said in result.message


def test_the_teacher_speaks_of_reviews_without_a_label_too():
    def only_known(s, t, y):
        known = y >= 0
        return known_loss(s[known], t[known], y[known])

    result = check.known_loss(only_known)
    assert result.state == "not yet"
    assert "every review" in result.message


@pytest.mark.parametrize("each", CHECKS)
def test_what_is_no_number_is_told(each):
    assert each(lambda *_: "x").state == "not yet"
