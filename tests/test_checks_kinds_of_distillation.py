import numpy as np
import torch
from exercises import exercise_tests
from scipy import stats
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.model_selection import cross_val_predict
from torch.nn import functional as F

from course_lib import soft_target_controls as controls
from course_lib.checks import kinds_of_distillation as check


def rolled(soft, y):
    found = soft.clone()
    for k in y.unique():
        rows = (y == k).nonzero()[:, 0]
        found[rows] = soft[rows.roll(1)]
    return found


def by_loops(soft, y):
    found = soft.tolist()
    for i, label in enumerate(y.tolist()):
        turn = [*range(i + 1, len(y)), *range(i)]
        found[i] = soft[next(j for j in turn if y[j] == label)].tolist()
    return torch.tensor(found)


def by_sorting(soft, y):
    order = y.argsort()  # class by class
    found = soft.clone()
    found[order] = soft[torch.cat([order[y[order] == k].roll(-1) for k in y.unique()])]
    return found


def share(soft, y):
    k = soft.shape[1]
    return (1 - soft[range(len(y)), y].mean()) * k / (k - 1)


def share_by_probing(soft, y):
    def sure(e):
        return 1 - e + e / soft.shape[1]

    wanted = float(soft[range(len(y)), y].mean())
    low, high = 0.0, 2.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if sure(middle) > wanted else (low, middle)
    return low


def share_of_the_others(soft, y):
    others = 1 - F.one_hot(y, soft.shape[1])
    # What one of the others gets is ε / K.
    return float((soft * others).sum() / others.sum() * soft.shape[1])


def mixture(soft, y, alpha):
    return alpha * soft + (1 - alpha) * F.one_hot(y, soft.shape[1])


def mixture_by_scatter(soft, y, alpha):
    found = alpha * soft.double()
    return found.scatter_add(1, y[:, None], torch.full_like(found, 1 - alpha)).float()


def mixture_from_the_gradient(soft, y, alpha):
    """As the gradient is softmax minus target, at logits of zero."""
    z = torch.zeros_like(soft, requires_grad=True)
    both = alpha * F.cross_entropy(z, soft) + (1 - alpha) * F.cross_entropy(z, y)
    (gradient,) = torch.autograd.grad(both * len(y), z)
    return z.softmax(1).detach() - gradient


def log_odds(soft):
    p = soft[:, 1].clip(1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))


def within(values, y):
    """Without what the class alone explains."""
    means = np.array([values[y == k].mean(0) for k in (0, 1)])
    return values - means[y]


def told_by_unseen_halves(x, soft, y):
    z, x = within(log_odds(soft), y), within(x, y)
    half = len(y) // 2
    fit = np.linalg.lstsq(x[:half], z[:half], rcond=None)[0]
    return np.corrcoef(x[half:] @ fit, z[half:])[0, 1] > 0.25


def told_by_ridge(x, soft, y):
    z, x = within(soft[:, 1], y), within(x, y)
    found = cross_val_predict(RidgeCV(np.logspace(0, 4, 9)), x, z, cv=5)
    return bool(1 - ((z - found) ** 2).mean() / z.var() > 0.08)


def told_by_f_test(x, soft, y):
    """The textbook's: do features explain more than chance, beside the class?"""
    z = log_odds(soft)
    both = np.column_stack([x, y])
    rest = z - LinearRegression().fit(both, z).predict(both)
    without = within(z, y)
    free = len(y) - both.shape[1] - 1
    gain = (without @ without - rest @ rest) / x.shape[1]
    return stats.f.sf(gain / (rest @ rest / free), x.shape[1], free) < 1e-3


def told_by_shuffling(x, soft, y):
    """Nobody needs a threshold: others' answers are at hand."""
    random = np.random.default_rng(0)
    x = within(x, y)

    def fits(z):
        return np.linalg.norm(x.T @ within(z, y))

    z, others = log_odds(soft), []
    for _ in range(100):
        order = np.arange(len(y))
        for k in (0, 1):
            order[y == k] = random.permutation(order[y == k])
        others.append(fits(z[order]))
    return bool(fits(z) > max(others))


def in_sample(x, soft, y):
    return LinearRegression().fit(x, log_odds(soft)).score(x, log_odds(soft)) > 0.5


def without_the_class(x, soft, y):
    z, half = log_odds(soft), len(y) // 2
    fit = LinearRegression().fit(x[:half], z[:half])
    return bool(np.corrcoef(fit.predict(x[half:]), z[half:])[0, 1] > 0.25)


def right_often(x, soft, y):
    return bool((soft.argmax(1) == y).mean() > 0.75)


def sure(x, soft, y):
    return bool(soft.max(1).mean() > 0.75)


def lucky(x, soft, y):
    return bool(int(soft[0, 0] * 1e4) % 2)


ANSWERS = {
    "shuffled": [
        lambda soft, y: controls.shuffled(soft, y),
        rolled,
        by_loops,
        by_sorting,
    ],
    "share": [share, share_by_probing, share_of_the_others],
    "one_target": [mixture, mixture_by_scatter, mixture_from_the_gradient],
    "own_answers": [
        told_by_unseen_halves,
        told_by_ridge,
        told_by_f_test,
        told_by_shuffling,
    ],
}


def drawn_again(soft, y):
    """With putting back: the class's mean is another."""
    found = soft.clone()
    for k in y.unique():
        rows = (y == k).nonzero()[:, 0]
        found[rows] = soft[rows[:1]]
        found[rows[0]] = soft[rows[1]]
    return found


def first_two_exchanged(soft, y):
    found = soft.clone()
    for k in y.unique():
        rows = (y == k).nonzero()[:2, 0]
        found[rows] = soft[rows.flip(0)]
    return found


WRONG = {
    "shuffled": [
        (lambda soft, y: soft, "kept its own"),
        (lambda soft, y: soft.flip(0), "given to class 1"),
        (lambda soft, y: soft.roll(1, 0), "given to class 1"),
        (lambda soft, y: controls.shuffled(soft), "given to class"),
        (lambda soft, y: soft.flip(1), "no text's answer"),
        (lambda soft, y: controls.class_means(soft, y), "no text's answer"),
        (lambda soft, y: controls.redealt(soft, y), "got"),
        (first_two_exchanged, "[0, 0, 0, 1, 1]", "kept its own"),
        (drawn_again, "given twice"),
        (lambda soft, y: rolled(soft, y) if soft.shape[1] == 2 else soft, "[2, 0, 2"),
        (lambda soft, y: rolled(soft, y).argmax(1), "shape"),
        (lambda soft, y: rolled(soft, y).log(), "no text's answer"),
    ],
    "share": [
        (lambda soft, y: 1 - soft[range(len(y)), y].mean(), "to the label, too"),
        (lambda soft, y: soft[range(len(y)), y].mean(), "what the label gets"),
        (lambda soft, y: 1 - soft.max(1).values.mean(), "not the highest"),
        (
            lambda soft, y: (
                (1 - soft.max(1).values.mean()) * soft.shape[1] / (soft.shape[1] - 1)
            ),
            "not the highest",
        ),
        (lambda soft, y: share(soft, y) * (1 - 1 / soft.shape[1]) ** 2, "Solve 1"),
        (lambda soft, y: 2 * (1 - soft[range(len(y)), y].mean()), "0.7, 0.2, 0.1"),
        (lambda soft, y: share(soft, y)[None].repeat(len(y)), "one number"),
        (lambda soft, y: 0.1, "expected 0.9"),
    ],
    "one_target": [
        (lambda soft, y, a: mixture(soft, y, 1 - a), "weight of the soft part"),
        (lambda soft, y, a: soft, "share of 1 - alpha"),
        (lambda soft, y, a: a * soft, "share of 1 - alpha"),
        (lambda soft, y, a: soft + F.one_hot(y, soft.shape[1]), "sum to 1"),
        (
            lambda soft, y, a: mixture(torch.ones_like(soft) / soft.shape[1], y, a),
            "label smoothing",
        ),
        (
            lambda soft, y, a: (
                a * soft.log() + (1 - a) * (F.one_hot(y, soft.shape[1]) + 1e-6).log()
            ).softmax(1),
            "mean of logarithms",
        ),
        (lambda soft, y, a: mixture(soft, y, 0.25), "alpha = 0.7"),
        (lambda soft, y, a: mixture(soft, y, a).argmax(1), "shape"),
    ],
    "own_answers": [
        (lambda x, soft, y: True, "always say True"),
        (lambda x, soft, y: False, "always say False"),
        (right_often, "judged"),
        (sure, "judged"),
        (in_sample, "judged"),
        (without_the_class, "believed", "within a class"),
        (lambda x, soft, y: not told_by_shuffling(x, soft, y), "were doubted"),
        (lucky, "judged"),
        (lambda x, soft, y: 0.7, "expected True or False"),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)
