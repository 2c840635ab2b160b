"""Names in a text: as spans of words, and as one tag a word.

In BIO, a name's first word has the tag B-PER, its others I-PER, and all else has O. The
B- is what parts two names that stand side by side (Ramshaw and Marcus 1995, in the form
that Tjong Kim Sang and Veenstra 1999 call IOB2).
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

#: A name: its kind, the place of its first word, and the place behind its last.
Span = tuple[str, int, int]


def tag_names(kinds: Iterable[str]) -> list[str]:
    """Return the tags of some kinds of names, O first.

    >>> tag_names(["PER", "LOC"])
    ['O', 'B-PER', 'I-PER', 'B-LOC', 'I-LOC']
    """
    return ["O", *(f"{letter}-{kind}" for kind in kinds for letter in "BI")]


def spans_of(tags: Sequence[str]) -> list[Span]:
    """Return the names that some tags say, in their order.

    Whatever a model says is read: an I- that goes on with nothing begins a name, as in
    the CoNLL tasks' own script and in seqeval.

    >>> spans_of(["B-PER", "I-PER", "O", "B-LOC", "B-LOC"])
    [('PER', 0, 2), ('LOC', 3, 4), ('LOC', 4, 5)]
    >>> spans_of(["O", "I-PER", "I-LOC"])
    [('PER', 1, 2), ('LOC', 2, 3)]
    """
    found: list[Span] = []
    for place, tag in enumerate(tags):
        letter, _, kind = tag.partition("-")
        if letter == "O":
            continue
        if letter == "I" and found and found[-1][::2] == (kind, place):
            found[-1] = (kind, found[-1][1], place + 1)
        else:
            found.append((kind, place, place + 1))
    return found


def tags_of(spans: Iterable[Span], words: int) -> list[str]:
    """Return the tags of a text of so many words: what `spans_of` undoes.

    Raises `ValueError` for names that overlap or stand outside the text.

    >>> tags_of([("PER", 0, 2), ("LOC", 3, 4), ("LOC", 4, 5)], words=6)
    ['B-PER', 'I-PER', 'O', 'B-LOC', 'B-LOC', 'O']
    """
    tags = ["O"] * words
    ordered = sorted(spans, key=lambda span: span[1:])
    for span in ordered:
        if not 0 <= span[1] < span[2] <= words:
            raise ValueError(f"the name {span} does not lie in a text of {words} words")
    for one, other in pairwise(ordered):
        if other[1] < one[2]:
            raise ValueError(f"{one} and {other} overlap, which BIO cannot say")
    for kind, start, stop in ordered:
        tags[start:stop] = [f"B-{kind}"] + [f"I-{kind}"] * (stop - start - 1)
    return tags


def span_counts(
    said: Sequence[Sequence[str]], true: Sequence[Sequence[str]]
) -> NDArray[np.int64]:
    """Return (texts, 3) counts: names found, names said, and names that there are.

    A name is found if its kind and both its ends are right. Raises `ValueError` unless
    each text has as many tags in both.

    >>> span_counts([["B-PER", "O", "B-LOC"]], [["B-PER", "I-PER", "B-LOC"]])
    array([[1, 2, 2]])
    """
    if len(said) != len(true):
        raise ValueError(f"tags of {len(said)} texts against those of {len(true)}")
    rows = []
    for number, (ours, theirs) in enumerate(zip(said, true, strict=True)):
        if len(ours) != len(theirs):
            raise ValueError(
                f"text {number} has {len(theirs)} words and {len(ours)} tags said: "
                "expected one a word"
            )
        found, there = set(spans_of(ours)), set(spans_of(theirs))
        rows.append((len(found & there), len(found), len(there)))
    return np.array(rows, dtype=np.int64).reshape(-1, 3)


def f1_of(counts: NDArray) -> float:
    """Return F1 of the sums of `span_counts`: 2 · found / (said + there), or 0.

    >>> f1_of(np.array([[1, 2, 2], [0, 0, 1]]))
    0.4
    """
    found, said, there = np.asarray(counts).sum(0)
    return float(2 * found / (said + there)) if said + there else 0.0


def span_f1(said: Sequence[Sequence[str]], true: Sequence[Sequence[str]]) -> float:
    """Return F1 over all names of all texts, which is seqeval's `f1_score`.

    >>> span_f1([["B-PER", "O", "B-LOC"]], [["B-PER", "I-PER", "B-LOC"]])
    0.5
    """
    return f1_of(span_counts(said, true))
