"""ROUGE: how much of a summary's wording another one shares (Lin 2004).

Of two texts, the words or pairs of words are counted that both have; or the longest
sequence of words that comes up in both in the same order. That number over the length
of the summary is a precision, over that of the reference a recall. Nothing of it reads:
synonyms are strangers, and a sentence that says the opposite may score high.

As in the package rouge-score, without its stemmer: words are runs of a to z and 0 to 9
in lower case. Of a text in another script nothing is left; give your own `split` then,
such as `course_lib.text.tokenize`.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

Split = Callable[[str], Sequence[str]]


class Score(NamedTuple):
    """Shares from 0 to 1; `f1` is the harmonic mean of the other two."""

    precision: float
    recall: float
    f1: float


def words_of(text: str) -> list[str]:
    """Return the words of a text as rouge-score sees them.

    >>> words_of("The club's 3-0 win: unreal!")
    ['the', 'club', 's', '3', '0', 'win', 'unreal']
    """
    return re.findall("[a-z0-9]+", text.lower())


def score(shared: int, said: int, wanted: int) -> Score:
    """Return the score of so many things shared, said by one and wanted by the other.

    >>> score(shared=2, said=4, wanted=2)
    Score(precision=0.5, recall=1.0, f1=0.666...)
    """
    if not shared:
        return Score(0.0, 0.0, 0.0)
    return Score(shared / said, shared / wanted, 2 * shared / (said + wanted))


def pieces(words: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    """Count the runs of n words.

    >>> pieces(["a", "rose", "is", "a", "rose"], 2)
    Counter({('a', 'rose'): 2, ('rose', 'is'): 1, ('is', 'a'): 1})
    """
    if n < 1:
        raise ValueError(f"n is {n}; expected runs of at least 1 word")
    return Counter(zip(*(words[i:] for i in range(n)), strict=False))


def rouge_n(summary: str, reference: str, n: int, split: Split = words_of) -> Score:
    """Return ROUGE-n: a run of n words counts as often as both texts have it.

    >>> rouge_n("the cat sat", "the cat lay there", n=1)
    Score(precision=0.666..., recall=0.5, f1=0.571...)
    """
    ours, theirs = pieces(split(summary), n), pieces(split(reference), n)
    return score((ours & theirs).total(), ours.total(), theirs.total())


def common_length(ours: Sequence[str], theirs: Sequence[str]) -> int:
    """Return how long the longest sequence is that both have, in order, with gaps.

    Row by row: with the word at hand, the best is one more than without it in both, if
    both have it; otherwise the better one of leaving it out here or there.

    >>> common_length("the cat sat there".split(), "there the cat lay".split())
    2
    """
    above = [0] * (len(theirs) + 1)
    for word in ours:
        row = [0]
        for place, other in enumerate(theirs):
            same = above[place] + 1 if word == other else 0
            row.append(max(same, above[place + 1], row[place]))
        above = row
    return above[-1]


def rouge_l(summary: str, reference: str, split: Split = words_of) -> Score:
    """Return ROUGE-L over two texts as they stand: the longest common sequence.

    Ends of sentences are not looked at. The papers on CNN/DailyMail report a mean over
    sentences, `rougeLsum` in rouge-score, which is another number.

    >>> rouge_l("the cat sat", "there the cat lay").f1
    0.571...
    """
    ours, theirs = split(summary), split(reference)
    return score(common_length(ours, theirs), len(ours), len(theirs))
