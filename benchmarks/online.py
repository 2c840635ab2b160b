"""A teacher that is asked at every batch, as most libraries do it."""

import torch
from torch import Tensor, nn

from course_lib.losses import DistillationLoss


class OnlineTeacher:
    """A distillation loss whose teacher reads each batch just before the student does.

    `train` hands a loss the student's logits and the soft targets of the examples, but
    no tokens. A hook on the student passes them to the teacher; what the examples carry
    is not looked at.
    """

    def __init__(self, teacher: nn.Module, loss: DistillationLoss) -> None:
        self.teacher, self.loss = teacher.eval(), loss
        self.said: Tensor | None = None

    def listen_to(self, student: nn.Module) -> None:
        """Ask the teacher whenever this student is trained on a batch."""
        student.register_forward_pre_hook(self.ask)

    def ask(self, student: nn.Module, inputs: tuple[Tensor, Tensor]) -> None:
        """Keep the teacher's logits for the loss of this step."""
        if student.training:
            with torch.no_grad():
                self.said = self.teacher(*inputs)

    def __call__(self, logits: Tensor, _cached: Tensor, labels: Tensor) -> Tensor:
        """Return the loss between the student's logits and what the teacher said."""
        assert self.said is not None
        return self.loss(logits, self.said, labels)
