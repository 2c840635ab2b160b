"""Tokens → segments: a long text cut into pieces that a model of some length can read.

Neighbours may overlap, so that what one cut goes through, the other holds whole. The
first segment begins where the text begins, each further one `stride` tokens later, and
the last is the first that reaches the end: it may be shorter. So no token is lost, and
none is made up.
"""

from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.text import PADDING

T = TypeVar("T")


def segments(tokens: Sequence[T], length: int, stride: int) -> list[Sequence[T]]:
    """Cut a text into overlapping pieces of at most `length` tokens.

    Raises `ValueError` for an empty text, and for a `stride` that is below 1 or above
    `length`, since that would skip tokens.

    >>> segments(list("abcdefghij"), length=4, stride=3)
    [['a', 'b', 'c', 'd'], ['d', 'e', 'f', 'g'], ['g', 'h', 'i', 'j']]
    """
    check(length, stride)
    if len(tokens) == 0:
        raise ValueError(EMPTY.format("the text"))
    return [
        tokens[start : start + length]
        for start in range(0, max(len(tokens) - length, 0) + stride, stride)
        if start == 0 or start + length - stride < len(tokens)
    ]


def count_segments(lengths: Tensor, length: int, stride: int) -> Tensor:
    """Return how many segments texts of these lengths have, of the same shape.

    One, and one more for each `stride` begun beyond the first `length` tokens.

    >>> count_segments(torch.tensor([1, 4, 5, 10, 11]), length=4, stride=3)
    tensor([1, 1, 2, 3, 4])
    """
    beyond = (lengths - length).clamp(min=0)
    return 1 + (beyond + stride - 1) // stride


def segment_batch(
    tokens: Tensor, lengths: Tensor, length: int, stride: int
) -> tuple[Tensor, Tensor]:
    """Do what `segments` does to a padded batch, without a loop over its texts.

    Takes (texts, tokens) and (texts,), and returns the segments (texts, segments,
    length), with padding behind the end of each, and how many tokens are in each, int64
    (texts, segments): 0 where a text has fewer segments than the longest one. Raises
    `ValueError` as `segments` does, and names an empty text by its row.

    >>> tokens = torch.tensor([[1, 2, 3, 4, 5], [6, 7, 0, 0, 0]])
    >>> cut, left = segment_batch(tokens, torch.tensor([5, 2]), length=3, stride=2)
    >>> cut.tolist(), left.tolist()
    ([[[1, 2, 3], [3, 4, 5]], [[6, 7, 0], [0, 0, 0]]], [[3, 3], [2, 0]])
    """
    check(length, stride)
    if len(empty := (lengths < 1).nonzero()):
        raise ValueError(EMPTY.format(f"text {int(empty[0])} of the batch"))
    counts = count_segments(lengths, length, stride)  # (texts,)
    place = torch.arange(int(counts.max()), device=tokens.device)  # (segments,)
    starts = place * stride
    room = int(starts[-1]) + length
    padded = F.pad(tokens[:, :room], (0, max(room - tokens.shape[1], 0)), value=PADDING)
    cut = padded.unfold(1, length, stride)  # (texts, segments, length)
    left = (lengths[:, None] - starts).clamp(0, length)
    left = left.masked_fill(place >= counts[:, None], 0)
    behind = torch.arange(length, device=tokens.device) >= left[..., None]
    return cut.masked_fill(behind, PADDING), left


EMPTY = (
    "{} has no tokens, so there is no segment to read; give it one, such as <unk>, as "
    "`encode` does"
)


def check(length: int, stride: int) -> None:
    """Raise `ValueError` for sizes that would lose tokens or never end.

    >>> check(length=4, stride=5)
    Traceback (most recent call last):
    ValueError: length is 4 and stride 5; expected a stride from 1 to the length, ...
    """
    if not 1 <= stride <= length:
        raise ValueError(
            f"length is {length} and stride {stride}; expected a stride from 1 to the "
            "length, since a larger one skips tokens and a smaller one never ends"
        )
