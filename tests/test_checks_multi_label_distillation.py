import numpy as np
from exercises import exercise_tests
from torch.nn import functional as F

from course_lib.checks import multi_label_distillation as check
from course_lib.losses import multilabel_soft_target_loss, soft_target_loss


def share(alone, taught, best):
    distance = best - np.mean(alone)
    return (np.mean(taught) - np.mean(alone)) / distance if distance else 0.0


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


def two_heads(student, teacher, T):
    s, t = student / T, teacher / T
    p = t[:, 2:].sigmoid()
    cross = F.binary_cross_entropy_with_logits(s[:, 2:], p)
    own = F.binary_cross_entropy_with_logits(t[:, 2:], p)
    log_p, log_q = t[:, :2].log_softmax(1), s[:, :2].log_softmax(1)
    one = (log_p.exp() * (log_p - log_q)).sum(1).mean()
    return T**2 * (one + cross - own)


def questions(s, t, T):
    return multilabel_soft_target_loss(s[:, 2:], t[:, 2:], T)


def summed(s, t, T):
    return two_heads(s, t, T) + (s.shape[1] - 3) * questions(s, t, T)


ANSWERS = {"share": [share], "columns": [columns], "two_heads": [two_heads]}

WRONG = {
    "share": [
        (lambda a, t, b: ((t - a) / (b - a)).mean(), "ratio of the means"),
        (lambda a, t, b: 1 - share(a, t, b), "what is left"),
        (lambda a, t, b: -share(a, t, b), "wrong way round"),
        (lambda a, t, b: (t.mean() - a.mean()) / b, "Divide by the distance"),
        (lambda a, t, b: t.mean() / a.mean() - 1, "share of the student's score"),
        (lambda a, t, b: (t.mean() - a.mean()) / (b - a.mean()), "no distance"),
        (lambda a, t, b: np.zeros(2), "one number"),
    ],
    "columns": [
        (lambda z, theirs, ours: z, "in her order"),
        (inverse, "wrong way round"),
        (by_key, "you raised KeyError"),
        (skipping, "all the same"),
        (lambda z, theirs, ours: columns(z, theirs, ours).T, "of shape (4, 3)"),
    ],
    "two_heads": [
        (lambda s, t, T: two_heads(s, t, T) / T**2, "T² is missing"),
        (lambda s, t, T: two_heads(t, s, T), "teacher comes first"),
        (soft_target_loss, "one softmax over all"),
        (multilabel_soft_target_loss, "sigmoid for all columns"),
        (lambda s, t, T: two_heads(s, t, T) / 2, "do not average"),
        (summed, "not their sum"),
        (lambda s, t, T: two_heads(s, t, T) - questions(s, t, T), "yes/no questions"),
        (questions, "The first question"),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)
