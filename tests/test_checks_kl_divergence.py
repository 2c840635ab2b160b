import math

import pytest
import torch
from exercises import exercise_tests
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


def js_with(log_m):
    def js(p_logits, q_logits):
        a, b = p_logits.log_softmax(-1), q_logits.log_softmax(-1)
        m = log_m(a, b)
        return ((a.exp() * (a - m) + b.exp() * (b - m)).sum(-1) / 2).mean()

    return js


def log_mean(a, b):
    return torch.logaddexp(a, b) - math.log(2)


def js_swapped(p_logits, q_logits):
    a, b = p_logits.log_softmax(-1), q_logits.log_softmax(-1)
    m = log_mean(a, b)
    return (m.exp() * (2 * m - a - b)).sum(-1).mean() / 2


def js_by_entropies_of_mean_logits(p_logits, q_logits):
    def entropy(z):
        return -(z.softmax(-1) * z.log_softmax(-1)).sum(-1).mean()

    middle = (p_logits + q_logits) / 2
    return entropy(middle) - (entropy(p_logits) + entropy(q_logits)) / 2


def best_bump(x, p):
    mean = (p * x).sum()
    return mean, (p * (x - mean) ** 2).sum().sqrt()


def alpha_for_mean(alpha, classes):
    return classes * alpha / (classes * alpha + 1 - alpha)


ANSWERS = {
    "kl": [kl, lambda p, q: kl(p, q).item()],
    "kl_from_logits": [kl_from_logits],
    "js": [js_with(log_mean)],
    "best_bump": [
        best_bump,
        lambda x, p: torch.stack(best_bump(x, p)),
        lambda x, p: torch.stack(best_bump(x, p)).numpy(),
        lambda x, p: [number.item() for number in best_bump(x, p)],
    ],
    "alpha_for_mean": [alpha_for_mean],
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
    ],
    "js": [
        (js_with(lambda a, b: ((a + b) / 2).log_softmax(-1)), "averages the logits"),
        (js_by_entropies_of_mean_logits, "averages the logits"),
        (js_swapped, "KL(m‖p)"),
        (lambda p, q: 2 * js_with(log_mean)(p, q), "their mean"),
        (js_with(torch.logaddexp), "lacks its ½"),
        (js_with(lambda a, b: ((a.exp() + b.exp()) / 2).log()), "logaddexp"),
        (lambda p, q: len(p) * js_with(log_mean)(p, q), "sum over the batch"),
        (kl_from_logits, "p_logits = [[6.0, 1.0, 0.0]]"),
    ],
    "best_bump": [
        (lambda x, p: (best_bump(x, p)[0], best_bump(x, p)[1] ** 2), "variance"),
        (lambda x, p: (best_bump(x, p)[0], x.std()), "weigh each"),
        (lambda x, p: (x.mean(), x.std(correction=0)), "weigh each"),
        (lambda x, p: (x[p.argmax()], best_bump(x, p)[1]), "covers"),
        (lambda x, p: (best_bump(x, p)[0], (p * x**2).sum().sqrt()), "subtract"),
        (lambda x, p: best_bump(x, p)[0], "two numbers"),
    ],
    "alpha_for_mean": [
        (lambda alpha, k: (alpha / k) / (alpha / k + 1 - alpha), "way back"),
        (lambda alpha, k: alpha * k, "1 - alpha"),
        (lambda alpha, k: alpha / k, "divided"),
        (lambda alpha, k: alpha, "number of classes"),
        (lambda alpha, k: min(1.0, alpha * k), "alpha = 0.5, classes = 100"),
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


def test_alpha_for_mean_undoes_the_mistake():
    x = alpha_for_mean(0.7, 28)
    assert math.isclose((x / 28) / (x / 28 + 1 - x), 0.7)
