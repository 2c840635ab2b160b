"""N-grams of one to three words, read by a linear layer: what every network must beat.

Each text is the set of its n-grams. A logistic regression on them learns from labels,
with naive Bayes's weights (Wang and Manning 2012, *Baselines and bigrams*), or from
what a teacher says.
"""

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from course_lib.comparison import Reading
from course_lib.metrics import macro_average_precision
from course_lib.splits import Splits
from course_lib.training.runs import Clock
from experiments.linear import Words, two_logits, words_and_pairs, words_of

STRENGTHS = (0.1, 1.0, 10.0)  # of the regression; the best on validation is taken
#: (n-grams,) weights, and a bias.
Fit = tuple[NDArray[np.float32], float]


def counter() -> CountVectorizer:
    """Return what tells which n-grams a text has, of those in two texts or more."""
    return CountVectorizer(
        analyzer=up_to_three, binary=True, min_df=2, dtype=np.float32
    )


def up_to_three(tokens: list[str]) -> list[str]:
    """Return the tokens, their pairs, and their triples.

    >>> up_to_three(["not", "so", "bad"])
    ['not', 'so', 'bad', 'not so', 'so bad', 'not so bad']
    """
    triples = zip(tokens, tokens[1:], tokens[2:], strict=False)
    return words_and_pairs(tokens) + [" ".join(triple) for triple in triples]


def naive_bayes(x: sparse.csr_matrix, labels: NDArray) -> NDArray[np.float32]:
    """Return by how much each n-gram speaks for the second of two classes.

    That is log (p / |p|) / (q / |q|), where p counts in how many texts of that class it
    is, and one more, and q those of the other (Wang and Manning 2012, equation 1).

    >>> x = sparse.csr_matrix(np.array([[1, 1], [0, 1]], np.float32))
    >>> naive_bayes(x, np.array([1, 0]))  # log (2/4) / (1/3), log (2/4) / (2/3)
    array([ 0.405..., -0.287...], dtype=float32)
    """
    p, q = (1 + np.asarray(x[labels == label].sum(0)).ravel() for label in (1, 0))
    return np.log((p / p.sum()) / (q / q.sum())).astype(np.float32)


def fit_weighted(x: sparse.csr_matrix, labels: NDArray, strength: float) -> Fit:
    """Fit logistic regression to labels; an n-gram counts as naive Bayes says.

    The weights returned are those of x itself.
    """
    ratios = naive_bayes(x, labels)
    # Its dual: there are more n-grams than texts.
    model = LogisticRegression(C=strength, solver="liblinear", dual=True, max_iter=200)
    model.fit(x.multiply(ratios).tocsr(), labels)
    return ratios * model.coef_[0].astype(np.float32), float(model.intercept_[0])


def fit_taught(x: sparse.csr_matrix, log_odds: NDArray, strength: float) -> Fit:
    """Fit logistic regression to a teacher's answers: soft targets at T = 1.

    Each text stands there twice, once in each class, with the teacher's probability of
    that class as its weight: the sum is the cross-entropy with soft targets.
    """
    p, n = expit(log_odds), len(log_odds)
    model = LogisticRegression(C=strength, max_iter=60)
    with warnings.catch_warnings():  # far enough, if not at the end
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(
            sparse.vstack([x, x]).tocsr(),
            np.repeat([1, 0], n),
            sample_weight=np.concatenate([p, 1 - p]),
        )
    return model.coef_[0].astype(np.float32), float(model.intercept_[0])


def naive_bayes_ngrams(words: Words, splits: Splits) -> Reading:
    """Return what weighted n-grams say of the test split, from labels.

    The speed is from tokens to verdict, as that of the networks is.
    """
    features = counter()
    x = features.fit_transform(words["train"])
    held_out = features.transform(words["validation"])
    labels, known = (
        splits.reviews[name].require_labels() for name in ("train", "validation")
    )
    fits = [fit_weighted(x, labels, strength) for strength in STRENGTHS]
    weights, bias = fits[best([held_out @ w + b for w, b in fits], known)]
    clock = Clock()
    scores = features.transform(words["test"]) @ weights + bias
    speed = len(scores) / clock.lap()
    parameters = weights.size + 1
    return Reading(two_logits(scores), parameters, 4 * parameters, speed)


def naive_bayes_by_label(splits: Splits) -> Reading:
    """Return what weighted n-grams say of many labels, of validation and then of test.

    One strength serves all labels: that of the best macro average precision on
    validation.
    """
    words, features = words_of(splits), counter()
    x = features.fit_transform(words["train"])
    tables = [features.transform(words[name]) for name in ("validation", "test")]
    labels, known = (
        splits.reviews[name].require_labels() for name in ("train", "validation")
    )

    def logits(fits: list[Fit], table: sparse.csr_matrix) -> NDArray[np.float32]:
        columns = [table @ weights + bias for weights, bias in fits]
        return np.stack(columns, axis=1).astype(np.float32)

    tried = [[fit_weighted(x, y, c) for y in labels.T] for c in STRENGTHS]
    fits = max(
        tried, key=lambda fits: macro_average_precision(logits(fits, tables[0]), known)
    )
    parameters = sum(weights.size + 1 for weights, _ in fits)
    said = np.concatenate([logits(fits, table) for table in tables])
    return Reading(said, parameters, 4 * parameters, None)


def best(log_odds: Sequence[NDArray], labels: NDArray) -> int:
    """Return which of several says most often what is true; the first of equals.

    >>> best([np.array([-1.0, 2.0]), np.array([1.0, 2.0])], np.array([1, 1]))
    1
    """
    return int(np.argmax([np.mean((z > 0) == labels) for z in log_odds]))
