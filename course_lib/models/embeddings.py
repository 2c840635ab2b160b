"""Word vectors: most of a small student is a table with one row for each word.

At 20,000 words, nine in ten of a student's numbers are in that table. So this is where
a student is made smaller: with fewer numbers a word, or with fewer bits a number.
"""

from copy import deepcopy

from torch import Tensor, nn

from course_lib.models.rounding import to_codes
from course_lib.text import PADDING


class FactorisedEmbedding(nn.Module):
    """A table of few features a word, and one matrix that widens them all.

    words × features numbers become words × rank + rank × features (Lan et al. 2020,
    *ALBERT*). There is no bias, so that padding stays zero.
    """

    def __init__(self, vocabulary_size: int, embedding_size: int, rank: int) -> None:
        super().__init__()
        self.table = nn.Embedding(vocabulary_size, rank, PADDING)
        self.widen = nn.Linear(rank, embedding_size, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return (batch, tokens, features) for (batch, tokens)."""
        return self.widen(self.table(tokens))


class QuantisedEmbedding(nn.Module):
    """A table of whole numbers from -127 to 127, and one float16 scale for each row.

    A row q with scale s stands for s q. The scale fits the row's largest number, so
    that no entry moves by more than s/2, and a row of zeros, as padding has, stays
    zero. Scales end at 2⁻¹⁴, below which float16 loses digits: a row whose numbers are
    all below 0.008 moves by at most half of that. Rows of a single number share one
    scale: with a scale each, they would be larger than in float16. For use, not for
    training: the numbers are buffers.
    """

    rows: Tensor  # (words, features) int8
    scales: Tensor  # (words, 1) float16, or (1, 1)

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        rows, scales = to_codes(weight, per_row=weight.shape[1] > 1)
        self.register_buffer("rows", rows)
        self.register_buffer("scales", scales)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return (batch, tokens, features) float32 for (batch, tokens)."""
        shared = len(self.scales) == 1
        scales = self.scales if shared else self.scales[tokens]
        return self.rows[tokens].float() * scales.float()


def quantise(model: nn.Module) -> nn.Module:
    """Return a copy of a trained model, in eval mode, whose word tables are INT8.

    >>> quantise(nn.Sequential(nn.Embedding(1000, 16)))
    Sequential(
      (0): QuantisedEmbedding()
    )
    """
    small = deepcopy(model).eval()
    for parent in list(small.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Embedding):
                setattr(parent, name, QuantisedEmbedding(child.weight))
    return small
