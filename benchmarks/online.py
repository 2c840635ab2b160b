"""What most code does: ask the teacher about each batch, each time it comes."""

import torch
from torch import Tensor, nn

from course_lib.batches import Batch
from course_lib.losses import DistillationLoss
from course_lib.training import Objective


class OnlineTeacher(Objective):
    """Distillation by a teacher that reads each batch itself; no soft targets."""

    def __init__(self, teacher: nn.Module, loss: DistillationLoss) -> None:
        super().__init__()
        self.teacher = teacher.eval().requires_grad_(False)
        self.loss = loss

    def forward(self, given: Tensor, batch: Batch) -> Tensor:
        """Return the loss between the student's logits and what the teacher says."""
        with torch.no_grad():
            said = self.teacher(batch.tokens, batch.lengths)
        loss: Tensor = self.loss(given, said, batch.labels)
        return loss
