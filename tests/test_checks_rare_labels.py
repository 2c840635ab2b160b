import numpy as np
from exercises import exercise_tests
from scipy.special import expit

from course_lib.checks import rare_labels as check
from course_lib.thresholds import best_thresholds


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


def cuts_low(p, labels):
    """As good: just above the first review that is left out."""
    if not labels.any(0).all():
        raise ValueError("a label is never positive")
    found = []
    for column, true in zip(p.T, labels.T > 0, strict=True):
        levels = [1e-12, *(level + 1e-9 for level in np.unique(column) if level < 1)]
        found.append(max(levels, key=lambda cut: check.f1_at(column, true, cut)))
    return found


def at_a_level(p, labels):
    """Cuts at a probability that occurs: those reviews are then left out."""
    found = []
    for column, true in zip(p.T, labels.T > 0, strict=True):
        levels = np.unique(column)
        below = np.nextafter(levels, -1)  # above it, the level itself is taken
        scores = [check.f1_at(column, true, cut) for cut in below]
        found.append(levels[np.argmax(scores)])
    return np.array(found)


def flattery(p, labels, size, *, draws=300, seed=0, chosen_on="elsewhere"):
    random, true, found = np.random.default_rng(seed), labels > 0, []
    z = np.log(p / (1 - p))
    while len(found) < draws:
        rows = random.permutation(len(p))[: 2 * size]
        here, there = rows[:size], rows[size:]
        if chosen_on == "the pot":
            there = np.arange(len(p))
        if not (true[here].any() and true[there].any()):
            continue
        best, other = (
            best_thresholds(z[part, None], true[part, None])[0]
            for part in (here, there)
        )
        if chosen_on == "one half":
            other = 0.5
        scores = [check.f1_at(p[here], true[here], cut) for cut in (best, other)]
        found.append(scores[0] - scores[1])
    return float(np.mean(found))


def one_for_all(p, y):
    """One cut, the best for all labels in one pot."""
    if not (y > 0).any(0).all():
        raise ValueError("a label is never positive")
    return np.full(p.shape[1], cuts(p.reshape(-1, 1), y.reshape(-1, 1))[0])


def half_of_the_best(p, y):
    """What theory says of calibrated probabilities, on these few."""
    best = cuts(p, y)
    f1 = [check.f1_at(p[:, k], y[:, k] > 0, best[k]) for k in range(len(best))]
    return np.array(f1) / 2


ANSWERS = {
    "probabilities": [
        lambda z, w: (z - w.log()).sigmoid(),
        # The odds, divided by the weight, are the same thing.
        lambda z, w: z.exp() / (z.exp() + w),
        lambda z, w: 1 / (1 + w * (-z).exp()),
        lambda z, w: expit(z.numpy() - np.log(w.numpy())).astype(np.float64),
    ],
    "cuts": [cuts, cuts_by_the_course, cuts_low, lambda p, y: cuts(p, y).tolist()],
    "flattery": [
        *(lambda p, y, n, seed=seed: flattery(p, y, n, seed=seed) for seed in range(3)),
        lambda p, y, n: np.float32(flattery(p, y, n, draws=500, seed=7)),
    ],
}

WRONG = {
    "probabilities": [
        (lambda z, w: z.sigmoid(), "exaggerated"),
        (lambda z, w: z - w.log(), "now the sigmoid"),
        (lambda z, w: (z + w.log()).sigmoid(), "other way round"),
        (lambda z, w: z.sigmoid() / w, "odds"),
        (lambda z, w: (z - w).sigmoid(), "logarithm"),
        (lambda z, w: (z - w.log()).softmax(-1), "weights [1.0, 9.0, 0.5]"),
        (lambda z, w: (z - w.log10()).sigmoid(), "weights [1.0, 9.0, 0.5]"),
        (lambda z, w: (z - w.log().clamp(min=0)).sigmoid(), "weights [1.0, 9.0, 0.5]"),
        (lambda z, w: (z - w.log()).sigmoid().round(), "weights [1.0, 9.0, 0.5]"),
        (lambda z, w: (z - w.log()).sigmoid()[:1], "shape (1, 3)"),
    ],
    "cuts": [
        (lambda p, y: np.full(p.shape[1], 0.5), "expected 0.800, the best"),
        (lambda p, y: y.mean(0).clip(0.01, 0.99), "expected 0.800, the best"),
        (lambda p, y: np.zeros(p.shape[1]), "strictly between"),
        (at_a_level, "Yes is p > threshold"),
        (lambda p, y: cuts(p, y, refuse=False), "expected a ValueError"),
        (lambda p, y: cuts(p, y)[:1], "shape (4,)"),
        (one_for_all, "300 random reviews"),
        (half_of_the_best, "expected"),
        (lambda p, y: np.log(cuts(p, y) / (1 - cuts(p, y))), "strictly between"),
    ],
    "flattery": [
        (lambda p, y, n: flattery(p, y, n, chosen_on="the pot"), "of its own"),
        (lambda p, y, n: flattery(p, y, n, chosen_on="one half"), "of its own"),
        (lambda p, y, n: -flattery(p, y, n), "2.4% of them"),
        (lambda p, y, n: 100 * flattery(p, y, n), "2.4% of them"),
        (lambda p, y, n: flattery(p, y, 300), "test sets of 1000"),
        (lambda p, y, n: 0.05, "2.4% of them"),
        (lambda p, y, n: 0.15, "test sets of 1000"),
        (lambda p, y, n: np.zeros(300), "one number"),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)
