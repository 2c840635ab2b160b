"""Encoded reviews with their labels and soft targets, and how they become batches.

A review carries its own soft target from here on. Teacher and example can then not be
paired wrongly by a shuffle, which is a common and silent mistake: the student trains
on random targets, and the loss still goes down.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from course_lib.text import PADDING


@dataclass(frozen=True)
class Batch:
    """Some reviews, padded to the longest of them."""

    tokens: Tensor  # (batch, tokens) int64, PADDING after each review's end
    lengths: Tensor  # (batch,) int64, at least 1
    labels: Tensor | None  # as in `Examples`
    soft_targets: Tensor | None  # (batch, labels) float32 teacher logits
    index: Tensor  # (batch,) int64, the reviews' places in their split
    counted: Tensor | None = None  # (batch, tokens) bool, where a tagger has to answer

    @property
    def truth(self) -> Tensor:
        """The labels; raises `ValueError` where they are unknown."""
        return known(self.labels)

    def to(self, device: torch.device) -> "Batch":
        """Move what a training step reads to `device`, without waiting for a GPU."""
        if device.type == "cpu":
            return self

        def move(tensor: Tensor) -> Tensor:
            # A copy from pinned memory goes on while the CPU prepares the next batch.
            pinned = tensor.pin_memory() if device.type == "cuda" else tensor
            return pinned.to(device, non_blocking=True)

        return replace(
            self,
            tokens=move(self.tokens),
            lengths=move(self.lengths),
            index=move(self.index),
            labels=None if self.labels is None else move(self.labels),
            soft_targets=None if self.soft_targets is None else move(self.soft_targets),
            counted=None if self.counted is None else move(self.counted),
        )

    def part(self, start: int, stop: int) -> "Batch":
        """Return some of its reviews, padded to the longest of them."""
        rows, labels, soft = slice(start, stop), self.labels, self.soft_targets
        lengths = self.lengths[rows]
        width = int(lengths.max())
        if self.counted is not None:  # then there is one a token, not one a review
            labels = None if labels is None else labels[:, :width]
            soft = None if soft is None else soft[:, :width]
        return Batch(
            tokens=self.tokens[rows, :width],
            lengths=lengths,
            labels=None if labels is None else labels[rows],
            soft_targets=None if soft is None else soft[rows],
            index=self.index[rows],
            counted=None if self.counted is None else self.counted[rows, :width],
        )


@dataclass(frozen=True)
class Examples:
    """Encoded reviews in the order of their split.

    Labels that nobody knows are None. A row of zeros would say that no label is true,
    and a loss would believe it.

    >>> reviews = Examples([np.array([5, 2]), np.array([3])], torch.tensor([1, 0]))
    >>> len(reviews)
    2
    >>> reviews.collate(np.array([0, 1])).tokens
    tensor([[5, 2],
            [3, 0]])
    """

    tokens: Sequence[np.ndarray]  # one int array of token numbers per review
    # (reviews,) int64, or (reviews, labels) float32 for many labels
    labels: Tensor | None = None
    soft_targets: Tensor | None = None  # (reviews, labels) float32 teacher logits

    def __post_init__(self) -> None:
        count = len(self.tokens)
        if count == 0:
            raise ValueError("there are no reviews here: the split or slice is empty")
        if self.labels is not None and len(self.labels) != count:
            raise ValueError(f"{count} reviews but {len(self.labels)} labels")
        if self.soft_targets is not None and len(self.soft_targets) != count:
            raise ValueError(
                f"{count} reviews but {len(self.soft_targets)} soft targets: they were "
                "made for another split"
            )

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def truth(self) -> Tensor:
        """The labels; raises `ValueError` where they are unknown."""
        return known(self.labels)

    def with_soft_targets(self, logits: Tensor) -> "Examples":
        """Return the same reviews with the teacher's logits beside their labels."""
        return replace(self, soft_targets=logits.detach().float().cpu())

    def select(self, rows: np.ndarray) -> "Examples":
        """Return the reviews at `rows`, (n,) places here, in that order.

        >>> few = Examples([np.array([5, 2]), np.array([3])], torch.tensor([1, 0]))
        >>> few.select(np.array([1, 1, 0])).truth
        tensor([0, 0, 1])
        """
        kept = torch.from_numpy(np.asarray(rows, dtype=np.int64))
        labels, soft = self.labels, self.soft_targets
        return replace(
            self,
            tokens=[self.tokens[row] for row in rows],
            labels=None if labels is None else labels[kept],
            soft_targets=None if soft is None else soft[kept],
        )

    def tensors(self) -> dict[str, Tensor]:
        """Return all that training reads of these reviews: what tells them from others.

        >>> list(Examples([np.array([5, 2])], torch.tensor([1])).tensors())
        ['tokens', 'lengths', 'labels']
        """
        found = {
            "tokens": torch.from_numpy(np.concatenate(self.tokens)),
            "lengths": torch.tensor([len(review) for review in self.tokens]),
        }
        if self.labels is not None:
            found["labels"] = self.labels
        if self.soft_targets is not None:
            found["soft_targets"] = self.soft_targets
        return found

    def collate(self, index: np.ndarray) -> Batch:
        """Pad the reviews at `index` (positions in the split) into one batch."""
        reviews = [self.tokens[i] for i in index]
        lengths = np.array([len(review) for review in reviews])
        padded = np.full((len(reviews), lengths.max()), PADDING, dtype=np.int64)
        for row, review in zip(padded, reviews, strict=True):
            row[: len(review)] = review
        places = torch.from_numpy(np.asarray(index, dtype=np.int64))
        labels, soft = self.labels, self.soft_targets
        return Batch(
            tokens=torch.from_numpy(padded),
            lengths=torch.from_numpy(lengths.astype(np.int64)),
            labels=None if labels is None else labels[places],
            soft_targets=None if soft is None else soft[places],
            index=places,
        )

    def shuffled_batches(
        self, batch_size: int, seed: int, epoch: int
    ) -> Iterator[Batch]:
        """Yield every review once, in the batches of `batch_order`."""
        return map(self.collate, self.batch_order(batch_size, seed, epoch))

    def batch_order(self, batch_size: int, seed: int, epoch: int) -> list[np.ndarray]:
        """Return an epoch's batches, each as the places of its reviews in the split.

        Reviews are shuffled, cut into pools of fifty batches, and sorted by length
        inside each pool: little padding, and still a new mix each epoch. The order
        depends on `seed` and `epoch` alone, so that two students can be given the very
        same batches, and a run that was stopped can go on at any of them.
        """
        random = np.random.default_rng([seed, epoch])
        order = random.permutation(len(self))
        lengths = np.array([len(review) for review in self.tokens])
        pool = 50 * batch_size
        batches = []
        for start in range(0, len(order), pool):
            part = order[start : start + pool]
            part = part[np.argsort(lengths[part], kind="stable")]
            batches += [
                part[i : i + batch_size] for i in range(0, len(part), batch_size)
            ]
        return [batches[place] for place in random.permutation(len(batches))]

    def ordered_batches(self, batch_size: int) -> Iterator[Batch]:
        """Yield every review once, longest first: for reading, not for training.

        Longest first, so that a batch too big for the memory fails at once.
        """
        lengths = np.array([len(review) for review in self.tokens])
        order = np.argsort(-lengths, kind="stable")
        for i in range(0, len(order), batch_size):
            yield self.collate(order[i : i + batch_size])


def known(labels: Tensor | None) -> Tensor:
    """Return labels, or raise `ValueError` if nobody knows them."""
    if labels is None:
        raise ValueError(
            "these reviews have no labels: learn from a teacher's soft targets alone "
            "(alpha 1), or take reviews whose labels are known"
        )
    return labels


def with_the_rest_joined(batches: list[np.ndarray], least: int) -> list[np.ndarray]:
    """Join a last batch of fewer than `least` reviews to the batch that follows it.

    Or to the one before, if nothing follows. `batches` are of one size, but for one
    that holds what was left; their order stays as it is.

    >>> with_the_rest_joined([np.array([3, 1]), np.array([4]), np.array([0, 2])], 2)
    [array([3, 1]), array([4, 0, 2])]
    """
    sizes = [len(batch) for batch in batches]
    short = int(np.argmin(sizes))
    if sizes[short] >= min(least, max(sizes)):
        return batches
    first = min(short, len(batches) - 2)
    joined = np.concatenate(batches[first : first + 2])
    return [*batches[:first], joined, *batches[first + 2 :]]
