"""A recipe on a data set: the model before its first step, and how often it reads."""

from math import ceil

import torch
from torch import nn

from course_lib.models import NgramTable, Recipe
from course_lib.scale import Scale
from course_lib.splits import Splits


def new_model(recipe: Recipe, splits: Splits, seed: int) -> nn.Module:
    """Build a model as it is before its first step; all of one seed begin alike."""
    torch.manual_seed(seed)
    model = recipe.build(splits.vocabulary_size, len(splits.label_names))
    if recipe.from_word_vectors:
        start_from_word_vectors(model, splits)
    for part in model.modules():
        if isinstance(part, NgramTable):
            choose_ngrams(part, splits)
    return model


def start_from_word_vectors(model: nn.Module, splits: Splits) -> None:
    """Put vectors learnt from all readable texts in place of random ones."""
    table = model.get_parameter("embedding.weight")
    with torch.no_grad():
        table.copy_(splits.word_vectors(table.shape[1]))


def choose_ngrams(table: NgramTable, splits: Splits) -> None:
    """Fill a table with n-grams of all readable texts, which are counted once."""
    size = len(table.marks), table.longest
    if size not in splits.marks:
        table.choose(splits.readable.tokens)
        splits.marks[size] = table.marks.detach().clone()
    with torch.no_grad():
        table.marks.copy_(splits.marks[size])


def epochs_for(recipe: Recipe, splits: Splits, scale: Scale) -> int:
    """Return how often a model reads the training reviews.

    A small set is read more often, so that every run takes about as many steps.
    """
    if recipe.reads == "pieces":  # fine-tuning needs few (Devlin et al. 2019, A.3)
        return recipe.least_epochs
    steps = ceil(len(splits.train) / scale.batch_size)
    return max(recipe.least_epochs, round(scale.run_steps / steps))
