"""The job with TextBrewer (Yang et al. 2020): two configurations and a distiller.

Adaptors tell TextBrewer what of a model's output is logits and what a loss. Its soft
loss is a cross-entropy without the factor T², so T² goes into the weight.
"""

import tempfile
from functools import partial

import textbrewer
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import OneCycleLR

from benchmarks.peers.job import ALPHA, MAX_NORM, TEMPERATURE, Job

PACKAGE = "textbrewer"


class WithLoss(nn.Module):
    """A model that is given the labels and returns its loss too."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: Tensor, lengths: Tensor, labels: Tensor) -> dict:
        logits = self.model(tokens, lengths)
        return {"logits": logits, "losses": F.cross_entropy(logits, labels)}


def adaptor(_batch: dict, outputs: dict) -> dict:
    """Name the parts of a model's output; here they have their names already."""
    return outputs


def distil(job: Job, student: nn.Module, caching: bool = False) -> None:
    """Train the student with the `GeneralDistiller` that TextBrewer recommends.

    With `caching`, use the `BasicDistiller`, which can keep the teacher's logits; it
    keeps the batches too, and only their order changes from epoch to epoch.
    """
    distiller = textbrewer.BasicDistiller if caching else textbrewer.GeneralDistiller
    with tempfile.TemporaryDirectory() as folder:
        trainer = distiller(
            textbrewer.TrainingConfig(output_dir=folder, device="cpu"),
            textbrewer.DistillationConfig(
                temperature=TEMPERATURE,
                kd_loss_weight=ALPHA * TEMPERATURE**2,
                hard_label_weight=1 - ALPHA,
                is_caching_logits=caching,
            ),
            WithLoss(job.teacher).eval(),
            WithLoss(student).train(),
            adaptor,
            adaptor,
        )
        with trainer:
            trainer.train(
                job.optimizer(student),
                job.loader(),
                num_epochs=job.epochs,
                scheduler_class=OneCycleLR,
                scheduler_args=job.schedule,
                max_grad_norm=MAX_NORM,
            )


#: The ways to do the job: as documented, and with TextBrewer's own cache.
WAYS = {"": distil, "caching": partial(distil, caching=True)}
