"""How good a model is, with an interval, and whether two models differ.

Everything reads logits. A probability of one half is a logit of zero: that, and not
0.5, is where a logit is cut.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.intervals import resampled

Array = NDArray[Any]
Metric = Callable[[Array, NDArray], float]
#: draws[model][metric]: what a metric was on each of many resampled test sets.
Draws = dict[str, dict[str, Array]]


def accuracy(logits: Array, labels: NDArray) -> float:
    """Share of reviews whose largest logit stands at the label.

    >>> accuracy(np.array([[2.0, 1.0], [0.5, 0.7]]), np.array([0, 0]))
    0.5
    """
    return float(is_right(logits, labels).mean())


def is_right(logits: Array, labels: NDArray) -> NDArray[np.bool_]:
    """Say of each review whether its largest logit stands at the label."""
    return logits.argmax(1) == labels


def cross_entropy(logits: Array, labels: NDArray) -> float:
    """Mean of -log p(label), in nats.

    >>> cross_entropy(np.log([[0.5, 0.5], [0.25, 0.75]]), np.array([0, 1]))
    0.490...
    """
    return float(surprise(logits, labels).mean())


def surprise(logits: Array, labels: NDArray) -> NDArray[np.float64]:
    """Return -log p(label) of each review, in nats."""
    shifted = logits.astype(np.float64) - logits.max(1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return -log_p[np.arange(len(labels)), labels]


def macro_average_precision(logits: Array, labels: NDArray) -> float:
    """Average precision of each label, averaged over the labels that occur.

    Raises `ValueError` if none does: a mean of nothing.

    >>> logits = np.array([[2.0, 0.3], [1.0, 0.2], [0.0, 0.1]])
    >>> macro_average_precision(logits, np.array([[1, 0], [0, 1], [0, 0]]))  # 1 and 1/2
    0.75
    """
    check_positives(labels, "given")
    present = labels.any(0)
    return float(average_precision(logits[:, present], labels[:, present]).mean())


def macro_f1(logits: Array, labels: NDArray) -> float:
    """F1 of each label at p = 0.5, averaged over labels; 0 where it is undefined.

    >>> logits = np.array([[2.0, -1.0], [1.0, -2.0], [-1.0, 0.5]])
    >>> macro_f1(logits, np.array([[1, 0], [1, 0], [0, 0]]))  # 1 and 0
    0.5
    """
    return float(f1(*hits_and_counts(logits, labels)).mean())


def micro_f1(logits: Array, labels: NDArray) -> float:
    """F1 at p = 0.5 over all (review, label) pairs together."""
    return float(f1(*(count.sum() for count in hits_and_counts(logits, labels))))


def hits_and_counts(logits: Array, labels: NDArray) -> tuple[Array, Array]:
    """Return, for each label, twice the hits, and what was said plus what was true."""
    said = logits > 0
    true = labels > 0
    return 2.0 * (said & true).sum(0), said.sum(0) + true.sum(0)


def f1(hits: Array, counts: Array) -> Array:
    """Return 2 hits / (said + true), the harmonic mean of precision and recall."""
    return np.divide(hits, counts, out=np.zeros_like(hits), where=counts > 0)


def average_precision(logits: Array, labels: NDArray) -> Array:
    """Return the mean precision at the true reviews of each label: float64 (labels,).

    Reviews with the same logit share the last one's place.

    >>> logits = np.array([[2.0], [1.0], [0.0]])
    >>> average_precision(logits, np.array([[1], [0], [1]])).round(3)  # (1/1 + 2/3) / 2
    array([0.833])
    """
    return counted_average_precision(logits, labels, np.ones((1, len(labels))))[0]


def counted_average_precision(logits: Array, labels: NDArray, counts: Array) -> Array:
    """Return the same of many splits, in which reviews count as `counts` says.

    `counts` is (splits, reviews), and the result (splits, labels): NaN where a label
    does not occur. Written out since a bootstrap asks for thousands, and sorting the
    reviews once is enough for all of them.
    """
    found = np.empty((len(counts), logits.shape[1]))
    for k in range(logits.shape[1]):
        order = np.argsort(-logits[:, k], kind="stable")
        true = order[labels[order, k] > 0]
        logit, all_logits = -logits[true, k], -logits[order, k]
        # Of those with the same logit, the last one's place among the true, and all.
        last_hit = np.searchsorted(logit, logit, side="right") - 1
        last = np.searchsorted(all_logits, logit, side="right") - 1
        times = counts[:, true]
        hits = times.cumsum(1)[:, last_hit]
        of = counts[:, order].cumsum(1)[:, last]
        precision = np.divide(hits, of, out=np.zeros_like(hits), where=of > 0)
        with np.errstate(invalid="ignore"):  # 0 / 0 where the label does not occur
            found[:, k] = (precision * times).sum(1) / times.sum(1)
    return found


SINGLE_LABEL: dict[str, Metric] = {"accuracy": accuracy, "cross_entropy": cross_entropy}
MULTI_LABEL: dict[str, Metric] = {
    "macro_average_precision": macro_average_precision,
    "macro_f1": macro_f1,
    "micro_f1": micro_f1,
}

#: Between what a metric lies, whatever the model.
RANGES = dict.fromkeys([*SINGLE_LABEL, *MULTI_LABEL], (0.0, 1.0))
RANGES["cross_entropy"] = (0.0, np.inf)


def metrics_for(labels: NDArray) -> dict[str, Metric]:
    """Return the metrics that fit the labels' shape; the first is the headline."""
    return MULTI_LABEL if labels.ndim == 2 else SINGLE_LABEL


def evaluate(logits: Array, labels: NDArray) -> dict[str, float]:
    """Compute every metric that fits, over the whole split at once.

    At once, since a mean of batch means counts the reviews of a short last batch more.
    Logits have shape (reviews, labels); labels are class indices, or zeros and ones in
    the logits' shape with a one somewhere. Raises `ValueError` for others, and for
    logits that are no numbers.

    >>> found = evaluate(np.array([[2.0, 1.0], [0.5, 0.7]]), np.array([0, 0]))
    >>> {name: round(value, 3) for name, value in found.items()}
    {'accuracy': 0.5, 'cross_entropy': 0.556}
    """
    check(logits, labels)
    return {name: f(logits, labels) for name, f in metrics_for(labels).items()}


def bootstrap(
    logits: Mapping[str, Array],
    labels: NDArray,
    *,
    resamples: int = 200,
    seed: int = 0,
    groups: Sequence[str] | None = None,
) -> Draws:
    """Recompute every metric on resampled test reviews: draws[model][metric].

    Every model is read on the very same resampled reviews, so the difference of two
    models' draws is a *paired* difference, whose interval is far narrower than the two
    intervals suggest. It covers the luck of which reviews are in the test set, and not
    that of the training seed (Efron and Tibshirani 1993, *An introduction to the
    bootstrap*). Reviews of one of the `groups`, one name a review, are drawn together.

    Multi-label draws without a positive label have no average precision, and are drawn
    again: the intervals are those of test sets with at least one. In each draw, the
    macro average is over the labels that occur in it. Raises `ValueError` as `evaluate`
    does.

    >>> labels = np.array([0, 1, 1, 0])
    >>> one, other = np.eye(2)[labels], np.eye(2)[[0, 1, 0, 0]]  # right, and 3 of 4
    >>> draws = bootstrap({"one": one, "other": other}, labels)
    >>> draws["one"]["accuracy"].shape
    (200,)
    >>> bool((draws["one"]["accuracy"] >= draws["other"]["accuracy"]).all())
    True
    """
    for values in logits.values():
        check(values, labels)
    counts = np.zeros((resamples, len(labels)))  # how often each review was drawn
    for i, rows in enumerate(resampled(labels, groups, resamples, seed)):
        counts[i] = np.bincount(rows, minlength=len(labels))
    return {model: counted(values, labels, counts) for model, values in logits.items()}


def counted(logits: Array, labels: NDArray, counts: Array) -> dict[str, Array]:
    """Return every metric of many splits, in which reviews count as `counts` says.

    `counts` is (splits, reviews); each metric has shape (splits,). What does not
    change with the counts, such as the order of the logits, is found once for all.

    >>> twice_the_second = np.array([[1.0, 2.0]])
    >>> logits = np.array([[2.0, 1.0], [0.5, 0.7]])
    >>> counted(logits, np.array([0, 0]), twice_the_second)["accuracy"]
    array([0.333...])
    """
    if labels.ndim == 1:
        of_each = {
            "accuracy": is_right(logits, labels),
            "cross_entropy": surprise(logits, labels),
        }
        return {name: counts @ each / counts.sum(1) for name, each in of_each.items()}
    said, true = logits > 0, labels > 0
    hits = 2.0 * counts @ (said & true)  # (splits, labels)
    both = counts @ (said.astype(float) + true)
    return {
        "macro_average_precision": np.nanmean(
            counted_average_precision(logits, labels, counts), axis=1
        ),
        "macro_f1": f1(hits, both).mean(1),
        "micro_f1": f1(hits.sum(1), both.sum(1)),
    }


def check(logits: Array, labels: NDArray) -> None:
    """Raise `ValueError` unless these are logits and labels that can be measured."""
    if logits.ndim != 2 or not len(logits):
        raise ValueError(
            f"the logits have shape {logits.shape}; expected (reviews, labels) with at "
            "least one review"
        )
    if not np.isfinite(logits).all():
        review, label = np.argwhere(~np.isfinite(logits))[0]
        raise ValueError(
            f"logits[{review}, {label}] is {logits[review, label]}; expected numbers: "
            "a model that gives none has no score"
        )
    if labels.ndim == 2:
        if labels.shape != logits.shape:
            raise ValueError(
                f"the labels have shape {labels.shape} and the logits {logits.shape}; "
                "expected multi-hot labels of the logits' shape"
            )
        check_zeros_and_ones(labels, "given")
        check_positives(labels, "given")
        return
    if labels.shape != logits.shape[:1] or labels.dtype.kind not in "iu":
        raise ValueError(
            f"the labels are {labels.dtype} of shape {labels.shape} and the logits "
            f"have shape {logits.shape}; expected one class index a review"
        )
    if labels.min() < 0 or labels.max() >= logits.shape[1]:
        raise ValueError(
            f"the labels run from {labels.min()} to {labels.max()}, and there are "
            f"logits for labels 0 to {logits.shape[1] - 1}"
        )


def check_zeros_and_ones(labels: NDArray, split: str) -> None:
    """Raise `ValueError` if a multi-hot label is anything but 0 or 1."""
    wrong = ~np.isin(labels, (0, 1))
    if wrong.any():
        review, label = np.argwhere(wrong)[0]
        raise ValueError(
            f"labels[{review}, {label}] of the {split} split is "
            f"{labels[review, label]}; expected 0 or 1, which alone can be measured"
        )


def check_positives(
    labels: NDArray, split: str, names: Sequence[str] | None = None
) -> None:
    """Raise `ValueError` if a multi-label split has no positive label at all.

    For labels of shape (reviews, labels); `split` and `names` are for the message.
    Class indices pass. To be asked before training, of every split that is read.
    """
    if labels.ndim == 2 and not labels.any():
        which = ", ".join(map(repr, names or ())) or f"its {labels.shape[1]} labels"
        raise ValueError(
            f"none of the {len(labels):,} reviews of the {split} split has any of "
            f"{which}: nothing can be learnt or measured there. Take more reviews, or "
            "divide them otherwise"
        )


def interval(draws: Array) -> tuple[float, float]:
    """Return the middle 95 % of some draws.

    >>> interval(np.arange(1001.0))
    (25.0, 975.0)
    """
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(low), float(high)
