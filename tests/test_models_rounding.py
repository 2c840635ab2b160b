import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from course_lib.models import QuantisedEmbedding
from course_lib.models.rounding import (
    PackedEmbedding,
    pack,
    straight_through,
    to_codes,
    unpack,
)

WEIGHTS = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 5), st.integers(1, 9)),
    elements=st.floats(-1e4, 1e4, width=32),
)


def shown(weight, bits, per_row=True):
    codes, scales = to_codes(weight, bits, per_row)
    return codes.float() * scales.float()


@settings(deadline=None, max_examples=60)
@given(WEIGHTS, st.integers(2, 8), st.booleans())
def test_no_entry_moves_by_more_than_half_a_step(weight, bits, per_row):
    weight = torch.from_numpy(weight)
    codes, scales = to_codes(weight, bits, per_row)
    most = 2 ** (bits - 1) - 1
    assert codes.dtype == torch.int8 and codes.abs().max() <= most
    assert scales.shape == ((len(weight), 1) if per_row else (1, 1))
    error = (codes.float() * scales.float() - weight).abs()
    # Where the float16 scale is too small for the largest, that one is cut off.
    allowed = scales.float() / 2 + weight.abs() * 2**-11
    assert (error <= allowed * (1 + 1e-5)).all()
    assert (codes[weight == 0] == 0).all()


def test_by_hand():
    codes, scales = to_codes(torch.tensor([[1.75, -0.6, 0.4, 0.05]]), bits=4)
    assert codes.tolist() == [[7, -2, 2, 0]]
    assert scales.item() == 0.25
    codes, _ = to_codes(torch.tensor([[1.75, -0.9, 0.8, 0.05]]), bits=2)
    assert codes.tolist() == [[1, -1, 0, 0]]


def test_uniform_numbers_miss_by_a_twelfth_of_a_squared_step():
    torch.manual_seed(0)
    weight = 2 * torch.rand(1, 200_000) - 1
    for bits in (4, 6, 8):
        _, scales = to_codes(weight, bits)
        found = (shown(weight, bits) - weight).square().mean()
        # The outermost steps reach half a step beyond the last number: a little less.
        assert found == pytest.approx(scales.item() ** 2 / 12, rel=0.06)


def test_one_scale_for_all_rows_is_that_of_the_largest():
    weight = torch.tensor([[0.01, -0.02], [100.0, 1.0]])
    assert (shown(weight, 8, per_row=False)[0] == 0).all()
    torch.testing.assert_close(shown(weight, 8)[0], weight[0], rtol=0.01, atol=1e-4)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from([2, 4, 8]), st.integers(1, 4), st.integers(1, 11), st.integers())
def test_packing_loses_nothing_and_takes_the_bytes_it_should(bits, rows, columns, seed):
    random = np.random.default_rng(abs(seed))
    most = 2 ** (bits - 1)
    codes = torch.from_numpy(random.integers(-most, most, (rows, columns)))
    packed = pack(codes.to(torch.int8), bits)
    assert packed.shape == (rows, -(-columns * bits // 8))
    assert packed.dtype == torch.uint8
    assert torch.equal(unpack(packed, bits, columns).long(), codes)


def test_the_first_code_is_in_the_lowest_bits():
    assert pack(torch.tensor([[1, -1, 0, 1, -1]]), bits=2).tolist() == [[0x4D, 0x03]]


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_a_packed_table_says_what_its_codes_say(bits):
    torch.manual_seed(0)
    weight, tokens = torch.randn(30, 7), torch.randint(30, (4, 5))
    table = PackedEmbedding(weight, bits)
    assert torch.equal(table(tokens), shown(weight, bits)[tokens])
    size = sum(tensor.nbytes for tensor in table.state_dict().values())
    assert size == 30 * (-(-7 * bits // 8) + 2)


def test_at_eight_bits_it_is_the_courses_int8_table():
    torch.manual_seed(0)
    weight, tokens = torch.randn(300, 7), torch.arange(300)[None]
    assert torch.equal(
        PackedEmbedding(weight, 8)(tokens), QuantisedEmbedding(weight)(tokens)
    )


def test_the_gradient_passes_as_if_nothing_were_rounded():
    torch.manual_seed(0)
    weight = torch.randn(3, 5, requires_grad=True)
    seen, pull = straight_through(weight, 3), torch.randn(3, 5)
    assert torch.equal(seen.detach(), shown(weight, 3))
    (seen * pull).sum().backward()
    assert torch.equal(weight.grad, pull)


@pytest.mark.parametrize("bits", [1, 9, 2.5, "8", True])
def test_other_numbers_of_bits_are_refused(bits):
    with pytest.raises(ValueError, match="a whole number from 2 to 8"):
        to_codes(torch.ones(2, 2), bits)


def test_what_cannot_be_rounded_is_refused():
    with pytest.raises(ValueError, match="have no numbers"):
        to_codes(torch.tensor([[1.0, torch.nan]]))
    with pytest.raises(ValueError, match=r"shape \(2,\)"):
        to_codes(torch.ones(2))
    with pytest.raises(ValueError, match="ends at 65,504"):
        to_codes(torch.tensor([[1e6, 1.0]]), bits=2)
    for attempt in (lambda: pack(torch.ones(1, 1), 3), lambda: unpack(None, 5, 1)):
        with pytest.raises(ValueError, match="2, 4 or 8"):
            attempt()
