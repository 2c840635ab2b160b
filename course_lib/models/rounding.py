"""Numbers of few bits: whole numbers and a scale, in bytes, and trained through.

A scale fits the largest number that it is for, so codes are symmetric about zero, and
zero stays zero: padding does, and so does what was pruned.
"""

import torch
from torch import Tensor, nn

#: How many bits a number may have: as many codes as fit fill a byte.
PACKED = (2, 4, 8)


def to_codes(
    weight: Tensor, bits: int = 8, per_row: bool = True
) -> tuple[Tensor, Tensor]:
    """Return whole numbers and scales, with weight ≈ codes · scales.

    (rows, columns) becomes int8 codes of that shape, from -(2^(bits-1) - 1) to its
    opposite, and float16 scales, (rows, 1) or, not `per_row`, (1, 1). No entry moves by
    more than half its scale (and the one part in 2,048 by which float16 may miss it);
    scales end at 2⁻¹⁴, below which float16 loses digits. Raises `ValueError` for bits
    below 2 or above 8, and for weights that are no numbers or too large for a scale.

    >>> codes, scales = to_codes(torch.tensor([[0.7, -0.3, 0.12, 0.0]]), bits=4)
    >>> codes, scales
    (tensor([[ 7, -3,  1,  0]], dtype=torch.int8), tensor([[0.1000]], dtype=...))
    """
    if not isinstance(bits, int) or not 2 <= bits <= 8:
        raise ValueError(f"bits is {bits!r}; give a whole number from 2 to 8")
    weight = weight.detach().float()
    if weight.dim() != 2 or not weight.isfinite().all():
        kind = f"shape {tuple(weight.shape)}" if weight.dim() != 2 else "no numbers"
        raise ValueError(f"the weights have {kind}; expected (rows, columns), finite")
    most = 2 ** (bits - 1) - 1
    largest = weight.abs().amax(1, keepdim=True)
    if not per_row:
        largest = largest.amax(0, keepdim=True)
    limits = torch.finfo(torch.float16)
    if largest.max() / most > limits.max:
        raise ValueError(
            f"the largest weight is {largest.max():.3g}, and its scale, a float16, "
            f"ends at {limits.max:,.0f}: divide the weights first"
        )
    scales = (largest / most).clamp(min=limits.tiny).half()
    # By the scale as it is kept, which rounding to float16 may have made smaller.
    codes = (weight / scales.float()).round().clamp(-most, most)
    return codes.to(torch.int8), scales


def pack(codes: Tensor, bits: int) -> Tensor:
    """Return (rows, bytes) uint8 for (rows, columns) codes of 2, 4 or 8 bits.

    A row begins a new byte; its first code stands in a byte's lowest bits.

    >>> pack(torch.tensor([[7, -3, 1]], dtype=torch.int8), bits=4)  # 0xD7, 0x01
    tensor([[215,   1]], dtype=torch.uint8)
    """
    check_packed(bits)
    each = 8 // bits
    short = -codes.shape[1] % each
    low = nn.functional.pad(codes.int(), (0, short)) & (2**bits - 1)
    places = bits * torch.arange(each, device=codes.device)
    grouped = low.unflatten(1, (-1, each)) << places  # (rows, bytes, each)
    return grouped.sum(2).to(torch.uint8)


def unpack(packed: Tensor, bits: int, columns: int) -> Tensor:
    """Return the (..., columns) int8 codes that `pack` put into (..., bytes).

    >>> unpack(torch.tensor([[215, 1]], dtype=torch.uint8), bits=4, columns=3)
    tensor([[ 7, -3,  1]], dtype=torch.int8)
    """
    check_packed(bits)
    places = bits * torch.arange(8 // bits, device=packed.device)
    low = (packed.int().unsqueeze(-1) >> places) & (2**bits - 1)
    signed = torch.where(low >= 2 ** (bits - 1), low - 2**bits, low)
    return signed.flatten(-2)[..., :columns].to(torch.int8)


def check_packed(bits: int) -> None:
    """Raise `ValueError` unless a byte holds a whole number of such codes."""
    if bits not in PACKED:
        raise ValueError(f"bits is {bits!r}; a byte is filled by codes of 2, 4 or 8")


class PackedEmbedding(nn.Module):
    """A table of words in 2, 4 or 8 bits a number, and a float16 scale for each row.

    For use, not for training: the numbers are buffers.
    """

    packed: Tensor  # (words, bytes) uint8
    scales: Tensor  # (words, 1) float16

    def __init__(self, weight: Tensor, bits: int) -> None:
        super().__init__()
        codes, scales = to_codes(weight, bits)
        self.bits, self.columns = bits, weight.shape[1]
        self.register_buffer("packed", pack(codes, bits))
        self.register_buffer("scales", scales)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return (batch, tokens, features) float32 for (batch, tokens)."""
        codes = unpack(self.packed[tokens], self.bits, self.columns)
        return codes.float() * self.scales[tokens].float()


def straight_through(weight: Tensor, bits: int, per_row: bool = True) -> Tensor:
    """Return the weight as its codes say it; gradients pass as if nothing were rounded.

    The slope of rounding is zero wherever it has one, and nothing would be learnt. So
    it is replaced by 1 (the straight-through estimator: Bengio, Léonard and Courville
    2013, *Estimating or propagating gradients through stochastic neurons*).

    >>> weight = torch.tensor([[2.0, -0.8]], requires_grad=True)
    >>> shown = straight_through(weight, bits=2)
    >>> shown.sum().backward()
    >>> shown.detach(), weight.grad
    (tensor([[2., 0.]]), tensor([[1., 1.]]))
    """
    codes, scales = to_codes(weight, bits, per_row)
    # What is added is exactly zero, and its slope is 1.
    return codes.float() * scales.float() + (weight - weight.detach())
