"""Sentence vectors of a small BERT when labels are few: as they are, and after pairs.

SetFit (Tunstall et al. 2022, *Efficient few-shot learning without prompts*) first moves
the encoder until texts of one class have vectors that point the same way and those of
two classes have not. Then it fits a logistic regression to the vectors. It needs no
teacher and no text without a label, but its encoder stays, 22 million numbers that are
there when it is used: no student of this course is like it.
"""

from copy import deepcopy

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegressionCV
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoTokenizer

from course_lib.batches import Batch, Examples
from course_lib.comparison import Reading, read
from course_lib.experiment import Experiment
from course_lib.models import MeanBertClassifier, find_pretrained
from course_lib.tensor_files import digest
from course_lib.text import encode_pieces
from course_lib.training import Objective
from experiments.linear import two_logits

PIECES = 128
#: Of the head, which cross-validation on the same labels chooses from.
STRENGTHS = (0.1, 1.0, 10.0, 100.0)
BATCH, LEARNING_RATE = 16, 2e-5


class SentenceVectors(MeanBertClassifier):
    """A mean over tokens, made as long as 1; it stands where others have logits."""

    def __init__(self, pretrained: str) -> None:
        super().__init__(pretrained, num_labels=2)
        self.head = nn.Identity()  # type: ignore[assignment]

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return (batch, hidden) vectors for (batch, tokens) and (batch,)."""
        return F.normalize(self.features(tokens, lengths), dim=1)


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


class Sentences:
    """The reviews of an experiment, as a small BERT reads them."""

    def __init__(self, done: Experiment) -> None:
        self.done = done
        self.encoder = SentenceVectors(find_pretrained())
        tokenizer = AutoTokenizer.from_pretrained(find_pretrained())
        reviews = done.splits.reviews
        self.train = encode_pieces(reviews["train"].texts, tokenizer, PIECES)
        self.test = Examples(encode_pieces(reviews["test"].texts, tokenizer, PIECES))

    def frozen(self, row: str, run: int, rows: NDArray, labels: Tensor) -> None:
        """Make a row: logistic regression on the vectors as they are."""
        about = {"encoder": digest(self.encoder.state_dict()), "pieces": PIECES}

        def vectors(name: str, examples: Examples) -> Reading:
            return self.done.once(
                f"vectors-{name}", about, lambda: read(self.encoder, examples, name)
            )

        known = vectors("train", Examples(self.train)).logits[rows]
        asked = vectors("test", self.test)
        depends = {**about, "labels": rows.tolist(), "C": STRENGTHS}
        self.done.make(row, depends, lambda: head(known, labels, asked), run)

    def tuned(
        self, row: str, run: int, rows: NDArray, labels: Tensor, reads: int
    ) -> None:
        """Make a row: the same after the encoder has seen pairs of these few texts.

        It reads `reads` texts, however few there are.
        """
        few = Examples([self.train[i] for i in rows], labels)
        again = np.resize(np.arange(len(rows)), reads)
        trained = self.done.fitted(
            row,
            deepcopy(self.encoder),
            Examples([few.tokens[i] for i in again], labels[again]),
            SameClass(),
            few,  # one epoch: nothing is chosen on it
            epochs=1,
            batch_size=BATCH,
            learning_rate=LEARNING_RATE,
            seed=self.done.seeds[run],
        )
        known, asked = trained.read(few).logits, trained.read(self.test)
        depends = {**trained.about, "C": STRENGTHS}
        self.done.make(row, depends, lambda: head(known, labels, asked), run)


def head(known: NDArray, labels: Tensor, asked: Reading) -> Reading:
    """Return what logistic regression on the vectors of a few texts says of others."""
    model = LogisticRegressionCV(Cs=STRENGTHS, cv=5, scoring="neg_log_loss")
    scores = model.fit(known, labels).decision_function(asked.logits)
    own = known.shape[1] + 1
    size = (asked.parameters or 0) + own
    return Reading(two_logits(scores), size, asked.bytes, None)
