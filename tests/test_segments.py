"""Segments of a text: no token lost, none too long, and a batch like its texts."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib.segments import count_segments, segment_batch, segments

sizes = st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n)))


@given(st.integers(1, 60), sizes)
def test_each_token_is_in_a_segment_and_each_segment_is_needed(count, size):
    length, stride = size
    cut = [list(s) for s in segments(range(count), length, stride)]
    assert set().union(*cut) == set(range(count))
    assert all(1 <= len(s) <= length for s in cut)
    assert all(s == list(range(s[0], s[-1] + 1)) for s in cut)
    assert [s[0] for s in cut] == list(range(0, stride * len(cut), stride))
    assert all(s[-1] < count - 1 for s in cut[:-1])  # only the last reaches the end
    assert count_segments(torch.tensor([count]), length, stride).item() == len(cut)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=5), sizes, st.integers(0, 5))
def test_a_batch_is_cut_as_its_texts_are(counts, size, more):
    length, stride = size
    lengths = torch.tensor(counts)
    tokens = torch.zeros(len(counts), max(counts) + more, dtype=torch.int64)
    texts = [list(range(2, 2 + n)) for n in counts]
    for row, text in zip(tokens, texts, strict=True):
        row[: len(text)] = torch.tensor(text)
    cut, left = segment_batch(tokens, lengths, length, stride)
    assert cut.shape[2] == length
    assert cut.shape[1] == max(len(segments(t, length, stride)) for t in texts)
    for row, n, text in zip(cut, left, texts, strict=True):
        there = [s[:k].tolist() for s, k in zip(row, n, strict=True) if k]
        assert there == segments(text, length, stride)
        behind = torch.arange(length) >= n[:, None]
        assert (row[behind] == 0).all()


def test_ten_tokens_by_hand():
    ten = list("abcdefghij")
    found = ["".join(s) for s in segments(ten, length=4, stride=3)]
    assert found == ["abcd", "defg", "ghij"]
    assert ["".join(s) for s in segments([*ten, "k"], 4, 3)] == [*found, "jk"]


def test_an_empty_text_is_named_with_what_to_do():
    with pytest.raises(ValueError, match=r"the text has no tokens.*give it one"):
        segments([], 4, 3)
    tokens = torch.zeros(3, 2, dtype=torch.int64)
    with pytest.raises(ValueError, match="text 1 of the batch has no tokens"):
        segment_batch(tokens, torch.tensor([2, 0, 0]), 4, 3)


@pytest.mark.parametrize(("length", "stride"), [(4, 0), (4, 5), (0, 0), (4, -1)])
def test_a_stride_that_skips_tokens_or_never_ends_is_refused(length, stride):
    with pytest.raises(ValueError, match=f"length is {length} and stride {stride}"):
        segments([1, 2], length, stride)
    with pytest.raises(ValueError, match="expected a stride"):
        segment_batch(torch.ones(1, 2).long(), torch.tensor([2]), length, stride)
