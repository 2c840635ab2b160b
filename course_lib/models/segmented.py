"""A model of limited length that reads a long text in segments, and pools what it says.

Any classifier of the course can be the reader. It sees each segment by itself; what it
says of the segments of one text is then made one answer, by a mean, a maximum, or
attention: a softmax over the segments of scores that the reader gives beside its
logits (Yang et al. 2016; Ilse et al. 2018). Segments that are not there take no part.
"""

from collections.abc import Callable

from torch import Tensor, nn

from course_lib.segments import segment_batch

POOLINGS = ("mean", "max", "attention")


def pool_segments(said: Tensor, real: Tensor, how: str) -> Tensor:
    """Make one answer of what was said of each segment: (texts, labels).

    `said` is (texts, segments, labels) logits; for "attention" it has one more column,
    the score of each segment. `real` is True where there is a segment, in each row at
    least once: what stands in `said` elsewhere does not matter. Raises `ValueError` for
    another `how`, and for a text without segments.

    >>> import torch
    >>> said = torch.tensor([[[1.0], [3.0], [99.0]]])
    >>> real = torch.tensor([[True, True, False]])
    >>> pool_segments(said, real, "mean"), pool_segments(said, real, "max")
    (tensor([[2.]]), tensor([[3.]]))
    >>> scored = torch.tensor([[[1.0, 0.0], [3.0, 0.0], [99.0, 9.0]]])
    >>> pool_segments(scored, real, "attention")
    tensor([[2.]])
    """
    if how not in POOLINGS:
        raise ValueError(f"no pooling {how!r}; choose one of {', '.join(POOLINGS)}")
    if len(without := (~real.any(1)).nonzero()):
        raise ValueError(
            f"text {int(without[0])} has no segment; there is nothing to pool"
        )
    blank = ~real[..., None]
    if how == "max":
        return said.masked_fill(blank, float("-inf")).amax(1)
    if how == "mean":
        return said.masked_fill(blank, 0).sum(1) / real.sum(1, keepdim=True)
    weights = segment_weights(said[..., -1], real)
    return (weights[..., None] * said[..., :-1].masked_fill(blank, 0)).sum(1)


def segment_weights(scores: Tensor, real: Tensor) -> Tensor:
    """Return a softmax of (texts, segments) scores, 0 where there is no segment.

    >>> import torch
    >>> scores = torch.tensor([[0.0, 0.0, 7.0]])
    >>> segment_weights(scores, torch.tensor([[True, True, False]]))
    tensor([[0.5000, 0.5000, 0.0000]])
    """
    return scores.masked_fill(~real, float("-inf")).softmax(1)


class SegmentedClassifier(nn.Module):
    """Reads texts of any length with a reader of few tokens.

    `make_reader(outputs)` builds the reader, a model that gives (texts, outputs) for
    (texts, tokens) and (texts,): as many outputs as there are labels, and one more for
    attention. Only segments that are there are read.

    >>> import torch
    >>> from course_lib.models.bag import BagOfEmbeddings
    >>> model = SegmentedClassifier(
    ...     lambda outputs: BagOfEmbeddings(10, outputs, 4), 2, 3, 2, "attention"
    ... )
    >>> model(torch.tensor([[5, 2, 6, 3], [3, 0, 0, 0]]), torch.tensor([4, 1])).shape
    torch.Size([2, 2])
    """

    def __init__(
        self,
        make_reader: Callable[[int], nn.Module],
        num_labels: int,
        length: int,
        stride: int,
        pooling: str,
    ) -> None:
        super().__init__()
        if pooling not in POOLINGS:
            raise ValueError(
                f"no pooling {pooling!r}; choose one of {', '.join(POOLINGS)}"
            )
        self.num_labels, self.length, self.stride = num_labels, length, stride
        self.pooling = pooling
        self.reader = make_reader(num_labels + (pooling == "attention"))

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return (texts, labels) logits for (texts, tokens) and (texts,)."""
        said, real = self.read(tokens, lengths)
        return pool_segments(said, real, self.pooling)

    def read(self, tokens: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return what is said of each segment, and which segments are there.

        (texts, segments, outputs), zeros where there is none, and (texts, segments).
        """
        cut, left = segment_batch(tokens, lengths, self.length, self.stride)
        real = left > 0
        answers = self.reader(cut[real], left[real])  # (real segments, outputs)
        said = answers.new_zeros(*real.shape, answers.shape[1])
        return said.masked_scatter(real[..., None], answers), real
