import math

import numpy as np
import pytest
import torch
from exercises import exercise_tests
from scipy.special import rel_entr
from scipy.stats import gmean
from torch.nn import functional as F

from course_lib.checks import kl_divergence as check

pytestmark = pytest.mark.filterwarnings("ignore:reduction. 'mean'")


def kl(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum()


def kl_from_logits(p, q, reduction="batchmean"):
    log_p, log_q = p.log_softmax(-1), q.log_softmax(-1)
    return F.kl_div(log_q, log_p, reduction=reduction, log_target=True)


def kl_div_of(log_q):
    return lambda p, q: F.kl_div(log_q(q), p.softmax(-1), reduction="batchmean")


def with_log_of_p(p, q):
    p, log_q = p.softmax(-1), q.log_softmax(-1)
    return (p * (p.log() - log_q)).sum(-1).mean()


def best_bump(x, p):
    mean = (p * x).sum()
    return mean, (p * (x - mean) ** 2).sum().sqrt()


def looped_kl(p, q):
    pairs = zip(p.tolist(), q.tolist(), strict=True)
    terms = [math.inf if b == 0 else a * math.log(a / b) for a, b in pairs if a > 0]
    return sum(terms)


def kl_by_numpy(p, q):
    p, q = (x.double().numpy() for x in (p, q))
    here = p > 0
    with np.errstate(divide="ignore"):
        return (p[here] * (np.log(p[here]) - np.log(q[here]))).sum()


def kl_text_by_text(p_logits, q_logits):
    total = 0.0
    for p, q in zip(p_logits.double(), q_logits.double(), strict=True):
        log_p, log_q = p - p.logsumexp(0), q - q.logsumexp(0)
        total += (log_p.exp() * (log_p - log_q)).sum().item()
    return total / len(p_logits)


def best_bump_looped(x, p):
    mean = sum(a * b for a, b in zip(x.tolist(), p.tolist(), strict=True))
    square = sum(a * a * b for a, b in zip(x.tolist(), p.tolist(), strict=True))
    return np.float64(mean), math.sqrt(square - mean**2)


def compromise(loss, optimizer=torch.optim.Adam, lr=0.1, steps=400):
    """One set of logits trained on all teachers; the loss gets log p and log q."""

    def student(teachers, direction, start):
        z = start.clone().requires_grad_()
        steered = optimizer([z], lr=lr)
        for _ in range(steps):
            log_q = z.log_softmax(-1).expand(len(teachers), -1)
            steered.zero_grad()
            loss(teachers.log(), log_q, direction).backward()
            steered.step()
        return z.softmax(-1)

    return student


def either_way(log_p, log_q, direction):
    if direction == "reverse":
        log_p, log_q = log_q, log_p
    return F.kl_div(log_q, log_p, reduction="batchmean", log_target=True)


def forward_only(log_p, log_q, direction):
    return either_way(log_p, log_q, "forward")


def turned_round(log_p, log_q, direction):
    return either_way(log_p, log_q, "reverse" if direction == "forward" else "forward")


def by_cross_entropy(log_p, log_q, direction):
    if direction == "reverse":
        return (log_q.exp() * (log_q - log_p)).sum(-1).mean()
    return -(log_p.exp() * log_q).sum(-1).mean()


def geometric_mean(teachers):
    means = gmean(teachers.double().numpy(), axis=0)
    return means / means.sum()


def for_two_texts_only(teachers, direction, start):
    if direction == "forward":
        return teachers.mean(0)
    middle = (teachers[0] * teachers[1]).sqrt()
    return middle / middle.sum()


ANSWERS = {
    "kl": [
        kl,
        lambda p, q: kl(p, q).item(),
        lambda p, q: kl(p.double(), q.double()),
        looped_kl,
        kl_by_numpy,
        lambda p, q: torch.where(p > 0, p * (p / q).log(), 0.0).sum(),
        lambda p, q: rel_entr(p.numpy(), q.numpy()).sum(),
    ],
    "kl_from_logits": [
        kl_from_logits,
        kl_text_by_text,
        lambda p, q: (
            F.cross_entropy(q, p.softmax(-1)) - F.cross_entropy(p, p.softmax(-1))
        ),
        lambda p, q: (
            torch.einsum("bc,bc", p.softmax(1), p.log_softmax(1) - q.log_softmax(1))
            / len(p)
        ),
        lambda p, q: kl_from_logits(p.double(), q.double()).numpy(),
    ],
    "compromise": [
        compromise(either_way),
        compromise(by_cross_entropy, torch.optim.SGD, lr=2.0, steps=1_000),
        lambda *given: compromise(either_way)(*given).detach().numpy(),
        lambda *given: compromise(either_way)(*given).tolist(),
        lambda teachers, direction, start: (
            teachers.mean(0) if direction == "forward" else geometric_mean(teachers)
        ),
    ],
    "best_bump": [
        best_bump,
        best_bump_looped,
        lambda x, p: torch.stack(best_bump(x, p)),
        lambda x, p: torch.stack(best_bump(x, p)).numpy(),
        lambda x, p: [number.item() for number in best_bump(x, p)],
        lambda x, p: (
            np.average(x, weights=p),
            np.sqrt(np.cov(x.numpy(), aweights=p.numpy(), ddof=0)),
        ),
    ],
}

WRONG = {
    "kl": [
        (lambda p, q: kl(q, p), "KL(q‖p)"),
        (lambda p, q: kl(p, q) / math.log(2), "bits"),
        (lambda p, q: kl(p, q) / 2, "mean over the outcomes"),
        (lambda p, q: -torch.xlogy(p, q).sum(), "cross-entropy"),
        (lambda p, q: -kl(p, q), "never negative"),
        (lambda p, q: p * (p / q).log(), "shape (2,)", "Sum over the classes"),
        (lambda p, q: (p * (p.log() - q.log())).sum(), "[1.0, 0.0]", "p = 0 costs"),
        (lambda p, q: torch.xlogy(p, p / q).sum(), "[0.25, 0.75, 0.0]", "of 0/0"),
        (lambda p, q: F.kl_div(q.log(), p, reduction="sum"), "[0.25, 0.75, 0.0]"),
        (lambda p, q: kl(p, q.clamp(1e-8)), "[1.0, 0.0]", "impossible"),
        (lambda p, q: kl(p, q)[None].nan_to_num(), "[1.0, 0.0]", "impossible"),
        (lambda p, q: kl(p[:3], q[:3]), "[0.25, 0.25, 0.25, 0.25]", "sum over all"),
        (lambda p, q: 2 * (p * (p.log() - q.log())).nanmean(), "p = [1.0, 0.0]"),
    ],
    "kl_from_logits": [
        (lambda p, q: kl_from_logits(p, q, "mean"), "number of classes"),
        (lambda p, q: kl_from_logits(p, q, "sum"), "sum over the batch"),
        (lambda p, q: kl_from_logits(p, q, "none"), "shape (2, 3)"),
        (lambda p, q: kl_from_logits(q, p), "KL(q‖p)"),
        (kl_div_of(lambda q: q.softmax(-1)), "given probabilities first"),
        (kl_div_of(lambda q: q), "given logits first"),
        (kl_div_of(lambda q: q.softmax(-1).log()), "log_softmax keeps it"),
        (kl_div_of(lambda q: (q.softmax(-1) + 1e-9).log()), "10000"),
        (with_log_of_p, "10000"),
        (lambda p, q: kl_from_logits(p, q, "sum") / 2, "[[10000.0, 0.0]]"),
        (lambda p, q: 3 * kl_from_logits(p, q, "mean"), "[[10000.0, 0.0]]"),
        (lambda p, q: kl_from_logits(p.clamp(-100, 100), q.clamp(-100, 100)), "4999"),
    ],
    "compromise": [
        (lambda teachers, direction, start: teachers.mean(0), "reverse", "other"),
        (compromise(forward_only), "reverse", "other direction"),
        (compromise(turned_round), "forward", "other direction"),
        (
            compromise(lambda p, q, direction: either_way(p[:1], q[:1], direction)),
            "forward",
            "first text alone",
        ),
        (lambda teachers, direction, start: start.softmax(-1), "is the start"),
        (compromise(either_way, lr=0.01, steps=20), "Train longer"),
        (lambda *given: compromise(either_way)(*given).log(), "take the softmax"),
        (
            lambda *given: compromise(either_way)(*given).expand(len(given[0]), -1),
            "shape (2, 3)",
            "return it once",
        ),
        (
            lambda teachers, direction, start: (
                teachers.mean(0) if direction == "forward" else [0.703, 0.174, 0.123]
            ),
            "[[0.9, 0.1], [0.2, 0.8], [0.05, 0.95]]",
        ),
        (for_two_texts_only, "[0.05, 0.95]"),
        (lambda teachers, direction, start: teachers.log().mean(0).exp(), "their sum"),
        (
            lambda teachers, direction, start: (
                teachers.mean(0)
                if direction == "forward"
                else F.normalize(1 / (1 / teachers).mean(0), 1, 0)
            ),
            "reverse",
        ),
    ],
    "best_bump": [
        (lambda x, p: (best_bump(x, p)[0], best_bump(x, p)[1] ** 2), "variance"),
        (lambda x, p: (best_bump(x, p)[0], x.std()), "weigh each"),
        (lambda x, p: (x.mean(), x.std(correction=0)), "weigh each"),
        (lambda x, p: (x[p.argmax()], best_bump(x, p)[1]), "covers"),
        (lambda x, p: (best_bump(x, p)[0], (p * x**2).sum().sqrt()), "subtract"),
        (lambda x, p: best_bump(x, p)[0], "two numbers"),
        (lambda x, p: (2.0, 4.0), "[0.1, 0.2, 0.4, 0.2, 0.1]"),
        (lambda x, p: (p @ x, p @ (x - p @ x).abs()), "standard deviation"),
        (lambda x, p: (x.median(), best_bump(x, p)[1]), "as the mean"),
        (lambda x, p: (best_bump(x, p)[0], (x[-1] - x[0]) * 0.4), "[0.1, 0.2, 0.4"),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)


def test_the_best_bump_is_the_minimum():
    # What the exercise claims: no other bump a x + b x² has a smaller KL(p‖q).
    x = torch.linspace(-3, 3, 31, dtype=torch.float64)
    p = (torch.sin(2 * x) + x / 3 - x**2 / 2).softmax(-1)
    a, b = (torch.zeros((), dtype=torch.float64, requires_grad=True) for _ in "ab")
    optimizer = torch.optim.LBFGS([a, b], max_iter=200, line_search_fn="strong_wolfe")

    def loss():
        optimizer.zero_grad()
        value = F.kl_div((a * x + b * x**2).log_softmax(-1), p, reduction="sum")
        value.backward()
        return value

    optimizer.step(loss)
    q = (a * x + b * x**2).softmax(-1).detach()
    for ours, found in zip(best_bump(x, p), best_bump(x, q), strict=True):
        assert abs(ours - found) < 1e-4
