import numpy as np
import torch
from exercises import exercise_tests
from torch.nn import functional as F

from course_lib.checks import multi_label as check
from course_lib.losses import multilabel_soft_target_loss
from course_lib.thresholds import best_thresholds


def by_bce(s, t, temperature, *, entropy=True, square=True):
    p = (t / temperature).sigmoid()
    bce = F.binary_cross_entropy_with_logits(s / temperature, p)
    if entropy:
        own = torch.xlogy(p, p) + torch.xlogy(1 - p, 1 - p)
        bce = bce + own.mean()
    return (temperature**2 if square else 1) * bce


def naive(s, t, temperature):
    p, q = (t / temperature).sigmoid(), (s / temperature).sigmoid()
    kl = p * (p / q).log() + (1 - p) * ((1 - p) / (1 - q)).log()
    return temperature**2 * kl.mean()


def half(s, t, temperature):
    s, t = s / temperature, t / temperature
    yes = t.sigmoid() * (F.logsigmoid(t) - F.logsigmoid(s))
    return temperature**2 * yes.mean()


def cuts(p, labels, *, refuse=True):
    if refuse and not labels.any(0).all():
        raise ValueError("a label is never positive")
    found = []
    for column, true in zip(p.T, labels.T > 0, strict=True):
        levels = np.unique([0.0, 1.0, *column])
        middles = (levels[1:] + levels[:-1]) / 2
        found.append(max(middles, key=lambda cut: check.f1_at(column, true, cut)))
    return np.array(found)


def cuts_by_the_course(p, labels):
    p = p.clip(1e-9, 1 - 1e-9)
    return best_thresholds(np.log(p / (1 - p)), labels)


def at_a_level(p, labels):
    """Cuts at a probability that occurs: those reviews are then left out."""
    found = []
    for column, true in zip(p.T, labels.T > 0, strict=True):
        levels = np.unique(column)
        below = np.nextafter(levels, -1)  # above it, the level itself is taken
        scores = [check.f1_at(column, true, cut) for cut in below]
        found.append(levels[np.argmax(scores)])
    return np.array(found)


def swapped(logits, labels):
    count = labels.shape[1]
    fit = np.corrcoef(logits.T, labels.T)[:count, count:]
    own = np.diag(fit)
    gain = fit + fit.T - own[:, None] - own[None]
    return np.unravel_index(gain.argmax(), gain.shape)


ANSWERS = {
    "probabilities": [
        lambda z, w: (z - w.log()).sigmoid(),
        # The odds, divided by the weight, are the same thing.
        lambda z, w: z.exp() / (z.exp() + w),
    ],
    "loss": [multilabel_soft_target_loss, by_bce],
    "cuts": [cuts, cuts_by_the_course],
    "swapped": [swapped, lambda z, y: set(swapped(z, y))],
}

WRONG = {
    "probabilities": [
        (lambda z, w: z.sigmoid(), "exaggerated"),
        (lambda z, w: z - w.log(), "now the sigmoid"),
        (lambda z, w: (z + w.log()).sigmoid(), "other way round"),
        (lambda z, w: z.sigmoid() / w, "odds"),
        (lambda z, w: (z - w).sigmoid(), "logarithm"),
        (lambda z, w: (z - w.log()).softmax(-1), "weights [1.0, 9.0, 0.5]"),
    ],
    "loss": [
        (lambda s, t, k: by_bce(s, t, k, square=False), "T² is missing"),
        (lambda s, t, k: by_bce(s, t, k, entropy=False), "teacher's entropy"),
        (lambda s, t, k: by_bce(t, s, k), "changed places"),
        (lambda s, t, k: 7 * by_bce(s, t, k), "over the labels"),
        (half, "yes part only"),
        (naive, "±1,000"),
        (lambda s, t, k: F.mse_loss(s, t), "at T = 1"),
    ],
    "cuts": [
        (lambda p, y: np.full(p.shape[1], 0.5), "expected 0.800, the best"),
        (lambda p, y: y.mean(0).clip(0.01, 0.99), "expected 0.800, the best"),
        (lambda p, y: np.zeros(p.shape[1]), "strictly between"),
        (at_a_level, "Yes is p > threshold"),
        (lambda p, y: cuts(p, y, refuse=False), "expected a ValueError"),
        (lambda p, y: cuts(p, y)[:1], "shape (4,)"),
    ],
    "swapped": [
        (lambda z, y: (0, 0), "two different"),
        (lambda z, y: (0, 9), "columns of 7"),
        (lambda z, y: 1, "two column numbers"),
        (lambda z, y: (0, 1), "you returned [0, 1]"),
        # Raw agreement: a rare label agrees with all that is low.
        (lambda z, y: ((z > 0) == y).mean(0).argsort()[:2], "how common"),
        # Average logit against rate: finds no two that are equally common.
        (lambda z, y: np.abs(z.mean(0) - y.mean(0)).argsort()[-2:], "how common"),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)
