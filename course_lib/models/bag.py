"""The smallest classifier of texts: a mean of word vectors, read by a linear layer."""

from torch import Tensor, nn

from course_lib.models.pooling import masked_mean
from course_lib.text import PADDING


class BagOfEmbeddings(nn.Module):
    """The mean of a text's word vectors and a linear layer: no order at all.

    This is fastText without pairs of words (Joulin et al. 2017, *Bag of tricks for
    efficient text classification*). Dropout acts on the mean, in train mode only.

    >>> import torch
    >>> bag = BagOfEmbeddings(vocabulary_size=10, num_labels=3, embedding_size=4).eval()
    >>> one, other = torch.tensor([[5, 2, 0]]), torch.tensor([[2, 5]])
    >>> torch.allclose(bag(one, torch.tensor([2])), bag(other, torch.tensor([2])))
    True
    """

    def __init__(
        self,
        vocabulary_size: int,
        num_labels: int,
        embedding_size: int,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.num_labels = num_labels
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, PADDING)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(embedding_size, num_labels)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return (batch, labels) logits for (batch, tokens) and (batch,)."""
        x = self.embedding(tokens)  # (batch, tokens, features)
        return self.head(self.dropout(masked_mean(x, lengths)))
