"""What a model is trained to reach: objectives, each a module of its own.

An objective takes what the model gave for a batch, and the batch, and returns one
number. What it must learn to do so, it owns: the projection that makes a student's
hidden states as wide as its teacher's is its parameter. The loop moves the weights of
both, so a projection cannot be forgotten.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.batches import Batch, Examples
from course_lib.losses import DistillationLoss, multilabel_soft_target_loss
from course_lib.losses.inputs import check_temperature, check_weight
from course_lib.losses.label_embeddings import structure_loss
from course_lib.metrics import check_positives, evaluate

#: A loss over (student logits, teacher logits, labels), as `DistillationLoss` is.
Loss = Callable[[Tensor, Any, Any], Tensor]


def label_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy with class indices, or per-label BCE with multi-hot labels.

    >>> import torch
    >>> z = torch.tensor([[2.0, 0.0]])
    >>> label_loss(z, torch.tensor([0])), label_loss(z, torch.tensor([[1.0, 0.0]]))
    (tensor(0.1269), tensor(0.4100))
    """
    if labels.dim() == 1:
        return F.cross_entropy(logits, labels)
    return F.binary_cross_entropy_with_logits(logits, labels)


class Objective(nn.Module, ABC):
    """The base of all: write `forward(given, batch)`, and `check` what it reads.

    `given` is what the model returned: logits of shape (batch, labels), or a tuple that
    begins with them, if the model was asked for more with the arguments `asks`.
    """

    #: What the model's call is asked for beside logits: ("with_embeddings",).
    asks: tuple[str, ...] = ()
    #: How many reviews a batch must have: a loss that compares reviews needs more.
    least_reviews: int = 1
    #: Whether it reads `TokenExamples`, with a label a token.
    of_tokens: bool = False

    @abstractmethod
    def forward(self, given: Any, batch: Batch) -> Tensor:
        """Return the mean loss of a batch, one number."""

    def check(self, examples: Examples, num_labels: int, multilabel: bool) -> None:
        """Raise `ValueError` if this cannot be learnt from these training examples."""

    def scores(self, logits: Tensor, examples: Examples) -> dict[str, float]:
        """Return how good logits are on validation; the first chooses the epoch."""
        return evaluate(logits.numpy(), examples.truth.numpy())


class LabelLoss(Objective):
    """What the labels say, and nothing else.

    >>> import torch
    >>> batch = Examples([torch.tensor([5]).numpy()], torch.tensor([0])).collate([0])
    >>> LabelLoss()(torch.tensor([[0.0, 0.0]]), batch)
    tensor(0.6931)
    """

    def forward(self, given: Tensor, batch: Batch) -> Tensor:
        """Return `label_loss` of (batch, labels) logits."""
        return label_loss(given, batch.truth)

    def check(self, examples: Examples, num_labels: int, multilabel: bool) -> None:
        """Raise `ValueError` if the labels are unknown, or never true."""
        check_positives(examples.truth.numpy(), "training")


class Distillation(Objective):
    """What a teacher said, and perhaps the labels, weighed by a loss over both.

    `loss(logits, soft_targets, labels)` is a `DistillationLoss` or one of your own; the
    labels are None where nobody knows them. Examples must carry soft targets.

    >>> Distillation(DistillationLoss(temperature=2.0, alpha=0.5))
    Distillation(
      (loss): DistillationLoss(temperature=2.0, alpha=0.5)
    )
    """

    def __init__(self, loss: Loss) -> None:
        super().__init__()
        self.loss = loss
        if not isinstance(loss, DistillationLoss):
            self.least_reviews = 3  # it may compare them, and a correlation needs three

    def extra_repr(self) -> str:
        """Name a loss that is no module, where this is printed, and in a checkpoint."""
        if isinstance(self.loss, nn.Module):
            return ""
        return getattr(self.loss, "__qualname__", None) or repr(self.loss)

    def forward(self, given: Tensor, batch: Batch) -> Tensor:
        """Return the loss of (batch, labels) logits."""
        return self.loss(given, batch.soft_targets, batch.labels)

    def check(self, examples: Examples, num_labels: int, multilabel: bool) -> None:
        """Raise `ValueError` if labels or soft targets do not fit the loss."""
        alone = getattr(self.loss, "alpha", 1) == 1
        if examples.labels is not None:
            if not alone:
                check_positives(examples.labels.numpy(), "training")
        elif not alone:
            raise ValueError(
                f"the training reviews have no labels, and the loss, {self.loss!r}, "
                "reads them: give alpha 1, and only the teacher's word counts"
            )
        reads_many = getattr(self.loss, "multilabel", multilabel)
        if reads_many != multilabel:
            kinds = {True: "multi-hot rows", False: "class indices"}
            raise ValueError(
                f"the labels are {kinds[multilabel]}, and the loss, {self.loss!r}, "
                f"reads {kinds[reads_many]}: give it multilabel={multilabel}, or other "
                "labels"
            )
        check_soft_targets(examples, (num_labels,))


class LabelEmbeddings(Objective):
    """The soft-target loss, plus `weight` times how wrongly label embeddings stand.

    Distances are taken between reviews that share a label, in that label's embedding,
    and between the labels of one review (`course_lib.losses.label_embeddings`). The
    student is a `LabelwiseLSTM`; the soft targets have shape (reviews, labels,
    1 + width), as `logits_and_embeddings` makes them, and the labels say which pairs
    count. `weight` is 0 or more.
    """

    asks = ("with_embeddings",)
    least_reviews = 3

    def __init__(self, temperature: float, weight: float) -> None:
        super().__init__()
        check_temperature(temperature)
        check_weight("weight", weight)
        self.temperature, self.weight = temperature, weight

    def extra_repr(self) -> str:
        """Say the settings where this is printed, and in a checkpoint."""
        return f"temperature={self.temperature}, weight={self.weight}"

    def forward(self, given: tuple[Tensor, Tensor], batch: Batch) -> Tensor:
        """Return the loss of logits (batch, labels) and embeddings (…, width)."""
        (logits, seen), teacher = given, batch.soft_targets
        assert teacher is not None  # `check` saw to it
        said = multilabel_soft_target_loss(logits, teacher[..., 0], self.temperature)
        return said + self.weight * structure_loss(seen, teacher[..., 1:], batch.truth)

    def check(self, examples: Examples, num_labels: int, multilabel: bool) -> None:
        """Raise `ValueError` unless there are labels and the teacher's embeddings."""
        if examples.truth.dim() != 2:
            raise ValueError(
                "label embeddings are compared where several labels may be true; these "
                "are class indices"
            )
        check_soft_targets(examples, (num_labels, None))


def check_soft_targets(examples: Examples, shape: tuple[int | None, ...]) -> None:
    """Raise `ValueError` unless there are soft targets, of this shape a review.

    None in `shape` stands for any size.
    """
    if examples.soft_targets is None:
        raise ValueError(
            "distillation needs soft targets: pass "
            "examples.with_soft_targets(teacher_logits)"
        )
    found = tuple(examples.soft_targets.shape)
    fits = len(found) == 1 + len(shape) and all(
        want in (None, have) for want, have in zip(shape, found[1:], strict=True)
    )
    if not fits:
        beside = " and an embedding beside each" if len(shape) > 1 else ""
        raise ValueError(
            f"the teacher's soft targets have shape {found}, and the student gives "
            f"{shape[0]} logits a review{beside}: both must have the same classes, in "
            "the same order"
        )
    if not examples.soft_targets.isfinite().all():
        review = int((~examples.soft_targets.isfinite()).nonzero()[0, 0])
        raise ValueError(
            f"the teacher's soft targets of review {review} are no numbers: ask it "
            "again, or leave the review out"
        )
