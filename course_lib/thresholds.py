"""Where to cut: a probability for each label above which a model says yes.

One half is right only for a calibrated model whose user cares for accuracy. F1 wants a
lower cut for a rare label (Lipton, Elkan and Narayanaswamy 2014, *Thresholding
classifiers to maximize F1 score*: at half of the best F1 that can be had). A cut is
chosen on validation and never on the test split, where it would flatter itself.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from course_lib.metrics import check_zeros_and_ones, f1


def best_thresholds(
    logits: NDArray[np.floating],
    labels: NDArray,
    label_names: Sequence[str] | None = None,
) -> NDArray[np.float64]:
    """Return for each label the probability at which cutting gives the best F1.

    Logits and multi-hot labels of shape (reviews, labels), of the validation split. A
    cut lies in the middle, in logits, between the last review taken and the first left
    out. Raises `ValueError`, by name, for a label that is never positive there: nothing
    can be chosen for it; and for logits that are no numbers, or labels but 0 and 1.

    >>> logits = np.array([[2.0], [0.0], [-2.0], [-4.0]])
    >>> best_thresholds(logits, np.array([[1], [1], [0], [0]])).round(3)
    array([0.269])
    """
    if logits.ndim != 2 or labels.shape != logits.shape:
        raise ValueError(
            f"logits have shape {logits.shape} and labels {labels.shape}; expected "
            "multi-hot labels of the logits' shape, (reviews, labels)"
        )
    if not np.isfinite(logits).all():
        raise ValueError("some logits are no numbers; no threshold lies between them")
    check_zeros_and_ones(labels, "given")
    names = label_names or [f"number {k}" for k in range(labels.shape[1])]
    if missing := [names[k] for k in np.flatnonzero(~(labels > 0).any(0))]:
        raise ValueError(
            f"no threshold can be chosen for {', '.join(map(repr, missing))}: never "
            f"positive in these {len(labels):,} reviews. Take more of them, or leave "
            "the label out"
        )
    cuts = [best_cut(logits[:, k], labels[:, k] > 0) for k in range(labels.shape[1])]
    return 1 / (1 + np.exp(-np.array(cuts)))


def best_cut(logits: NDArray[np.floating], labels: NDArray[np.bool_]) -> float:
    """Return the logit above which saying yes gives the best F1."""
    order = np.argsort(-logits, kind="stable")
    z = logits[order].astype(np.float64)
    said = np.arange(1, len(z) + 1)
    scores = f1(2.0 * labels[order].cumsum(), said + labels.sum())
    below = np.append(z[1:], z[-1] - 1)
    scores[z == below] = -1  # equal logits cannot be told apart
    best = int(scores.argmax())
    # A sigmoid of more than 30 would round to 1, which is no threshold.
    return float(np.clip((z[best] + below[best]) / 2, -30, 30))


def at_thresholds(
    logits: NDArray[np.floating], thresholds: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Shift each label's logits so that its threshold comes to lie at 0.

    Every metric of the course cuts at a logit of 0. The order of reviews within a label
    stays, and so does its average precision. Raises `ValueError` unless there is one
    threshold a label, above 0 and below 1.

    >>> at_thresholds(np.array([[0.0, 0.0]]), np.array([0.5, 0.9])).round(3)
    array([[ 0.   , -2.197]])
    """
    cuts = np.asarray(thresholds, dtype=np.float64)
    if cuts.shape != logits.shape[1:]:
        raise ValueError(
            f"{cuts.shape} thresholds for logits of shape {logits.shape}; expected one "
            "for each label"
        )
    wrong = np.flatnonzero(~((cuts > 0) & (cuts < 1)))
    if len(wrong):
        raise ValueError(
            f"the threshold of label {wrong[0]} is {cuts[wrong[0]]:g}; expected a "
            "probability above 0 and below 1"
        )
    return logits - np.log(cuts / (1 - cuts))
