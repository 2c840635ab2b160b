"""Teachers and students: everything here maps `(tokens, lengths)` to logits.

The recurrent models run on padded batches. The backward direction reads each review
reversed within its own length, so it never sees padding before the text, and pooling
leaves padding out. The results equal those of `pack_padded_sequence`, which is many
times slower to train.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from safetensors.torch import save
from torch import Tensor, nn

from course_lib.text import PADDING


def reverse_within_length(x: Tensor, lengths: Tensor) -> Tensor:
    """Reverse each sequence in place of its own tokens, leaving the padding behind it.

    `x` is (batch, tokens, features), `lengths` (batch,). Doing it twice gives `x` back.

    >>> x = torch.tensor([[1, 2, 3], [4, 5, 0]]).unsqueeze(-1)
    >>> reverse_within_length(x, torch.tensor([3, 2])).squeeze(-1).tolist()
    [[3, 2, 1], [5, 4, 0]]
    """
    place = torch.arange(x.shape[1], device=x.device)  # (tokens,)
    last = lengths.to(x.device).unsqueeze(1) - 1  # (batch, 1)
    source = torch.where(place <= last, last - place, place)  # (batch, tokens)
    return x.gather(1, source.unsqueeze(-1).expand_as(x))


def masked_mean_and_max(x: Tensor, lengths: Tensor) -> Tensor:
    """Pool (batch, tokens, features) to (batch, 2 * features), padding left out."""
    place = torch.arange(x.shape[1], device=x.device)
    lengths = lengths.to(x.device).unsqueeze(1)  # (batch, 1)
    padding = (place >= lengths).unsqueeze(-1)  # (batch, tokens, 1)
    mean = x.masked_fill(padding, 0).sum(1) / lengths
    largest = x.masked_fill(padding, float("-inf")).amax(1)
    return torch.cat([mean, largest], dim=1)


class LSTMClassifier(nn.Module):
    """A bidirectional LSTM over words, pooled and read by a linear layer.

    Dropout acts on the embedded words, between layers
    and on the pooled features, in train mode only.
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
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, PADDING)
        widths = [embedding_size] + [2 * hidden_size] * (num_layers - 1)
        self.forwards = nn.ModuleList(
            nn.LSTM(width, hidden_size, batch_first=True) for width in widths
        )
        self.backwards = nn.ModuleList(
            nn.LSTM(width, hidden_size, batch_first=True) for width in widths
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(4 * hidden_size, num_labels)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return (batch, labels) logits for (batch, tokens) and (batch,)."""
        x = self.embedding(tokens)  # (batch, tokens, features)
        for forwards, backwards in zip(self.forwards, self.backwards, strict=True):
            x = self.dropout(x)
            ahead, _ = forwards(x)
            back, _ = backwards(reverse_within_length(x, lengths))
            x = torch.cat([ahead, reverse_within_length(back, lengths)], dim=-1)
        return self.head(self.dropout(masked_mean_and_max(x, lengths)))


def lstm_teacher(vocabulary_size: int, num_labels: int) -> LSTMClassifier:
    """The course's default teacher: 64 features a word, 64 hidden units a direction."""
    return LSTMClassifier(vocabulary_size, num_labels, 64, 64)


def lstm_student(vocabulary_size: int, num_labels: int) -> LSTMClassifier:
    """The course's default student: under a quarter of the teacher's parameters."""
    return LSTMClassifier(vocabulary_size, num_labels, 15, 24)


@dataclass(frozen=True)
class Recipe:
    """How to make a model from the sizes of a task, and how fast it should learn."""

    build: Callable[[int, int], nn.Module]  # of vocabulary size and number of labels
    learning_rate: float


#: The one place where a name on the command line becomes a model.
TEACHERS = {"lstm": Recipe(lstm_teacher, learning_rate=4e-3)}
STUDENTS = {"lstm": Recipe(lstm_student, learning_rate=2e-2)}


def count_parameters(model: nn.Module) -> int:
    """Return the number of trainable numbers in a model.

    >>> count_parameters(nn.Linear(3, 2))
    8
    """
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def file_bytes(model: nn.Module) -> int:
    """Return how many bytes the model takes as a safetensors file."""
    return len(save({k: v.contiguous().cpu() for k, v in model.state_dict().items()}))
