"""TextCNN: filters that look for a phrase anywhere in a text."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from course_lib.models.pooling import is_padding, masked_max
from course_lib.text import PADDING


class TextCNN(nn.Module):
    """Filters over a few neighbouring words, and the largest answer of each (Kim 2014).

    A filter answers wherever it touches a word of the text, partly over the edge or
    not, and nowhere else. So a text has the same logits however much padding its batch
    gave it, even a text that is shorter than the filter. Dropout acts on the word
    vectors and on the pooled features, in train mode only.
    """

    def __init__(
        self,
        vocabulary_size: int,
        num_labels: int,
        embedding_size: int,
        num_filters: int,
        widths: Sequence[int] = (3, 4, 5),
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.num_labels = num_labels
        self.widths = tuple(widths)
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, PADDING)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(embedding_size, num_filters, width, padding=width - 1)
            for width in widths
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(len(widths) * num_filters, num_labels)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return (batch, labels) logits for (batch, tokens) and (batch,)."""
        x = self.dropout(self.embedding(tokens))  # (batch, tokens, features)
        x = x.masked_fill(is_padding(x.shape[1], lengths).unsqueeze(-1), 0)
        pooled = []
        for filters, width in zip(self.convolutions, self.widths, strict=True):
            answers = filters(x.transpose(1, 2)).transpose(1, 2)
            # Beyond these places a filter sees padding alone, and answers its bias.
            touching = lengths + width - 1
            pooled.append(torch.relu(masked_max(answers, touching)))
        return self.head(self.dropout(torch.cat(pooled, dim=1)))
