"""Linear models on words for few labels: what a student has to beat there too.

All texts are counted once, and each draw of labels takes its rows.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold

from course_lib.comparison import Reading
from course_lib.splits import Splits
from experiments.linear import TF_IDF_STRENGTHS, tf_idf, two_logits, words_of
from experiments.ngrams import STRENGTHS, Fit, counter, fit_weighted

FOLDS = 5


class Counted:
    """The words of all training and test reviews, in two ways; no label is read.

    "bag-of-words" is TF-IDF of words and pairs with logistic regression; "ngrams" are
    those of one to three words, weighted by naive Bayes.
    """

    def __init__(self, splits: Splits) -> None:
        words = words_of(splits)
        ways = {
            "bag-of-words": tf_idf(),
            "ngrams": counter(),
        }
        self.train, self.test = {}, {}
        for name, features in ways.items():
            self.train[name] = features.fit_transform(words["train"])
            self.test[name] = features.transform(words["test"])

    def reading(self, name: str, rows: NDArray, labels: NDArray) -> Reading:
        """Return what it says of the test split after the labels of some rows.

        Its strength is the best in cross-validation on these labels.
        """
        x = self.train[name][rows]
        met = np.flatnonzero(x.getnnz(axis=0))  # a word that never occurs has no weight
        x = x[:, met].tocsr()
        fit, strengths = FITS[name]
        losses = dict.fromkeys(strengths, 0.0)
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
        for rest, out in folds.split(x, labels):
            for strength in strengths:
                weights, bias = fit(x[rest], labels[rest], strength)
                said = 1 / (1 + np.exp(-(x[out] @ weights + bias)))
                losses[strength] += log_loss(labels[out], said) * len(out)
        best = min(strengths, key=lambda strength: losses[strength])
        weights, bias = fit(x, labels, best)
        scores = self.test[name][:, met] @ weights + bias
        parameters = len(met) + 1
        return Reading(two_logits(scores), parameters, 4 * parameters, None)


def fit_plain(x: sparse.csr_matrix, labels: NDArray, strength: float) -> Fit:
    """Fit logistic regression to labels."""
    model = LogisticRegression(C=strength, solver="liblinear").fit(x, labels)
    return model.coef_[0].astype(np.float32), float(model.intercept_[0])


FITS: dict[
    str,
    tuple[Callable[[sparse.csr_matrix, NDArray, float], Fit], tuple[float, ...]],
] = {
    "bag-of-words": (fit_plain, TF_IDF_STRENGTHS),
    "ngrams": (fit_weighted, STRENGTHS),
}
