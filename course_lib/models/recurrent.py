"""RNN, LSTM and GRU over words, on padded batches.

The backward direction reads each review reversed within its own length, so it never
sees padding before the text, and pooling leaves padding out. The results equal those of
`pack_padded_sequence`, which is many times slower to train and cannot be exported.
"""

from typing import Any

import torch
from torch import Tensor, nn

from course_lib.models.embeddings import FactorisedEmbedding
from course_lib.models.pooling import masked_mean_and_max, reverse_within_length
from course_lib.text import PADDING


class RecurrentClassifier(nn.Module):
    """A recurrent network over words, pooled and read by a linear layer.

    Dropout acts on the embedded words, between layers and on the pooled features, in
    train mode only. With a `rank`, the words have a `FactorisedEmbedding`. An objective
    that looks inside asks for the states of all layers as well.
    """

    cell: type[nn.RNN] | type[nn.LSTM] | type[nn.GRU]

    def __init__(
        self,
        vocabulary_size: int,
        num_labels: int,
        embedding_size: int,
        hidden_size: int,
        num_layers: int = 1,
        dropout: float = 0.3,
        bidirectional: bool = True,
        rank: int | None = None,
    ) -> None:
        super().__init__()
        self.num_labels = num_labels
        self.embedding: nn.Module
        if rank is None:
            self.embedding = nn.Embedding(vocabulary_size, embedding_size, PADDING)
        else:
            self.embedding = FactorisedEmbedding(vocabulary_size, embedding_size, rank)
        directions = 2 if bidirectional else 1
        widths = [embedding_size] + [directions * hidden_size] * (num_layers - 1)

        def layers() -> nn.ModuleList:
            cells = [self.cell(w, hidden_size, batch_first=True) for w in widths]
            return nn.ModuleList(cells)

        # One module for each direction of each layer, or none to read backwards.
        self.forwards = layers()
        self.backwards = layers() if bidirectional else nn.ModuleList()
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(2 * directions * hidden_size, num_labels)

    def forward(
        self, tokens: Tensor, lengths: Tensor, with_states: bool = False
    ) -> Any:
        """Return (batch, labels) logits for (batch, tokens) and (batch,).

        With `with_states`, return a tuple of them and of what `layers` gives.
        """
        layers = self.layers(tokens, lengths)
        pooled = masked_mean_and_max(layers[-1], lengths)
        logits = self.head(self.dropout(pooled))
        return (logits, *layers) if with_states else logits

    def states(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return (batch, tokens, directions · hidden) states of the last layer."""
        return self.layers(tokens, lengths)[-1]

    def layers(self, tokens: Tensor, lengths: Tensor) -> list[Tensor]:
        """Return each layer's (batch, tokens, directions · hidden) states."""
        x, found = self.embedding(tokens), []  # (batch, tokens, features)
        for layer, forwards in enumerate(self.forwards):
            x = self.dropout(x)
            states = [forwards(x)[0]]  # (batch, tokens, hidden) each
            if self.backwards:
                back, _ = self.backwards[layer](reverse_within_length(x, lengths))
                states.append(reverse_within_length(back, lengths))
            x = torch.cat(states, dim=-1)
            found.append(x)
        return found


class LSTMClassifier(RecurrentClassifier):
    """A long short-term memory (Hochreiter and Schmidhuber 1997).

    >>> lstm = LSTMClassifier(10, num_labels=3, embedding_size=4, hidden_size=5)
    >>> lstm(torch.tensor([[5, 2], [3, 0]]), torch.tensor([2, 1])).shape
    torch.Size([2, 3])
    """

    cell = nn.LSTM


class GRUClassifier(RecurrentClassifier):
    """A gated recurrent unit: three gates' worth of weights for an LSTM's four.

    Cho et al. 2014, *Learning phrase representations using RNN encoder–decoder*.
    """

    cell = nn.GRU


class RNNClassifier(RecurrentClassifier):
    """The plain one: a tanh of the word and the state before, and no gate at all.

    Elman 1990, *Finding structure in time*. A quarter of an LSTM's weights.

    >>> rnn = RNNClassifier(10, num_labels=3, embedding_size=4, hidden_size=5)
    >>> rnn(torch.tensor([[5, 2], [3, 0]]), torch.tensor([2, 1])).shape
    torch.Size([2, 3])
    """

    cell = nn.RNN
