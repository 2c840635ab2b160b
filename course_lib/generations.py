"""Generations: a model learns from what its predecessor said, and then teaches.

For ridge regression all of it can be computed. Of a kernel's matrix K with eigenvalues
d, a regression on targets y keeps, in each eigen-direction, the share d / (d + ridge).
If its answers are the next one's targets, shares multiply: after many generations
nothing is left (Mobahi et al. 2020, *Self-distillation amplifies regularization in
Hilbert space*, who hold the training error fixed and not the ridge). With labels mixed
in, there is a limit: one regression with a larger ridge (Borup and Andersen 2021, *Even
your teacher needs guidance*).
"""

from numbers import Integral, Real

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def kept(
    eigenvalues: ArrayLike, ridge: float, generation: int, alpha: float = 1.0
) -> Floats:
    """Return which share of the labels a generation keeps, for each eigenvalue.

    `eigenvalues` are those of the kernel's matrix, of any shape and not negative; the
    shares have that shape. Generation 0 learns from the labels, and each other from
    alpha times what the one before said plus (1 - alpha) times the labels. `ridge` is
    above 0. Raises `ValueError` for anything else.

    Shares obey m = a (alpha · m_before + 1 - alpha) with a = d / (d + ridge), and so
    m_n = m* + (alpha · a)ⁿ (a - m*), where m* is `limit`.

    >>> kept([4.0, 1.0], ridge=1.0, generation=0)
    array([0.8, 0.5])
    >>> kept([4.0, 1.0], ridge=1.0, generation=2)  # 0.8³ and 0.5³
    array([0.512, 0.125])
    """
    check_count("generation", generation)
    rest = limit(eigenvalues, ridge, alpha)
    first = limit(eigenvalues, ridge, 0.0)
    shares: Floats = rest + (alpha * first) ** generation * (first - rest)
    return shares


def limit(eigenvalues: ArrayLike, ridge: float, alpha: float) -> Floats:
    """Return which shares of the labels are left after any number of generations.

    They are d / (d + ridge / (1 - alpha)): those of a single regression with a larger
    ridge. With alpha 1, when no label is ever mixed in, nothing is left. Arguments and
    errors are those of `kept`.

    >>> limit([4.0, 1.0], ridge=1.0, alpha=0.5).round(3)  # as with a ridge of 2
    array([0.667, 0.333])
    >>> limit([4.0, 1.0], ridge=1.0, alpha=1.0)
    array([0., 0.])
    """
    check_ridge(ridge)
    check_alpha(alpha)
    d = np.asarray(eigenvalues, dtype=np.float64)
    if not (d >= 0).all():  # NaN is neither
        raise ValueError(
            f"an eigenvalue is {d.min():g}; expected none below 0: a kernel's matrix "
            "has none, but for rounding (clip it at 0)"
        )
    # Not d / (d + ridge / (1 - alpha)), as alpha may be 1.
    shares: Floats = (1 - alpha) * d / ((1 - alpha) * d + ridge)
    return shares


def said(
    kernel: ArrayLike,
    labels: ArrayLike,
    ridge: float,
    generations: int,
    alpha: float = 1.0,
    new: ArrayLike | None = None,
) -> Floats:
    """Return what generations 0 to `generations` of kernel ridge regression say.

    `kernel` is the matrix (examples, examples) and `labels` the numbers (examples,)
    that generation 0 learns from. `new`, if given, is the kernel between other inputs
    and the examples, (inputs, examples): then it is those that are asked about. Returns
    (generations + 1, examples or inputs). Raises `ValueError` for what does not fit.

    >>> x = np.array([[2.0, 0.0], [0.0, 1.0]])
    >>> said(x @ x.T, [10.0, 10.0], ridge=1.0, generations=2)
    array([[8.  , 5.  ],
           [6.4 , 2.5 ],
           [5.12, 1.25]])
    """
    check_ridge(ridge)
    check_alpha(alpha)
    check_count("generations", generations)
    y, matrix = (np.asarray(given, dtype=np.float64) for given in (labels, kernel))
    asked = matrix if new is None else np.asarray(new, dtype=np.float64)
    fits = y.ndim == 1 and matrix.shape == (len(y), len(y))
    if not fits or asked.ndim != 2 or asked.shape[1] != len(y):
        raise ValueError(
            f"the kernel has shape {matrix.shape}, the labels {y.shape} and the new "
            f"rows {asked.shape}; expected (n, n), (n,) and (any, n)"
        )
    hat = np.linalg.inv(matrix + ridge * np.eye(len(y)))
    targets, answers = y, []
    for _ in range(generations + 1):
        weights = hat @ targets  # of each example, for any input
        answers.append(asked @ weights)
        targets = alpha * (matrix @ weights) + (1 - alpha) * y
    return np.stack(answers)


def check_ridge(ridge: float) -> None:
    """Raise `ValueError` unless the ridge is a finite number above 0."""
    if not isinstance(ridge, Real) or not 0 < ridge < np.inf:
        raise ValueError(
            f"ridge is {ridge!r}; expected a number above 0: without one, each "
            "generation repeats the labels"
        )


def check_alpha(alpha: float) -> None:
    """Raise `ValueError` unless alpha is a weight from 0 to 1."""
    if not isinstance(alpha, Real) or not 0 <= alpha <= 1:
        raise ValueError(
            f"alpha is {alpha!r}; expected 0 (labels only) to 1 (the generation before "
            "only)"
        )


def check_count(name: str, count: int) -> None:
    """Raise `ValueError` unless this is a whole number, 0 or more."""
    if not isinstance(count, Integral) or isinstance(count, bool) or count < 0:
        raise ValueError(
            f"{name} is {count!r}; expected a whole number, 0 for the first, which "
            "learns from the labels"
        )
