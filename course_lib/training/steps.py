"""Which steps a run takes: how many, on which reviews, how far, and from which seed."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim.lr_scheduler import OneCycleLR

from course_lib.batches import Examples, with_the_rest_joined
from course_lib.training.objectives import Objective


@dataclass(frozen=True)
class Steps:
    """The batches of all epochs; `least` reviews are in each, if `batch_size` are."""

    examples: Examples
    batch_size: int
    epochs: int
    seed: int
    least: int = 1

    @cached_property
    def an_epoch(self) -> int:
        """How many steps an epoch has."""
        return len(self.order(0))

    @property
    def total(self) -> int:
        """How many steps the run has."""
        return self.epochs * self.an_epoch

    def order(self, epoch: int) -> list[np.ndarray]:
        """Return an epoch's batches, each as the places of its reviews in the split."""
        batches = self.examples.batch_order(self.batch_size, self.seed, epoch)
        return with_the_rest_joined(batches, self.least)

    def where(self, step: int) -> str:
        """Say which batch of which epoch a step takes."""
        epoch, batch = divmod(step, self.an_epoch)
        places = self.order(epoch)[batch]
        some = ", ".join(map(str, places[:4])) + (", …" if len(places) > 4 else "")
        return (
            f"step {step + 1} of {self.total}, in epoch {epoch + 1} at batch "
            f"{batch + 1} (reviews {some} of the split)"
        )

    def seed_at(self, step: int, process: int) -> int:
        """Return a seed for what is random in a step, such as dropout."""
        numbers = np.random.SeedSequence((self.seed, step, process))
        return int(numbers.generate_state(1)[0])


def least_reviews(model: nn.Module, objective: Objective, processes: int = 1) -> int:
    """Return how many reviews a batch needs so that model and objective can do with it.

    BatchNorm needs two for a spread. Each process needs as many in its share of a
    batch.
    """
    least = objective.least_reviews
    if any(isinstance(module, _BatchNorm) for module in model.modules()):
        least = max(least, 2)
    return least * processes if least > 1 else 1


def one_cycle(
    optimizer: torch.optim.Optimizer, learning_rate: float, steps: int
) -> OneCycleLR:
    """Return a warm-up over a fifth of the steps, then decay (Smith and Topin 2018)."""
    # A fifth of five steps is one, and a warm-up of one step would be over as it
    # begins: torch divides by its length. A single step would stand at the end of the
    # decay, where it moves nothing.
    warm_up = 0.2 if steps != 5 else 0.21
    return OneCycleLR(
        optimizer, learning_rate, total_steps=max(steps, 2), pct_start=warm_up
    )
