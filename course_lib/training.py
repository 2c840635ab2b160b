"""The one training loop: every teacher and student, single-label and multi-label."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from course_lib.batches import Batch, Examples
from course_lib.metrics import evaluate, metrics_for
from course_lib.soft_targets import predict_logits

#: A loss over (student logits, teacher logits, labels), as `DistillationLoss` is.
Distillation = Callable[[Tensor, Any, Tensor], Tensor]


class TrainingError(RuntimeError):
    """Training cannot go on; the model holds its best weights so far."""


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


def label_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy with class indices, or per-label BCE with multi-hot labels."""
    if labels.dim() == 1:
        return F.cross_entropy(logits, labels)
    return F.binary_cross_entropy_with_logits(logits, labels)


def train(
    model: nn.Module,
    examples: Examples,
    validation: Examples,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    device: torch.device,
    seed: int = 0,
    distillation: Distillation | None = None,
    progress: str | None = None,
) -> History:
    """Train `model` in place and leave it, in eval mode, as it was at its best epoch.

    With `distillation` the loss is `distillation(logits, soft_targets, labels)` and
    `examples` must carry soft targets; without it, the loss reads the labels alone.
    Two calls with equal `seed` see the same batches in the same order, whatever the
    loss. The best epoch is chosen on `validation`, never on a test set. AdamW with
    one-cycle warm-up and decay (Smith and Topin 2018), gradients clipped at norm 1.

    Raises `ValueError` if soft targets are missing, and `TrainingError` if the loss is
    no longer a number; the model then holds its best weights so far.
    """
    if distillation is not None and examples.soft_targets is None:
        raise ValueError(
            "distillation needs soft targets: pass "
            "examples.with_soft_targets(teacher_logits)"
        )
    model.to(device)
    torch.manual_seed(seed)  # for dropout
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    steps = ceil(len(examples) / batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=learning_rate, total_steps=epochs * steps, pct_start=0.2
    )
    headline = next(iter(metrics_for(validation.labels.numpy())))
    best_score, best_weights = -np.inf, copy_weights(model)
    history = History()
    bar = tqdm(
        total=epochs * len(examples),
        desc=progress,
        unit=" reviews",
        disable=progress is None,
    )

    def step(batch: Batch) -> Tensor:
        """Move the weights by one batch; return its loss, still on the device."""
        logits = model(batch.tokens, batch.lengths)
        if distillation is None:
            loss = label_loss(logits, batch.labels)
        else:
            loss = distillation(logits, batch.soft_targets, batch.labels)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        return loss.detach()

    def stopped(epoch: int, why: str) -> TrainingError:
        model.load_state_dict(best_weights)
        return TrainingError(
            f"training stopped in epoch {epoch + 1}: {why}; try a learning rate below "
            f"{learning_rate}"
        )

    with bar:
        for epoch in range(epochs):
            start, tokens = time.perf_counter(), 0
            total_loss = torch.zeros((), device=device)
            model.train()  # validation left it in eval mode
            for batch in examples.shuffled_batches(batch_size, seed, epoch):
                try:
                    loss = step(batch.to(device))
                except ValueError as error:  # a loss refuses logits that are NaN
                    raise stopped(epoch, str(error)) from error
                # Weighted by the batch's size, since the last batch is shorter.
                total_loss += loss * len(batch.index)
                tokens += int(batch.lengths.sum())
                bar.update(len(batch.index))
            seconds = time.perf_counter() - start
            train_loss = total_loss.item() / len(examples)
            if not np.isfinite(train_loss):
                raise stopped(epoch, f"the loss became {train_loss}")
            logits = predict_logits(model, validation, device=device)
            scores = evaluate(logits.numpy(), validation.labels.numpy())
            history.epochs.append(
                Epoch(epoch, train_loss, scores, seconds, tokens / seconds)
            )
            bar.set_postfix_str(f"validation {headline} {scores[headline]:.3f}")
            if scores[headline] > best_score:
                best_score, best_weights = scores[headline], copy_weights(model)
                history.best = epoch
    model.load_state_dict(best_weights)
    model.eval()
    return history


def copy_weights(model: nn.Module) -> dict[str, Tensor]:
    """Return a copy of the weights that later steps do not change."""
    return {name: w.detach().clone() for name, w in model.state_dict().items()}
