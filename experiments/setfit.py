"""Does a small BERT that has seen pairs of a hundred reviews need a teacher?

SetFit (Tunstall et al. 2022, *Efficient few-shot learning without prompts*) first moves
the encoder until texts of one class have vectors that point the same way and those of
two classes have not. Then it fits a logistic regression to the vectors. Beside it
stands the taught student of `experiments.few_labels`, from the same draws of labels.
That record has the vectors as they were.
"""

from collections.abc import Sequence
from copy import deepcopy

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib import records
from course_lib.batches import Batch, Examples
from course_lib.experiment import Experiment
from course_lib.splits import prepare
from course_lib.training import Objective
from experiments import sized
from experiments.few_labels import OBJECTIVES, SEEDS, STUDENT, drawn
from experiments.linear import TwoViews, descriptions
from experiments.sentences import STRENGTHS, Sentences, head

COST = "a quarter of an hour a draw, on a core that knows bfloat16"
LABELS = 100
READS = 2_400  # labelled texts, again and again
BATCH, LEARNING_RATE = 16, 2e-5


class SameClass(Objective):
    """The cosine of two texts is to be 1 if they share a label, and 0 if not.

    All pairs of a batch, in place of SetFit's list of pairs: each text is read once for
    as many of them as the batch has others.

    >>> batch = Examples([np.array([5])] * 3, torch.tensor([1, 1, 0])).collate(
    ...     np.array([0, 1, 2])
    ... )
    >>> SameClass()(torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), batch)
    tensor(0.)
    """

    least_reviews = 2

    def forward(self, given: Tensor, batch: Batch) -> Tensor:
        """Return the mean squared error over all pairs of a batch."""
        labels = batch.truth
        cosines = given @ given.T  # (batch, batch)
        same = (labels[:, None] == labels[None, :]).to(cosines.dtype)
        pairs = torch.ones_like(cosines).triu(diagonal=1).bool()
        return F.mse_loss(cosines[pairs], same[pairs])


def main(limit: int | None = None, seeds: Sequence[int] = SEEDS) -> records.Record:
    """Train what was not trained before, and write the record."""
    scale = sized(limit)
    splits = prepare("imdb", scale, seed=0)
    done = Experiment("setfit-imdb", splits, seeds, scale)
    sentences, described = Sentences(done), descriptions(splits)
    for run, seed in enumerate(seeds):
        rows = drawn(splits.train.truth.numpy(), LABELS, seed)
        labels = splits.train.select(rows).truth
        teacher = TwoViews(described["all"], rows, labels.numpy())
        soft = teacher(described["all"])
        everything = Examples(splits.readable.tokens, soft.argmax(1), soft)
        done.train("taught", run, STUDENT, everything, OBJECTIVES["taught"], epochs=1)
        few = Examples([sentences.train[row] for row in rows], labels)
        tuned(sentences, run, few)
    record = done.record(
        {"taught_minus_setfit": ("taught", "setfit")},
        labels=LABELS,
        reads=READS,
        transfer=len(splits.readable),
    )
    done.write(record)
    return record


def tuned(sentences: Sentences, run: int, few: Examples) -> None:
    """Make the row "setfit": the head after the encoder has seen pairs of few texts.

    It reads as many texts, however few there are.
    """
    done = sentences.done
    trained = done.fitted(
        "setfit",
        deepcopy(sentences.encoder),
        few.select(np.resize(np.arange(len(few)), READS)),
        SameClass(),
        few,  # one epoch: nothing is chosen on it
        epochs=1,
        batch_size=BATCH,
        learning_rate=LEARNING_RATE,
        seed=done.seeds[run],
    )
    known, asked = trained.read(few).logits, trained.read(sentences.test)
    depends = {**trained.about, "C": STRENGTHS}
    done.make("setfit", depends, lambda: head(known, few.truth, asked), run)
