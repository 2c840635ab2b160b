"""How good can a teacher from scratch be on IMDB?

Three networks that know nothing but the course's reviews, and a bag of words that is
hard to beat, each read on all 25,000 test reviews.
"""

import time
from collections.abc import Sequence
from functools import partial

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from course_lib import records
from course_lib.comparison import Reading
from course_lib.experiment import Experiment
from course_lib.models import STUDENTS, TEACHERS
from course_lib.recipes import epochs_for
from course_lib.splits import Splits, prepare
from course_lib.text import tokenize
from experiments import sized

COST = "half an hour of one core"
SEEDS = (0, 1, 2)
NETWORKS = {
    "textcnn": STUDENTS["textcnn"],
    "lstm": TEACHERS["lstm"],
    "lstm-vectors": TEACHERS["lstm-vectors"],
}
STRENGTHS = (1.0, 10.0, 100.0)  # of the bag of words, chosen on validation
DIFFERENCES = {f"{row}_minus_bag_of_words": (row, "bag-of-words") for row in NETWORKS}
DIFFERENCES["vectors_minus_random"] = ("lstm-vectors", "lstm")


def bag_of_words(splits: Splits) -> Reading:
    """Return what TF-IDF of words and pairs says, with logistic regression.

    The features are those of Wang and Manning (2012), *Baselines and bigrams*.
    """
    train, validation, test = (
        splits.reviews[name] for name in ("train", "validation", "test")
    )
    features = TfidfVectorizer(
        tokenizer=tokenize,
        token_pattern=None,
        lowercase=False,
        ngram_range=(1, 2),
        min_df=2,
        sublinear_tf=True,
        dtype=np.float32,
    )
    x = features.fit_transform(train.texts)
    held_out = features.transform(validation.texts)
    models = [
        LogisticRegression(C=c, solver="liblinear").fit(x, train.labels)
        for c in STRENGTHS
    ]
    best = max(models, key=lambda model: model.score(held_out, validation.labels))
    start = time.perf_counter()
    scores = best.decision_function(features.transform(test.texts))
    seconds = time.perf_counter() - start
    parameters = best.coef_.size + 1
    logits = np.stack([-scores / 2, scores / 2], axis=1).astype(np.float32)
    return Reading(logits, parameters, 4 * parameters, len(test) / seconds)


def main(limit: int | None = None, seeds: Sequence[int] = SEEDS) -> records.Record:
    """Train what was not trained before, and write the record."""
    scale = sized(limit)
    splits = prepare("imdb", scale, seed=0)
    done = Experiment("teachers-imdb", splits, seeds, scale)
    done.make("bag-of-words", {"C": STRENGTHS}, partial(bag_of_words, splits))
    epochs = {row: epochs_for(r, splits, scale) for row, r in NETWORKS.items()}
    for run in range(len(seeds)):
        for row, recipe in NETWORKS.items():
            done.train(row, run, recipe)
    record = done.record(DIFFERENCES, epochs=epochs)
    done.write(record)
    return record
