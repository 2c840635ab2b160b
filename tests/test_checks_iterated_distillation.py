import numpy as np
import torch
from exercises import exercise_tests
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge

from course_lib import generations
from course_lib.checks import iterated_distillation as check


def kept(d, ridge, n):
    return (d / (d + ridge)) ** (n + 1)


def kept_in_a_loop(d, ridge, n):
    share = np.ones_like(d)
    for _ in range(n + 1):
        share *= d / (d + ridge)
    return share


def kept_by_scikit_learn(d, ridge, n):
    x, said = np.diag(np.sqrt(d)), np.ones(len(d))
    for _ in range(n + 1):
        said = Ridge(alpha=ridge, fit_intercept=False).fit(x, said).predict(x)
    return said


def kept_as_a_list(d, ridge, n):
    return [1 / (1 + ridge / x) ** (n + 1) if x else 0.0 for x in d.tolist()]


def limit(d, ridge, alpha):
    return (1 - alpha) * d / ((1 - alpha) * d + ridge)


def limit_with_a_case(d, ridge, alpha):
    return np.zeros(len(d)) if alpha == 1 else d / (d + ridge / (1 - alpha))


def limit_by_patience(d, ridge, alpha):
    a = d / (d + ridge)
    share = a
    for _ in range(5_000):
        share = a * (alpha * share + 1 - alpha)
    return torch.tensor(share)


def limit_by_the_fixed_point(d, ridge, alpha):
    a = d / (d + ridge)
    return a * (1 - alpha) / (1 - a * alpha)


def errors(kernel, y, kernel_new, y_new, ridge, most=check.MOST):
    said = generations.said(kernel, y, ridge, most, new=kernel_new)
    return ((said - y_new) ** 2).mean(1)


def by_validation(*given):
    return errors(*given).argmin()


def with_patience(kernel, y, kernel_new, y_new, ridge):
    best, chosen, targets = np.inf, 0, y
    for n in range(check.MOST + 1):
        weights = np.linalg.solve(kernel + ridge * np.eye(len(y)), targets)
        error = ((kernel_new @ weights - y_new) ** 2).mean()
        if error < best:
            best, chosen = error, n
        elif n - chosen > 5:
            break
        targets = kernel @ weights
    return chosen


def by_scikit_learn(kernel, y, kernel_new, y_new, ridge):
    model, targets, found = KernelRidge(alpha=ridge, kernel="precomputed"), y, []
    for _ in range(check.MOST + 1):
        model.fit(kernel, targets)
        found.append(np.abs(model.predict(kernel_new) - y_new).mean())
        targets = model.predict(kernel)
    return int(np.argmin(found))


def by_other_labels(kernel, y, kernel_new, y_new, ridge):
    """By its eigenvectors, and R² for the error."""
    d, u = np.linalg.eigh(kernel)
    inverse = u / (d + ridge)
    best = []
    for n in range(check.MOST + 1):
        shares = generations.kept(d.clip(0), ridge, n)
        coefficients = (u.T @ y) * shares / (d.clip(1e-12) / (d.clip(1e-12) + ridge))
        best.append(((kernel_new @ (inverse @ coefficients) - y_new) ** 2).sum())
    return np.array(best).argmin()


def by_training(kernel, y, kernel_new, y_new, ridge):
    return errors(kernel, y, kernel, y, ridge).argmin()


def worst(*given):
    return errors(*given).argmax()


def where_little_changes(kernel, y, kernel_new, y_new, ridge):
    said = generations.said(kernel, y, ridge, check.MOST, new=kernel_new)
    return int(np.abs(np.diff(said, axis=0)).mean(1).argmin())


def by_some_of_the_labels(kernel, y, kernel_new, y_new, ridge):
    return errors(kernel, y, kernel_new[:2], y_new[:2], ridge).argmin()


ANSWERS = {
    "kept": [kept, kept_in_a_loop, kept_by_scikit_learn, kept_as_a_list],
    "limit": [limit, limit_with_a_case, limit_by_patience, limit_by_the_fixed_point],
    "stop": [by_validation, with_patience, by_scikit_learn, by_other_labels],
}

WRONG = {
    "kept": [
        (lambda d, r, n: kept(d, r, n - 1), "shrunk the labels once"),
        (lambda d, r, n: d / (d + (n + 1) * r), "generation = 1", "shares multiply"),
        (lambda d, r, n: 1 - kept(d, r, n), "what is lost"),
        (lambda d, r, n: kept(d, r, 0), "generation = 1", "generation 0's"),
        (lambda d, r, n: (r / (d + r)) ** (n + 1), "what is lost"),
        (lambda d, r, n: kept(d, 1.0, n), "ridge = 0.5"),
        (lambda d, r, n: kept(d, r, min(n, 4)), "generation = 20"),
        (lambda d, r, n: kept(d, r, n)[:2], "shape (2,)"),
        (lambda d, r, n: kept(d, r, n).sum(), "shape ()"),
        (lambda d, r, n: np.round(kept(d, r, n), 1), "generation = 1"),
    ],
    "limit": [
        (lambda d, r, a: (1 - a) * d / (d + r), "leaves out"),
        (lambda d, r, a: d / (d + r / a) if a else 0 * d, "alpha = 0", "weighs"),
        (lambda d, r, a: d / (d + r), "generation 0"),
        (lambda d, r, a: d / (d + r) * (a * d / (d + r) + 1 - a), "generation 1"),
        (lambda d, r, a: d / (d + r * (1 - a)), "divided by 1 - alpha"),
        (lambda d, r, a: d / (d + r / np.float64(1 - a)) if a < 1 else d * np.nan,
         "alpha = 1", "nothing is left"),
        (lambda d, r, a: np.zeros(3), "expected [0.6667"),
        (lambda d, r, a: generations.kept(d, r, 3, a), "expected"),
        (lambda d, r, a: limit(d, r, a).sum(), "shape ()"),
        (lambda d, r, a: limit(d, 1.0, a), "ridge = 0.2"),
    ],
    "stop": [
        (lambda *given: 0, "generations 0 to 0"),
        (lambda *given: check.MOST, f"generations {check.MOST} to {check.MOST}"),
        (by_training, "generations 0 to 0", "none has learnt from"),
        (worst, "times that"),
        (where_little_changes, "times that"),
        (by_some_of_the_labels, "times that"),
        (lambda *given: 5, "times that"),
        (lambda *given: by_validation(*given) + 1.0, "whole number"),
        (lambda *given: check.MOST + 1, "whole number"),
        (lambda *given: -1, "whole number"),
        (lambda *given: [1, 2], "whole number"),
        (lambda *given: "the last", "whole number"),
    ],
}  # fmt: skip


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)


def test_one_generation_does_not_suit_all_curves():
    """Else nobody would have to look at validation."""
    best = set()
    for noise, ridge in check._CASES:
        given = check.curve(noise, seed=0)
        said = generations.said(
            given.kernel, given.y, ridge, check.MOST, new=given.everywhere
        )
        best.add(int(((said - given.truth) ** 2).mean(1).argmin()))
    assert len(best) >= 3
