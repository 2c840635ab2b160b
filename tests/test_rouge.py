"""ROUGE against the package rouge-score, and what must hold of any."""

import random
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as some
from rouge_score.rouge_scorer import RougeScorer

from course_lib.rouge import common_length, pieces, rouge_l, rouge_n, words_of
from course_lib.text import tokenize

PROGRAM = RougeScorer(["rouge1", "rouge2", "rouge3", "rougeL"])
texts = some.lists(some.sampled_from([*"abcdeF7é,'-"])).map(" ".join)


@given(texts, texts)
def test_it_is_what_rouge_score_says(summary, reference):
    theirs = PROGRAM.score(reference, summary)
    for n in (1, 2, 3):
        assert rouge_n(summary, reference, n) == pytest.approx(theirs[f"rouge{n}"])
    assert rouge_l(summary, reference) == pytest.approx(theirs["rougeL"])


def test_it_is_so_for_long_texts_and_any_letters():
    chance = random.Random(0)
    every = "The mayor's 3-0 WIN, naïve co-op don't U.S. 1,000 — «oui» 苹果 ß İ"
    words = every.split()
    for _ in range(200):
        a, b = (" ".join(chance.choices(words, k=chance.randint(0, 60))) for _ in "ab")
        theirs = PROGRAM.score(b, a)
        assert rouge_n(a, b, 2) == pytest.approx(theirs["rouge2"])
        assert rouge_l(a, b) == pytest.approx(theirs["rougeL"])


@given(some.lists(some.sampled_from("abc"), max_size=7), some.text("abc", max_size=7))
def test_the_longest_common_sequence_is_that_of_trying_all(ours, theirs):
    def within(part):
        rest = iter(theirs)
        return all(word in rest for word in part)

    sizes = range(len(ours) + 1)
    longest = max(k for k in sizes if any(map(within, combinations(ours, k))))
    assert common_length(ours, theirs) == longest == common_length(theirs, ours)


@given(texts, texts)
def test_f1_does_not_ask_which_one_is_the_reference(one, other):
    there, back = rouge_n(one, other, 1), rouge_n(other, one, 1)
    assert there.f1 == pytest.approx(back.f1)
    assert there.precision == pytest.approx(back.recall)


def test_a_whole_text_has_the_best_recall():
    text, wanted = "a b c d. a x y. c c z.", "c c a x"
    parts = text.split(".")
    assert all(
        rouge_n(part, wanted, 1).recall <= rouge_n(text, wanted, 1).recall
        for part in parts
    )


def test_another_script_needs_another_split():
    text = "苹果发布了新的处理器"
    assert words_of(text) == []
    assert rouge_n(text, text, 1).f1 == 0
    assert rouge_n(text, text, 2, split=tokenize).f1 == 1


def test_no_run_of_no_words():
    with pytest.raises(ValueError, match="n is 0; expected"):
        pieces(["a"], 0)
