"""Scorers of sentences: is this one part of the summary? Logits for no and for yes.

A text is its sentences one after the other, each begun by a token that marks it, as
Liu and Lapata (2019) put a [CLS] before each. The answer for a sentence stands at its
mark, so that a summariser is a tagger, and whatever trains a tagger trains it.
"""

import torch
from torch import Tensor, nn

from course_lib.models.pooling import is_padding
from course_lib.text import PADDING


def sentence_means(
    x: Tensor, begins: Tensor, lengths: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Average the features of each sentence's tokens.

    `x` is (batch, tokens, features), `begins` (batch, tokens), True at a sentence's
    mark, and `lengths` (batch,). Returns the means (batch, sentences, features), zero
    where a text has fewer sentences; how many sentences there are, (batch,); and which
    one each token belongs to, (batch, tokens). Raises `ValueError` for a text that
    does not begin with a mark.

    >>> x = torch.tensor([[1.0, 3.0, 5.0, 99.0]]).unsqueeze(-1)
    >>> begins = torch.tensor([[True, False, True, False]])
    >>> means, count, which = sentence_means(x, begins, torch.tensor([3]))
    >>> means.flatten().tolist(), count.tolist(), which.tolist()
    ([2.0, 5.0], [2], [[0, 0, 1, 1]])
    """
    if not begins[:, 0].all():
        row = int((~begins[:, 0]).nonzero()[0])
        raise ValueError(
            f"text {row} of the batch does not begin with the mark of a sentence; put "
            "one before each sentence"
        )
    there = ~is_padding(x.shape[1], lengths)
    begins = begins & there
    which = begins.cumsum(1) - 1  # (batch, tokens)
    count = begins.sum(1)
    sums = x.new_zeros(len(x), int(count.max()), x.shape[2])
    sums = sums.scatter_add(
        1, which.unsqueeze(-1).expand_as(x), x * there.unsqueeze(-1)
    )
    size = x.new_zeros(sums.shape[:2]).scatter_add(1, which, there.to(x.dtype))
    return sums / size.clamp(min=1).unsqueeze(-1), count, which


class SentenceScorer(nn.Module):
    """A mean of word vectors a sentence, what surrounds it, and where it stands.

    Each sentence sees its own mean, that of the whole text, and its two neighbours'
    (one layer of filters over three sentences), and a vector for its place, counted
    from the beginning, up to `places`. `mark` is the number of the token that begins a
    sentence. With `places` 0 it does not know where a sentence stands, but for what its
    neighbours tell.

    >>> scorer = SentenceScorer(10, 2, mark=2, embedding_size=4, hidden_size=3)
    >>> tokens = torch.tensor([[2, 5, 6, 2, 7], [2, 8, 0, 0, 0]])
    >>> scorer(tokens, torch.tensor([5, 2])).shape
    torch.Size([2, 5, 2])
    """

    def __init__(
        self,
        vocabulary_size: int,
        num_tags: int,
        mark: int,
        embedding_size: int,
        hidden_size: int,
        places: int = 12,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.mark, self.places = mark, places
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, PADDING)
        self.place = nn.Embedding(max(places, 1), hidden_size)
        self.around = nn.Conv1d(embedding_size, hidden_size, 3, padding=1)
        self.whole = nn.Linear(embedding_size, hidden_size)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden_size, num_tags)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return (batch, tokens, tags) logits: at each token those of its sentence."""
        x = self.dropout(self.embedding(tokens))
        means, count, which = sentence_means(x, tokens == self.mark, lengths)
        text = means.sum(1) / count.unsqueeze(1)  # (batch, features)
        hidden = self.around(means.transpose(1, 2)).transpose(1, 2)
        hidden = hidden + self.whole(text).unsqueeze(1)
        if self.places:
            place = torch.arange(means.shape[1], device=tokens.device)
            hidden = hidden + self.place(place.clamp(max=self.places - 1))
        logits = self.head(self.dropout(torch.relu(hidden)))  # (batch, sentences, tags)
        each = which.unsqueeze(-1).expand(-1, -1, logits.shape[2])
        return logits.gather(1, each)
