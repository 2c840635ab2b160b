"""How two models see labels in texts: distances among label embeddings.

Two reviews that both praise the music lie near each other in a good teacher's embedding
for music, whatever else they say. A student of another width cannot copy embeddings,
but it can copy the distances between them (Park et al. 2019, *Relational knowledge
distillation*). Yang et al. (2023, *Multi-label knowledge distillation*) do so label by
label, for pictures; this is the same for texts.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.losses.inputs import check_labels, said


def structure_loss(student: Tensor, teacher: Tensor, labels: Tensor) -> Tensor:
    """Compare distances among label embeddings of two models; 0 if all agree.

    Embeddings are (batch, labels, width), of any two widths; `labels` (batch, labels)
    multi-hot. Only pairs of which both are positive count: an embedding of a label that
    the review lacks means nothing. Raises `ValueError` where shapes or values differ
    from that.
    """
    _check_embeddings(student=student, teacher=teacher)
    check_labels(labels, teacher[..., 0], multilabel=True)
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
                f"{name} is {said(value)}; expected floats of shape (batch, labels, "
                "width)"
            )
