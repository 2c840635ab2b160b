"""Probabilities that mean what they say: one temperature, fitted after training.

A network that was trained until it is right is often too sure. Dividing its logits by
one number T mends most of that and changes no verdict (Guo et al. 2017, *On calibration
of modern neural networks*). T is fitted on validation.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_expit

from course_lib.metrics import cross_entropy

BOUNDS = (0.1, 10.0)  # a split that is read without a mistake would ask for T = 0


def calibration_temperature(logits: NDArray[np.floating], labels: NDArray) -> float:
    """Return the T at which `logits / T` explain the labels best.

    Logits are (reviews, labels); labels are class indices (reviews,), and the loss is
    cross-entropy, or multi-hot (reviews, labels), and it is that of each yes and no. T
    lies between 0.1 and 10.

    >>> logits = np.array([[2.0, 0.0]] * 4)  # sure to 88 %, and right in 3 of 4
    >>> round(calibration_temperature(logits, np.array([0, 0, 0, 1])), 3)
    1.82
    """

    def loss(log_temperature: float) -> float:
        z = logits.astype(np.float64) / np.exp(log_temperature)
        if labels.ndim == 1:
            return cross_entropy(z, labels)
        return -float((labels * log_expit(z) + (1 - labels) * log_expit(-z)).mean())

    found = minimize_scalar(loss, bounds=np.log(BOUNDS), method="bounded")
    return float(np.exp(found.x))


def calibration_error(sure: ArrayLike, right: ArrayLike, groups: int = 10) -> float:
    """Return how far, on average, a model's sureness is from how often it is right.

    `sure` is the probability that it gave its answer and `right` whether that was true,
    (texts,). Texts are put into groups of equal size, the least sure first, and in each
    the two means are compared. Groups of equal size, since with equal steps of
    probability some are nearly empty (Nixon et al. 2019, *Measuring calibration in deep
    learning*). A calibrated model has about what its finite groups make of luck, not 0.
    Raises `ValueError` for fewer texts than groups.

    >>> calibration_error([0.9, 0.9, 0.9, 0.9], [1, 1, 1, 0], groups=1)
    0.15...
    """
    said, true = np.asarray(sure, float), np.asarray(right, float)
    if said.shape != true.shape or said.ndim != 1 or len(said) < groups:
        raise ValueError(
            f"sure has shape {said.shape} and right {true.shape}; expected one number "
            f"of each for every text, and {groups} texts or more, or fewer groups"
        )
    parts = np.array_split(np.argsort(said, kind="stable"), groups)
    gaps = [abs(said[rows].mean() - true[rows].mean()) for rows in parts]
    return float(np.average(gaps, weights=[len(rows) for rows in parts]))
