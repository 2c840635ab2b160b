import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course_lib.checks import multi_label_distillation as check
from course_lib.losses import multilabel_soft_target_loss, soft_target_loss

CHECKS = [check.share, check.columns, check.two_heads]


@pytest.mark.parametrize("each", CHECKS)
def test_what_is_no_number_is_told(each):
    result = each(lambda *_: "x")
    assert result.state == "not yet"
    assert "expected" in result.message


def share(alone, taught, best):
    distance = best - np.mean(alone)
    return (np.mean(taught) - np.mean(alone)) / distance if distance else 0.0


def test_the_share_is_found():
    assert check.share(share)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda a, t, b: ((t - a) / (b - a)).mean(), "ratio of the means"),
        (lambda a, t, b: 1 - share(a, t, b), "what is left"),
        (lambda a, t, b: -share(a, t, b), "wrong way round"),
        (lambda a, t, b: (t.mean() - a.mean()) / b, "Divide by the distance"),
        (lambda a, t, b: t.mean() / a.mean() - 1, "share of the student's score"),
        (lambda a, t, b: (t.mean() - a.mean()) / (b - a.mean()), "no distance"),
        (lambda a, t, b: np.zeros(2), "one number"),
    ],
)
def test_slips_with_the_share_are_named(wrong, said):
    result = check.share(wrong)
    assert result.state == "not yet"
    assert said in result.message


def columns(logits, theirs, ours):
    missing = [name for name in ours if name not in theirs]
    if missing:
        raise ValueError(f"no {missing[0]}")
    return logits[:, [theirs.index(name) for name in ours]]


def inverse(logits, theirs, ours):
    return logits[:, [ours.index(name) for name in theirs if name in ours]]


def by_key(logits, theirs, ours):
    place = {name: i for i, name in enumerate(theirs)}
    return logits[:, [place[name] for name in ours]]


def skipping(logits, theirs, ours):
    return logits[:, [theirs.index(name) for name in ours if name in theirs]]


def test_the_columns_are_found():
    assert check.columns(columns)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda z, theirs, ours: z, "in her order"),
        (inverse, "wrong way round"),
        (by_key, "you raised KeyError"),
        (skipping, "all the same"),
        (lambda z, theirs, ours: columns(z, theirs, ours).T, "of shape"),
    ],
)
def test_wrong_columns_are_explained(wrong, said):
    result = check.columns(wrong)
    assert result.state == "not yet"
    assert said in result.message


def two_heads(student, teacher, T):
    s, t = student / T, teacher / T
    p, q = t[:, 2:].sigmoid(), s[:, 2:].sigmoid()
    cross = F.binary_cross_entropy_with_logits(s[:, 2:], p)
    own = F.binary_cross_entropy_with_logits(t[:, 2:], p)
    log_p, log_q = t[:, :2].log_softmax(1), s[:, :2].log_softmax(1)
    one = (log_p.exp() * (log_p - log_q)).sum(1).mean()
    assert p.shape == q.shape
    return T**2 * (one + cross - own)


def test_the_two_heads_are_found():
    assert check.two_heads(two_heads)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda s, t, T: two_heads(s, t, T) / T**2, "T² is missing"),
        (lambda s, t, T: two_heads(t, s, T), "teacher comes first"),
        (soft_target_loss, "one softmax over all"),
        (multilabel_soft_target_loss, "sigmoid for all columns"),
        (lambda s, t, T: two_heads(s, t, T) / 2, "do not average"),
        (
            lambda s, t, T: (
                soft_target_loss(s[:, :2], t[:, :2], T)
                + (s.shape[1] - 2) * multilabel_soft_target_loss(s[:, 2:], t[:, 2:], T)
            ),
            "not their sum",
        ),
        (lambda s, t, T: soft_target_loss(s[:, :2], t[:, :2], T), "yes/no questions"),
        (lambda s, t, T: torch.ones(3), "one number"),
    ],
)
def test_slips_with_the_heads_are_named(wrong, said):
    result = check.two_heads(wrong)
    assert result.state == "not yet"
    assert said in result.message
