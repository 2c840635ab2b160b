import numpy as np
import pytest
import torch

from course_lib.batches import Examples
from course_lib.text import PADDING


def make_examples(count=300, seed=0, soft=False):
    """Reviews whose first token, label and soft target all say which review it is."""
    random = np.random.default_rng(seed)
    lengths = random.integers(1, 40, size=count)
    tokens = [np.full(n, i + 2, dtype=np.int32) for i, n in enumerate(lengths)]
    targets = torch.arange(count).unsqueeze(1) * torch.tensor([1.0, -1.0])
    return Examples(tokens, torch.arange(count), targets if soft else None)


def test_every_review_comes_once_an_epoch():
    examples = make_examples()
    seen = torch.cat([b.index for b in examples.shuffled_batches(16, 0, 0)])
    assert sorted(seen.tolist()) == list(range(300))


def test_text_label_soft_target_and_index_stay_together():
    examples = make_examples(soft=True)
    for batch in [
        *examples.shuffled_batches(16, seed=3, epoch=2),
        *examples.ordered_batches(16),
    ]:
        assert (batch.tokens[:, 0] == batch.index + 2).all()
        assert (batch.labels == batch.index).all()
        assert (batch.soft_targets[:, 0] == batch.index).all()
        assert (batch.soft_targets[:, 1] == -batch.index).all()


def test_text_label_and_soft_target_of_what_is_selected_stay_together():
    """In the order asked for, as often as asked for; with neither if there is none."""
    rows = np.array([7, 3, 3, 250])
    some = make_examples(soft=True).select(rows)
    assert [int(text[0]) - 2 for text in some.tokens] == rows.tolist()
    assert some.truth.tolist() == rows.tolist()
    assert some.soft_targets[:, 0].tolist() == rows.tolist()
    bare = Examples(make_examples().tokens).select(rows)
    assert bare.labels is None and bare.soft_targets is None
    with pytest.raises(ValueError, match="there are no reviews here"):
        bare.select(np.array([], dtype=np.int64))


def test_the_order_depends_on_seed_and_epoch_alone():
    def order(seed, epoch):
        examples = make_examples()
        return [b.index.tolist() for b in examples.shuffled_batches(16, seed, epoch)]

    assert order(1, 0) == order(1, 0)
    assert order(1, 0) != order(2, 0)
    assert order(1, 0) != order(1, 1)


def test_each_epoch_mixes_other_reviews_together():
    first, second = (
        {
            frozenset(b.index.tolist())
            for b in make_examples().shuffled_batches(16, 0, e)
        }
        for e in (0, 1)
    )
    assert len(first & second) <= 1


def test_soft_targets_do_not_change_the_order():
    with_soft = make_examples(soft=True).shuffled_batches(16, 5, 1)
    without = make_examples().shuffled_batches(16, 5, 1)
    for a, b in zip(with_soft, without, strict=True):
        assert torch.equal(a.tokens, b.tokens)


def test_padding_stands_only_behind_the_text():
    for batch in make_examples().shuffled_batches(16, 0, 0):
        for row, length in zip(batch.tokens, batch.lengths, strict=True):
            assert (row[:length] != PADDING).all()
            assert (row[length:] == PADDING).all()
        assert batch.tokens.shape[1] == batch.lengths.max()


def test_batches_of_similar_length_hold_little_padding():
    examples = make_examples(count=4000)
    batches = list(examples.shuffled_batches(32, 0, 0))
    total = sum(b.tokens.numel() for b in batches)
    real = sum(int(b.lengths.sum()) for b in batches)
    assert 1 - real / total < 0.03


def test_a_batch_mixes_reviews_from_all_over_the_split():
    first = next(make_examples(count=4000).shuffled_batches(32, 0, 0))
    assert first.index.float().std() > 500


def test_the_order_of_batches_is_not_by_length():
    lengths = [
        b.tokens.shape[1] for b in make_examples(1000).shuffled_batches(20, 0, 0)
    ]
    assert lengths != sorted(lengths)


def test_reading_goes_from_long_to_short():
    lengths = [b.tokens.shape[1] for b in make_examples().ordered_batches(16)]
    assert lengths == sorted(lengths, reverse=True)


def test_soft_targets_are_detached_float32():
    logits = torch.zeros(300, 2, dtype=torch.float64, requires_grad=True)
    soft = make_examples().with_soft_targets(logits).soft_targets
    assert soft.dtype == torch.float32
    assert not soft.requires_grad


def test_what_does_not_fit_together_is_refused():
    examples = make_examples(5)
    with pytest.raises(ValueError, match="5 reviews but 4 soft targets"):
        examples.with_soft_targets(torch.zeros(4, 2))
    with pytest.raises(ValueError, match="5 reviews but 3 labels"):
        Examples(examples.tokens, torch.arange(3))
    with pytest.raises(ValueError, match="no reviews"):
        Examples([], torch.arange(0))


def test_moving_a_batch_moves_all_that_a_step_reads():
    batch = next(make_examples(5, soft=True).ordered_batches(5))
    moved = batch.to(torch.device("meta"))
    parts = (moved.tokens, moved.lengths, moved.labels, moved.soft_targets)
    assert {tensor.device.type for tensor in parts} == {"meta"}


def test_the_batches_are_those_of_the_batch_order():
    examples = make_examples()
    order = examples.batch_order(16, seed=2, epoch=1)
    batches = examples.shuffled_batches(16, seed=2, epoch=1)
    for places, batch in zip(order, batches, strict=True):
        assert places.tolist() == batch.index.tolist()


def test_a_part_of_a_batch_is_padded_to_its_own_longest():
    examples = make_examples(soft=True)
    (batch,) = examples.ordered_batches(300)
    part = batch.part(100, 120)
    alone = examples.collate(batch.index[100:120].numpy())
    for field in ("tokens", "lengths", "labels", "soft_targets", "index"):
        assert torch.equal(getattr(part, field), getattr(alone, field))
