"""Readers of segments: as a loop over texts would have it, whatever the company."""

import numpy as np
import pytest
import torch

from course_lib.batches import Examples
from course_lib.models import BagOfEmbeddings, TextCNN
from course_lib.models.segmented import (
    POOLINGS,
    SegmentedClassifier,
    pool_segments,
    segment_weights,
)
from course_lib.segments import segments
from course_lib.training import train

each_pooling = pytest.mark.parametrize("how", POOLINGS)


def classifier(how, length=4, stride=3, kind=BagOfEmbeddings, labels=3):
    torch.manual_seed(0)
    sizes = (5,) if kind is BagOfEmbeddings else (5, 6, (2, 3))
    model = SegmentedClassifier(
        lambda outputs: kind(20, outputs, *sizes), labels, length, stride, how
    )
    return model.double().eval()


def some_texts():
    random = np.random.default_rng(0)
    return [random.integers(2, 20, size=n) for n in (1, 3, 4, 5, 10, 11, 23)]


def alone(model, text, how):
    """What a loop over the segments of one text says, in plain Python."""
    rows = [
        model.reader(torch.from_numpy(s)[None], torch.tensor([len(s)]))[0].tolist()
        for s in segments(text, model.length, model.stride)
    ]
    if how == "mean":
        return [sum(column) / len(rows) for column in zip(*rows, strict=True)]
    if how == "max":
        return [max(column) for column in zip(*rows, strict=True)]
    e = [np.exp(row[-1]) for row in rows]
    weighted = [[w * z for z in row[:-1]] for w, row in zip(e, rows, strict=True)]
    return [sum(column) / sum(e) for column in zip(*weighted, strict=True)]


@each_pooling
@pytest.mark.parametrize("kind", [BagOfEmbeddings, TextCNN])
def test_a_batch_is_read_as_a_loop_over_texts_and_segments_would(how, kind):
    model, texts = classifier(how, kind=kind), some_texts()
    batch = Examples(texts).collate(np.arange(len(texts)))
    with torch.no_grad():
        found = model(batch.tokens, batch.lengths)
        wanted = torch.tensor([alone(model, t, how) for t in texts])
    torch.testing.assert_close(found, wanted.double())


@each_pooling
def test_an_answer_does_not_depend_on_the_company(how):
    model, texts = classifier(how), some_texts()
    examples = Examples(texts)
    with torch.no_grad():
        for row in range(len(texts)):
            one = examples.collate(np.array([row]))
            two = examples.collate(np.array([row, len(texts) - 1]))
            torch.testing.assert_close(
                model(one.tokens, one.lengths)[0], model(two.tokens, two.lengths)[0]
            )


@each_pooling
def test_what_stands_at_a_blank_does_not_matter_and_has_no_gradient(how):
    said = torch.randn(2, 4, 3, dtype=torch.float64)
    real = torch.tensor([[True, True, False, False], [True] * 4])
    first = pool_segments(said, real, how)
    for value in (1e9, float("inf"), float("nan")):
        other = said.masked_fill(~real[..., None], value).requires_grad_()
        again = pool_segments(other, real, how)
        torch.testing.assert_close(again, first)
        (gradient,) = torch.autograd.grad(again.sum(), other)
        assert gradient.isfinite().all() and not gradient[~real].any()


def test_weights_are_a_softmax_over_the_segments_that_are_there():
    scores = torch.tensor([[1.0, 2.0, 9.0], [0.0, 0.0, 0.0]])
    real = torch.tensor([[True, True, False], [True, True, True]])
    weights = segment_weights(scores, real)
    assert torch.equal(weights[0, 2], torch.tensor(0.0))
    torch.testing.assert_close(weights.sum(1), torch.ones(2))
    torch.testing.assert_close(weights[0, :2], torch.tensor([1.0, 2.0]).softmax(0))


def test_one_segment_is_read_as_the_reader_reads_it():
    model, text = classifier("mean"), np.array([3, 4, 5])
    tokens, lengths = torch.from_numpy(text)[None], torch.tensor([3])
    with torch.no_grad():
        expected = model.reader(tokens, lengths)
        torch.testing.assert_close(model(tokens, lengths), expected)


def test_attention_learns_which_segment_counts_where_a_mean_cannot():
    """Token 2 says "listen": only beside it does 3 or 4 decide."""
    random = np.random.default_rng(0)
    texts, labels = [], []
    for _ in range(300):
        label, pieces = random.integers(2), random.integers(3, 5, size=(4, 3))
        at = random.integers(4)
        pieces[at] = [2, 3 + label, 3 + label]
        texts.append(pieces.ravel())
        labels.append(label)
    task = Examples(texts, torch.tensor(labels))
    right = {}
    for how in ("mean", "attention"):
        model = classifier(how, 3, 3, labels=2).float()
        history = train(model, task, task, epochs=15, batch_size=32, learning_rate=5e-2)
        right[how] = history.epochs[history.best].validation["accuracy"]
    assert right["attention"] > 0.97 > 0.9 > right["mean"]


def test_another_pooling_and_a_text_without_segments_are_named():
    with pytest.raises(
        ValueError, match="no pooling 'median'; choose one of mean, max"
    ):
        classifier("median")
    said, real = torch.zeros(2, 3, 1), torch.zeros(2, 3, dtype=torch.bool)
    with pytest.raises(ValueError, match="no pooling 'sum'"):
        pool_segments(said, real, "sum")
    with pytest.raises(ValueError, match="text 0 has no segment"):
        pool_segments(said, real, "max")
    with pytest.raises(ValueError, match="text 0 of the batch has no tokens"):
        classifier("max")(torch.zeros(1, 2).long(), torch.tensor([0]))
