import math

import numpy as np
import pytest
import torch
from exercises import exercise_tests

from course_lib.checks import tuning as check


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


def by_quadrature(n, sd):
    """The mean of the largest, from the density of it."""
    x = np.linspace(-9, 9, 4_001)
    below = np.array([0.5 * math.erfc(-v / math.sqrt(2)) for v in x])
    density = n * below ** (n - 1) * np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    return torch.tensor(sd * (x * density).sum() * (x[1] - x[0]))


def by_loop(n, sd):
    random = np.random.default_rng(1)
    return sum(max(random.normal(0, sd, n)) for _ in range(20_000)) / 20_000


def in_turn(scores):
    """The first that is good enough, one after the other."""
    means = [sum(row) / len(row) for row in scores.tolist()]
    best = scores[int(np.argmax(means))]
    spread = sum((v - best.mean()) ** 2 for v in best) / (len(best) - 1)
    for place, mean in enumerate(means):
        if mean >= max(means) - (spread / len(best)) ** 0.5:
            return np.int64(place)
    raise AssertionError("the best is good enough")


def pools(draw, settings):
    """Scores in an array, one row a setting; what is out has -inf."""
    scores, had, left = np.empty((settings, 0)), 0, np.arange(settings)
    scores = np.full((settings, settings), np.nan)
    while len(left) > 1:
        new = range(had, max(1, 2 * had))
        for i in left:
            scores[i, had : new[-1] + 1] = [draw(int(i), seed) for seed in new]
        had = new[-1] + 1
        left = left[np.argsort(-np.nanmean(scores[left], axis=1), kind="stable")]
        left = left[: len(left) // 2]
    return int(left[0])


def recursive(draw, settings, seen=None):
    seen = seen or {i: [draw(i, 0)] for i in range(settings)}
    kept = sorted(seen, key=lambda i: sum(seen[i]))[len(seen) // 2 :]
    if len(kept) == 1:
        return kept[0]
    more = {
        i: seen[i] + [draw(i, len(seen[i]) + k) for k in range(len(seen[i]))]
        for i in kept
    }
    return recursive(draw, settings, more)


def of_three_seeds(scores):
    means = scores.mean(1)
    error = scores[means.argmax()].std(ddof=1) / math.sqrt(3)
    return int(np.argmax(means >= means.max() - error))


def each_by_its_own_error(scores):
    errors = scores.std(axis=1, ddof=1) / math.sqrt(scores.shape[1])
    return int(np.argmax(scores.mean(1) >= scores.mean(1).max() - errors))


def float_place(scores):
    return float(simplest(scores.astype(np.float32)))


def best_of_the_last_round(draw, settings):
    """Forgets what it saw before: the newest scores alone decide."""
    left, had = list(range(settings)), 0
    while len(left) > 1:
        new = range(had, max(1, 2 * had))
        mean = {i: np.mean([draw(i, seed) for seed in new]) for i in left}
        left, had = sorted(left, key=lambda i: -mean[i])[: len(left) // 2], new[-1] + 1
    return left[0] + 1


ANSWERS = {
    "optimism": [
        optimism,
        by_quadrature,
        by_loop,
        lambda n, sd: by_quadrature(n, sd).float(),
    ],
    "log_uniform": [
        log_uniform,
        lambda u, a, b: math.exp(math.log(a) + u * math.log(b / a)),
        lambda u, a, b: np.geomspace(a, b, 1001)[round(1000 * u)],
        lambda u, a, b: torch.tensor(a ** (1 - u) * b**u),
    ],
    "simplest": [simplest, in_turn, lambda s: torch.tensor(simplest(s)), float_place],
    "halving": [
        halving,
        pools,
        recursive,
        lambda d, n: halving(lambda i, seed: d(i, 2000 + seed), n),  # seeds of its own
    ],
}

WRONG = {
    "optimism": [
        (lambda n, sd: optimism(n, 1.0), "the noise is sd"),
        (lambda n, sd: sd * math.sqrt(2 * math.log(n)), "upper bound"),
        (lambda n, sd: -optimism(n, sd), "lowest"),
        (lambda n, sd: sd, "one score"),
        (lambda n, sd: optimism(n, sd**2), "variance"),
        (lambda n, sd: optimism(40, sd), "n = 1 "),
        (lambda n, sd: check.EXPECTED_BEST[n], "the noise is sd"),
        (lambda n, sd: sd * math.sqrt(math.log(n)), "n = 2 "),
    ],
    "log_uniform": [
        (lambda u, a, b: a + u * (b - a), "uniform"),
        (lambda u, a, b: math.log(a) + u * math.log(b / a), "logarithm"),
        (lambda u, a, b: log_uniform(u, b, a), "swapped"),
        (lambda u, a, b: 2 ** round(math.log2(log_uniform(u, a, b))) + 0.1, "For u"),
        (lambda u, a, b: a * 16**u, "For u"),  # right by the factor of one case
        (lambda u, a, b: a * 10 ** (u * math.log(b / a)), "high = 8.0"),
        (lambda u, a, b: math.sqrt(a * b), "high = 8.0"),  # u = 0.5, always
        (lambda u, a, b: 1 / (1 / a + u * (1 / b - 1 / a)), "high = 16.0"),
    ],
    "simplest": [
        (lambda s: int(s.mean(1).argmax()), "close enough"),
        (lambda s: 0, "too far"),
        (lambda s: simplest(s, errors=99), "too far"),
        (lambda s: simplest(s, ddof=0), "minus one"),
        (lambda s: simplest(s, root=False), "root"),
        (of_three_seeds, "eight seeds"),
        (each_by_its_own_error, "expected"),
        (lambda s: simplest(s) == 0, "expected 0"),
    ],
    "halving": [
        (lambda d, n: halving(d, n, summary=max), "mean over all"),
        (lambda d, n: halving(d, n, same=True), "once"),
        (lambda d, n: halving(d, n, grow=False), "as many new seeds"),
        (lambda d, n: max(range(n), key=lambda i: d(i, 0)), "trained"),
        (lambda d, n: [halving(d, n)], "list"),
        (lambda d, n: best_of_the_last_round(d, n), "2 settings"),
        (lambda d, n: halving(d, n // 2), "2 settings"),  # half are never tried
        (lambda d, n: halving(lambda i, s: -d(i, s), n), "2 settings"),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)


@pytest.mark.parametrize("n", check.EXPECTED_BEST)
def test_the_expected_best_is_the_integral(n):
    x = np.linspace(-10, 10, 40_001)
    below = np.array([math.erfc(-v / math.sqrt(2)) / 2 for v in x])
    # The mean of a variable with that distribution, by parts.
    best = np.where(x > 0, 1 - below**n, -(below**n)).sum() * (x[1] - x[0])
    assert check.EXPECTED_BEST[n] == pytest.approx(best, abs=1e-3)
