"""An LSTM that looks at a text once for each label, with that label's own eyes.

One pooled vector must serve all labels at once. Here every label has a query of its
own: it weighs the words by how well their states answer it, and so has an embedding of
its own of the same text (Mullenbach et al. 2018, *Explainable prediction of medical
codes from clinical text*). What label-wise distillation compares are these.
"""

from typing import Any

import torch
from torch import Tensor, nn

from course_lib.models.pooling import is_padding
from course_lib.models.recurrent import LSTMClassifier
from course_lib.text import PADDING


class LabelwiseLSTM(LSTMClassifier):
    """A BiLSTM whose every label attends to the words by itself.

    An objective that looks inside asks for what the logits are read from, too.

    >>> model = LabelwiseLSTM(100, num_labels=3, embedding_size=8, hidden_size=4)
    >>> tokens, lengths = torch.tensor([[5, 6, 7]]), torch.tensor([3])
    >>> model(tokens, lengths).shape
    torch.Size([1, 3])
    >>> logits, embeddings = model(tokens, lengths, with_embeddings=True)
    >>> embeddings.shape
    torch.Size([1, 3, 8])
    """

    def __init__(
        self,
        vocabulary_size: int,
        num_labels: int,
        embedding_size: int,
        hidden_size: int,
        num_layers: int = 1,
        dropout: float = 0.3,
    ) -> None:
        super().__init__(
            vocabulary_size,
            num_labels,
            embedding_size,
            hidden_size,
            num_layers,
            dropout,
        )
        self.query = nn.Linear(2 * hidden_size, num_labels, bias=False)
        self.head = nn.Linear(2 * hidden_size, num_labels)  # row k reads embedding k

    def forward(
        self, tokens: Tensor, lengths: Tensor, with_embeddings: bool = False
    ) -> Any:
        """Return (batch, labels) logits for (batch, tokens) and (batch,).

        With `with_embeddings`, return what `look` does.
        """
        logits, embeddings = self.look(tokens, lengths)
        return (logits, embeddings) if with_embeddings else logits

    def look(self, tokens: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits, and each label's embedding: (batch, labels, 2 · hidden)."""
        states = self.states(tokens, lengths)  # (batch, tokens, 2 · hidden)
        padding = is_padding(tokens.shape[1], lengths).unsqueeze(-1)
        scores = self.query(states).masked_fill(padding, -torch.inf)
        attention = scores.softmax(1)  # (batch, tokens, labels), over the tokens
        embeddings = attention.transpose(1, 2) @ states
        read = self.dropout(embeddings) * self.head.weight
        return read.sum(-1) + self.head.bias, embeddings


class WideLabelwiseLSTM(LabelwiseLSTM):
    """A `LabelwiseLSTM` with a linear model over words beside it.

    A word that settles a matter ("saloon") need not pass through an LSTM: it has a
    number for each label, added to the logits. What a linear teacher knows of words has
    a place there (Cheng et al. 2016, *Wide & deep learning for recommender systems*).
    The table begins at zero, so the model begins as the LSTM alone.

    >>> model = WideLabelwiseLSTM(100, num_labels=3, embedding_size=8, hidden_size=4)
    >>> model(torch.tensor([[5, 6, 7]]), torch.tensor([3])).shape
    torch.Size([1, 3])
    """

    def __init__(
        self, vocabulary_size: int, num_labels: int, *sizes: Any, **options: Any
    ) -> None:
        super().__init__(vocabulary_size, num_labels, *sizes, **options)
        self.words = nn.EmbeddingBag(
            vocabulary_size, num_labels, mode="sum", padding_idx=PADDING
        )
        nn.init.zeros_(self.words.weight)

    def look(self, tokens: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits, to which the words were added, and the label embeddings."""
        logits, embeddings = super().look(tokens, lengths)
        # By the root: as if the counts of words were scaled to length one, nearly.
        size = lengths.to(self.words.weight).sqrt().unsqueeze(1)
        return logits + self.words(tokens) / size, embeddings
