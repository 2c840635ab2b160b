"""Distillation of what a model sees for each label, and not only of what it says.

Two reviews that both praise the music lie near each other in a good teacher's embedding
for music, whatever else they say. A student of another width cannot copy embeddings,
but it can copy the distances between them (Park et al. 2019, *Relational knowledge
distillation*). Yang et al. (2023, *Multi-label knowledge distillation*) do so label by
label, for pictures; this is the same for texts.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.batches import Examples
from course_lib.losses import (
    _check_labels,
    _check_temperature,
    _check_weight,
    _said,
    multilabel_soft_target_loss,
)
from course_lib.models import LabelwiseLSTM
from course_lib.soft_targets import predict_logits


class LabelEmbeddingLoss(nn.Module):
    """The soft-target loss, plus `weight` times how wrongly distances stand.

    Distances are taken between reviews that share a label, in that label's embedding,
    and between the labels of one review. Each kind is divided by its mean, so that
    neither width nor scale matters, and compared by a Huber loss.

    As a `distillation` of `course_lib.training.train`, its soft targets have shape
    (reviews, labels, 1 + width), as `logits_and_embeddings` makes them. `weight` is 0
    or more. Raises `ValueError` for bad input, as `course_lib.losses` does.
    """

    def __init__(
        self, student: LabelwiseLSTM, temperature: float, weight: float
    ) -> None:
        super().__init__()
        _check_temperature(temperature)
        _check_weight("weight", weight)
        # In a tuple: the student is no part of its loss, nor of its description.
        self.student = (student,)
        self.temperature, self.weight = temperature, weight

    def extra_repr(self) -> str:
        """Say the settings where the loss is printed, and in a checkpoint."""
        return f"temperature={self.temperature}, weight={self.weight}"

    def forward(
        self, student_logits: Tensor, teacher: Tensor, labels: Tensor
    ) -> Tensor:
        """Return one number; `teacher` is (batch, labels, 1 + width)."""
        _check_embeddings(teacher=teacher)
        logits, embeddings = teacher[..., 0], teacher[..., 1:]
        said = multilabel_soft_target_loss(student_logits, logits, self.temperature)
        seen = structure_loss(self.student[0].label_embeddings, embeddings, labels)
        return said + self.weight * seen


def structure_loss(student: Tensor, teacher: Tensor, labels: Tensor) -> Tensor:
    """Compare distances among label embeddings of two models; 0 if all agree.

    Embeddings are (batch, labels, width), of any two widths; `labels` (batch, labels)
    multi-hot. Only pairs of which both are positive count: an embedding of a label that
    the review lacks means nothing. Raises `ValueError` where shapes or values differ
    from that.
    """
    _check_embeddings(student=student, teacher=teacher)
    _check_labels(labels, teacher[..., 0], multilabel=True)
    if student.shape[:2] != teacher.shape[:2]:
        shapes = f"{tuple(student.shape)} and {tuple(teacher.shape)}"
        raise ValueError(f"embeddings are {shapes}; expected the same but for width")
    has = labels > 0
    among_reviews = has.T[:, :, None] & has.T[:, None, :]  # (labels, batch, batch)
    among_labels = has[:, :, None] & has[:, None, :]  # (batch, labels, labels)
    return compare_distances(
        student.transpose(0, 1), teacher.transpose(0, 1), among_reviews
    ) + compare_distances(student, teacher, among_labels)


def compare_distances(student: Tensor, teacher: Tensor, pairs: Tensor) -> Tensor:
    """Huber loss between distances in units of their mean, over the pairs that count.

    (groups, points, width) each, and (groups, points, points) booleans. Each pair is
    taken once, and none with itself; without any, the loss is 0.
    """
    pairs = pairs.triu(diagonal=1)
    ours, theirs = relative(student, pairs), relative(teacher.detach(), pairs)
    error = F.huber_loss(ours, theirs, reduction="sum")
    return error / pairs.sum().clamp(min=1)


def relative(points: Tensor, pairs: Tensor) -> Tensor:
    """Return distances in units of their mean over `pairs`, and 0 elsewhere."""
    apart = (points.unsqueeze(2) - points.unsqueeze(1)).float().square().sum(-1)
    # No gradient can pass the root of 0, so it is not taken there.
    distances = torch.where(pairs, (apart + 1e-12).sqrt(), 0)
    return distances / (distances.sum() / pairs.sum().clamp(min=1)).clamp(min=1e-6)


def _check_embeddings(**named: Tensor) -> None:
    for name, value in named.items():
        fits = isinstance(value, Tensor) and value.is_floating_point()
        if not fits or value.dim() != 3 or not value.numel():
            raise ValueError(
                f"{name} is {_said(value)}; expected floats of shape (batch, labels, "
                "width)"
            )


class Both(nn.Module):
    """A label-wise model that gives all it has, as one long row a review."""

    def __init__(self, model: LabelwiseLSTM) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return (batch, labels · (1 + width))."""
        logits = self.model(tokens, lengths).unsqueeze(-1)
        return torch.cat([logits, self.model.label_embeddings], dim=-1).flatten(1)


def logits_and_embeddings(teacher: LabelwiseLSTM, examples: Examples) -> Tensor:
    """Ask a label-wise teacher: (reviews, labels, 1 + width) float32."""
    rows = predict_logits(Both(teacher), examples)
    return rows.unflatten(1, (teacher.num_labels, -1))
