import numpy as np
import torch

from course_lib.batches import Examples
from course_lib.reviews.table import Reviews
from course_lib.splits import Splits
from course_lib.text import build_vocabulary, encode

TEXTS = {
    "train": ["a good film", "a bad film", "a good plot"],
    "validation": ["a good film", "zebra"],  # one word of four
    "test": ["ein guter Film", "a"],  # two of four: the language has some in common
}


def make_splits(**texts):
    texts = TEXTS | texts
    vocabulary = build_vocabulary(texts["train"], 20)
    examples = {
        name: Examples(encode(part, vocabulary, 9), torch.zeros(len(part)).long())
        for name, part in texts.items()
    }
    names = [f"{i}" for i in range(len(texts["train"]))]
    labels = np.zeros(len(names), dtype=np.int64)
    train = Reviews("own", "train", texts["train"], labels, ("bad", "good"), names)
    reviews = {"train": train}
    return Splits("own", reviews, **examples, vocabulary=vocabulary, max_tokens=9)


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
