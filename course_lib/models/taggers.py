"""Taggers: (batch, tokens, tags) logits, one row for each token.

What they say of a token does not depend on padding. At places of padding they say
something too: those are not to be counted.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.models.pooling import is_padding
from course_lib.models.recurrent import LSTMClassifier
from course_lib.text import PADDING


class LSTMTagger(LSTMClassifier):
    """An LSTM that reads both ways and answers at each token, not once a text.

    >>> tagger = LSTMTagger(10, 5, embedding_size=4, hidden_size=3)
    >>> tagger(torch.tensor([[5, 2], [3, 0]]), torch.tensor([2, 1])).shape
    torch.Size([2, 2, 5])
    """

    def __init__(
        self,
        vocabulary_size: int,
        num_tags: int,
        embedding_size: int,
        hidden_size: int,
        num_layers: int = 1,
        dropout: float = 0.3,
    ) -> None:
        super().__init__(
            vocabulary_size, num_tags, embedding_size, hidden_size, num_layers, dropout
        )
        self.head = nn.Linear(2 * hidden_size, num_tags)

    def forward(
        self, tokens: Tensor, lengths: Tensor, with_states: bool = False
    ) -> Any:
        """Return (batch, tokens, tags) logits for (batch, tokens) and (batch,).

        With `with_states`, return a tuple of them and of what `layers` gives.
        """
        layers = self.layers(tokens, lengths)
        logits = self.head(self.dropout(layers[-1]))
        return (logits, *layers) if with_states else logits


class ConvTagger(nn.Module):
    """Filters over three tokens, each layer's farther apart (Strubell et al. 2017).

    With `gaps` of 1, 2 and 4 a token sees seven others on each side, all at once: no
    token waits for the one before it, as in an LSTM.

    >>> tagger = ConvTagger(10, 5, embedding_size=4, num_filters=6)
    >>> tagger(torch.tensor([[5, 2], [3, 0]]), torch.tensor([2, 1])).shape
    torch.Size([2, 2, 5])
    """

    def __init__(
        self,
        vocabulary_size: int,
        num_tags: int,
        embedding_size: int,
        num_filters: int,
        gaps: Sequence[int] = (1, 2, 4),
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, PADDING)
        widths = [embedding_size] + [num_filters] * (len(gaps) - 1)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(width, num_filters, 3, padding=gap, dilation=gap)
            for width, gap in zip(widths, gaps, strict=True)
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(num_filters, num_tags)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return (batch, tokens, tags) logits for (batch, tokens) and (batch,)."""
        padding = is_padding(tokens.shape[1], lengths).unsqueeze(1)
        x = self.dropout(self.embedding(tokens)).transpose(1, 2)  # features, tokens
        for filters in self.convolutions:
            # A layer answers its bias where padding is: the next must not see that.
            x = torch.relu(filters(x.masked_fill(padding, 0)))
        logits: Tensor = self.head(self.dropout(x.transpose(1, 2)))
        return logits
