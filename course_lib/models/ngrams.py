"""N-grams that a model knows by heart: a hash table with one number for each.

A linear model on n-grams is hard to beat in sentiment, and nearly all of it is a list
of strings. Here an n-gram is named by a number that its words make, so that no string
is kept, and looking up is arithmetic that PyTorch and ONNX both do.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.models.recurrent import LSTMClassifier

# A polynomial in the words' numbers, modulo a prime (Karp and Rabin 1987). The prime is
# below 2³¹ and the factor below 2²⁰, so that no product leaves int64.
PRIME = 2**31 - 1
FACTOR = 1_000_003
EMPTY = -1
MARKS = 2**15 - 19  # the largest prime in int16


def names_of(tokens: Tensor, longest: int) -> list[Tensor]:
    """Return a number for each n-gram of (batch, tokens): (batch, tokens - n + 1) each.

    A word's own number is its name, and equal n-grams have equal names. Different ones
    have, but for one pair in two thousand million.

    >>> one, two = names_of(torch.tensor([[5, 2, 5, 2]]), longest=2)
    >>> one
    tensor([[5, 2, 5, 2]])
    >>> two
    tensor([[5000017, 2000011, 5000017]])
    """
    names = [tokens]
    for n in range(2, longest + 1):
        names.append((names[-1][:, :-1] * FACTOR + tokens[:, n - 1 :]) % PRIME)
    return names


class NgramTable(nn.Module):
    """What each known n-gram of a text says, summed: a row of a table for each.

    `choose` fills the places once, before training, with the n-grams that most texts
    have; one that finds its place taken by a more frequent one is left out. A mark
    tells each from the millions of others that lead to the same place. Without marks
    (Weinberger et al. 2009, *Feature hashing*), a place would speak for dozens.

    >>> table = NgramTable(places=8, features=1, longest=2)
    >>> table.choose([np.array([2, 3, 4]), np.array([2, 3])])
    >>> ones = nn.init.ones_(table.rows.weight)
    >>> table(torch.tensor([[2, 3, 0], [7, 7, 7]]), torch.tensor([2, 3])).tolist()
    [[3.0], [0.0]]
    """

    def __init__(self, places: int, features: int, longest: int = 3) -> None:
        super().__init__()
        self.longest = longest
        self.rows = nn.Embedding(places, features)
        nn.init.zeros_(self.rows.weight)
        # Not learnt, but a part of what the model has to keep.
        empty = torch.full((places,), EMPTY, dtype=torch.int16)
        self.marks = nn.Parameter(empty, requires_grad=False)

    def choose(self, texts: Iterable[np.ndarray]) -> None:
        """Fill the places with n-grams of some texts, arrays of words' numbers."""
        found = []
        for text in texts:
            tokens = torch.from_numpy(text.astype(np.int64))[None]
            names = torch.cat(names_of(tokens, self.longest), dim=1)
            found.append(np.unique(names.numpy()).astype(np.int32))
        names, texts_with = np.unique(np.concatenate(found), return_counts=True)
        ranked = names[np.argsort(-texts_with, kind="stable")].astype(np.int64)
        # Of those that lead to one place, the first is the most frequent.
        taken, first = np.unique(ranked % len(self.marks), return_index=True)
        self.marks.fill_(EMPTY)
        marks = ranked[first] // len(self.marks) % MARKS
        self.marks[torch.from_numpy(taken)] = torch.from_numpy(marks.astype(np.int16))

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return (batch, features) for (batch, tokens) and (batch,)."""
        total = torch.zeros((), device=tokens.device)
        starts = torch.arange(tokens.shape[1], device=tokens.device)
        for n, names in enumerate(names_of(tokens, self.longest)):
            places = names % len(self.marks)
            # The last ones that begin in a text reach into its padding.
            whole = starts[: names.shape[1]] < lengths[:, None] - n
            marks = names // len(self.marks) % MARKS
            known = (self.marks[places] == marks) & whole
            total = total + (self.rows(places) * known.unsqueeze(-1)).sum(dim=1)
        return total


class NgramLSTM(LSTMClassifier):
    """An LSTM and a table of n-grams that both say what they think: a sum of logits.

    N-grams are read in all of a text; the LSTM, which is slow, reads the first and the
    last half of `ends` tokens. The table has a number a label; or one in all for two
    labels, which are taken for classes of which one is true, so that only their
    difference counts.

    >>> model = NgramLSTM(10, 2, places=8, embedding_size=4, hidden_size=5)
    >>> model(torch.tensor([[5, 2], [3, 0]]), torch.tensor([2, 1])).shape
    torch.Size([2, 2])
    """

    #: An n-gram's number moves more slowly than an LSTM's weights may, by this factor.
    PACE = 0.3

    def __init__(
        self,
        vocabulary_size: int,
        num_labels: int,
        places: int,
        ends: int = 256,
        **sizes: Any,
    ) -> None:
        super().__init__(vocabulary_size, num_labels, **sizes)
        self.ends = ends
        self.ngrams = NgramTable(places, 1 if num_labels == 2 else num_labels)

    # An objective that looks inside would find the states of the ends alone.
    def forward(  # type: ignore[override]
        self, tokens: Tensor, lengths: Tensor
    ) -> Tensor:
        """Return (batch, labels) logits for (batch, tokens) and (batch,)."""
        said = self.PACE * self.ngrams(tokens, lengths)
        if self.num_labels == 2:
            said = torch.cat([-said / 2, said / 2], dim=1)
        return super().forward(*ends_of(tokens, lengths, self.ends)) + said

    def extra_repr(self) -> str:
        """Return what no weight shows."""
        return f"ends={self.ends}"


def ends_of(tokens: Tensor, lengths: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """Return tokens and lengths without the middle of texts longer than `most`.

    >>> tokens = torch.tensor([[5, 6, 7, 8, 9], [2, 3, 0, 0, 0]])
    >>> ends_of(tokens, torch.tensor([5, 2]), 3)
    (tensor([[5, 6, 9],
            [2, 3, 0]]), tensor([3, 2]))
    """
    places = torch.arange(tokens.shape[1], device=tokens.device)[:most]
    left_out = (lengths - most).clamp(min=0)[:, None]
    places = places + left_out * (places >= most - most // 2)
    return tokens.gather(1, places), lengths.clamp(max=most)
