import math

import numpy as np
import pytest

from course_lib.checks import tuning as check


def stub(*arguments): ...


def optimism(n, sd):
    return sd * np.random.default_rng(0).normal(size=(20_000, n)).max(1).mean()


def log_uniform(u, low, high):
    return low * (high / low) ** u


def simplest(scores, *, ddof=1, root=True, errors=1.0):
    means = scores.mean(1)
    error = scores[means.argmax()].std(ddof=ddof)
    error /= math.sqrt(scores.shape[1]) if root else 1
    return int(np.argmax(means >= means.max() - errors * error))


def halving(draw, settings, *, summary=np.mean, grow=True, same=False):
    seen = {i: [draw(i, 0)] for i in range(settings)}
    while len(seen) > 1:
        ranked = sorted(seen, key=lambda i: -summary(seen[i]))
        seen = {i: seen[i] for i in ranked[: len(seen) // 2]}
        if len(seen) > 1:
            for i, values in seen.items():
                first = 0 if same else len(values)
                values += [
                    draw(i, first + k) for k in range(len(values) if grow else 1)
                ]
    return next(iter(seen))


CHECKS = [check.optimism, check.log_uniform, check.simplest, check.halving]


@pytest.mark.parametrize("test", CHECKS)
def test_a_stub_is_open(test):
    assert test(stub).state == "open"


def test_the_answers_are_solved():
    assert check.optimism(optimism)
    assert check.log_uniform(log_uniform)
    assert check.simplest(simplest)
    assert check.halving(halving)


@pytest.mark.parametrize("n", check.EXPECTED_BEST)
def test_the_expected_best_is_the_integral(n):
    x = np.linspace(-10, 10, 40_001)
    below = np.array([math.erfc(-v / math.sqrt(2)) / 2 for v in x])
    # The mean of a variable with that distribution, by parts.
    best = np.where(x > 0, 1 - below**n, -(below**n)).sum() * (x[1] - x[0])
    assert check.EXPECTED_BEST[n] == pytest.approx(best, abs=1e-3)


@pytest.mark.parametrize(
    ("test", "wrong", "hint"),
    [
        (check.optimism, lambda n, sd: optimism(n, 1.0), "the noise is sd"),
        (check.optimism, lambda n, sd: sd * math.sqrt(2 * math.log(n)), "upper bound"),
        (check.optimism, lambda n, sd: -optimism(n, sd), "lowest"),
        (check.optimism, lambda n, sd: sd, "one score"),
        (check.optimism, lambda n, sd: optimism(n, sd**2), "variance"),
        (check.optimism, lambda n, sd: "much", "str"),
        (check.log_uniform, lambda u, a, b: a + u * (b - a), "uniform"),
        (
            check.log_uniform,
            lambda u, a, b: math.log(a) + u * math.log(b / a),
            "logarithm",
        ),
        (check.log_uniform, lambda u, a, b: log_uniform(u, b, a), "swapped"),
        (check.simplest, lambda s: int(s.mean(1).argmax()), "close enough"),
        (check.simplest, lambda s: 0, "too far"),
        (check.simplest, lambda s: simplest(s, ddof=0), "minus one"),
        (check.simplest, lambda s: simplest(s, root=False), "root"),
        (check.simplest, lambda s: s.mean(1), "ndarray"),
        (check.halving, lambda d, n: halving(d, n, summary=max), "mean over all"),
        (check.halving, lambda d, n: halving(d, n, same=True), "once"),
        (check.halving, lambda d, n: halving(d, n, grow=False), "as many new seeds"),
        (check.halving, lambda d, n: max(range(n), key=lambda i: d(i, 0)), "trained"),
        (check.halving, lambda d, n: [halving(d, n)], "list"),
    ],
)
def test_a_typical_slip_gets_its_hint(test, wrong, hint):
    result = test(wrong)
    assert result.state == "not yet"
    assert hint in result.message
    assert "expected" in result.message
