"""One data set, ready for training: reviews, and their texts as numbers."""

from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torchtext.vocab import Vocab

from course_lib import reviews
from course_lib.batches import Examples
from course_lib.reviews.table import Reviews
from course_lib.scale import Scale
from course_lib.text import UNKNOWN, build_vocabulary, encode

LABELLED = ("train", "validation", "test")


@dataclass(frozen=True)
class Splits:
    """The splits of a data set, in words numbered after the training reviews' ones."""

    data: str
    reviews: dict[str, Reviews]
    train: Examples
    validation: Examples
    test: Examples
    vocabulary: Vocab  # of the training reviews alone
    max_tokens: int

    @property
    def multilabel(self) -> bool:
        """Whether several labels may be true of one review."""
        return self.train.truth.dim() == 2

    @property
    def label_names(self) -> tuple[str, ...]:
        """What each label, or class, is called."""
        return self.reviews["train"].label_names

    @property
    def readable_texts(self) -> list[str]:
        """The texts that anything may be learnt from: training and unlabelled ones."""
        parts = [
            self.reviews[name]
            for name in ("train", "unlabelled")
            if name in self.reviews
        ]
        return [text for part in parts for text in part.texts]

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out of the data, and why; and what nothing is learnt from.

        That is labels that never occur, and splits in a language of other words.
        """
        unknown, never = [], []
        for name in LABELLED:
            share = float(
                (np.concatenate(getattr(self, name).tokens) == UNKNOWN).mean()
            )
            if share > 0.5:
                unknown.append(
                    f"{share:.0%} of the words in {name} are unknown: none of the "
                    f"{self.vocabulary_size:,} that were learnt from train"
                )
        for name in LABELLED if self.multilabel else ():
            found = (getattr(self, name).truth > 0).any(0)
            if missing := [
                n for n, f in zip(self.label_names, found, strict=True) if not f
            ]:
                never.append(f"never positive in {name}: {', '.join(missing)}")
        return (*self.reviews["train"].notes, *unknown, *never)

    @property
    def vocabulary_size(self) -> int:
        """How many words have a number."""
        return len(self.vocabulary)


def prepare(
    data: str,
    scale: Scale,
    seed: int,
    data_dir: Path | None = None,
    **table: str | None,
) -> Splits:
    """Load a data set and turn its words into numbers.

    A smoke run takes a slice of every split. Any other reads the whole test set: an
    interval on a slice says little. `table` says how to read a table of one's own, as
    in `reviews.load`: text_column, label_column, separator, encoding.
    """
    loaded = {}
    for split in (*LABELLED, "unlabelled"):
        # Not every data set has reviews without labels.
        with suppress(ValueError) if split == "unlabelled" else nullcontext():
            loaded[split] = reviews.load(
                data,
                split,
                data_dir=data_dir,
                limit=scale.run_limit,
                seed=seed,
                **table,
            )
    vocabulary = build_vocabulary(loaded["train"].texts, scale.vocabulary_size)
    encoded = {
        split: Examples(
            encode(loaded[split].texts, vocabulary, scale.max_tokens),
            torch.tensor(loaded[split].labels),
        )
        for split in LABELLED
    }
    return Splits(
        data=data,
        reviews=loaded,
        **encoded,
        vocabulary=vocabulary,
        max_tokens=scale.max_tokens,
    )
