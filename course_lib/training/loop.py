"""The one training loop: every teacher and student, single- and multi-label, taggers.

On a CPU, one seed gives one result, bit for bit, also when the run was stopped and
went on from a checkpoint. On a GPU the last digits differ from run to run, since its
additions come in no fixed order, and they grow apart over an epoch. Several processes
take the steps that one would take; only their dropout differs.
"""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate.utils import convert_to_fp32
from torch import Tensor, nn
from tqdm.auto import tqdm

from course_lib.batches import Batch, Examples
from course_lib.devices import accelerator, new_accelerator
from course_lib.memory import is_out_of_memory
from course_lib.soft_targets import predict_logits
from course_lib.training.checkpoints import Checkpoint
from course_lib.training.errors import (
    TrainingError,
    check_fit,
    does_not_fit,
    memory_errors_in_words,
    plain_settings,
    raise_again,
    refusals_explained,
)
from course_lib.training.objectives import LabelLoss, Objective
from course_lib.training.runs import Clock, Epoch, History, Run, describe
from course_lib.training.steps import Steps, least_reviews, one_cycle

# To look at the loss makes a GPU wait, so it is looked at once in so many steps.
STEPS_BETWEEN_LOOKS = 50
SECONDS_BETWEEN_CHECKPOINTS = 60.0


@memory_errors_in_words()
def train(
    model: nn.Module,
    examples: Examples,
    validation: Examples,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    seed: int = 0,
    objective: Objective | None = None,
    patience: int | None = None,
    checkpoint: Path | str | None = None,
    progress: str | None = None,
) -> History:
    """Train `model` in place and leave it, in eval mode, as it was at its best epoch.

    `objective` says what is reached for: without one, what the labels say; with
    `Distillation`, what a teacher says, and `examples` must carry soft targets. What an
    objective has to learn, it learns along with the model.

    Two calls with equal `seed` take the same batches in the same order, whatever the
    objective; only a last batch of one or two reviews is read with another one where
    model or objective may need more (`least_reviews`). The best epoch is chosen on
    `validation`, never on a test set; after `patience` epochs without a better one,
    training stops. AdamW with one-cycle warm-up and decay, gradients clipped at norm 1.
    Parameters that need no gradient are left alone.

    `checkpoint` names a file that is written as training goes; the same call finds it
    again and goes on from there. `progress` names a progress bar.

    Raises `ValueError` if a setting, labels or soft targets do not fit,
    `CheckpointError` if the checkpoint is not this run's, and `TrainingError` if a
    loss, a gradient or a weight is no longer a number, or memory runs out; the model
    then holds its best weights so far. What model or objective raise themselves comes
    through, with the step added.

    >>> from course_lib.models import BagOfEmbeddings
    >>> tokens = [np.array([5, 7]), np.array([6, 7]), np.array([5]), np.array([6])]
    >>> task = Examples(tokens, torch.tensor([1, 0, 1, 0]))  # is there a 5?
    >>> model = BagOfEmbeddings(vocabulary_size=8, num_labels=2, embedding_size=4)
    >>> history = train(model, task, task, epochs=9, batch_size=2, learning_rate=0.1)
    >>> history.epochs[history.best].validation["accuracy"]
    1.0
    """
    settings: dict[str, Any] = plain_settings(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        seed=seed,
        patience=patience,
    )
    objective = objective or LabelLoss()
    model.to(accelerator().device)
    objective.to(accelerator().device)
    check_fit(model, examples, validation, objective)
    saved = None
    if checkpoint is not None:
        run = describe(model, examples, validation, objective, **settings)
        saved = Checkpoint(checkpoint, run)
    loop = Loop(model, examples, objective=objective, saved=saved, **settings)
    try:
        with saved.in_use() if saved and loop.is_main else nullcontext():
            loop.go(validation, progress)
    finally:
        loop.leave()
    return loop.run.history


class Learner(nn.Module):
    """A model and its objective: all that is moved, clipped and kept, as one module."""

    def __init__(self, model: nn.Module, objective: Objective) -> None:
        super().__init__()
        self.model, self.objective = model, objective

    def forward(self, batch: Batch) -> Tensor:
        """Return the mean loss of a batch."""
        asked = dict.fromkeys(self.objective.asks, True)
        given = convert_to_fp32(self.model(batch.tokens, batch.lengths, **asked))
        with refusals_explained(given):
            loss: Tensor = self.objective(given, batch)
        return loss


class Loop:
    """The steps of one call of `train`."""

    def __init__(
        self,
        model: nn.Module,
        examples: Examples,
        batch_size: int,
        epochs: int,
        learning_rate: float,
        seed: int,
        objective: Objective,
        saved: Checkpoint | None,
        patience: int | None = None,
    ) -> None:
        self.model, self.examples, self.learning_rate = model, examples, learning_rate
        self.saved, self.patience, self.objective = saved, patience, objective
        self.hub = new_accelerator()
        self.is_main = self.hub.is_main_process
        least = least_reviews(model, objective, self.hub.num_processes)
        self.steps = Steps(examples, batch_size, epochs, seed, least)
        learner = Learner(model, objective)
        self.trainable = [p for p in learner.parameters() if p.requires_grad]
        # Fused, a step is one pass over the weights, on a CPU too: many times as fast.
        optimizer = torch.optim.AdamW(self.trainable, lr=learning_rate, fused=True)
        self.schedule = one_cycle(optimizer, learning_rate, self.steps.total)
        self.run = Run(learner, optimizer, self.schedule, self.hub.scaler)
        # Mixed precision and several GPUs: the learner is called through `parallel`.
        self.parallel, self.optimizer = self.hub.prepare(learner, optimizer)

    def go(self, validation: Examples, progress: str | None) -> None:
        """Train from the start, or from the checkpoint, to the last epoch."""
        run, steps, count = self.run, self.steps, len(self.examples)
        content = self.saved.read() if self.saved else None
        if content:
            run.go_on_from(*content)
        clock = Clock()
        bar = tqdm(
            total=steps.epochs * count,
            initial=run.epoch * count + run.batch * steps.batch_size,
            desc=progress,
            unit=" reviews",
            disable=progress is None or not self.is_main,
        )
        with bar:
            while not run.is_over(steps.epochs, self.patience):
                self.model.train()  # validation left it in eval mode
                for places in steps.order(run.epoch)[run.batch :]:
                    self.step(places)
                    bar.update(len(places))
                    if run.step % STEPS_BETWEEN_LOOKS == 0:
                        run.seconds += clock.lap()
                        self.look()
                        self.save_if_old()
                run.seconds += clock.lap()
                self.look()
                bar.set_postfix_str(self.end_epoch(validation))
                self.save()
                clock.lap()

    def step(self, places: np.ndarray) -> None:
        """Move the weights by one batch, of which this process takes its share."""
        share = places[self.hub.process_index :: self.hub.num_processes]
        # What is averaged over processes is then the mean over the reviews.
        weight = len(share) * self.hub.num_processes / len(places)
        batch = self.examples.collate(share if len(share) else places[:1])
        # Dropout, like the batch, depends on the seed and the step alone.
        torch.manual_seed(self.steps.seed_at(self.run.step, self.hub.process_index))
        self.optimizer.zero_grad()
        loss = self.try_backwards(places, batch, weight)
        norm = self.hub.clip_grad_norm_(self.trainable, 1.0)
        self.optimizer.step()
        if self.hub.optimizer_step_was_skipped:  # fp16: a gradient overflowed, and the
            norm = torch.zeros_like(norm)  # loss is now scaled up by less; see `look`
        else:
            self.schedule.step()
        self.run.note(loss, norm, len(share), int(batch.lengths.sum()))

    def backwards(self, batch: Batch, weight: float) -> Tensor:
        """Add the gradients of a batch; return its mean loss, still on the device."""
        loss: Tensor = self.parallel(batch.to(self.hub.device))
        self.hub.backward(loss * weight)
        return loss.detach()

    def try_backwards(self, places: np.ndarray, batch: Batch, weight: float) -> Tensor:
        """Call `backwards`, and say in words what goes wrong there."""
        try:
            return self.backwards(batch, weight)
        except FloatingPointError as error:  # the loss was given no numbers
            raise self.stopped(self.run.step, str(error)) from error
        except (ValueError, RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error, len(places)):
                raise_again(error, self.steps.where(self.run.step))
        # Out of the except clause, since the error holds on to the batch's memory.
        with self.hub.no_sync(self.parallel):
            raise does_not_fit(places, self.examples, lambda b: self.backwards(b, 1.0))

    def look(self) -> None:
        """Stop the run if a loss, a gradient or a weight of it is no number."""
        bad = self.hub.gather(self.run.first_bad_steps.unsqueeze(0)).amin(0)
        loss, gradient = bad.tolist()
        last = self.run.step - 1
        if loss <= gradient and loss <= last:
            raise self.stopped(loss, "the loss is no number")
        if gradient <= last:
            raise self.stopped(
                gradient, "the loss is a number, and its gradient is not"
            )
        if self.hub.scaler and self.hub.scaler.get_scale() < 1:
            raise self.stopped(last, "the gradient overflows 16 bits at any scale")
        if name := self.run.bad_weight():
            raise self.stopped(last, f"the weight {name!r} is no number")

    def stopped(self, step: int, why: str) -> TrainingError:
        """Say at which step a number became none."""
        return TrainingError(
            f"training stopped at {self.steps.where(step)}: {why}; try a learning rate "
            f"below {self.learning_rate}"
        )

    def end_epoch(self, validation: Examples) -> str:
        """Read validation, note the epoch, and say in short how good it was."""
        run = self.run
        loss_sum, tokens = self.hub.reduce(run.totals(), "sum").tolist()
        logits = predict_logits(self.model, validation)
        if not logits.isfinite().all():
            raise self.stopped(run.step - 1, "the logits on validation are no numbers")
        scores = self.objective.scores(logits, validation)
        run.end_epoch(
            Epoch(
                number=run.epoch,
                train_loss=loss_sum / len(self.examples),
                validation=scores,
                seconds=run.seconds,
                tokens_per_second=tokens / run.seconds,
            )
        )
        headline = next(iter(scores))
        return f"validation {headline} {scores[headline]:.3f}"

    def save_if_old(self) -> None:
        """Write a checkpoint if the last one is a minute old."""
        if self.saved and self.saved.age() >= SECONDS_BETWEEN_CHECKPOINTS:
            self.save()

    def save(self) -> None:
        """Write a checkpoint."""
        if self.saved and self.is_main:
            self.saved.write(*self.run.content())

    def leave(self) -> None:
        """Give back the gradients' memory; leave model and objective at their best."""
        self.run.take_the_best()
        self.model.eval()
        self.optimizer.zero_grad()
        self.hub.unwrap_model(self.parallel, keep_fp32_wrapper=False)
