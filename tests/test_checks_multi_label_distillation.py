import numpy as np
import torch
from exercises import exercise_tests
from torch.nn import functional as F

from course_lib.checks import multi_label_distillation as check


def share(alone, taught, best):
    distance = best - np.mean(alone)
    return (np.mean(taught) - np.mean(alone)) / distance if distance else 0.0


def share_by_mean_lead(alone, taught, best):
    distance = np.mean(np.subtract(best, alone))
    return np.mean(np.subtract(taught, alone)) / distance if distance else 0


def excess(teacher, taught, alone, labels):
    wrong = teacher != labels
    return (
        0.0
        if not wrong.any()
        else (taught == teacher)[wrong].mean() - (alone == teacher)[wrong].mean()
    )


def excess_by_counting(teacher, taught, alone, labels):
    found = [
        int(a == t) - int(b == t)
        for t, a, b, y in zip(
            *(x.ravel() for x in (teacher, taught, alone, labels)), strict=True
        )
        if t != y
    ]
    return sum(found) / max(1, len(found))


def excess_of_wrongs(teacher, taught, alone, labels):
    wrong = teacher != labels
    both = [((x != labels) & wrong).sum() for x in (taught, alone)]
    return (both[0] - both[1]) / max(1, wrong.sum())


def learner(
    tables=200,
    *,
    steps=400,
    seed=0,
    fresh=False,
    rate=0.05,
    label=lambda bias: bias,
    said=lambda z: z,
    decay=0.0,
):
    def function(toss, x):
        torch.manual_seed(seed)
        bias = label(torch.stack([toss() for _ in range(tables)]).mean(0))
        student = torch.nn.Linear(x.shape[1], bias.shape[1])
        step = torch.optim.AdamW(student.parameters(), lr=rate, weight_decay=decay)
        falling = torch.optim.lr_scheduler.LinearLR(step, 1, 0.02, steps)
        for _ in range(steps):
            step.zero_grad()
            heard = toss() if fresh else bias
            F.binary_cross_entropy_with_logits(student(x), heard).backward()
            step.step()
            falling.step()
        return lambda new: said(student(new))

    return function


def by_least_squares(toss, x):
    """The logits of the mean of a thousand tosses, by a linear model."""
    bias = torch.stack([toss() for _ in range(1000)]).mean(0).clamp(0.001, 0.999)
    w = torch.linalg.lstsq(x, bias.logit()).solution
    return lambda new: (new @ w).numpy()


def asks_later(toss, x):
    student = learner()(toss, x)
    return lambda new: student(new) + 0 * toss()


def of_medians(alone, taught, best):
    distance = best - np.median(alone)
    return (np.median(taught) - np.median(alone)) / distance if distance else 0.0


def of_missed_labels(teacher, taught, alone, labels):
    """Only where the teacher misses a label that is there."""
    missed = (teacher == 0) & (labels == 1)
    if not missed.any():
        return 0.0
    return (taught == teacher)[missed].mean() - (alone == teacher)[missed].mean()


ANSWERS = {
    "share": [
        share,
        share_by_mean_lead,
        lambda a, t, b: 0.0 if b == a.mean() else 1 - (b - t.mean()) / (b - a.mean()),
    ],
    "excess": [
        excess,
        excess_by_counting,
        excess_of_wrongs,
        lambda *a: np.array(excess(*a), dtype=np.float32),
    ],
    "tossed": [
        learner(),
        learner(seed=1, steps=800),
        learner(1, fresh=True, steps=600, seed=2),
        by_least_squares,
    ],
}

WRONG = {
    "share": [
        (lambda a, t, b: ((t - a) / (b - a)).mean(), "ratio of the means"),
        (lambda a, t, b: 1 - share(a, t, b), "what is left"),
        (lambda a, t, b: -share(a, t, b), "wrong way round"),
        (lambda a, t, b: (t.mean() - a.mean()) / b, "Divide by the distance"),
        (lambda a, t, b: t.mean() / a.mean() - 1, "share of the student's score"),
        (lambda a, t, b: (t.mean() - a.mean()) / (b - a.mean()), "no distance"),
        (lambda a, t, b: np.zeros(2), "one number"),
        (of_medians, "[0.6, 0.8, 0.82, 0.9]"),
        (lambda a, t, b: max(0.0, share(a, t, b)), "expected -0.25"),
        (lambda a, t, b: share(a[-1:], t[-1:], b), "expected"),
        (lambda a, t, b: 100 * share(a, t, b), "expected"),
    ],
    "excess": [
        (lambda t, a, b, y: -excess(t, a, b, y), "wrong way round"),
        (lambda t, a, b, y: (a == t).mean() - (b == t).mean(), "over all decisions"),
        (lambda t, a, b, y: excess(t, a, a * 0 + 1 - t, y), "taught student's share"),
        (lambda t, a, b, y: a[t != y].mean() - b[t != y].mean(), "say yes"),
        (lambda t, a, b, y: excess(y, a, b, t), "seed 0"),
        (lambda t, a, b, y: a[t != y].tolist(), "one number"),
        (
            lambda t, a, b, y: (a == t)[t != y].mean() - (b == t)[t != y].mean(),
            "no mistake to repeat",
        ),
        (lambda t, a, b, y: 0.0, "seed 0"),
        (lambda t, a, b, y: excess(t[:, :2], a[:, :2], b[:, :2], y[:, :2]), "seed"),
        (of_missed_labels, "seed"),
        (lambda t, a, b, y: round(excess(t, a, b, y), 1), "seed"),
    ],
    "tossed": [
        (learner(1), "after 1 tosses"),
        (learner(3), "after 3 tosses"),
        (learner(label=lambda bias: (bias > 0.5).float()), "off by"),
        (learner(said=torch.sigmoid), "does it return logits"),
        (learner(said=lambda z: -z), "off by"),
        (learner(steps=2), "off by"),
        (learner(said=lambda z: 0 * z), "off by"),
        (learner(said=lambda z: z[:, :1]), "shape (200, 1)"),
        (asks_later, "answers by itself"),
        (lambda toss, x: toss(), "a function from"),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)
