from itertools import combinations, product

import numpy as np
import torch
from exercises import exercise_tests
from scipy.special import expit, logit
from scipy.stats import binom, norm
from sklearn.linear_model import LogisticRegression

from course_lib.checks import committee as check


def majority(p, n):
    return binom.sf(n / 2, n, p) + binom.pmf(n / 2, n, p) / 2


def majority_listed(p, n):
    total = 0.0
    for votes in product([0, 1], repeat=n):
        chance = np.prod([p if vote else 1 - p for vote in votes])
        total += chance * (1 if sum(votes) > n / 2 else sum(votes) == n / 2 and 0.5)
    return total


def majority_of_fewer(p, n):
    odd = n - 1 + n % 2  # a coin for the last judge of an even number
    return 1 - binom.cdf(odd // 2, odd, p)


def majority_by_luck(p, n):
    said = np.random.default_rng(0).random((2_000, n)) < p
    return (said.sum(1) > n / 2).mean()


def mix(p, weights):
    return expit(logit(p) @ weights)


def mix_by_odds(p, weights):
    odds = np.prod((p / (1 - p)) ** weights, axis=1)
    return odds / (1 + odds)


def mix_by_softmax(p, weights):
    z = torch.tensor(np.log(p) @ weights), torch.tensor(np.log1p(-p) @ weights)
    return torch.stack(z, 1).softmax(1)[:, 0]


def mix_row_by_row(p, weights):
    mixed = []
    for row in p:
        z = sum(w * np.log(x / (1 - x)) for w, x in zip(weights, row, strict=True))
        mixed.append(1 / (1 + np.exp(-z)))
    return np.array(mixed)


def disagreement(z):
    said = z > 0
    return (said[:, :, None] != said[:, None]).mean(0)


def disagreement_by_loops(z):
    members = range(z.shape[1])
    return [[np.mean((z[:, i] > 0) != (z[:, j] > 0)) for j in members] for i in members]


def disagreement_by_products(z):
    said = (z > 0).astype(float)
    return (said.T @ (1 - said) + (1 - said.T) @ said) / len(z)


def disagreement_by_distance(z):
    said = torch.tensor(z > 0).float().T
    return torch.cdist(said, said, p=1) / len(z)


def pairs(z):
    return list(combinations(range(z.shape[1]), 2))


def by_accuracy(z, y):
    return max(pairs(z), key=lambda two: ((z[:, two].mean(1) > 0) == y).mean())


def by_cross_entropy(z, y):
    def cost(two):
        return np.logaddexp(0, -(2 * y - 1) * z[:, two].mean(1)).mean()

    # A loud member ruins it, as it should.
    return np.array(min(pairs(z), key=cost))


def greedy(z, y):
    first = int(((z > 0) == y[:, None]).mean(0).argmax())
    rest = [i for i in range(z.shape[1]) if i != first]
    return first, max(rest, key=lambda i: ((z[:, i] + z[:, first] > 0) == y).mean())


def fewest_left(z, y):
    best, least = None, len(y) + 1
    for i, j in pairs(z):
        wrong = int(((z[:, i] + z[:, j] > 0) != y).sum())
        if wrong < least:
            best, least = [j, i], wrong
    return best


def best_alone(z, y):
    return np.argsort(-((z > 0) == y[:, None]).mean(0))[:2]


def most_different(z, y):
    d = disagreement(z)
    return np.unravel_index(d.argmax(), d.shape)


def best_and_its_opposite(z, y):
    first = int(((z > 0) == y[:, None]).mean(0).argmax())
    return first, int(disagreement(z)[first].argmax())


def best_oracle(z, y):
    """The pair of which one is right most often: what nobody can use."""
    right = (z > 0) == y[:, None]
    return max(pairs(z), key=lambda two: right[:, two].any(1).mean())


def loudest(z, y):
    return np.argsort(-np.abs(z).mean(0))[:2]


def heaviest(z, y):
    weights = LogisticRegression(C=100).fit(z, y).coef_[0]
    return np.argsort(weights)[:2]


ANSWERS = {
    "majority": [
        majority,
        majority_listed,
        majority_of_fewer,
        lambda p, n: torch.tensor(majority(p, n)),
    ],
    "mix": [mix, mix_by_odds, mix_by_softmax, mix_row_by_row],
    "disagreement": [
        disagreement,
        disagreement_by_loops,
        disagreement_by_products,
        disagreement_by_distance,
    ],
    "pair": [by_accuracy, by_cross_entropy, greedy, fewest_left],
}

WRONG = {
    "majority": [
        (lambda p, n: p**n, "most are enough"),
        (lambda p, n: 1 - (1 - p) ** n, "does not win"),
        (lambda p, n: binom.sf(n // 2, n, p), "n = 2", "a coin"),
        (lambda p, n: binom.sf(n / 2 - 0.1, n, p), "n = 2", "a coin"),
        (lambda p, n: 1 - majority(p, n), "most are wrong"),
        (lambda p, n: binom.pmf(n // 2 + 1, n, p), "more may be"),
        (lambda p, n: p, "p = 0.7, n = 3"),
        (lambda p, n: max(majority(p, n), p), "p = 0.4, n = 5"),
        (lambda p, n: majority(p, n - 1 + n % 2) if n < 9 else 1.0, "n = 10"),
        (majority_by_luck, "p = "),
        (lambda p, n: binom.cdf(n / 2, n, 1 - p), "n = 2"),
        (lambda p, n: majority(p, n + 1 - n % 2), "n = 2"),
        (
            lambda p, n: norm.sf((0.5 - p) * n**0.5 / (p * (1 - p) + 1e-9) ** 0.5),
            "n = 3",
        ),
    ],
    "mix": [
        (lambda p, w: p @ w, "mean of probabilities"),
        (lambda p, w: p @ w / w.sum(), "mean of probabilities"),
        (lambda p, w: logit(p) @ w, "Those are log-odds"),
        (lambda p, w: expit(logit(p).mean(1)), "Without the weights"),
        (lambda p, w: expit(logit(p) @ w / w.sum()), "need not sum"),
        (lambda p, w: np.exp(np.log(p) @ w), "half of it"),
        (lambda p, w: 1 - mix(p, w), "other class"),
        (lambda p, w: mix(p, np.abs(w)), "-0.5"),
        (lambda p, w: mix(p[:2], w), "shape (2,)"),
        (lambda p, w: mix(p, w)[:, None], "shape (2, 1)"),
        (lambda p, w: np.round(mix(p, w)), "expected [0.75"),
        (lambda p, w: mix(p[:, :3], w[:3]), "weights = [-0.4"),
        (lambda p, w: mix(p, np.clip(w, 0, 1)), "weights = [1.5"),
    ],
    "disagreement": [
        (lambda z: 1 - disagreement(z), "they agree"),
        (lambda z: disagreement(z) * len(z), "counts"),
        (lambda z: disagreement(np.where(z == 0, 1, z)), "log-odds of 0"),
        (
            lambda z: (np.sign(z)[:, :, None] != np.sign(z)[:, None]).mean(0),
            "log-odds of 0",
        ),
        (lambda z: (z[:, :, None] != z[:, None]).mean(0), "how sure"),
        (lambda z: np.corrcoef((z > 0).T), "correlation"),
        (lambda z: np.triu(disagreement(z)), "expected [[0.0, 0.5], [0.5, 0.0]]"),
        (lambda z: disagreement(z)[0, 1], "shape ()"),
        (lambda z: disagreement(z - z.mean(0)), "expected"),
        (lambda z: disagreement(z.T), "shape (4, 4)"),
        (lambda z: disagreement(z[:, :3]), "shape (5, 5)"),
        (lambda z: disagreement(np.round(z)), "expected"),
        (lambda z: disagreement(z) * len(z) / (len(z) - 1), "expected"),
    ],
    "pair": [
        (best_alone, "the same mistakes"),
        (most_different, "to differ is not enough"),
        (best_and_its_opposite, "of new texts"),
        (best_oracle, "of new texts"),
        (loudest, "of new texts"),
        (heaviest, "of new texts"),
        (lambda z, y: (0, 1), "of new texts"),
        (lambda z, y: by_accuracy(z[:20], y[:20]), "of new texts"),
        (lambda z, y: by_accuracy(z[:, :3], y), "of new texts"),
        (lambda z, y: by_accuracy(np.sign(z), y), "of new texts"),  # a vote of two
        (lambda z, y: (1, 1), "two different places"),
        (lambda z, y: (0, z.shape[1]), "two different places"),
        (lambda z, y: (-1, 0), "two different places"),
        (lambda z, y: (0, 1, 2), "two whole numbers"),
        (lambda z, y: (0.0, 1.0), "two whole numbers"),
        (lambda z, y: [[0], [1, 2]], "two whole numbers"),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)
