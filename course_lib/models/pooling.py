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


def last_token(states: Tensor, mask: Tensor) -> Tensor:
    """Return (batch, features): each text's last token, on whichever side padding is.

    `states` is (batch, tokens, features), `mask` (batch, tokens), True or 1 where a
    token of the text stands. Only there has a model that reads from left to right seen
    all of a text (Radford et al. 2018, *Improving language understanding*). Raises
    `ValueError` if the shapes do not fit or a row has no text.

    >>> states = torch.tensor([[1.0, 2.0, 9.0], [9.0, 3.0, 4.0]]).unsqueeze(-1)
    >>> last_token(states, torch.tensor([[1, 1, 0], [0, 1, 1]])).tolist()
    [[2.0], [4.0]]
    """
    if mask.shape != states.shape[:2]:
        raise ValueError(
            f"the mask is {tuple(mask.shape)} and the states are {tuple(states.shape)};"
            " expected a mark for each token of each text"
        )
    real = mask.bool()
    if not real.any(1).all():
        rows = (~real.any(1)).nonzero().flatten().tolist()
        raise ValueError(
            f"texts {rows[:5]} of the batch have no token: leave them out, or give "
            "each a token for the unknown"
        )
    # The largest of the places that hold text.
    places = torch.arange(states.shape[1], device=states.device)
    last = (places * real).argmax(1)
    return states[torch.arange(len(states), device=states.device), last]


def places_in_text(mask: Tensor) -> Tensor:
    """Number each text's tokens from 0, (batch, tokens), whatever stands before them.

    A model with a vector for each place reads a text the same way on either side of its
    padding only if it is given these. What padding gets, 0, is read by nobody.

    >>> places_in_text(torch.tensor([[1, 1, 0], [0, 1, 1]])).tolist()
    [[0, 1, 0], [0, 0, 1]]
    """
    real = mask.long()
    return (real.cumsum(1) - 1) * real
