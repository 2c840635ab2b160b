"""What can be wrong before and during training, found early and said in words."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.batches import Batch, Examples
from course_lib.soft_targets import count_logits


class TrainingError(RuntimeError):
    """Training cannot go on; the model holds its best weights so far."""


def check_fit(
    model: nn.Module,
    examples: Examples,
    validation: Examples,
    distillation: Callable[..., Tensor] | None,
) -> None:
    """Raise `ValueError` if labels or soft targets do not fit model and loss."""
    num_labels = count_logits(model, examples)
    for name, part in {"training": examples, "validation": validation}.items():
        check_labels(part.labels, num_labels, name)
    if distillation is None:
        return
    multilabel = getattr(distillation, "multilabel", examples.labels.dim() == 2)
    if multilabel != (examples.labels.dim() == 2):
        kinds = {True: "multi-hot rows", False: "class indices"}
        raise ValueError(
            f"the training labels are {kinds[not multilabel]}, of shape "
            f"{tuple(examples.labels.shape)}, and the loss, {distillation!r}, reads "
            f"{kinds[multilabel]}: give it multilabel={not multilabel}, or other labels"
        )
    if examples.soft_targets is None:
        raise ValueError(
            "distillation needs soft targets: pass "
            "examples.with_soft_targets(teacher_logits)"
        )
    shape = examples.soft_targets.shape  # perhaps with embeddings beside the logits
    if len(shape) not in (2, 3) or shape[1] != num_labels:
        raise ValueError(
            f"the teacher's soft targets have shape {tuple(shape)}, and the student "
            f"gives {num_labels} logits a review: both must have the same classes, in "
            "the same order"
        )


def check_labels(labels: Tensor, num_labels: int, name: str) -> None:
    """Raise `ValueError` unless these are class indices or multi-hot rows that fit."""
    if labels.dim() == 1:
        if labels.dtype != torch.int64:
            raise ValueError(
                f"the {name} labels are {labels.dtype}; class indices are torch.int64"
            )
        low, high = int(labels.min()), int(labels.max())
        if low < 0 or high >= num_labels:
            raise ValueError(
                f"the {name} labels run from {low} to {high}, and the model gives "
                f"{num_labels} logits, for labels 0 to {num_labels - 1}"
            )
    elif labels.dim() != 2 or labels.shape[1] != num_labels:
        raise ValueError(
            f"the {name} labels have shape {tuple(labels.shape)}, and the model gives "
            f"{num_labels} logits a review: give it as many as there are labels"
        )
    elif not labels.is_floating_point() or not ((labels >= 0) & (labels <= 1)).all():
        raise ValueError(
            f"the {name} labels are {labels.dtype} from {labels.min()} to "
            f"{labels.max()}; multi-hot labels are floats from 0 to 1"
        )


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether a GPU's or the CPU's allocator had no more memory to give."""
    return isinstance(error, torch.OutOfMemoryError) or "allocate memory" in str(error)


def does_not_fit(
    places: np.ndarray, examples: Examples, attempt: Callable[[Batch], object]
) -> TrainingError:
    """Try ever smaller batches of the longest reviews; say which size would do.

    `attempt` runs a batch forwards and backwards, and moves no weights.
    """
    longest = np.argsort([-len(review) for review in examples.tokens], kind="stable")
    tokens = len(examples.tokens[longest[0]])
    said = (
        f"a batch of {len(places)} reviews, the longest of {tokens} tokens, does not "
        "fit in memory"
    )
    size = len(places) // 2
    while size and not fits(examples.collate(longest[:size]), attempt):
        size //= 2
    if not size:
        return TrainingError(f"{said}, nor does one review: give it fewer tokens")
    return TrainingError(
        f"{said}; {size} would: give batch_size={size}, or fewer tokens"
    )


def fits(batch: Batch, attempt: Callable[[Batch], object]) -> bool:
    """Whether the attempt has enough memory."""
    try:
        attempt(batch)
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        return False
    return True
