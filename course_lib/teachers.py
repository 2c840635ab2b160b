"""From a name to a trained model, and from a trained teacher to its soft targets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np
import torch
from torch import nn

from course_lib import records
from course_lib.batches import Examples
from course_lib.models import TEACHERS, Recipe, find_pretrained, load_tokenizer
from course_lib.scale import Scale
from course_lib.soft_target_cache import make_once
from course_lib.soft_target_files import SoftTargets, tokenizer_digest
from course_lib.splits import Splits
from course_lib.text import encode, encode_pieces
from course_lib.training import Objective, train
from course_lib.word_vectors import word_vectors


@dataclass(frozen=True)
class Teacher:
    """A trained teacher, and how it reads: it has its own numbering of the texts."""

    name: str
    model: nn.Module
    encode: Callable[[Sequence[str]], list[np.ndarray]]
    tokenizer: str  # a digest: other numbers would be other soft targets
    max_tokens: int

    def soft_targets(
        self,
        texts: Sequence[str],
        label_names: Sequence[str],
        folder: Path | str | None,
    ) -> SoftTargets:
        """Ask the teacher about some texts; once, if a folder is there to keep it."""
        return make_once(
            self.model,
            Examples(self.encode(texts)),
            texts,
            label_names,
            name=self.name,
            tokenizer=self.tokenizer,
            max_tokens=self.max_tokens,
            folder=folder,
        )


def train_teacher(
    splits: Splits,
    name: str,
    scale: Scale,
    seed: int,
    folder: Path | str | None = None,
) -> Teacher:
    """Train the teacher of that name on the labels; `folder` is for its checkpoint."""
    recipe = TEACHERS[name]
    encode, tokenizer, max_tokens = reader(recipe, splits)
    encoded = {
        part: Examples(encode(splits.reviews[part].texts), getattr(splits, part).labels)
        for part in ("train", "validation")
    }
    model = fit(recipe, encoded, splits, scale, seed, "teacher", folder)
    return Teacher(name, model, encode, tokenizer, max_tokens)


def reader(
    recipe: Recipe, splits: Splits
) -> tuple[Callable[[Sequence[str]], list[np.ndarray]], str, int]:
    """Return how a model turns texts into numbers, a digest of it, and its limit.

    Raises `OSError` or `ValueError` if there is no BERT here, or none with a tokenizer.
    """
    if recipe.reads == "words":
        words, limit = splits.vocabulary, splits.max_tokens
        return (
            lambda texts: encode(texts, words, limit),
            tokenizer_digest(words),
            limit,
        )
    pieces, most = load_tokenizer(find_pretrained())
    limit = min(splits.max_tokens, most)
    return (
        lambda texts: encode_pieces(texts, pieces, limit),
        tokenizer_digest(pieces),
        limit,
    )


def reading_notes(recipe: Recipe, splits: Splits) -> tuple[str, ...]:
    """Say in words if a model reads less of a text than the run allows."""
    limit = reader(recipe, splits)[2]
    if limit == splits.max_tokens:
        return ()
    return (
        f"the teacher takes {limit} tokens, and {splits.max_tokens} were allowed: of a "
        "longer text it reads the beginning and the end",
    )


def fit(
    recipe: Recipe,
    encoded: dict[str, Examples],
    splits: Splits,
    scale: Scale,
    seed: int,
    row: str,
    folder: Path | str | None = None,
    objective: Objective | None = None,
    epochs: int | None = None,
) -> nn.Module:
    """Build a model from a seed, and train it; `epochs` overrules `epochs_for`."""
    model = new_model(recipe, splits, seed)
    train(
        model,
        encoded["train"],
        encoded["validation"],
        epochs=epochs or epochs_for(recipe, splits, scale),
        batch_size=scale.batch_size,
        learning_rate=recipe.learning_rate,
        seed=seed,
        objective=objective,
        checkpoint=Path(folder) / f"{row}.safetensors" if folder else None,
        progress=records.ROWS[row],
    )
    return model


def new_model(recipe: Recipe, splits: Splits, seed: int) -> nn.Module:
    """Build a model as it is before its first step; all of one seed begin alike."""
    torch.manual_seed(seed)
    model = recipe.build(splits.vocabulary_size, len(splits.label_names))
    if recipe.from_word_vectors:
        start_from_word_vectors(model, splits)
    return model


def start_from_word_vectors(model: nn.Module, splits: Splits) -> None:
    """Put vectors learnt from all readable texts in place of random ones."""
    table = model.get_parameter("embedding.weight")
    vectors = word_vectors(splits.readable_texts, splits.vocabulary, table.shape[1])
    with torch.no_grad():
        table.copy_(vectors)


def epochs_for(recipe: Recipe, splits: Splits, scale: Scale) -> int:
    """Return how often a model reads the training reviews.

    A small set is read more often, so that every run takes about as many steps.
    """
    if recipe.reads == "pieces":  # fine-tuning needs few (Devlin et al. 2019, A.3)
        return recipe.least_epochs
    steps = ceil(len(splits.train) / scale.batch_size)
    return max(recipe.least_epochs, round(scale.run_steps / steps))
