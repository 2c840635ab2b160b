import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib.models import masked_mean_and_max, reverse_within_length


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_reversing_twice_gives_the_sequence_back(sizes):
    lengths = torch.tensor(sizes)
    x = torch.randn(len(sizes), 9, 2)
    once = reverse_within_length(x, lengths)
    assert torch.equal(reverse_within_length(once, lengths), x)
    for row, reverse, n in zip(x, once, sizes, strict=True):
        assert torch.equal(reverse[:n], row[:n].flip(0))
        assert torch.equal(reverse[n:], row[n:])


def test_pooling_leaves_padding_out_even_where_it_is_largest():
    x = torch.tensor([[[-1.0], [-3.0], [100.0]], [[2.0], [4.0], [6.0]]])
    pooled = masked_mean_and_max(x, torch.tensor([2, 3]))
    assert pooled.tolist() == [[-2.0, -1.0], [4.0, 6.0]]
