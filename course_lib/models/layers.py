"""A student that starts from its teacher's layers."""

from collections.abc import Sequence
from copy import deepcopy

from torch import nn

from course_lib.models.bert import BertClassifier, find_layers
from course_lib.models.recurrent import RecurrentClassifier


def keep_layers(teacher: nn.Module, layers: Sequence[int]) -> nn.Module:
    """Return a student made of some layers of its teacher, and all the rest of it.

    `layers` counts from 0, in the order in which they are to stand; DistilBERT took
    every other layer of BERT (Sanh et al. 2019). The teacher is a `BertClassifier` or a
    recurrent model. The student shares no memory with it, and all of it can be trained.
    Raises `ValueError` for a layer that is not there or cannot read the one below.
    """
    student = deepcopy(teacher).requires_grad_(True)
    if isinstance(student, BertClassifier):
        stacks = [find_layers(student.bert)]
    elif isinstance(student, RecurrentClassifier):
        stacks = [stack for stack in (student.forwards, student.backwards) if stack]
    else:
        raise ValueError(
            f"{type(teacher).__name__} has no layers to keep: give a BertClassifier, "
            "an LSTMClassifier or a GRUClassifier"
        )
    count = len(stacks[0])
    if not layers or not set(layers) <= set(range(count)):
        raise ValueError(
            f"layers is {list(layers)}; give one or more of 0 to {count - 1}"
        )
    for stack in stacks:
        kept = [deepcopy(stack[number]) for number in layers]
        for new, old in zip(kept, stack, strict=False):
            if reads(new) != reads(old):
                raise ValueError(
                    f"layers is {list(layers)}; one that reads {reads(new)} features "
                    f"cannot stand where {reads(old)} come in"
                )
        del stack[:]
        stack.extend(kept)
    if isinstance(student, BertClassifier):
        student.trained_layers = None
        student.bert.config.num_hidden_layers = len(layers)
    return student.train(teacher.training)


def reads(layer: nn.Module) -> int | None:
    """Return how many features a recurrent layer reads; BERT's all read the same."""
    return getattr(layer, "input_size", None)
