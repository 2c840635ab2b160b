"""The job with `transformers.Trainer`: a subclass whose loss asks the teacher."""

import tempfile
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import DataLoader, Sampler
from transformers import Trainer, TrainingArguments
from transformers.trainer_pt_utils import LengthGroupedSampler

from benchmarks.peers.job import ALPHA, MAX_NORM, TEMPERATURE, Job, Places

PACKAGE = "transformers"


class DistillationTrainer(Trainer):
    """A `Trainer` with a distillation loss."""

    def __init__(self, job: Job, by_length: bool, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.job, self.by_length = job, by_length

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Tensor],
        return_outputs: bool = False,
        **_: Any,
    ) -> Any:
        """Weigh the loss on the labels and the one on the teacher's logits."""
        labels = inputs.pop("labels")
        logits = model(**inputs)
        with torch.no_grad():
            taught = self.job.teacher(**inputs)
        soft = F.kl_div(
            F.log_softmax(logits / TEMPERATURE, dim=-1),
            F.softmax(taught / TEMPERATURE, dim=-1),
            reduction="batchmean",
        )
        hard = F.cross_entropy(logits, labels)
        loss = ALPHA * TEMPERATURE**2 * soft + (1 - ALPHA) * hard
        return (loss, logits) if return_outputs else loss

    def get_train_dataloader(self) -> DataLoader:
        """Return the course's batches where all must have the same."""
        if self.job.like_for_like:
            return self.job.loader()
        return super().get_train_dataloader()

    def _get_train_sampler(self, *args: Any, **options: Any) -> Sampler | None:
        """Return `Trainer`'s own grouping by length if it is asked for."""
        if not self.by_length:
            return super()._get_train_sampler(*args, **options)
        lengths = [len(review) for review in self.job.examples.tokens]
        return LengthGroupedSampler(self.job.batch_size, lengths=lengths)


def distil(job: Job, student: nn.Module, by_length: bool = False) -> None:
    """Train the student; with `by_length`, in batches of reviews of like lengths."""
    optimizer = job.optimizer(student)
    with tempfile.TemporaryDirectory() as folder:
        settings = TrainingArguments(
            output_dir=folder,
            num_train_epochs=job.epochs,
            per_device_train_batch_size=job.batch_size,
            max_grad_norm=MAX_NORM,
            remove_unused_columns=False,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            use_cpu=True,
        )
        DistillationTrainer(
            job,
            by_length,
            student,
            settings,
            train_dataset=Places(len(job.examples)),
            data_collator=job.collate,
            optimizers=(optimizer, OneCycleLR(optimizer, **job.schedule)),
        ).train()


#: The ways to do the job: as documented, and with `Trainer`'s own grouping by length.
WAYS = {"": distil, "by length": partial(distil, by_length=True)}
