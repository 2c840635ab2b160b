"""Sentences, and which of them make a summary."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from course_lib.reviews.made_news import made_stories, written_stories
from course_lib.rouge import rouge_n
from course_lib.summaries import (
    best_oracle,
    best_scored,
    greedy_oracle,
    joined,
    labels_of,
    lead,
    sentences_of,
)

MILL = [
    "The mill burned down.",
    "Two men were hurt.",
    "A mill burned down and two men fled.",
]
WANTED = "The mill burned down and two men were hurt."


def worth(parts, places, reference):
    said = joined(parts, places)
    return sum(rouge_n(said, reference, n).f1 for n in (1, 2)) / 2


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("One. Two! Three? Four.", 4),
        ("Dr. Lang met Mr. P. Hale. They ate.", 2),
        ('"Stop!" He did. (So did I.) 7 left.', 4),
        ("At 3.30 p.m. it rained, e.g. on us.", 1),
        ("The U.S. Senate sat. Nobody came.", 2),
        ("At 5 p.m. It rained.", 1),  # wrong, as its docstring says
        ("A line\nand another\n\n", 2),
        ("第一句。第二句！", 2),
        ("no mark at the end", 1),
    ],
)
def test_sentences(text, count):
    found = sentences_of(text)
    assert len(found) == count
    assert "".join("".join(found).split()) == "".join(text.split())  # nothing lost


def test_sentences_of_made_stories_are_those_that_were_put_together():
    for story in made_stories(80, split="test"):
        parts = sentences_of(story.text)
        assert len(parts) in (10, 11)
        assert all(part[-1] in '.!?"' for part in parts)


def test_greed_is_not_always_best():
    greedy, best = greedy_oracle(MILL, WANTED), best_oracle(MILL, WANTED)
    assert greedy == [1, 2] and best == [0, 1]
    assert worth(MILL, greedy, WANTED) < worth(MILL, best, WANTED)


words = some.lists(some.sampled_from("abcde"), min_size=1, max_size=6).map(" ".join)


@settings(max_examples=60)
@given(some.lists(words, min_size=2, max_size=5), some.integers(1, 3), some.data())
def test_the_oracles_are_what_they_say(parts, most, data):
    size = sum(len(part.split()) for part in parts)
    wanted = " ".join(
        data.draw(some.lists(some.sampled_from("abcde"), min_size=1, max_size=size))
    )
    best = best_oracle(parts, wanted, most)
    every = [c for k in range(most + 1) for c in combinations(range(len(parts)), k)]
    highest = max(worth(parts, c, wanted) for c in every)
    assert worth(parts, best, wanted) == pytest.approx(highest)
    greedy = greedy_oracle(parts, wanted, most)
    assert len(greedy) <= most and greedy == sorted(set(greedy))
    assert worth(parts, greedy, wanted) <= highest + 1e-9
    single = max((worth(parts, [i], wanted) for i in range(len(parts))), default=0)
    assert worth(parts, greedy, wanted) >= single - 1e-9


def test_the_best_scored_in_the_order_of_the_text():
    assert best_scored([3, 1, 2, 5], 2) == [0, 3]
    assert best_scored([1.0, 1.0, 1.0], 2) == [0, 1]
    assert best_scored([0.5], 3) == [0]
    assert lead(["a"], 3) == [0]
    with pytest.raises(ValueError, match="expected a number a sentence"):
        best_scored([0.1, np.nan])


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        (lambda: sentences_of(" \n "), "has no sentence"),
        (lambda: greedy_oracle([], "It rained."), "no sentence"),
        (lambda: lead([]), "no sentence"),
        (lambda: best_scored([]), "no sentence"),
        (lambda: greedy_oracle(["It rained."], "It rained all day."), "4 words"),
        (lambda: best_oracle(["It rained."], "!?"), "no word"),
        (lambda: greedy_oracle(["It rained."], "Rain.", 0), "most is 0"),
        (lambda: labels_of([3], 3), "sentence 3 is taken, and there are 3"),
    ],
)
def test_bad_input_is_named_in_one_line(attempt, said):
    with pytest.raises(ValueError, match=said) as error:
        attempt()
    assert "\n" not in str(error.value)


def test_lead_is_strong_and_the_oracle_is_ahead_as_in_real_news():
    for stories in (made_stories(60, split="test"), written_stories()):
        pairs = [(sentences_of(s.text), s.summary) for s in stories]
        first, last, best = (
            np.mean([worth(p, choose(p, s), s) for p, s in pairs])
            for choose in (
                lambda p, s: lead(p),
                lambda p, s: range(len(p) - 3, len(p)),
                greedy_oracle,
            )
        )
        assert last < first < best
