"""Texts → sentences, and which of them make a summary.

An extractive summary is some of a text's own sentences. Which ones were best, against a
summary that somebody wrote, an oracle can say afterwards. Its answer, a yes or no for
each sentence, is what scorers learn from (Nallapati et al. 2017).
"""

import re
from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.rouge import Split, pieces, rouge_l, rouge_n, score, words_of

#: What `rouge_table` has a column of; the first is the one that counts.
ROUGE = ("rouge_1", "rouge_2", "rouge_l")

#: Words whose full stop ends no sentence. There are more.
_SHORT = (
    "mr mrs ms dr prof st no vs etc jr sr rev gen col capt lt sen rep gov "
    "jan feb mar apr jun jul aug sep sept oct nov dec"
)
SHORT = set(_SHORT.split())
_END = re.compile(r"""(?<=[.!?])["'”’)\]]*\s+(?=["'“‘(\[]*[A-Z0-9])|(?<=[。！？])""")


def sentences_of(text: str) -> list[str]:
    """Cut a text into sentences, by a plain rule.

    A sentence ends with its line; and at . ! or ? where a space and a capital or a
    number follow, unless the word before is in `SHORT` or made of single letters. So
    "the U.S. Senate" stays whole, and "at 5 p.m. It rained." does, too: no rule is
    right everywhere. Raises `ValueError` for a text without any.

    >>> sentences_of('Dr. Lang left. "Gone?" asked a nurse. It was 3.30 p.m.')
    ['Dr. Lang left.', '"Gone?" asked a nurse.', 'It was 3.30 p.m.']
    """
    found: list[str] = []
    for line in text.splitlines():
        start = 0
        for end in _END.finditer(line):
            before = line[start : end.start()]
            last = before.split()[-1].strip("\"'“‘([").rstrip(".").lower()
            letters = last != "i" and re.fullmatch(r"(?:[a-z]\.)*[a-z]", last)
            if before.endswith(".") and (last in SHORT or letters):
                continue
            found.append(line[start : end.end()].strip())
            start = end.end()
        found.append(line[start:].strip())
    found = [sentence for sentence in found if sentence]
    if not found:
        raise ValueError(f"the text {text[:40]!r} has no sentence; give one with words")
    return found


def lead(sentences: Sequence[str], most: int = 3) -> list[int]:
    """Return the places of the first sentences: the rival that every scorer has.

    >>> lead(["a", "b", "c", "d"])
    [0, 1, 2]
    """
    return list(range(min(most, _size(sentences, most))))


def best_scored(scores: ArrayLike, most: int = 3) -> list[int]:
    """Return the places of the highest scores, in the order of the text.

    Of equal scores the earlier sentence is taken. Raises `ValueError` for a score that
    is no number.

    >>> best_scored([0.1, 2.0, -1.0, 0.7, 0.7], most=2)
    [1, 3]
    """
    values = np.asarray(scores, dtype=float)
    _size(values, most)
    if not np.isfinite(values).all():
        raise ValueError(f"the scores are {values}; expected a number a sentence")
    return sorted(np.argsort(-values, kind="stable")[:most].tolist())


def greedy_oracle(
    sentences: Sequence[str], summary: str, most: int = 3, split: Split = words_of
) -> list[int]:
    """Return which sentences to take if the summary is known, one after the other.

    Each time the sentence that raises the mean of ROUGE-1 and ROUGE-2 F1 most, until
    none does or `most` are taken: the labels of Liu and Lapata (2019). Returns places
    in the order of the text, maybe none. Raises `ValueError` for an empty text or
    summary, and for a summary that is longer than the text.

    >>> text = ["It rained.", "A barn burned down on Monday.", "Nobody was hurt."]
    >>> greedy_oracle(text, "Nobody hurt as barn burned down")
    [1, 2]
    """
    parts, reference = _parts(sentences, summary, most, split)
    taken: list[int] = []
    best = 0.0
    while len(taken) < most:
        rest = [i for i in range(len(parts)) if i not in taken]
        scored = [(_worth(parts, [*taken, i], reference), -i) for i in rest]
        highest, place = max(scored, default=(0.0, 0))
        if highest <= best:
            break
        best = highest
        taken.append(-place)
    return sorted(taken)


def best_oracle(
    sentences: Sequence[str], summary: str, most: int = 3, split: Split = words_of
) -> list[int]:
    """Return the best `most` sentences or fewer, by trying all: for short texts.

    >>> text = ["a b c d", "a b x y", "c d z w"]
    >>> best_oracle(text, "a b x y c d z w", 2), greedy_oracle(text, "a b c d", 1)
    ([1, 2], [0])
    """
    parts, reference = _parts(sentences, summary, most, split)
    every: list[tuple[int, ...]] = [
        c for k in range(most + 1) for c in combinations(range(len(parts)), k)
    ]
    worth = [_worth(parts, c, reference) for c in every]
    return list(every[int(np.argmax(worth))])  # of equal ones the shortest, earliest


def labels_of(places: Sequence[int], count: int) -> list[int]:
    """Return a 1 for each sentence that is taken, and a 0 for the others.

    >>> labels_of([0, 2], 4)
    [1, 0, 1, 0]
    """
    outside = [place for place in places if not 0 <= place < count]
    if outside:
        raise ValueError(f"sentence {outside[0]} is taken, and there are {count}")
    return [int(i in set(places)) for i in range(count)]


def joined(sentences: Sequence[str], places: Sequence[int]) -> str:
    """Return the summary that some sentences make, one a line.

    >>> joined(["One.", "Two.", "Three."], [0, 2])
    'One.\\nThree.'
    """
    return "\n".join(sentences[i] for i in places)


def rouge_table(
    summaries: Sequence[str],
    sentences: Sequence[Sequence[str]],
    places: Sequence[Sequence[int]],
) -> NDArray[np.float64]:
    """Return (stories, 3): ROUGE-1, 2 and L, F1 of the sentences that were taken.

    Raises `ValueError` unless there are sentences and places for each summary.

    >>> rouge_table(["A barn burned."], [["A barn burned.", "It rained."]], [[0]])
    array([[1., 1., 1.]])
    """
    if not len(summaries) == len(sentences) == len(places):
        raise ValueError(
            f"there are {len(summaries)} summaries, sentences of {len(sentences)} and "
            f"choices of {len(places)}; expected one of each a story"
        )
    rows = []
    for summary, parts, taken in zip(summaries, sentences, places, strict=True):
        said = joined(parts, taken)
        scores = [rouge_n(said, summary, n) for n in (1, 2)]
        rows.append([s.f1 for s in (*scores, rouge_l(said, summary))])
    return np.array(rows)


def _size(sentences: Sequence[str] | np.ndarray, most: int) -> int:
    if most < 1:
        raise ValueError(f"most is {most}; expected at least 1 sentence")
    if len(sentences) == 0:
        raise ValueError("the text has no sentence, so there is none to take")
    return len(sentences)


def _parts(
    sentences: Sequence[str], summary: str, most: int, split: Split
) -> tuple[list[list[str]], list[str]]:
    _size(sentences, most)
    parts, reference = [list(split(s)) for s in sentences], list(split(summary))
    words = sum(map(len, parts))
    if not reference:
        raise ValueError(f"the summary {summary[:40]!r} has no word to compare with")
    if len(reference) > words:
        raise ValueError(
            f"the summary has {len(reference)} words and its text {words}; expected a "
            "summary that is shorter: have they changed places?"
        )
    return parts, reference


def _worth(
    parts: list[list[str]], places: Sequence[int], reference: list[str]
) -> float:
    words = [word for i in sorted(places) for word in parts[i]]
    total = 0.0
    for n in (1, 2):
        ours, theirs = pieces(words, n), pieces(reference, n)
        total += score((ours & theirs).total(), ours.total(), theirs.total()).f1
    return total / 2
