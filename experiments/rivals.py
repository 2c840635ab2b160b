"""What a taught student is held against, besides its equal alone.

Two linear models, which take a minute; and three ways to do without a teacher: the
student alone for as long as validation likes, from word vectors of the same texts, and
with its own answers for labels.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from course_lib.batches import Examples
from course_lib.experiment import Experiment, Trained
from course_lib.metrics import evaluate
from course_lib.models import Recipe
from course_lib.splits import Splits
from experiments.linear import TF_IDF_STRENGTHS, bag_of_words, words_of
from experiments.ngrams import STRENGTHS, naive_bayes_ngrams

#: How many times as many passes a student alone is given.
TIMES = (1, 2, 4, 8)


def linear(done: Experiment) -> None:
    """Make the rows "bag-of-words" and "ngrams"; their strength is validation's."""
    words = words_of(done.splits)
    tf_idf = partial(bag_of_words, words, done.splits, TF_IDF_STRENGTHS)
    done.make("bag-of-words", {"C": TF_IDF_STRENGTHS}, tf_idf)
    weighted = partial(naive_bayes_ngrams, words, done.splits)
    done.make("ngrams", {"C": STRENGTHS}, weighted)


def longer(
    done: Experiment,
    row: str,
    run: int,
    recipe: Recipe,
    passes: int,
    times: Sequence[int] = TIMES,
    **settings: Any,
) -> tuple[Trained, int]:
    """Train a student from labels for as long as validation likes; make a row of it.

    That is `passes` over the training reviews, or `times` as many; returns the student
    and how many times it was. Each is a training of its own, since its rate has to end
    at zero. `settings` are those of `training.train`.
    """
    tried = {
        t: done.prepared(f"{row}-{t}", run, recipe, epochs=t * passes, **settings)
        for t in times
    }
    best = max(times, key=lambda t: headline(tried[t], done.splits))
    done.runs[run][row] = tried[best].read(done.splits.test)
    return tried[best], best


def headline(trained: Trained, splits: Splits) -> float:
    """Return the metric that counts, on the validation reviews."""
    logits = trained.read(splits.validation).logits
    return next(iter(evaluate(logits, splits.validation.truth.numpy()).values()))


def from_vectors(recipe: Recipe) -> Recipe:
    """Return the same model, whose words start from vectors of all readable texts."""
    return replace(recipe, from_word_vectors=True)


def labelled_by(student: Trained, splits: Splits) -> Examples:
    """Return all readable reviews, the rest with the labels that a student gives them.

    That is Lee 2013, *Pseudo-label*. The training reviews keep their own.
    """
    said = student.soft_targets(splits.readable).argmax(dim=1)
    labels = torch.cat([splits.train.truth, said[len(splits.train) :]])
    return Examples(splits.readable.tokens, labels)
