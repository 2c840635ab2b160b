"""Probabilities that mean what they say: one temperature, fitted after training.

A network that was trained until it is right is often too sure. Dividing its logits by
one number T mends most of that and changes no verdict (Guo et al. 2017, *On calibration
of modern neural networks*). T is fitted on validation.
"""

import numpy as np
from numpy.typing import NDArray
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
