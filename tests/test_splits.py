from dataclasses import replace

import numpy as np

from course_lib.models import NgramTable, Recipe
from course_lib.recipes import new_model
from course_lib.reviews.table import Reviews
from course_lib.splits import numbered_in_words

TEXTS = {
    "train": ["a good film", "a bad film", "a good plot"],
    "validation": ["a good film", "zebra"],  # one word of four
    "test": ["ein guter Film", "a"],  # two of four: the language has some in common
}


def make_splits(**texts):
    parts = {
        name: Reviews(
            "own",
            name,
            part,
            np.zeros(len(part), dtype=np.int64),
            ("bad", "good"),
            [f"{i}" for i in range(len(part))],
        )
        for name, part in (TEXTS | texts).items()
    }
    return numbered_in_words("own", parts, 20, max_tokens=9)


def test_a_split_of_unknown_words_is_named():
    assert make_splits().notes == ()
    foreign = make_splits(test=["ein guter Film", "ein anderer", "a"])
    assert foreign.notes == (
        "67% of the words in test are unknown: none of the 7 that were learnt from "
        "train",
    )
    nothing = make_splits(validation=["", "?!"], test=["這部電影"])
    assert [note[:35] for note in nothing.notes] == [
        "100% of the words in validation are",
        "100% of the words in test are unkno",
    ]


def test_a_language_without_spaces_is_known():
    texts = ["这部电影很好看", "不好看"]
    assert make_splits(train=texts, validation=texts, test=["好电影"]).notes == ()


def test_ngrams_are_counted_once_for_each_size_of_table(monkeypatch):
    """And a second model of a size has the same, but none of the first one's memory."""
    counted = []
    choose = NgramTable.choose
    monkeypatch.setattr(
        NgramTable, "choose", lambda self, texts: counted.append(choose(self, texts))
    )
    splits = make_splits()

    def marks(places):
        sizes = {"places": places, "embedding_size": 2, "hidden_size": 2}
        model = new_model(Recipe("NgramLSTM", sizes, 1e-3), splits, seed=len(counted))
        return model.ngrams.marks

    one, other, larger = marks(64), marks(64), marks(128)
    assert len(counted) == 2
    assert one.equal(other) and (one >= 0).any() and len(larger) == 128
    assert one.data_ptr() != other.data_ptr()
    one.data.fill_(-1)
    assert marks(64).equal(other)


def test_texts_that_are_cut_shorter_have_ngrams_of_their_own():
    """`dataclasses.replace` copies what was counted; n-grams are of texts as cut."""
    whole = make_splits(train=["a good film", "a bad film", "a film too good"])
    recipe = Recipe(
        "NgramLSTM", {"places": 64, "embedding_size": 2, "hidden_size": 2}, 1e-3
    )
    marks = new_model(recipe, whole, seed=0).ngrams.marks
    short = replace(whole, max_tokens=1)
    cut = new_model(recipe, short, seed=0).ngrams.marks
    assert (cut >= 0).sum() < (marks >= 0).sum()
    assert new_model(recipe, whole, seed=0).ngrams.marks.equal(marks)
