"""A trained model made smaller: fewer bits a number, fewer numbers, or more zeros.

Each function takes a model to a model and leaves the first one alone. What training
should go on with is put *before* a table of words by `parametrize`: the loop goes on
moving the table as it was, and what reads it sees it rounded, or with its zeros. So
neither an optimizer's momentum nor its weight decay can bring a zero back to life.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from course_lib.models.embeddings import FactorisedEmbedding
from course_lib.models.rounding import (
    PackedEmbedding,
    check_packed,
    straight_through,
    to_codes,
)
from course_lib.text import PADDING


class Rounded(nn.Module):
    """Show a weight as it will be once rounded; training moves the one behind it."""

    def __init__(self, bits: int) -> None:
        super().__init__()
        self.bits = bits

    def forward(self, weight: Tensor) -> Tensor:
        """Return (rows, columns) as `straight_through` does."""
        return straight_through(weight, self.bits)


class Masked(nn.Module):
    """Show a weight with zeros at fixed places, whatever an optimizer does there."""

    mask: Tensor  # as the weight: True where it is kept

    def __init__(self, mask: Tensor) -> None:
        super().__init__()
        self.register_buffer("mask", mask)

    def forward(self, weight: Tensor) -> Tensor:
        """Return the weight where it is kept, and zero elsewhere."""
        return weight * self.mask


def largest(weight: Tensor, share: float) -> Tensor:
    """Return where the largest entries are, by magnitude, (rows, columns) bool.

    The smallest `share` of all are False, to the nearest whole number of entries.
    Raises `ValueError` for a share below 0 or above 1.

    >>> largest(torch.tensor([[0.5, -0.1], [0.2, -3.0]]), share=0.5)
    tensor([[ True, False],
            [False,  True]])
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share is {share!r}; give one from 0 (all kept) to 1 (none)")
    gone = round(share * weight.numel())
    keep = torch.ones(weight.numel(), dtype=torch.bool, device=weight.device)
    keep[weight.detach().abs().flatten().argsort(stable=True)[:gone]] = False
    return keep.view_as(weight)


def rounded(model: nn.Module, bits: int) -> nn.Module:
    """Return a copy for quantisation-aware training: its word tables are read rounded.

    >>> table = rounded(nn.Sequential(nn.Embedding(3, 100)), bits=2)[0]
    >>> len(torch.unique(table.weight[0]))
    3
    """

    def look(table: nn.Embedding) -> nn.Embedding:
        parametrize.register_parametrization(table, "weight", Rounded(bits))
        return table

    to_codes(torch.zeros(1, 1), bits)  # to refuse what is no number of bits
    return with_tables(model, look)


def pruned(model: nn.Module, share: float) -> nn.Module:
    """Return a copy in which a share of each word table is zero, and stays so.

    The smallest entries by magnitude go (Han, Pool, Tran and Dally 2015, *Learning both
    weights and connections for efficient neural networks*).

    >>> table = pruned(nn.Sequential(nn.Embedding(10, 10)), share=0.75)[0]
    >>> int((table.weight == 0).sum())
    75
    """

    def mask(table: nn.Embedding) -> nn.Embedding:
        kept = Masked(largest(table.weight, share))
        parametrize.register_parametrization(table, "weight", kept)
        return table

    return with_tables(model, mask)


def factorised(model: nn.Module, rank: int) -> nn.Module:
    """Return a copy whose word tables are the nearest products of two thin matrices.

    By the singular value decomposition: no table of that rank is nearer, in the sum of
    squares (Eckart and Young 1936). Both factors can be trained. Raises `ValueError`
    for a rank that a table does not have.

    >>> model = nn.Sequential(nn.Embedding(50, 8))
    >>> thin = factorised(model, rank=8)  # all of it
    >>> bool(torch.isclose(thin(torch.tensor([7])), model(torch.tensor([7]))).all())
    True
    """

    def thin(table: nn.Embedding) -> FactorisedEmbedding:
        words, features = table.weight.shape
        if not 1 <= rank <= min(words, features):
            raise ValueError(
                f"rank is {rank}; a table of {words} words and {features} features has "
                f"ranks from 1 to {min(words, features)}"
            )
        # In double: singular values differ by many powers of ten.
        u, s, v = torch.linalg.svd(table.weight.detach().double(), full_matrices=False)
        root = s[:rank].sqrt()  # half of each to either side, so that both learn alike
        made = FactorisedEmbedding(words, features, rank)
        with torch.no_grad():
            made.table.weight.copy_(u[:, :rank] * root)
            made.widen.weight.copy_(v[:rank].T * root)
            made.table.weight[PADDING] *= table.padding_idx is None
        return made.to(table.weight.device).train(table.training)

    return with_tables(model, thin)


def packed(model: nn.Module, bits: int) -> nn.Module:
    """Return a copy in eval mode whose word tables take 2, 4 or 8 bits a number.

    What was trained through `rounded` with as many bits reads a text as it did there.

    >>> packed(nn.Sequential(nn.Embedding(1000, 16)), bits=4)
    Sequential(
      (0): PackedEmbedding()
    )
    """
    check_packed(bits)

    def small(table: nn.Embedding) -> PackedEmbedding:
        weight = table.weight
        if parametrize.is_parametrized(table, "weight"):
            before: Any = table.parametrizations
            if isinstance(before.weight[0], Rounded):  # what was trained; rounded once
                weight = before.weight.original
        return PackedEmbedding(weight, bits)

    return with_tables(model, small).eval()


def settled(model: nn.Module) -> nn.Module:
    """Return a copy whose tables are plain again: what was shown is what they are.

    >>> table = settled(pruned(nn.Sequential(nn.Embedding(10, 10)), share=0.75))[0]
    >>> type(table.weight).__name__, int((table.weight == 0).sum())
    ('Parameter', 75)
    """

    def plain(table: nn.Embedding) -> nn.Embedding:
        # Made anew: a copy shares its class, from which torch would remove the weight.
        made = nn.Embedding.from_pretrained(
            table.weight.detach().clone(), freeze=False, padding_idx=table.padding_idx
        )
        return made.train(table.training)

    return with_tables(model, plain)


def with_tables(
    model: nn.Module, change: Callable[[nn.Embedding], nn.Module]
) -> nn.Module:
    """Return a copy of a model with each of its word tables changed.

    Raises `ValueError` if it has none.
    """
    copy = deepcopy(model)
    found = [
        (parent, name, child)
        for parent in copy.modules()
        for name, child in parent.named_children()
        if isinstance(child, nn.Embedding)
    ]
    if not found:
        raise ValueError(
            f"{type(model).__name__} has no table of words to make smaller: no "
            "nn.Embedding is among its parts"
        )
    for parent, name, child in found:
        setattr(parent, name, change(child))
    return copy


def bytes_by_part(model: nn.Module) -> dict[str, int]:
    """Return the bytes of the numbers of each part of a model, by its name.

    >>> bytes_by_part(nn.Sequential(nn.Embedding(10, 4), nn.Linear(4, 2)))
    {'0': 160, '1': 40}
    """
    found: dict[str, int] = {}
    for name, tensor in model.state_dict().items():
        part = name.partition(".")[0]
        found[part] = found.get(part, 0) + tensor.nbytes
    return found
