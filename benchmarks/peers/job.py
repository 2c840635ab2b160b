"""The job that every library does: the same student, teacher, reviews, batch and loss.

A student is trained on half the labels and half the teacher's soft targets. What is the
same for all stands here; what a library does in its own way stands in its own file, and
is written as that library's documentation writes it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, RandomSampler

from course_lib.batches import Examples

TEMPERATURE = 2.0
ALPHA = 0.5  # the weight of the soft part
MAX_NORM = 1.0  # of the gradients


@dataclass(frozen=True)
class Job:
    """What is to be done; `teacher` is in eval mode."""

    teacher: nn.Module
    examples: Examples
    epochs: int
    batch_size: int
    learning_rate: float
    #: Give everybody the course's batches and a teacher asked at every batch, so that
    #: nothing but the training loops themselves can make a difference.
    like_for_like: bool = False

    @property
    def steps(self) -> int:
        """The steps of the whole job."""
        return self.epochs * ceil(len(self.examples) / self.batch_size)

    def optimizer(self, student: nn.Module) -> torch.optim.Optimizer:
        """Return the optimizer of all."""
        return torch.optim.AdamW(
            student.parameters(), lr=self.learning_rate, fused=True
        )

    @property
    def schedule(self) -> dict[str, Any]:
        """The settings of `OneCycleLR`, the schedule of all."""
        return {
            "max_lr": self.learning_rate,
            "total_steps": self.steps,
            "pct_start": 0.2,
        }

    def loader(self) -> DataLoader:
        """Return the batches: in random order, or those of the course."""
        places = Places(len(self.examples))
        if self.like_for_like:
            return DataLoader(
                places,
                batch_sampler=CourseOrder(self.examples, self.batch_size),
                collate_fn=self.collate,
            )
        return DataLoader(
            places,
            batch_size=self.batch_size,
            sampler=RandomSampler(places),
            collate_fn=self.collate,
        )

    def collate(self, places: list[int]) -> dict[str, Tensor]:
        """Pad the reviews at these places to the longest of them."""
        batch = self.examples.collate(np.array(places))
        return {
            "tokens": batch.tokens,
            "lengths": batch.lengths,
            "labels": batch.labels,
        }


class Places(Dataset):
    """The places of reviews in their split; `Job.collate` makes batches of them."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, place: int) -> int:
        return place


class CourseOrder:
    """The batches of `Examples.batch_order`, one epoch after the other."""

    def __init__(self, examples: Examples, batch_size: int) -> None:
        self.examples, self.batch_size, self.epoch = examples, batch_size, 0

    def __len__(self) -> int:
        return ceil(len(self.examples) / self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        order = self.examples.batch_order(self.batch_size, 0, self.epoch)
        self.epoch += 1
        return (places.tolist() for places in order)
