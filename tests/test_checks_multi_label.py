import numpy as np
import torch
from exercises import exercise_tests
from torch.nn import functional as F

from course_lib.checks import multi_label as check
from course_lib.losses import multilabel_soft_target_loss, soft_target_loss


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


def by_sets_of_one(s, t, temperature):
    def two(z):
        return torch.stack([torch.zeros_like(z), z / temperature], -1)

    log_p, log_q = two(t).log_softmax(-1), two(s).log_softmax(-1)
    return temperature**2 * (log_p.exp() * (log_p - log_q)).sum(-1).mean()


def two_by_two(z):
    return torch.stack([torch.zeros_like(z), z], -1).flatten(0, 1)


def with_nothing(z):
    return torch.cat([z, torch.zeros_like(z[:, :1])], 1)


def learner(
    heard,
    *,
    seed=0,
    steps=300,
    rate=0.05,
    optimizer=torch.optim.AdamW,
    said=lambda z: z,
):
    def function(loss, features, teacher_logits):
        torch.manual_seed(seed)
        student = torch.nn.Linear(features.shape[1], teacher_logits.shape[1])
        step = optimizer(student.parameters(), lr=rate)
        for _ in range(steps):
            step.zero_grad()
            loss(heard(student(features)), heard(teacher_logits)).backward()
            step.step()
        return lambda x: said(student(x))

    return function


def two_columns(loss, features, teacher_logits):
    """One student of two logits for each label; their difference is the label's."""
    torch.manual_seed(0)
    shape = features.shape[1], teacher_logits.shape[1]
    student = torch.nn.Linear(shape[0], 2 * shape[1])
    step = torch.optim.AdamW(student.parameters(), lr=0.05)
    for _ in range(300):
        step.zero_grad()
        pairs = student(features).view(-1, 2)
        loss(pairs, two_by_two(teacher_logits)).backward()
        step.step()

    def answer(x):
        pairs = student(x).view(len(x), shape[1], 2)
        return pairs[..., 1] - pairs[..., 0]

    return answer


def by_least_squares(loss, features, teacher_logits):
    ones = torch.ones(len(features), 1)
    w = torch.linalg.lstsq(torch.cat([features, ones], 1), teacher_logits).solution
    return lambda x: torch.cat([x, torch.ones(len(x), 1)], 1) @ w


def swapped(logits, labels):
    count = labels.shape[1]
    fit = np.corrcoef(logits.T, labels.T)[:count, count:]
    own = np.diag(fit)
    gain = fit + fit.T - own[:, None] - own[None]
    return np.unravel_index(gain.argmax(), gain.shape)


def of_seven(z, y):
    """Fits columns to seven labels, how many there may be."""
    fit = np.corrcoef(z.T, y.T)[:7, -7:]
    gain = fit + fit.T - np.diag(fit)[:, None] - np.diag(fit)
    return np.unravel_index(gain.argmax(), gain.shape)


def in_numpy(s, t, temperature):
    s, t = (z.double().numpy() / temperature for z in (s, t))
    p = 1 / (1 + np.exp(-np.clip(t, -700, 700)))
    cost = p * np.logaddexp(0, -s) + (1 - p) * np.logaddexp(0, s)
    own = p * np.logaddexp(0, -t) + (1 - p) * np.logaddexp(0, t)
    return temperature**2 * (cost - own).mean()


ANSWERS = {
    "loss": [
        multilabel_soft_target_loss,
        by_bce,
        by_sets_of_one,
        in_numpy,
        lambda s, t, k: multilabel_soft_target_loss(s.double(), t.double(), k),
    ],
    "swapped": [
        swapped,
        lambda z, y: set(swapped(z, y)),
        lambda z, y: torch.tensor([int(place) for place in swapped(z, y)]),
    ],
    "library": [
        learner(two_by_two),
        learner(two_by_two, seed=1, steps=150, rate=0.1),
        learner(two_by_two, optimizer=torch.optim.SGD, rate=3.0, steps=500),
        learner(with_nothing, steps=500),
        two_columns,
    ],
}

WRONG = {
    "loss": [
        (lambda s, t, k: by_bce(s, t, k, square=False), "T² is missing"),
        (lambda s, t, k: by_bce(s, t, k, entropy=False), "teacher's entropy"),
        (lambda s, t, k: by_bce(t, s, k), "changed places"),
        (lambda s, t, k: 7 * by_bce(s, t, k), "over the labels"),
        (half, "yes part only"),
        (naive, "±1,000"),
        (lambda s, t, k: F.mse_loss(s, t), "at T = 1"),
        (lambda s, t, k: k**2 * soft_target_loss(s, t, 1.0), "at T = 1"),
        (lambda s, t, k: by_bce(s, t, 1.0) * k**2, "at T = 3"),
        (lambda s, t, k: by_bce(s, t, k).round(decimals=1), "at T = 1"),
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
        (lambda z, y: swapped(z[:, :5], y[:, :5]), "columns 0 and 6"),
        (of_seven, "expected"),
        (lambda z, y: np.array(swapped(z, y)) + 1, "columns 1 and 2"),
    ],
    "library": [
        (learner(lambda z: z), "labels a text"),
        (learner(two_by_two, steps=3), "3 times"),
        (learner(two_by_two, steps=12, rate=0.01), "trained long enough"),
        (learner(two_by_two, said=torch.sigmoid), "labels a text"),
        (learner(lambda z: two_by_two(z).flip(-1)[:, :1]), "labels a text"),
        (learner(lambda z: -two_by_two(z), said=lambda z: -z), "labels a text"),
        (learner(lambda z: z.T), "labels a text"),
        (learner(lambda z: torch.stack([-z, z], -1)), "twice the same"),
        (by_least_squares, "asked the library's loss 0 times"),
        (lambda loss, x, t: torch.zeros(2), "a function from features"),
        (learner(two_by_two, said=lambda z: z[:, :2]), "shape (400, 2)"),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)
