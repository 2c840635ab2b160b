"""Linear models on words: what every network on a page has to be compared with."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.preprocessing import normalize
from torch import Tensor

from course_lib.comparison import Reading
from course_lib.splits import LABELLED, Splits
from course_lib.text import tokenize
from course_lib.training.runs import Clock
from course_lib.word_vectors import word_vectors

VECTOR = 100  # features of a word
TF_IDF_STRENGTHS = (1.0, 10.0, 100.0)  # of a logistic regression
#: Of a logistic regression on words, and of one on vectors.
STRENGTHS = (TF_IDF_STRENGTHS, (0.001, 0.01, 0.1))
STRENGTH = 10.0  # of each of many labels'
#: Tokens of each text of a split.
Words = Mapping[str, Sequence[list[str]]]


def words_of(splits: Splits) -> dict[str, list[list[str]]]:
    """Return the tokens of all labelled texts: every word, known to students or not."""
    return {
        name: [tokenize(text) for text in splits.reviews[name].texts]
        for name in LABELLED
    }


def bag_of_words(words: Words, splits: Splits, strengths: Sequence[float]) -> Reading:
    """Return what TF-IDF of words and pairs says, with logistic regression.

    The strength is the best on validation. The speed is from tokens to verdict, as that
    of the networks is.
    """
    features = tf_idf()
    x = features.fit_transform(words["train"])
    held_out = features.transform(words["validation"])
    labels, known = (
        splits.reviews[name].require_labels() for name in ("train", "validation")
    )
    models = [
        LogisticRegression(C=c, solver="liblinear").fit(x, labels) for c in strengths
    ]
    best = max(models, key=lambda model: model.score(held_out, known))
    clock = Clock()
    scores = best.decision_function(features.transform(words["test"]))
    speed = len(scores) / clock.lap()
    parameters = best.coef_.size + 1
    return Reading(two_logits(scores), parameters, 4 * parameters, speed)


def tf_idf() -> TfidfVectorizer:
    """Return what makes rows of tokens: words and pairs, of which rare ones count more.

    Both together are the features of Wang and Manning (2012), *Baselines and bigrams*.
    """
    return TfidfVectorizer(
        analyzer=words_and_pairs, min_df=2, sublinear_tf=True, dtype=np.float32
    )


def words_and_pairs(tokens: list[str]) -> list[str]:
    """Return the tokens, and each with the one behind it."""
    return tokens + [f"{a} {b}" for a, b in pairwise(tokens)]


def two_logits(scores: NDArray) -> NDArray[np.float32]:
    """Turn log-odds into (texts, 2) logits of the same odds.

    >>> two_logits(np.array([3.0]))
    array([[-1.5,  1.5]], dtype=float32)
    """
    return np.stack([-scores / 2, scores / 2], axis=1).astype(np.float32)


def one_per_label(splits: Splits, texts: Sequence[str]) -> Reading:
    """Return what one logistic regression a label says, on words and pairs of words."""
    vectorizer = TfidfVectorizer(
        ngram_range=(1, 2), min_df=3, sublinear_tf=True, dtype=np.float32
    )
    features = vectorizer.fit_transform(splits.reviews["train"].texts)
    wanted = vectorizer.transform(texts)
    columns, weights = [], 0
    for labels in splits.train.truth.T.numpy():
        # Scaled, or this solver would hold the intercept down with the weights.
        model = LogisticRegression(
            C=STRENGTH, solver="liblinear", intercept_scaling=10.0
        )
        model.fit(features, labels)
        columns.append(model.decision_function(wanted))
        weights += model.coef_.size + 1
    logits = np.stack(columns, axis=1).astype(np.float32)
    return Reading(logits, weights, 4 * weights, None)


def descriptions(splits: Splits) -> dict[str, list[Any]]:
    """Describe each text twice, without a label; rare words count more (TF-IDF).

    By the words that occur in it, (texts, words) sparse, rows of length 1; and by the
    mean of their vectors, (texts, VECTOR), columns of mean 0 and standard deviation 1.
    Returns both for all readable texts, the training reviews first, and for the test.
    """
    words = splits.vocabulary_size
    vectors = word_vectors(splits.whole_texts, words, VECTOR).numpy()

    def present(texts: list[np.ndarray]) -> sparse.csr_matrix:
        rows = [np.unique(text) for text in texts]
        ends = np.cumsum([0, *map(len, rows)])
        ones = np.ones(ends[-1], np.float32)
        return sparse.csr_matrix((ones, np.concatenate(rows), ends), (len(rows), words))

    texts = {"all": splits.whole_texts, "test": splits.numbers("test")}
    here = {name: present(part) for name, part in texts.items()}
    seen = np.asarray(here["all"].sum(0)).ravel()
    weights = np.log(len(texts["all"]) / np.maximum(seen, 1)).astype(np.float32)
    weights[:2] = 0  # padding and unknown words
    means = {}
    for name, table in here.items():
        total = np.maximum(table @ weights, 1e-6)[:, None]
        means[name] = (table @ (weights[:, None] * vectors)) / total
    center, spread = means["all"].mean(0), means["all"].std(0)
    return {
        name: [
            normalize(table.multiply(weights).tocsr()),
            (means[name] - center) / spread,
        ]
        for name, table in here.items()
    }


class TwoViews:
    """The sum of two logistic regressions: from descriptions to (texts, 2) logits."""

    def __init__(self, x: list[Any], rows: np.ndarray, labels: np.ndarray) -> None:
        # Each finds its strength by cross-validation on the same few labels.
        self.models = [
            LogisticRegressionCV(
                Cs=strengths, cv=5, max_iter=500, scoring="neg_log_loss"
            ).fit(part[rows], labels)
            for part, strengths in zip(x, STRENGTHS, strict=True)
        ]

    def __call__(self, x: list[Any]) -> Tensor:
        """Return (texts, 2) logits."""
        pairs = zip(self.models, x, strict=True)
        z = torch.from_numpy(sum(m.decision_function(part) for m, part in pairs))
        return torch.stack([-z / 2, z / 2], dim=1).float()


def reading_of(teacher: TwoViews, asked: list[Any], words: int) -> Reading:
    """Return what the teacher says; nearly all of it are the word vectors."""
    logits = teacher(asked)
    parameters = VECTOR * words + words + VECTOR + 2
    return Reading(logits.numpy(), parameters, 4 * parameters, None)
