"""Padding kept out: how padded batches are reversed, pooled and masked."""

import torch
from torch import Tensor


def is_padding(tokens: int, lengths: Tensor) -> Tensor:
    """Return (batch, tokens) booleans: True behind the end of each review.

    >>> is_padding(3, torch.tensor([3, 1])).tolist()
    [[False, False, False], [False, True, True]]
    """
    return torch.arange(tokens, device=lengths.device) >= lengths.unsqueeze(1)


def reverse_within_length(x: Tensor, lengths: Tensor) -> Tensor:
    """Reverse each sequence in place of its own tokens, leaving the padding behind it.

    `x` is (batch, tokens, features), `lengths` (batch,). Doing it twice gives `x` back.

    >>> x = torch.tensor([[1, 2, 3], [4, 5, 0]]).unsqueeze(-1)
    >>> reverse_within_length(x, torch.tensor([3, 2])).squeeze(-1).tolist()
    [[3, 2, 1], [5, 4, 0]]
    """
    place = torch.arange(x.shape[1], device=x.device)  # (tokens,)
    last = lengths.unsqueeze(1) - 1  # (batch, 1)
    source = torch.where(place <= last, last - place, place)  # (batch, tokens)
    return x.gather(1, source.unsqueeze(-1).expand_as(x))


def masked_mean(x: Tensor, lengths: Tensor) -> Tensor:
    """Average (batch, tokens, features) to (batch, features), padding left out.

    >>> x = torch.tensor([[1.0, 3.0], [2.0, 99.0]]).unsqueeze(-1)
    >>> masked_mean(x, torch.tensor([2, 1])).tolist()
    [[2.0], [2.0]]
    """
    padding = is_padding(x.shape[1], lengths).unsqueeze(-1)
    return x.masked_fill(padding, 0).sum(1) / lengths.unsqueeze(1)


def masked_max(x: Tensor, lengths: Tensor) -> Tensor:
    """Return the largest of (batch, tokens, features) over tokens, padding left out."""
    padding = is_padding(x.shape[1], lengths).unsqueeze(-1)
    return x.masked_fill(padding, float("-inf")).amax(1)


def masked_mean_and_max(x: Tensor, lengths: Tensor) -> Tensor:
    """Pool (batch, tokens, features) to (batch, 2 * features), padding left out.

    >>> x = torch.tensor([[1.0, 3.0], [2.0, 99.0]]).unsqueeze(-1)
    >>> masked_mean_and_max(x, torch.tensor([2, 1])).tolist()
    [[2.0, 3.0], [2.0, 2.0]]
    """
    return torch.cat([masked_mean(x, lengths), masked_max(x, lengths)], dim=1)
