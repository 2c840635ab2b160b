"""All that changes while a model trains, and so all that a checkpoint must hold."""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.batches import Examples
from course_lib.tensor_files import Tensors, digest

NEVER = torch.iinfo(torch.int64).max


@dataclass
class Epoch:
    """What one epoch brought: the mean training loss per review, and validation."""

    number: int
    train_loss: float
    validation: dict[str, float]
    seconds: float
    tokens_per_second: float


@dataclass
class History:
    """A whole run, for the learning curve. `best` is the epoch that was kept."""

    epochs: list[Epoch] = field(default_factory=list)
    best: int = 0

    def add(self, epoch: Epoch) -> bool:
        """Note an epoch; return whether it is the best so far.

        The best has the highest headline metric, the first that `validation` names.
        """
        self.epochs.append(epoch)

        def score(number: int) -> float:
            return next(iter(self.epochs[number].validation.values()))

        is_best = epoch.number == 0 or score(epoch.number) > score(self.best)
        if is_best:
            self.best = epoch.number
        return is_best

    def should_stop(self, patience: int | None) -> bool:
        """Whether the last `patience` epochs brought nothing better."""
        since_best = len(self.epochs) - 1 - self.best
        return patience is not None and since_best >= patience


class Run:
    """One learner in training: weights, optimizer, and how far it has come."""

    def __init__(
        self,
        learner: nn.Module,
        optimizer: torch.optim.Optimizer,
        schedule: torch.optim.lr_scheduler.LRScheduler,
        scaler: torch.amp.GradScaler | None = None,  # of an fp16 loss
    ) -> None:
        self.learner, self.optimizer, self.schedule = learner, optimizer, schedule
        self.scaler = scaler
        self.best = copy_weights(learner)
        self.history = History()
        self.epoch = 0
        self.batch = 0  # the next to be taken in this epoch
        self.step = 0  # the next of the whole run
        self.seconds = 0.0  # in this epoch, like all below
        self.tokens = 0
        device = next(learner.parameters()).device
        # Kept on the device: reading a number there makes a GPU wait.
        self.loss_sum = torch.zeros((), dtype=torch.float64, device=device)
        # Of the losses, and of the gradients.
        self.first_bad_steps = torch.full((2,), NEVER, device=device)

    def note(self, loss: Tensor, gradient: Tensor, reviews: int, tokens: int) -> None:
        """Count a step that has been taken, and remember the first that went wrong.

        By its loss, or by the norm of its gradient.
        """
        # Weighted by the batch's size, since the last batch is shorter.
        self.loss_sum += loss.double() * reviews
        good = torch.stack([loss.isfinite(), gradient.isfinite()])
        bad = torch.where(good, NEVER, self.step)
        self.first_bad_steps = torch.minimum(self.first_bad_steps, bad)
        self.tokens += tokens
        self.batch += 1
        self.step += 1

    def is_over(self, epochs: int, patience: int | None) -> bool:
        """Whether all epochs are done, or the last `patience` brought nothing."""
        return self.epoch >= epochs or self.history.should_stop(patience)

    def totals(self) -> Tensor:
        """Return the sum of this process's losses, and how many tokens it read."""
        tokens = torch.full_like(self.loss_sum, self.tokens)
        return torch.stack([self.loss_sum, tokens])

    def bad_weight(self) -> str | None:
        """Name a weight in training that is no number, if there is one."""
        weights = {n: p for n, p in self.learner.named_parameters() if p.requires_grad}
        good = torch.stack([weight.isfinite().all() for weight in weights.values()])
        if good.all():  # one look for all: a GPU waits only once
            return None
        return list(weights)[good.tolist().index(False)].partition(".")[2]

    def take_the_best(self) -> None:
        """Give model and objective the weights of the best epoch so far."""
        self.learner.load_state_dict(self.best)

    def end_epoch(self, epoch: Epoch) -> None:
        """Keep the weights if they are the best yet, and turn to the next epoch."""
        if self.history.add(epoch):
            self.best = copy_weights(self.learner)
        self.epoch += 1
        self.batch = self.tokens = 0
        self.seconds = 0.0
        self.loss_sum.zero_()

    def content(self) -> tuple[Tensors, dict[str, Any]]:
        """Return everything as tensors and as JSON's types."""
        optimizer = self.optimizer.state_dict()
        tensors = {"loss_sum": self.loss_sum}
        tensors |= {f"now.{name}": w for name, w in self.learner.state_dict().items()}
        tensors |= {f"best.{name}": w for name, w in self.best.items()}
        for number, slots in optimizer["state"].items():
            tensors |= {f"optimizer.{number}.{slot}": t for slot, t in slots.items()}
        return tensors, {
            "epoch": self.epoch,
            "batch": self.batch,
            "step": self.step,
            "seconds": self.seconds,
            "tokens": self.tokens,
            "history": asdict(self.history),
            "optimizer": optimizer["param_groups"],
            "schedule": self.schedule.state_dict(),
            **({"scaler": self.scaler.state_dict()} if self.scaler else {}),
        }

    def go_on_from(self, tensors: Tensors, state: Mapping[str, Any]) -> None:
        """Become the run whose `content` this was."""
        parts: dict[str, Tensors] = {"now": {}, "best": {}, "optimizer": {}}
        for name, tensor in tensors.items():
            part, _, rest = name.partition(".")
            if rest:
                parts[part][rest] = tensor
        self.learner.load_state_dict(parts["now"])
        device = self.loss_sum.device
        self.best = {name: w.to(device) for name, w in parts["best"].items()}
        slots: dict[int, Tensors] = {}
        for name, tensor in parts["optimizer"].items():
            number, _, slot = name.partition(".")
            slots.setdefault(int(number), {})[slot] = tensor
        self.optimizer.load_state_dict(
            {"state": slots, "param_groups": state["optimizer"]}
        )
        self.schedule.load_state_dict(dict(state["schedule"]))
        if self.scaler:
            self.scaler.load_state_dict(dict(state["scaler"]))
        self.loss_sum.copy_(tensors["loss_sum"])
        history = state["history"]
        self.history = History(
            [Epoch(**epoch) for epoch in history["epochs"]], history["best"]
        )
        self.epoch, self.batch, self.step = (
            state["epoch"],
            state["batch"],
            state["step"],
        )
        self.seconds, self.tokens = state["seconds"], state["tokens"]


def copy_weights(model: nn.Module) -> Tensors:
    """Return a copy of the weights that later steps do not change."""
    return {name: w.detach().clone() for name, w in model.state_dict().items()}


def describe(
    model: nn.Module,
    examples: Examples,
    validation: Examples,
    objective: nn.Module,
    **settings: Any,
) -> dict[str, Any]:
    """Return what a run depends on, so that its checkpoint can be told from another's.

    A loss is described by its settings if it is a module, else by its name; a model
    also by what its weights do not show and its `repr` does, such as dropout.
    """
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return {
        "model": type(model).__name__,
        "layers": hashlib.sha256(repr(model).encode()).hexdigest()[:16],
        "weights in training": trainable,
        "initial weights": digest(model.state_dict())[:16],
        "training reviews": digest(examples.tensors())[:16],
        "validation reviews": digest(validation.tensors())[:16],
        "objective": " ".join(repr(objective).split()),
        "objective's weights": digest(objective.state_dict())[:16],
        **settings,
    }


class Clock:
    """Seconds between two looks at it."""

    def __init__(self) -> None:
        self.last = time.perf_counter()

    def lap(self) -> float:
        """Return the seconds since the last lap: above 0, so that they can divide."""
        before, self.last = self.last, time.perf_counter()
        return max(self.last - before, time.get_clock_info("perf_counter").resolution)
