"""The exercises on KL divergence: the stub, the answer, and the typical slips."""

import math

import pytest
import torch
from torch.nn import functional as F

from course_lib.checks import kl_divergence as check


def stub(*inputs): ...


def same_as_stub(*inputs):
    return ...


def verdict(test, function, *words):
    """The check says "not yet", and its message has all these words."""
    result = test(function)
    assert result.state == "not yet", result
    for word in ("returned", "expected", *words):
        assert word in result.message, result.message


@pytest.mark.parametrize(
    "test",
    [
        check.kl,
        check.kl_from_logits,
        check.js,
        check.best_bump,
        check.alpha_for_mean,
    ],
)
def test_a_stub_is_open_and_an_error_is_reported(test):
    assert test(stub).state == test(same_as_stub).state == test(...).state == "open"
    result = test(lambda *inputs: 1 / 0)
    assert result.state == "not yet" and "ZeroDivisionError" in result.message


# --- 1. KL from probabilities --------------------------------------------------------


def kl(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum()


def test_kl_is_solved():
    assert check.kl(kl)
    assert check.kl(lambda p, q: kl(p, q).item())


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda p, q: kl(q, p), "KL(q‖p)"),
        (lambda p, q: kl(p, q) / math.log(2), "bits"),
        (lambda p, q: kl(p, q) / 2, "mean over the outcomes"),
        (lambda p, q: -torch.xlogy(p, q).sum(), "cross-entropy"),
        (lambda p, q: -kl(p, q), "never negative"),
        (lambda p, q: p * (p / q).log(), "shape (2,)"),
        (lambda p, q: "small", "str"),
        (lambda p, q: (p * (p.log() - q.log())).sum(), "[1.0, 0.0]"),
        (lambda p, q: torch.xlogy(p, p / q).sum(), "[0.25, 0.75, 0.0]"),
        (
            lambda p, q: F.kl_div(q.log(), p, reduction="sum"),
            "[0.25, 0.75, 0.0]",
        ),
        (lambda p, q: kl(p, q.clamp(1e-8)), "[1.0, 0.0]"),
    ],
)
def test_kl_names_the_slip(wrong, words):
    verdict(check.kl, wrong, words)


# --- 2. KL from logits ---------------------------------------------------------------


def kl_from_logits(p_logits, q_logits, reduction="batchmean"):
    return F.kl_div(
        q_logits.log_softmax(-1),
        p_logits.log_softmax(-1),
        reduction=reduction,
        log_target=True,
    )


def test_kl_from_logits_is_solved():
    assert check.kl_from_logits(kl_from_logits)


@pytest.mark.filterwarnings("ignore:reduction. 'mean'")
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda p, q: kl_from_logits(p, q, "mean"), "number of classes"),
        (lambda p, q: kl_from_logits(p, q, "sum"), "sum over the batch"),
        (lambda p, q: kl_from_logits(p, q, "none"), "shape (2, 3)"),
        (lambda p, q: kl_from_logits(q, p), "KL(q‖p)"),
        (
            lambda p, q: F.kl_div(q.softmax(-1), p.softmax(-1), reduction="batchmean"),
            "given probabilities first",
        ),
        (
            lambda p, q: F.kl_div(q, p.softmax(-1), reduction="batchmean"),
            "given logits first",
        ),
        (
            lambda p, q: F.kl_div(
                q.softmax(-1).log(), p.softmax(-1), reduction="batchmean"
            ),
            "log_softmax keeps it",
        ),
        (
            lambda p, q: F.kl_div(
                (q.softmax(-1) + 1e-9).log(), p.softmax(-1), reduction="batchmean"
            ),
            "10000",
        ),
        (
            lambda p, q: (
                (p.softmax(-1) * (p.softmax(-1).log() - q.log_softmax(-1)))
                .sum(-1)
                .mean()
            ),
            "10000",
        ),
    ],
)
def test_kl_from_logits_names_the_slip(wrong, words):
    verdict(check.kl_from_logits, wrong, words)


# --- 3. Jensen-Shannon ---------------------------------------------------------------


def js_with(log_m):
    def js(p_logits, q_logits):
        a, b = p_logits.log_softmax(-1), q_logits.log_softmax(-1)
        m = log_m(a, b)
        return ((a.exp() * (a - m) + b.exp() * (b - m)).sum(-1) / 2).mean()

    return js


def log_mean(a, b):
    return torch.logaddexp(a, b) - math.log(2)


def log_of_mean(a, b):
    return ((a.exp() + b.exp()) / 2).log()


def js_swapped(p_logits, q_logits):
    a, b = p_logits.log_softmax(-1), q_logits.log_softmax(-1)
    m = log_mean(a, b)
    return (m.exp() * (2 * m - a - b)).sum(-1).mean() / 2


def js_by_entropies_of_mean_logits(p_logits, q_logits):
    def entropy(z):
        return -(z.softmax(-1) * z.log_softmax(-1)).sum(-1).mean()

    middle = (p_logits + q_logits) / 2
    return entropy(middle) - (entropy(p_logits) + entropy(q_logits)) / 2


def test_js_is_solved():
    assert check.js(js_with(log_mean))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (js_with(lambda a, b: ((a + b) / 2).log_softmax(-1)), "averages the logits"),
        (js_by_entropies_of_mean_logits, "averages the logits"),
        (js_swapped, "KL(m‖p)"),
        (lambda p, q: 2 * js_with(log_mean)(p, q), "their mean"),
        (js_with(torch.logaddexp), "lacks its ½"),
        (js_with(log_of_mean), "logaddexp"),
        (lambda p, q: len(p) * js_with(log_mean)(p, q), "sum over the batch"),
        (lambda p, q: kl_from_logits(p, q), "p_logits = [[6.0, 1.0, 0.0]]"),
    ],
)
def test_js_names_the_slip(wrong, words):
    verdict(check.js, wrong, words)


# --- 4. The best bump ----------------------------------------------------------------


def best_bump(x, p):
    mean = (p * x).sum()
    return mean, (p * (x - mean) ** 2).sum().sqrt()


def test_best_bump_is_solved_and_is_the_minimum():
    assert check.best_bump(best_bump)
    assert check.best_bump(lambda x, p: torch.stack(best_bump(x, p)))
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


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda x, p: (best_bump(x, p)[0], best_bump(x, p)[1] ** 2), "variance"),
        (lambda x, p: (best_bump(x, p)[0], x.std()), "weigh each"),
        (lambda x, p: (x.mean(), x.std(correction=0)), "weigh each"),
        (lambda x, p: (x[p.argmax()], best_bump(x, p)[1]), "covers"),
        (lambda x, p: (best_bump(x, p)[0], (p * x**2).sum().sqrt()), "subtract"),
        (lambda x, p: best_bump(x, p)[0], "two numbers"),
    ],
)
def test_best_bump_names_the_slip(wrong, words):
    verdict(check.best_bump, wrong, words)


# --- 5. Alpha ------------------------------------------------------------------------


def alpha_for_mean(alpha, classes):
    return classes * alpha / (classes * alpha + 1 - alpha)


def test_alpha_for_mean_is_solved_and_undoes_the_mistake():
    assert check.alpha_for_mean(alpha_for_mean)
    x = alpha_for_mean(0.7, 28)
    assert math.isclose((x / 28) / (x / 28 + 1 - x), 0.7)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda alpha, k: (alpha / k) / (alpha / k + 1 - alpha), "way back"),
        (lambda alpha, k: alpha * k, "1 - alpha"),
        (lambda alpha, k: alpha / k, "divided"),
        (lambda alpha, k: alpha, "number of classes"),
        (lambda alpha, k: min(1.0, alpha * k), "alpha = 0.5, classes = 100"),
    ],
)
def test_alpha_for_mean_names_the_slip(wrong, words):
    verdict(check.alpha_for_mean, wrong, words)
