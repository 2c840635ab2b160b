"""What can be wrong before and during training, found early and said in words."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from numbers import Integral, Real
from typing import NoReturn

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.batches import Batch, Examples
from course_lib.memory import is_out_of_memory
from course_lib.metrics import check_positives, check_zeros_and_ones
from course_lib.soft_targets import count_logits
from course_lib.tagged import TokenExamples
from course_lib.training.objectives import Objective


class TrainingError(RuntimeError):
    """Training cannot go on; the model holds its best weights so far."""


def plain_settings(
    *, learning_rate: float, **counts: int | None
) -> dict[str, int | float | None]:
    """Return settings as Python's numbers, which a checkpoint can hold.

    Raises `ValueError` for one that no run can have. None is a count left out.
    """
    for name, count in counts.items():
        least = 0 if name == "seed" else 1
        whole = isinstance(count, Integral) and not isinstance(count, bool)
        if count is not None and not (whole and count >= least):
            raise ValueError(
                f"{name} is {count!r}; expected a whole number from {least} upwards"
            )
    if not (isinstance(learning_rate, Real) and 0 < learning_rate < math.inf):
        raise ValueError(
            f"learning_rate is {learning_rate!r}; expected a number above 0, such as "
            "1e-3"
        )
    plain = {name: count and int(count) for name, count in counts.items()}
    return {**plain, "learning_rate": float(learning_rate)}


def check_fit(
    model: nn.Module, examples: Examples, validation: Examples, objective: Objective
) -> None:
    """Raise `ValueError` if labels or soft targets do not fit model and objective.

    Multi-label splits must have a positive label: validation always, and training
    unless an objective may leave the labels unread.
    """
    num_labels = count_logits(model, examples)
    if objective.of_tokens or isinstance(examples, TokenExamples):
        check_tags(examples, validation, objective, num_labels)
        objective.check(examples, num_labels, multilabel=False)
        return
    truth = validation.truth
    for name, labels in {"training": examples.labels, "validation": truth}.items():
        if labels is not None:
            check_labels(labels, num_labels, name)
    if examples.labels is not None and truth.dim() != examples.labels.dim():
        raise ValueError(
            f"the training labels have shape {tuple(examples.labels.shape)} and the "
            f"validation labels {tuple(truth.shape)}: expected both as class indices, "
            "or both as multi-hot rows"
        )
    if truth.dim() == 2:
        check_zeros_and_ones(truth.numpy(), "validation")
        check_positives(truth.numpy(), "validation")
    objective.check(examples, num_labels, multilabel=truth.dim() == 2)


def check_tags(
    examples: Examples, validation: Examples, objective: Objective, tags: int
) -> None:
    """Raise `ValueError` unless there is a tag for each token that counts."""
    for name, part in {"training": examples, "validation": validation}.items():
        if not isinstance(part, TokenExamples) or not objective.of_tokens:
            raise ValueError(
                f"the {name} texts are {type(part).__name__}, and the objective is "
                f"{type(objective).__name__}: expected TokenExamples and an objective "
                "for tokens, such as TokenLabels, or neither"
            )
        if part.labels is None and part is examples:
            continue
        labels, counted = part.truth, part.counted
        assert counted is not None
        low, high = int(labels[counted].min()), int(labels[counted].max())
        if low < 0 or high >= tags:
            raise ValueError(
                f"the {name} labels run from {low} to {high} where tokens count, and "
                f"the model gives {tags} logits, for tags 0 to {tags - 1}"
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


@contextmanager
def refusals_explained(given: Tensor | tuple[Tensor, ...]) -> Iterator[None]:
    """Turn a loss's `ValueError` into `FloatingPointError` if it was given no numbers.

    What else a loss refuses is its own affair, and comes through.
    """
    try:
        yield
    except ValueError as error:
        parts = given if isinstance(given, tuple) else (given,)
        if all(part.isfinite().all() for part in parts):
            raise
        raise FloatingPointError(str(error)) from error


def raise_again(error: Exception, where: str) -> NoReturn:
    """Raise what model or loss raised, with the step added to its sentence.

    BatchNorm's refusal of a single review becomes a `TrainingError`.
    """
    if "more than 1 value per channel" in str(error):
        raise TrainingError(
            f"training stopped at {where}: BatchNorm has nothing to compare a single "
            "review with; give a larger batch_size, or more reviews"
        ) from error
    if len(error.args) == 1 and isinstance(error.args[0], str):
        error.args = (f"{error.args[0]} (at {where})",)
    raise error


@contextmanager
def memory_errors_in_words() -> Iterator[None]:
    """Turn what an allocator raises, wherever that is, into a `TrainingError`."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if isinstance(error, TrainingError) or not is_out_of_memory(error):
            raise
        said = " ".join(str(error).split()).rstrip(".")
        raise TrainingError(
            f"training ran out of memory: {said or 'nothing is left'}. Take a smaller "
            "batch_size, fewer tokens a review, or a smaller model"
        ) from error


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
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error, len(batch.index)):
            raise
        return False
    return True
