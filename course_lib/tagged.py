"""Texts with a tag a word, as a tagger reads them: pieces, and which of them count.

A tokenizer cuts words into pieces and adds a token at both ends, and there is one tag a
word. So the first piece of each word answers for it (Devlin et al. 2019, section 5.3),
and no other token counts. `counted` says which; labels have PyTorch's -100 elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from course_lib.batches import Batch, Examples
from course_lib.reviews.tagged import Sentence

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

#: The label of a token that has none.
IGNORED = -100


@dataclass(frozen=True)
class Pieces:
    """A sentence in pieces; `words` has the place of each one's word, or None."""

    pieces: list[str]
    words: list[int | None]

    @property
    def first(self) -> list[bool]:
        """Which pieces begin a word.

        >>> Pieces(["[CLS]", "os", "##lo", "[SEP]"], [None, 0, 0, None]).first
        [False, True, False, False]
        """
        before = [None, *self.words[:-1]]
        pairs = zip(self.words, before, strict=True)
        return [word is not None and word != last for word, last in pairs]

    def spread(self, tags: Sequence[int]) -> list[int]:
        """Return a label for each piece: its word's tag at the first, -100 elsewhere.

        >>> Pieces(["[CLS]", "os", "##lo", "[SEP]"], [None, 0, 0, None]).spread([3])
        [-100, 3, -100, -100]
        """
        pairs = zip(self.words, self.first, strict=True)
        return [
            tags[word] if counts and word is not None else IGNORED
            for word, counts in pairs
        ]


def pieces_of(
    sentences: Sequence[Sentence], tokenizer: "PreTrainedTokenizerBase"
) -> list[Pieces]:
    """Cut the words of each sentence into a tokenizer's pieces.

    Raises `ValueError` for a word of which nothing is left, as of a space.

    >>> from course_lib.models import find_pretrained, load_tokenizer
    >>> tokenizer, _ = load_tokenizer(find_pretrained())
    >>> (cut,) = pieces_of([Sentence(["Zarvik", "smiled"])], tokenizer)
    >>> cut.words
    [None, 0, 0, 0, 1, None]
    """
    found = []
    for number, sentence in enumerate(sentences):
        encoded = tokenizer(
            sentence.words,
            is_split_into_words=True,
            split_special_tokens=True,
            verbose=False,
        )
        words = encoded.word_ids()
        for place, word in enumerate(sentence.words):
            if place not in words:
                raise ValueError(
                    f"sentence {number} has a word {word!r} of which the tokenizer "
                    "makes nothing: leave it out, and its tag"
                )
        pieces = tokenizer.convert_ids_to_tokens(encoded["input_ids"])
        found.append(Pieces(list(pieces), words))
    return found


@dataclass(frozen=True)
class TokenExamples(Examples):
    """Encoded texts with a label, a soft target and a yes or no for each token.

    `labels` are (texts, longest) int64, `soft_targets` (texts, longest, tags), and
    `counted` is (texts, longest) bool, True where a tagger has to answer.

    >>> tokens = [np.array([5, 6, 7]), np.array([5])]
    >>> labels = torch.tensor([[1, -100, 0], [2, -100, -100]])
    >>> texts = TokenExamples(tokens, labels, counted=labels != IGNORED)
    >>> texts.collate(np.array([1])).labels
    tensor([[2]])
    """

    counted: Tensor | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        shape = (len(self.tokens), max(map(len, self.tokens)))
        for name, least in {"counted": 2, "labels": 2, "soft_targets": 3}.items():
            value = getattr(self, name)
            if value is None and name != "counted":
                continue
            if value is None or value.dim() != least or value.shape[:2] != shape:
                got = "None" if value is None else tuple(value.shape)
                raise ValueError(
                    f"{name} has shape {got}; expected {shape}"
                    f"{' and tags' if least == 3 else ''}: texts, and the tokens of "
                    "the longest"
                )

    def tensors(self) -> dict[str, Tensor]:
        """Return all that training reads of these texts."""
        assert self.counted is not None
        return super().tensors() | {"counted": self.counted}

    def collate(self, index: np.ndarray) -> Batch:
        """Pad the texts at `index` into one batch, as wide as its longest."""
        batch, width = super().collate(index), max(len(self.tokens[i]) for i in index)
        labels, soft, counted = batch.labels, batch.soft_targets, self.counted
        assert counted is not None
        return replace(
            batch,
            labels=None if labels is None else labels[:, :width],
            soft_targets=None if soft is None else soft[:, :width],
            counted=counted[batch.index, :width],
        )


def token_examples(
    tokens: Sequence[np.ndarray],
    pieces: Sequence[Pieces],
    tags: Sequence[Sequence[str]] | None,
    names: Sequence[str],
) -> TokenExamples:
    """Return what a tagger learns from: numbers of pieces, and the tags of the words.

    `names` are all tags, in the order of the logits; without `tags`, nobody knows any.

    >>> cut = [Pieces(["[CLS]", "os", "##lo", "[SEP]"], [None, 0, 0, None])]
    >>> tokens, tags = [np.array([2, 5, 6, 3])], [["B-LOC"]]
    >>> token_examples(tokens, cut, tags, ["O", "B-LOC"]).labels
    tensor([[-100,    1, -100, -100]])
    """
    longest = max(map(len, tokens))
    counted = torch.zeros(len(tokens), longest, dtype=torch.bool)
    labels = torch.full((len(tokens), longest), IGNORED)
    number = {name: i for i, name in enumerate(names)}
    for row, cut in enumerate(pieces):
        counted[row, : len(cut.first)] = torch.tensor(cut.first)
        if tags is not None:
            unknown = set(tags[row]) - set(names)
            if unknown or len(tags[row]) != sum(cut.first):
                raise ValueError(
                    f"text {row} has tags {list(tags[row])}; expected one a word, "
                    f"{sum(cut.first)} of {', '.join(names)}"
                )
            spread = cut.spread([number[tag] for tag in tags[row]])
            labels[row, : len(spread)] = torch.tensor(spread)
    return TokenExamples(tokens, None if tags is None else labels, counted=counted)


def tags_said(logits: Tensor, counted: Tensor, names: Sequence[str]) -> list[list[str]]:
    """Return the tag of each word: the largest logit where a token counts.

    >>> logits = torch.tensor([[[0.0, 1.0], [9.0, 0.0], [2.0, 1.0]]])
    >>> tags_said(logits, torch.tensor([[True, False, True]]), ["O", "B-PER"])
    [['B-PER', 'O']]
    """
    best = logits.argmax(-1)
    rows = zip(best, counted, strict=True)
    return [[names[i] for i in row[counts].tolist()] for row, counts in rows]
