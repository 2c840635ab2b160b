"""Checks for the exercises of the chapter on summaries."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course_lib.checks import check
from course_lib.checks.expect import Slips, call, require, same
from course_lib.reviews.made_news import made_stories
from course_lib.rouge import common_length, pieces
from course_lib.summaries import greedy_oracle, lead, rouge_table, sentences_of


@check("Right: shared runs of words, over the mean of what both have.")
def shared(function: Callable[[list[str], list[str], int], Any]) -> None:
    """F1 of ROUGE-n between two lists of words.

    >>> shared(lambda a, b, n: 0.0)
    ❌ For the cat sat, there the cat lay and n = 1 you returned 0; expected 0.5714.
    """
    for summary, reference, n in (
        ("the cat sat", "there the cat lay", 1),
        ("the cat sat", "there the cat lay", 2),
        ("the the the cat", "the cat the dog", 1),
        ("a rose is a rose is a rose", "a rose is a rose", 2),
        ("it rained", "nobody came", 1),
        ("rain", "rain", 2),
        ("one two three four five", "three four five six", 3),
    ):
        a, b = summary.split(), reference.split()
        ours, theirs = pieces(a, n), pieces(b, n)
        found, said, wanted = (ours & theirs).total(), ours.total(), theirs.total()
        kinds = set(ours) & set(theirs)
        often = sum(count for piece, count in ours.items() if piece in theirs)
        truth = 2 * found / (said + wanted) if found else 0.0
        slips: Slips = {
            "That is the recall: look at what you said, too.": found / max(wanted, 1),
            "That is the precision: look at what was wanted, too.": (
                found / max(said, 1)
            ),
            "Twice what is shared, over both.": truth / 2,
            "A word counts as often as both have it, and not only once.": (
                2 * len(kinds) / max(said + wanted, 1),
                2 * len(kinds) / max(len(ours) + len(theirs), 1),
            ),
            "A word counts no more often than both have it.": (
                2 * often / max(said + wanted, 1)
            ),
        }
        value = call(function, a, b, n)
        same(value, truth, f"{summary}, {reference} and n = {n}", slips)


@check("Right: the longest sequence that both have, in order, with gaps.")
def common(function: Callable[[list[str], list[str]], Any]) -> None:
    """The length of the longest common subsequence of two lists of words.

    >>> common(common_length)
    ✅ Right: the longest sequence that both have, in order, with gaps.
    >>> common(lambda a, b: len(set(a) & set(b)))
    ❌ For the cat sat there and there the cat lay you returned 3; expected 2. In the
    same order: "there" cannot stand before and behind.
    """
    for summary, reference in (
        ("the cat sat there", "there the cat lay"),
        ("a x b y c", "a b c"),
        ("x a b c", "a b c x"),
        ("a b c", "c b a"),
        ("a a a b", "b a a"),
        ("b a c b d", "a b c d"),
        ("x y", "a b"),
        ("a", "b a c a"),
    ):
        a, b = summary.split(), reference.split()
        truth = common_length(a, b)
        run = max(
            (
                k
                for k in range(len(a) + 1)
                for i in range(len(a) - k + 1)
                if any(a[i : i + k] == b[j : j + k] for j in range(len(b) - k + 1))
            ),
            default=0,
        )
        slips: Slips = {
            'In the same order: "there" cannot stand before and behind.': (
                len(set(a) & set(b)),
                (pieces(a, 1) & pieces(b, 1)).total(),
            ),
            "Gaps are allowed: it need not be one run of words.": run,
            "A word that does not match ends nothing: leave it out, here or there.": (
                sum(x == y for x, y in zip(a, b, strict=False))
            ),
            "To take the first match is not always the best.": _first_match(a, b),
        }
        same(call(function, a, b), truth, f"{summary} and {reference}", slips)


#: Points of ROUGE-1 that a chooser has to be ahead of the first three sentences.
AHEAD = 0.04
MOST = 3


@check("Right: it reads, and does not only count places.")
def choose(
    function: Callable[[list[list[str]], list[list[int]]], Any],
) -> None:
    """A chooser of sentences that learns from stories and an oracle's choices.

    `function` takes lists of sentences, and lists of the places that were taken; it
    returns one that takes sentences and returns at most three places.

    >>> choose(lambda texts, taken: lead)
    ❌ For 40 stories to learn from and 60 new ones, ROUGE-1 is +0.0 points from the
    first three sentences; expected 4 or more ahead. ...
    """
    old = made_stories(40, split="train", seed=5)
    new = made_stories(60, split="test", seed=5)
    texts = [sentences_of(story.text) for story in old]
    taken = [
        greedy_oracle(parts, story.summary)
        for parts, story in zip(texts, old, strict=True)
    ]
    given = f"For {len(old)} stories to learn from and {len(new)} new ones"
    chooser = call(function, texts, taken)
    require(
        callable(chooser),
        f"{given}, you returned {type(chooser).__name__}; expected a function.",
    )
    unread = [sentences_of(story.text) for story in new]
    said = [_places(call(chooser, list(parts)), len(parts), given) for parts in unread]
    first = [lead(parts, MOST) for parts in unread]
    summaries = [story.summary for story in new]
    ours, theirs = (rouge_table(summaries, unread, x)[:, 0] for x in (said, first))
    gain = ours - theirs
    require(
        gain.mean() >= AHEAD,
        f"{given}, ROUGE-1 is {100 * gain.mean():+.1f} points from the first three "
        f"sentences; expected {100 * AHEAD:.0f} or more ahead. A linear model on a "
        "sentence's words will do.",
    )


def _places(value: Any, count: int, given: str) -> list[int]:
    """Return what a chooser chose of `count` sentences, in order, if it may."""
    fits = isinstance(value, Sequence | np.ndarray) and all(
        isinstance(i, int | np.integer) and 0 <= i < count for i in value
    )
    places = sorted({int(i) for i in value}) if fits else []
    require(
        fits and len(value) == len(places) <= MOST,
        f"{given}, you chose {value!r} of {count} sentences; expected at most {MOST} "
        f"places from 0 to {count - 1}, each once.",
    )
    return places


def _first_match(a: Sequence[str], b: Sequence[str]) -> int:
    """Take each word at its first match behind the last: too greedy."""
    behind = found = 0
    for word in a:
        if word in b[behind:]:
            behind = b.index(word, behind) + 1
            found += 1
    return found
