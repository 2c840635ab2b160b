"""What can be said in a synthetic review: sentence patterns, words, typing errors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from course_lib.reviews.synthetic import lexicon

SLOT = re.compile(r"(\{[^}]*\})")
MARKS = ".,;:!?"  # stand at the end of words and mean nothing

Words = tuple[str, ...]


@dataclass(frozen=True)
class Pattern:
    """One sentence pattern.

    `kind` says how to find the opinion: "+" in {x}, "-" in {x} turned round, "*" in {y}
    (and not in {z}), "pair" in {x} and {y}, one for each topic, "?" in an ambiguous
    {x}; empty if there is none. `pieces` are its words and slots in turn.
    """

    kind: str
    weight: int
    pieces: Words


def patterns(text: str, kind: str = "") -> tuple[Pattern, ...]:
    """Read one pattern a line, all of one kind.

    >>> patterns("what {a}{x} {t}", "+")[0].pieces
    ('what ', '{a}', '', '{x}', ' ', '{t}', '')
    """
    lines = filter(None, text.splitlines())
    return tuple(Pattern(kind, 1, tuple(SLOT.split(line))) for line in lines)


def weighted_patterns(text: str) -> tuple[Pattern, ...]:
    """Read `kind weight pattern` lines."""
    rows = (line.split(" ", 2) for line in text.splitlines() if line)
    return tuple(Pattern(k, int(weight), tuple(SLOT.split(t))) for k, weight, t in rows)


@dataclass(frozen=True)
class Grammar:
    """A language of reviews. Topic 0 is the verdict, the others are the aspects."""

    labels: Words
    clear: tuple[Pattern, ...]
    pairs: tuple[Pattern, ...]
    unclear: tuple[Pattern, ...]
    openings: tuple[Pattern, ...]
    filler: tuple[Pattern, ...]
    asides: tuple[Pattern, ...]
    leads: tuple[Pattern, ...]
    topic_nouns: tuple[Words, ...]  # by topic; * marks a plural, ^ one with an article
    nouns: dict[str, Words]  # by slot
    pan: Words
    praise: Words
    special: tuple[
        tuple[Words, Words], ...
    ]  # by topic: its own words of pan and praise
    ambiguous: tuple[tuple[str, int, int], ...]  # word, weight under praise, under pan

    @property
    def sentences(self) -> Iterator[Pattern]:
        """Every pattern that makes a sentence of its own."""
        for group in (self.clear, self.pairs, self.unclear, self.openings, self.filler):
            yield from group

    @cached_property
    def forms(self) -> tuple[tuple[dict[str, str], ...], ...]:
        """For each topic, its nouns, each with the words that agree with it."""
        return tuple(tuple(map(_agreeing, nouns)) for nouns in self.topic_nouns)

    @cached_property
    def said_of(self) -> tuple[tuple[Words, Words], ...]:
        """For each topic, the words that pan it and those that praise it."""
        return tuple(
            (self.pan + 3 * pan, self.praise + 3 * praise)
            for pan, praise in self.special
        )

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Every word of the language, in lower case."""
        words = {word for nouns in self.nouns.values() for word in nouns}
        words |= {
            word for forms in self.forms for form in forms for word in form.values()
        }
        words |= {word for pools in self.said_of for pool in pools for word in pool}
        words |= {word for word, _, _ in self.ambiguous}
        for pattern in (*self.sentences, *self.asides, *self.leads):
            words |= {word for piece in pattern.pieces[::2] for word in piece.split()}
        return frozenset(word.strip(MARKS).lower() for word in words)

    @cached_property
    def typos(self) -> dict[str, Words]:
        """Word -> its misspellings, none of which is a word or belongs to two words."""
        owners: dict[str, list[str]] = {}
        for word in sorted(self.vocabulary):
            if len(word) >= 5 and word.isalpha():
                for form in _misspellings(word):
                    owners.setdefault(form, []).append(word)
        mine: dict[str, list[str]] = {}
        for form, words in sorted(owners.items()):
            if len(words) == 1 and form not in self.vocabulary:
                mine.setdefault(words[0], []).append(form)
        return {word: tuple(forms) for word, forms in mine.items()}


def _agreeing(noun: str) -> dict[str, str]:
    plural = noun.endswith("*")
    return {
        "{t}": noun.rstrip("*^"),
        "{a}": "a " if noun.endswith("^") else "",
        "{is}": "are" if plural else "is",
        "{was}": "were" if plural else "was",
        "{it}": "they" if plural else "it",
        "{them}": "them" if plural else "it",
    }


def _misspellings(word: str) -> set[str]:
    """Two letters swapped, one dropped or one doubled, never at either end."""
    inner = range(1, len(word) - 1)
    swapped = {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in inner[:-1]}
    dropped = {word[:i] + word[i + 1 :] for i in inner}
    doubled = {word[:i] + word[i] + word[i:] for i in inner}
    return (swapped | dropped | doubled) - {word}


def _special(words: str) -> tuple[Words, Words]:
    praise, pan = words.split("/")
    return tuple(pan.split()), tuple(praise.split())


@lru_cache(maxsize=1)
def standard() -> Grammar:
    """The language of the default data set."""
    return Grammar(
        labels=tuple(lexicon.TOPICS),
        clear=weighted_patterns(lexicon.CLEAR),
        pairs=patterns(lexicon.PAIRS, "pair"),
        unclear=patterns(lexicon.UNCLEAR, "?"),
        openings=patterns(lexicon.OPENINGS),
        filler=patterns(lexicon.FILLER),
        asides=patterns(lexicon.ASIDES),
        leads=patterns(lexicon.LEADS),
        topic_nouns=tuple(tuple(nouns.split()) for nouns in lexicon.TOPICS.values()),
        nouns={slot: tuple(words.split()) for slot, words in lexicon.NOUNS.items()},
        pan=tuple(lexicon.PAN.split()),
        praise=tuple(lexicon.PRAISE.split()),
        special=tuple(_special(lexicon.SPECIAL[topic]) for topic in lexicon.TOPICS),
        ambiguous=lexicon.AMBIGUOUS,
    )
