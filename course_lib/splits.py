"""One data set, ready for training: reviews, and their texts as numbers."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from torchtext.vocab import Vocab

from course_lib import reviews
from course_lib.batches import Examples
from course_lib.reviews.table import Reviews
from course_lib.scale import Scale
from course_lib.text import build_vocabulary, encode


@dataclass(frozen=True)
class Splits:
    """The splits of a data set, in words numbered after the training reviews' ones."""

    data: str
    reviews: dict[str, Reviews]
    train: Examples
    validation: Examples
    test: Examples
    vocabulary: Vocab
    max_tokens: int

    @property
    def multilabel(self) -> bool:
        """Whether several labels may be true of one review."""
        return self.train.labels.dim() == 2

    @property
    def label_names(self) -> tuple[str, ...]:
        """What each label, or class, is called."""
        return self.reviews["train"].label_names

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out of the data, and why."""
        return self.reviews["train"].notes

    @property
    def vocabulary_size(self) -> int:
        """How many words have a number."""
        return len(self.vocabulary)


def prepare(data: str, scale: Scale, seed: int, data_dir: Path | None = None) -> Splits:
    """Load a data set and turn its words into numbers.

    A smoke run takes a slice of every split. Any other reads the whole test set: an
    interval on a slice says little.
    """
    loaded = {
        split: reviews.load(
            data, split, data_dir=data_dir, limit=scale.run_limit, seed=seed
        )
        for split in ("train", "validation", "test")
    }
    vocabulary = build_vocabulary(loaded["train"].texts, scale.vocabulary_size)
    encoded = {
        split: Examples(
            encode(part.texts, vocabulary, scale.max_tokens),
            torch.tensor(part.labels),
        )
        for split, part in loaded.items()
    }
    return Splits(
        data=data,
        reviews=loaded,
        **encoded,
        vocabulary=vocabulary,
        max_tokens=scale.max_tokens,
    )


def all_texts(
    splits: Splits, scale: Scale, seed: int, data_dir: Path | None = None
) -> list[str]:
    """Return the texts of every split, the unlabelled one too if there is one."""
    parts = list(splits.reviews.values())
    with suppress(ValueError):  # not every data set has one
        parts.append(
            reviews.load(
                splits.data,
                "unlabelled",
                data_dir=data_dir,
                limit=scale.run_limit,
                seed=seed,
            )
        )
    return [text for part in parts for text in part.texts]
