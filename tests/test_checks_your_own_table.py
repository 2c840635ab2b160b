import random

import numpy as np
import pandas as pd
import torch
from exercises import exercise_tests
from torch.nn import functional as F

from course_lib.checks import your_own_table as check
from course_lib.losses import multilabel_soft_target_loss, soft_target_loss


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


def by_loops(logits, theirs, ours):
    columns = []
    for name in ours:
        if name not in theirs:
            raise ValueError(f"{name!r} is not known")
        columns.append(logits[:, list(theirs).index(name)])
    return np.stack(columns, axis=1)


def by_frame(logits, theirs, ours):
    frame = pd.DataFrame(logits, columns=list(theirs))
    if unknown := set(ours) - set(theirs):
        raise ValueError(f"unknown: {sorted(unknown)}")
    return frame[list(ours)].to_numpy()


def two_heads_by_kl_div(student, teacher, T):
    def yes_no(z):
        return torch.stack([F.logsigmoid(z), F.logsigmoid(-z)], -1)

    s, t = student / T, teacher / T
    one = F.kl_div(
        s[:, :2].log_softmax(1),
        t[:, :2].log_softmax(1),
        reduction="batchmean",
        log_target=True,
    )
    many = F.kl_div(
        yes_no(s[:, 2:]), yes_no(t[:, 2:]), reduction="sum", log_target=True
    )
    return T * T * (one + many / s[:, 2:].numel())


def two_heads_by_the_course(s, t, T):
    return soft_target_loss(s[:, :2], t[:, :2], T) + questions(s, t, T)


def apart(customers, share, seed):
    who, row, count = np.unique(customers, return_inverse=True, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(who))
    until = np.cumsum(count[order])
    return np.isin(row, order[until <= max(share * len(customers), until[0])])


def apart_by_set(customers, share, seed):
    luck, tested, taken = random.Random(seed), set(), 0
    names = sorted(set(customers))
    luck.shuffle(names)
    for name in names:
        if taken >= share * len(customers):
            break
        tested.add(name)
        taken += customers.count(name)
    return [name in tested for name in customers]


def apart_largest_last(customers, share, seed):
    """Whoever still fits."""
    who, row, count = np.unique(customers, return_inverse=True, return_counts=True)
    room, taken = share * len(customers), []
    for i in np.random.default_rng(seed).permutation(len(who)):
        if count[i] <= room:
            taken.append(i)
            room -= count[i]
    return np.isin(row, taken)


def half_by_customers(customers, share, seed):
    """The right share of customers, whatever they wrote."""
    who, row, count = np.unique(customers, return_inverse=True, return_counts=True)
    chosen = np.argsort(-count)[: round(share * len(who))]
    return np.isin(row, np.roll(chosen, seed)) ^ (seed > 9)


def by_text(customers, share, seed):
    return np.random.default_rng(seed).random(len(customers)) < share


def in_order(customers, share, seed):
    """The first customers, whatever the seed."""
    return apart(customers, share, 0)


def by_luck(customers, share, seed):
    return apart(customers, share, random.randrange(10**9))


def says_nothing(logits, theirs, ours):
    if not set(ours) <= set(theirs):
        raise ValueError("a label is missing")
    return columns(logits, theirs, ours)


ANSWERS = {
    "columns": [columns, by_loops, by_frame],
    "two_heads": [
        two_heads,
        two_heads_by_kl_div,
        lambda s, t, T: two_heads(s.float(), t.float(), T).numpy(),
    ],
    "apart": [apart, apart_by_set, apart_largest_last],
}

WRONG = {
    "columns": [
        (lambda z, theirs, ours: z, "in her order"),
        (inverse, "wrong way round"),
        (by_key, "you raised KeyError"),
        (skipping, "all the same"),
        (lambda z, theirs, ours: columns(z, theirs, ours).T, "of shape (4, 3)"),
        (lambda z, theirs, ours: columns(z, sorted(theirs), sorted(ours)), "For a"),
        (lambda z, theirs, ours: columns(z, theirs, theirs), "For a"),
        (says_nothing, "names it"),
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
        (two_heads_by_the_course, "of the course"),
        (lambda s, t, T: two_heads(s[:, :5], t[:, :5], T), "6 yes/no questions"),
        (lambda s, t, T: two_heads(s, t, 1.0) * T**2, "T = 2"),
    ],
    "apart": [
        (by_text, "are on both sides"),
        (half_by_customers, "Count texts, not customers"),
        (in_order, "two seeds you returned one split"),
        (by_luck, "the same seed you returned two splits"),
        (lambda c, share, seed: ~apart(c, share, seed), "you took"),
        (lambda c, share, seed: apart(c, 0.25, seed), "a share of 0.1"),
        (lambda c, share, seed: np.flatnonzero(apart(c, share, seed)), "of shape"),
        (lambda c, share, seed: 2 * apart(c, share, seed), "expected True"),
        (lambda c, share, seed: np.zeros(len(c), bool), "you took 0.0%"),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)
