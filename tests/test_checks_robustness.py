import numpy as np
import torch
from exercises import exercise_tests
from sklearn.linear_model import LogisticRegression
from torch.nn import functional as F

from course_lib.checks import robustness as check
from course_lib.robustness import kept_share, risk_coverage


def coverage_by_library(sure, right, allowed):
    share, risk = risk_coverage(sure, right)
    fine = share[risk <= allowed + 1e-12]
    return fine.max() if len(fine) else 0.0


def coverage_by_loop(sure, right, allowed):
    best, wrong = 0, 0
    for n, i in enumerate(sorted(range(len(sure)), key=lambda i: -sure[i]), start=1):
        wrong += 1 - right[i]
        if wrong <= allowed * n + 1e-9:
            best = n
    return best / len(sure)


def coverage_by_bars(sure, right, allowed):
    """Each sureness as a bar, and who clears it."""
    possible = [0.0]
    for bar in sure:
        clears = sure >= bar
        if right[clears].mean() >= 1 - allowed - 1e-9:
            possible.append(clears.mean())
    return max(possible)


def first_error(sure, right, allowed):
    _, risk = risk_coverage(sure, right)
    over = risk > allowed + 1e-12
    return (over.argmax() if over.any() else len(sure)) / len(sure)


def of_all(sure, right, allowed):
    share, risk = risk_coverage(sure, right)
    return coverage_of(share, risk * share, allowed)


def coverage_of(share, risk, allowed):
    return max([0.0, *share[risk <= allowed + 1e-12]])


def least_sure_first(sure, right, allowed):
    return coverage_by_loop(-sure, right, allowed)


def in_the_order_given(sure, right, allowed):
    return coverage_by_loop(-np.arange(len(sure)), right, allowed)


def learned(x, wanted, missing, steps=200, rate=0.1, hidden=0, seed=0):
    torch.manual_seed(seed)
    layers = [torch.nn.Linear(12, 1)]
    if hidden:
        layers = [torch.nn.Linear(12, hidden), torch.nn.ReLU()]
        layers += [torch.nn.Linear(hidden, 1)]
    model = torch.nn.Sequential(*layers)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    for _ in range(steps):
        seen = x * (torch.rand(x.shape) >= missing)
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(model(seen)[:, 0], wanted).backward()
        optimizer.step()
    return lambda new: model(new)[:, 0]


def from_labels(x, y, teacher):
    return learned(x, y, 0.5)


def from_the_teacher(x, y, teacher):
    return learned(x, teacher.sigmoid(), 0.5, seed=1)


def with_a_hidden_layer(x, y, teacher):
    return learned(x, y, 0.5, steps=200, rate=0.02, hidden=32)


def by_sklearn_on_copies(x, y, teacher):
    random = np.random.default_rng(0)
    x = x.numpy()
    copies = np.concatenate([x * (random.random(x.shape) > 0.5) for _ in range(10)])
    model = LogisticRegression().fit(copies, np.tile(y, 10))
    return lambda new: torch.tensor(model.decision_function(new.numpy()))


def without_the_pair(x, y, teacher):
    """Who found out that the first two are what breaks may leave them out."""
    model = LogisticRegression().fit(x[:, 2:].numpy(), y.numpy())
    return lambda new: torch.tensor(model.decision_function(new[:, 2:].numpy()))


def fills_the_mean(x, y, teacher):
    inner = learned(x, y, 0.0)
    return lambda new: inner(torch.where(new == 0, x.mean(0), new))


ANSWERS = {
    "kept": [
        lambda a, b, k: (b - 1 / k) / (a - 1 / k),
        lambda a, b, k: (k * b - 1) / (k * a - 1),
        lambda a, b, k: 1 - (a - b) / (a - 1 / k),
        kept_share,
    ],
    "coverage": [coverage_by_library, coverage_by_loop, coverage_by_bars],
    "steady": [
        from_labels,
        from_the_teacher,
        with_a_hidden_layer,
        by_sklearn_on_copies,
        without_the_pair,
    ],
}

WRONG = {
    "kept": [
        (lambda a, b, k: b / a, "take it off both"),
        (lambda a, b, k: a - b, "points lost"),
        (lambda a, b, k: 100 * (a - b), "points lost"),
        (lambda a, b, k: (b - 0.5) / (a - 0.5), "so many classes"),
        (lambda a, b, k: (a - b) / (a - 1 / k), "share that is lost"),
        (lambda a, b, k: (a - 1 / k) / (b - 1 / k), "other way round"),
        (lambda a, b, k: (b - 1 / k) / a, "before, too"),
        (lambda a, b, k: [b, a], "one number"),
    ],
    "coverage": [
        (first_error, "first error"),
        (of_all, "not among all"),
        (least_sure_first, "of which it is surest"),
        (lambda s, r, a: coverage_by_loop(s, r, a) * len(s), "number of texts"),
        (lambda s, r, a: coverage_by_loop(s, 1 - r, a), "a risk of"),
        (lambda s, r, a: coverage_by_loop(s, r, a - 1e-6), "is allowed"),
        (in_the_order_given, "a risk of"),
        (lambda s, r, a: (s >= 1 - a).mean(), "a risk of"),
        (lambda s, r, a: 1 - a, "a risk of"),
        (lambda s, r, a: risk_coverage(s, r)[1], "one number"),
    ],
    "steady": [
        (lambda x, y, t: learned(x, y, 0.0), "missing number looks like"),
        (lambda x, y, t: learned(x, t.sigmoid(), 0.0), "you are right in"),
        (lambda x, y, t: learned(x, y, 0.5, steps=5), "you are right in"),
        (lambda x, y, t: learned(x, y, 0.0, steps=30), "you are right in"),
        (fills_the_mean, "you are right in"),
        (lambda x, y, t: lambda new: new.sum(1), "you are right in"),
        (lambda x, y, t: lambda new: t[:1].expand(len(new)), "you are right in"),
        (lambda x, y, t: lambda new: t, "one score an input"),
        (lambda x, y, t: t, "expected a function"),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)
