"""Generations of ridge regression, against scikit-learn, a loop and exact fractions."""

from fractions import Fraction

import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge

from course_lib.generations import kept, limit, said

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(12, 4))
Y = RANDOM.normal(size=12)
NEW = RANDOM.normal(size=(5, 4))
each_alpha = pytest.mark.parametrize("alpha", [0.0, 0.3, 0.5, 1.0])


def repeated(model, x, new, kernel_of, alpha, generations):
    """Scikit-learn, fitted again and again to what it said itself."""
    targets, answers = Y, []
    for _ in range(generations + 1):
        model.fit(kernel_of(x), targets)
        answers.append(model.predict(kernel_of(new)))
        targets = alpha * model.predict(kernel_of(x)) + (1 - alpha) * Y
    return np.stack(answers)


@each_alpha
def test_it_is_scikit_learns_ridge_fitted_again_and_again(alpha):
    theirs = repeated(
        Ridge(alpha=0.7, fit_intercept=False), X, NEW, lambda x: x, alpha, 6
    )
    ours = said(X @ X.T, Y, 0.7, 6, alpha, NEW @ X.T)
    assert np.allclose(ours, theirs, rtol=1e-10, atol=1e-12)


@each_alpha
def test_it_is_scikit_learns_kernel_ridge_as_well(alpha):
    def rbf(a):
        return np.exp(-((a[:, None] - X[None]) ** 2).sum(-1))

    model = KernelRidge(alpha=0.2, kernel="precomputed")
    theirs = repeated(model, X, NEW, rbf, alpha, 6)
    assert np.allclose(said(rbf(X), Y, 0.2, 6, alpha, rbf(NEW)), theirs, rtol=1e-9)


@each_alpha
def test_shares_are_those_of_the_regression_in_its_eigen_directions(alpha):
    d, directions = np.linalg.eigh(X @ X.T)
    d = d.clip(0)
    answers = said(X @ X.T, Y, 0.7, 8, alpha)
    for generation, answer in enumerate(answers):
        shares = kept(d, 0.7, generation, alpha)
        assert np.allclose(directions.T @ answer, shares * (directions.T @ Y))


@each_alpha
def test_shares_are_exact(alpha):
    """By fractions, step by step: no power and no limit in it."""
    weight = Fraction(alpha)
    for d in (0, 1, 4, 1000):
        share = a = Fraction(d) / (Fraction(d) + Fraction(1, 4))
        for generation in range(20):
            found = kept([d], 0.25, generation, alpha)
            assert found == pytest.approx([float(share)], rel=1e-12, abs=1e-15)
            share = a * (weight * share + 1 - weight)


def test_without_labels_nothing_is_left_and_the_weak_goes_first():
    shares = np.stack([kept([9.0, 1.0], 1.0, n) for n in range(60)])
    assert (np.diff(shares, axis=0) < 0).all()
    assert (np.diff(shares[:, 0] / shares[:, 1]) > 0).all()
    assert shares[-1].max() < 0.002
    assert (limit([9.0, 1.0], 1.0, 1.0) == 0).all()


@each_alpha
def test_the_limit_is_where_it_ends_and_one_ridge(alpha):
    d = np.array([0.0, 0.1, 1.0, 30.0])
    assert np.allclose(kept(d, 0.5, 4_000, alpha), limit(d, 0.5, alpha), atol=1e-12)
    if alpha < 1:
        assert np.allclose(limit(d, 0.5, alpha), kept(d, 0.5 / (1 - alpha), 0))
        last = said(X @ X.T, Y, 0.5, 300, alpha)[-1]
        assert np.allclose(last, said(X @ X.T, Y, 0.5 / (1 - alpha), 0)[0])


def test_labels_only_means_that_each_generation_is_the_first():
    answers = said(X @ X.T, Y, 0.5, 3, alpha=0.0)
    assert (answers == answers[0]).all()


@pytest.mark.parametrize("ridge", [0, -1.0, np.inf, np.nan, "1", None])
def test_a_ridge_that_is_none_is_refused(ridge):
    for attempt in (
        lambda: kept([1.0], ridge, 0),
        lambda: limit([1.0], ridge, 0.5),
        lambda: said([[1.0]], [1.0], ridge, 0),
    ):
        with pytest.raises(ValueError, match=r"ridge is .*expected a number above 0"):
            attempt()


@pytest.mark.parametrize("alpha", [-0.1, 1.1, np.nan, "0.5", None])
def test_a_weight_outside_is_refused(alpha):
    for attempt in (
        lambda: kept([1.0], 1.0, 0, alpha),
        lambda: said([[1.0]], [1.0], 1.0, 0, alpha),
    ):
        with pytest.raises(ValueError, match=r"alpha is .*expected 0 .*to 1"):
            attempt()


@pytest.mark.parametrize("count", [-1, 1.5, "2", True, None])
def test_half_a_generation_is_refused(count):
    with pytest.raises(ValueError, match=r"generation is .*whole number"):
        kept([1.0], 1.0, count)
    with pytest.raises(ValueError, match=r"generations is .*whole number"):
        said([[1.0]], [1.0], 1.0, count)


@pytest.mark.parametrize("d", [[-1.0], [np.nan], [2.0, -1e-9]])
def test_no_kernel_has_such_an_eigenvalue(d):
    with pytest.raises(ValueError, match=r"eigenvalue is .*below 0"):
        kept(d, 1.0, 0)


@pytest.mark.parametrize(
    ("kernel", "labels", "new"),
    [
        (np.eye(3), np.ones(2), None),
        (np.ones((3, 2)), np.ones(3), None),
        (np.ones(3), np.ones(3), None),
        (np.eye(3), np.ones((3, 1)), None),
        (np.eye(3), np.ones(3), np.ones((4, 2))),
        (np.eye(3), np.ones(3), np.ones(3)),
    ],
)
def test_shapes_that_do_not_fit_are_named(kernel, labels, new):
    with pytest.raises(ValueError, match=r"expected \(n, n\), \(n,\) and \(any, n\)"):
        said(kernel, labels, 1.0, 1, new=new)
