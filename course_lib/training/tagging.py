"""Objectives of a tagger: one answer a token, and some tokens that do not count."""

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn

from course_lib.batches import Batch, Examples
from course_lib.losses.tokens import token_label_loss
from course_lib.spans import span_f1
from course_lib.tagged import TokenExamples, tags_said
from course_lib.training.objectives import Objective

#: Over (student logits, teacher logits, labels, counted), as `TokenDistillationLoss`.
TokenLoss = Callable[[Tensor, Any, Any, Any], Tensor]


class TokenLabels(Objective):
    """What the labels of the tokens say; `tags` are their names, in order.

    The epoch that is kept has the best F1 over names on validation, not the best share
    of tokens: most tokens are no part of a name.

    >>> TokenLabels(["O", "B-PER", "I-PER"])
    TokenLabels(tags=O B-PER I-PER)
    """

    of_tokens = True

    def __init__(self, tags: Sequence[str]) -> None:
        super().__init__()
        self.tags = list(tags)

    def extra_repr(self) -> str:
        """Say the tags where this is printed, and in a checkpoint."""
        return f"tags={' '.join(self.tags)}"

    def forward(self, given: Tensor, batch: Batch) -> Tensor:
        """Return the loss of (batch, tokens, tags) logits."""
        assert batch.counted is not None
        return token_label_loss(given, batch.truth, batch.counted)

    def check(self, examples: Examples, num_labels: int, multilabel: bool) -> None:
        """Raise `ValueError` unless there is a logit for each tag, and labels."""
        _ = examples.truth
        self.check_tags(num_labels)

    def check_tags(self, num_labels: int) -> None:
        """Raise `ValueError` unless there is a logit for each tag."""
        if num_labels != len(self.tags):
            raise ValueError(
                f"the model gives {num_labels} logits a token, and there are "
                f"{len(self.tags)} tags: {', '.join(self.tags)}"
            )

    def scores(self, logits: Tensor, examples: Examples) -> dict[str, float]:
        """Return F1 over names, and the share of words whose tag is right."""
        assert isinstance(examples, TokenExamples)
        counted, labels = examples.counted, examples.truth
        assert counted is not None
        said = tags_said(logits, counted, self.tags)
        rows = zip(labels, counted, strict=True)
        true = [[self.tags[i] for i in row[c].tolist()] for row, c in rows]
        right = logits.argmax(-1)[counted] == labels[counted]
        return {
            "span_f1": span_f1(said, true),
            "token_accuracy": float(right.float().mean()),
        }


class TokenDistillation(TokenLabels):
    """What a teacher said of each token, and perhaps the labels.

    `loss(student, teacher, labels, counted)` is a `TokenDistillationLoss` or one of
    your own; examples must carry soft targets.

    >>> from course_lib.losses.tokens import TokenDistillationLoss
    >>> TokenDistillation(TokenDistillationLoss(2.0, alpha=1.0), ["O", "B-PER"])
    TokenDistillation(
      tags=O B-PER
      (loss): TokenDistillationLoss(temperature=2.0, alpha=1.0)
    )
    """

    def __init__(self, loss: TokenLoss, tags: Sequence[str]) -> None:
        super().__init__(tags)
        self.loss = loss

    def extra_repr(self) -> str:
        """Say the tags, and name a loss that is no module."""
        own = getattr(self.loss, "__qualname__", None) or repr(self.loss)
        is_module = isinstance(self.loss, nn.Module)
        return super().extra_repr() + ("" if is_module else f", {own}")

    def forward(self, given: Tensor, batch: Batch) -> Tensor:
        """Return the loss of (batch, tokens, tags) logits."""
        return self.loss(given, batch.soft_targets, batch.labels, batch.counted)

    def check(self, examples: Examples, num_labels: int, multilabel: bool) -> None:
        """Raise `ValueError` if labels or soft targets do not fit the loss."""
        self.check_tags(num_labels)
        if examples.labels is None and getattr(self.loss, "alpha", 1) != 1:
            raise ValueError(
                f"the training texts have no labels, and the loss, {self.loss!r}, "
                "reads them: give alpha 1, and only the teacher's word counts"
            )
        soft = examples.soft_targets
        if soft is None:
            raise ValueError(
                "distillation needs soft targets: pass "
                "examples.with_soft_targets(teacher_logits)"
            )
        if soft.shape[-1] != num_labels or not soft.isfinite().all():
            raise ValueError(
                f"the teacher's soft targets have shape {tuple(soft.shape)}, and the "
                f"student gives {num_labels} logits a token: both must have the same "
                "tags in the same order, and only numbers"
            )
