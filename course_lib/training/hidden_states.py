"""Objectives that look inside: a teacher's hidden states beside its soft targets.

Which of the student's layers is held against which of the teacher's is a mapping,
counted from 0. What a loss inside is worth is said in units of a student that knows
nothing there: 1 for one that gives each word the teacher's mean state, or relates all
words alike; 0 for one that agrees. So `weight` means the same for any two models.
"""

from abc import abstractmethod
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from course_lib.batches import Batch
from course_lib.losses.hidden import (
    attention_loss,
    hidden_state_loss,
    relation_loss,
    relation_scores,
)
from course_lib.losses.inputs import check_weight
from course_lib.training.inside import STATES, TeacherInside, widths_of
from course_lib.training.objectives import Distillation, Loss

#: A share of nothing is no number: a teacher that is alike everywhere teaches nothing.
LEAST = 1e-12


class LookInside(Distillation):
    """The base of all below: `loss` of the logits, plus `weight` times a part inside.

    `student` is only looked at, to say what does not fit before the first step: a layer
    that one of the two does not have, by name of the model and the layers it has.
    """

    asks = (STATES,)

    def __init__(
        self,
        loss: Loss,
        student: nn.Module,
        teacher: TeacherInside,
        layers: Mapping[int, int],
        weight: float = 1.0,
    ) -> None:
        super().__init__(loss)
        check_weight("weight", weight)
        self.weight, self.layers, self.teacher = weight, dict(layers), teacher
        self.pairs = list(self.layers.items())
        widths = {
            name: widths_of(model, name, *self.asks)
            for name, model in (("student", student), ("teacher", teacher.teacher))
        }
        if not self.pairs:
            raise ValueError("layers is {}; expected pairs such as {0: 1}")
        for name, asked in zip(widths, zip(*self.pairs, strict=True), strict=True):
            count = len(widths[name])
            for layer in asked:
                if layer not in range(count):
                    raise ValueError(
                        f"layers is {self.layers}; the {name} has no layer {layer!r}, "
                        f"only 0 to {count - 1}"
                    )
        self.widths = [
            (widths["student"][own], widths["teacher"][other])
            for own, other in self.pairs
        ]

    def extra_repr(self) -> str:
        """Say the settings where this is printed, and in a checkpoint."""
        said = super().extra_repr()
        return f"{said}{', ' if said else ''}layers={self.layers}, weight={self.weight}"

    def forward(self, given: tuple[Tensor, ...], batch: Batch) -> Tensor:  # type: ignore[override]
        """Return the loss of (batch, labels) logits and states of all layers."""
        logits, *states = given
        parts = self.inside(tuple(states), batch)
        return super().forward(logits, batch) + self.weight * parts.mean()

    def inside(self, states: tuple[Tensor, ...], batch: Batch) -> Tensor:
        """Return the share that is missing inside, one number a pair of layers."""
        theirs = self.teacher(batch, *self.asks)
        parts = [
            self.missing(number, states[own], theirs[other], batch.lengths)
            for number, (own, other) in enumerate(self.pairs)
        ]
        return torch.stack(parts)

    @abstractmethod
    def missing(
        self, pair: int, student: Tensor, teacher: Tensor, lengths: Tensor
    ) -> Tensor:
        """Return what is missing for a pair of layers: 1 of all, 0 of nothing."""


class HiddenStates(LookInside):
    """Be, behind a projection that is learnt too, where the teacher is.

    The projections are this objective's own parameters, and so the optimizer has them:
    it cannot be forgotten to train them (Romero et al. 2015; Jiao et al. 2020). They
    are no part of the student, and are thrown away. With `project=False` there are
    none, and the widths have to be equal.

    One minus what is missing is how much of the variance of the teacher's states,
    within the batch, this linear reader of the student's accounts for.

    >>> from course_lib.losses import DistillationLoss
    >>> from course_lib.models import LSTMClassifier
    >>> small, large = (LSTMClassifier(10, 2, 4, hidden) for hidden in (2, 3))
    >>> soft = DistillationLoss(temperature=2.0, alpha=1.0)
    >>> HiddenStates(soft, small, TeacherInside(large), {0: 0}).projections
    ModuleList(
      (0): Linear(in_features=4, out_features=6, bias=True)
    )
    """

    def __init__(
        self,
        loss: Loss,
        student: nn.Module,
        teacher: TeacherInside,
        layers: Mapping[int, int],
        weight: float = 1.0,
        *,
        project: bool = True,
    ) -> None:
        super().__init__(loss, student, teacher, layers, weight)
        for own, other in self.widths:
            if not project and own != other:
                raise ValueError(
                    f"the student's states are {own} wide and the teacher's {other}: "
                    "expected one width, or project=True"
                )
        self.projections = nn.ModuleList(
            nn.Linear(own, other) if project else nn.Identity()
            for own, other in self.widths
        )

    def extra_repr(self) -> str:
        """Say the settings, and if somebody froze the projections: no weight shows."""
        moved = all(p.requires_grad for p in self.projections.parameters())
        return f"{super().extra_repr()}{'' if moved else ', frozen projections'}"

    def missing(
        self, pair: int, student: Tensor, teacher: Tensor, lengths: Tensor
    ) -> Tensor:
        """Return the squared error, of that of the batch's mean state."""
        real = torch.arange(teacher.shape[1], device=lengths.device) < lengths[:, None]
        mean = (teacher * real.unsqueeze(-1)).sum((0, 1)) / real.sum()
        unit = hidden_state_loss(mean.expand_as(teacher), teacher, lengths)
        error = hidden_state_loss(self.projections[pair](student), teacher, lengths)
        return error / unit.clamp(min=LEAST)


class Relations(LookInside):
    """Relate the words of a text to each other as the teacher does, at any width.

    `heads` share the widths of both models (Wang et al. 2020; 2021).
    """

    def __init__(
        self,
        loss: Loss,
        student: nn.Module,
        teacher: TeacherInside,
        layers: Mapping[int, int],
        weight: float = 1.0,
        *,
        heads: int = 1,
    ) -> None:
        super().__init__(loss, student, teacher, layers, weight)
        self.heads = heads
        for width in {w for pair in self.widths for w in pair}:
            relation_scores(torch.zeros(1, 1, width), heads)

    def extra_repr(self) -> str:
        """Say the settings where this is printed, and in a checkpoint."""
        return f"{super().extra_repr()}, heads={self.heads}"

    def missing(
        self, pair: int, student: Tensor, teacher: Tensor, lengths: Tensor
    ) -> Tensor:
        """Return the divergence, of that of a student to whom all words are alike."""
        scores = relation_scores(teacher, self.heads)
        unit = attention_loss(torch.zeros_like(scores), scores, lengths)
        error = relation_loss(student, teacher, lengths, self.heads)
        return error / unit.clamp(min=LEAST)
