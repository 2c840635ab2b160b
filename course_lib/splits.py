"""One data set, ready for training: reviews, and their texts as numbers."""

import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torchtext.vocab import Vocab

from course_lib import reviews
from course_lib.batches import Examples
from course_lib.models import Recipe, find_pretrained, load_tokenizer
from course_lib.reviews.table import Reviews
from course_lib.scale import Scale
from course_lib.soft_target_files import tokenizer_digest
from course_lib.text import (
    UNKNOWN,
    cut,
    encode_pieces,
    numbers_of,
    tokenize,
    vocabulary_from,
)
from course_lib.word_vectors import word_vectors

LABELLED = ("train", "validation", "test")


@dataclass(frozen=True)
class Splits:
    """The splits of a data set, in the numbers that one kind of model reads.

    Those are words, numbered after the training reviews' ones; or the pieces of a BERT,
    as `read_by` makes them. A text is tokenised once, when it is first asked for.
    """

    data: str
    reviews: dict[str, Reviews]
    vocabulary: Vocab  # of the training reviews alone
    max_tokens: int
    tokenizer: str  # a digest of how texts become numbers
    number: Callable[[Sequence[str]], list[np.ndarray]]
    #: What was numbered so far, by split: whole texts, or all that a BERT takes.
    numbered: dict[str, list[np.ndarray]] = field(default_factory=dict, repr=False)
    #: Word vectors from all readable texts, by their size, once someone has asked.
    vectors: dict[int, Tensor] = field(default_factory=dict, repr=False)
    #: The marks of a table of n-grams, by its places and its longest n-gram, likewise.
    #: Of texts as they are cut, and so never those of splits with another `max_tokens`.
    marks: dict[tuple[int, int], Tensor] = field(
        default_factory=dict, repr=False, init=False
    )

    @cached_property
    def train(self) -> Examples:
        """The training reviews."""
        return self.examples("train")

    @cached_property
    def validation(self) -> Examples:
        """The reviews that settings and epochs are chosen on."""
        return self.examples("validation")

    @cached_property
    def test(self) -> Examples:
        """The reviews that are read once, at the end."""
        return self.examples("test")

    @cached_property
    def readable(self) -> Examples:
        """All that anything may be learnt from, without labels; training texts first.

        That is the training and the unlabelled reviews.
        """
        return Examples([cut(x, self.max_tokens) for x in self.whole_texts])

    @property
    def whole_texts(self) -> list[np.ndarray]:
        """The numbers of all readable texts, as long as they are."""
        return [text for name in self.readable_parts for text in self.numbers(name)]

    def word_vectors(self, size: int) -> Tensor:
        """Return (words, size) vectors learnt from all readable texts."""
        if size not in self.vectors:
            texts, words = self.whole_texts, self.vocabulary_size
            self.vectors[size] = word_vectors(texts, words, size)
        return self.vectors[size]

    @property
    def readable_texts(self) -> list[str]:
        """The texts that anything may be learnt from: training and unlabelled ones."""
        return [t for name in self.readable_parts for t in self.reviews[name].texts]

    @property
    def readable_parts(self) -> list[str]:
        """Which splits anything may be learnt from, the training reviews first."""
        return [name for name in ("train", "unlabelled") if name in self.reviews]

    def examples(self, name: str) -> Examples:
        """Return the reviews of a split, with their labels if anyone knows them."""
        tokens = [cut(x, self.max_tokens) for x in self.numbers(name)]
        labels = self.reviews[name].labels
        return Examples(tokens, None if labels is None else torch.from_numpy(labels))

    def numbers(self, name: str) -> list[np.ndarray]:
        """Return the numbers of a split's texts, which are tokenised if they were not.

        Words are those of the whole text; pieces are at most `max_tokens`.
        """
        if name not in self.numbered:
            self.numbered[name] = self.number(self.reviews[name].texts)
        return self.numbered[name]

    def read_by(self, recipe: Recipe) -> "Splits":
        """Return the same reviews in the numbers that a model of that recipe reads.

        Raises `OSError` or `ValueError` if that is a BERT, and there is none here, or
        none with a tokenizer.
        """
        return self if recipe.reads == "words" else self.in_pieces

    @cached_property
    def in_pieces(self) -> "Splits":
        """The same reviews as the BERT reads them that is here."""
        pieces, most = load_tokenizer(find_pretrained())
        limit = min(self.max_tokens, most)
        return replace(
            self,
            max_tokens=limit,
            tokenizer=tokenizer_digest(pieces),
            number=partial(encode_pieces, tokenizer=pieces, max_tokens=limit),
            numbered={},
            vectors={},
        )

    def reading_notes(self, recipe: Recipe) -> tuple[str, ...]:
        """Say in words if a model reads less of a text than the run allows."""
        limit = self.read_by(recipe).max_tokens
        if limit == self.max_tokens:
            return ()
        return (
            f"the teacher takes {limit} tokens, and {self.max_tokens} were allowed: of "
            "a longer text it reads the beginning and the end",
        )

    @property
    def multilabel(self) -> bool:
        """Whether several labels may be true of one review."""
        return self.reviews["train"].multilabel

    @property
    def label_names(self) -> tuple[str, ...]:
        """What each label, or class, is called."""
        return self.reviews["train"].label_names

    @property
    def vocabulary_size(self) -> int:
        """How many words have a number."""
        return len(self.vocabulary)

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
    return numbered_in_words(
        data, loaded, scale.vocabulary_size, max_tokens=scale.max_tokens
    )


def numbered_in_words(
    data: str, parts: dict[str, Reviews], vocabulary_size: int, max_tokens: int
) -> Splits:
    """Number the words of the training reviews, and the texts of all splits by them.

    >>> films = ["a good film", "a dull film", "good"]
    >>> train = Reviews("own", "train", films, np.array([1, 0, 1]), ("bad", "good"),
    ...                 ["1", "2", "3"])
    >>> splits = numbered_in_words("own", {"train": train}, 10, max_tokens=2)
    >>> splits.train.tokens
    [array([2, 3], dtype=int32), array([2, 3], dtype=int32), array([4], dtype=int32)]
    """
    # Interned: the millions of words of a data set are a few thousand strings.
    train = [list(map(sys.intern, tokenize(text))) for text in parts["train"].texts]
    vocabulary = vocabulary_from(train, vocabulary_size)
    return Splits(
        data=data,
        reviews=parts,
        vocabulary=vocabulary,
        max_tokens=max_tokens,
        tokenizer=tokenizer_digest(vocabulary),
        number=lambda texts: numbers_of(map(tokenize, texts), vocabulary),
        numbered={"train": numbers_of(train, vocabulary)},
    )
