"""Sentence vectors of a small BERT, and a linear head on them: for when labels are few.

They need no teacher and no text without a label, but the encoder stays, 22 million
numbers that are there when it is used: no student of this course is like it.
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegressionCV
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.batches import Examples
from course_lib.comparison import Reading, read
from course_lib.experiment import Experiment
from course_lib.models import MeanBertClassifier, load_tokenizer
from course_lib.tensor_files import digest
from course_lib.text import encode_pieces
from experiments.linear import two_logits
from experiments.minilm import small_bert

PIECES = 128
#: Of the head, which cross-validation on the same labels chooses from.
STRENGTHS = (0.1, 1.0, 10.0, 100.0)


class SentenceVectors(MeanBertClassifier):
    """A mean over tokens, made as long as 1; it stands where others have logits."""

    def __init__(self, pretrained: str) -> None:
        super().__init__(pretrained, num_labels=2)
        self.head = nn.Identity()  # type: ignore[assignment]

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return (batch, hidden) vectors for (batch, tokens) and (batch,)."""
        return F.normalize(self.features(tokens, lengths), dim=1)


class Sentences:
    """The reviews of an experiment, as a small BERT reads them."""

    def __init__(self, done: Experiment) -> None:
        self.done = done
        self.encoder = SentenceVectors(small_bert())
        tokenizer, _ = load_tokenizer(small_bert())
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


def head(known: NDArray, labels: Tensor, asked: Reading) -> Reading:
    """Return what logistic regression on the vectors of a few texts says of others."""
    model = LogisticRegressionCV(Cs=STRENGTHS, cv=5, scoring="neg_log_loss")
    scores = model.fit(known, labels.numpy()).decision_function(asked.logits)
    own = known.shape[1] + 1
    size = (asked.parameters or 0) + own
    return Reading(two_logits(np.asarray(scores)), size, asked.bytes, None)
