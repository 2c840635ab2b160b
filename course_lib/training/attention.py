"""An objective that looks at attention: whom each word looks at in the teacher."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from course_lib.losses.hidden import attention_loss
from course_lib.training.hidden_states import LEAST, LookInside
from course_lib.training.inside import ATTENTION, TeacherInside
from course_lib.training.objectives import Loss


class Attention(LookInside):
    """Look at the words that the teacher looks at, head by head.

    Both have attention, with as many heads; their widths may differ (Wang et al. 2020).
    Raises `ValueError` also for a student that drops some of its attention: what it
    shows in training is what is left.
    """

    asks = (ATTENTION,)

    def __init__(
        self,
        loss: Loss,
        student: nn.Module,
        teacher: TeacherInside,
        layers: Mapping[int, int],
        weight: float = 1.0,
    ) -> None:
        super().__init__(loss, student, teacher, layers, weight)
        for own, other in self.widths:
            if own != other:
                raise ValueError(
                    f"the student's attention has {own} heads and the teacher's "
                    f"{other}: expected as many, or compare relations"
                )
        if drops_attention(student):
            raise ValueError(
                "the student drops some of its attention in training: expected a "
                "model made with attention_probs_dropout_prob=0"
            )

    def missing(
        self, pair: int, student: Tensor, teacher: Tensor, lengths: Tensor
    ) -> Tensor:
        """Return the divergence, of that of a student who looks at all words alike."""
        least = torch.finfo(teacher.dtype).tiny  # an exponential may become 0
        scores = teacher.clamp(min=least).log()
        unit = attention_loss(torch.zeros_like(scores), scores, lengths)
        error = attention_loss(student.clamp(min=least).log(), scores, lengths)
        return error / unit.clamp(min=LEAST)


@torch.no_grad()
def drops_attention(model: nn.Module) -> bool:
    """Whether dropout acts on attention: if not, a lone token looks at itself by 1."""
    token = torch.ones(1, 1, dtype=torch.int64, device=next(model.parameters()).device)
    mode = model.training
    model.train()
    _, *shown = model(token, token[:, 0], **{ATTENTION: True})
    model.train(mode)
    return any(bool((layer != 1).any()) for layer in shown)
