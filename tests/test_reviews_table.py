"""The table of reviews, the one call, and the rule against leaks."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.reviews import DataError, Reviews, load
from course_lib.reviews.leaks import PRECEDENCE, normalise, without_leaks


def table(split="train", texts=("a", "b", "c"), labels=None, films=None, **more):
    return Reviews(
        name="mine",
        split=split,
        texts=list(texts),
        labels=labels,
        label_names=("no", "yes"),
        ids=[f"{split}/{row}" for row in range(len(texts))],
        films=films,
        **more,
    )


def test_selected_rows_keep_everything_that_belongs_to_them():
    reviews = table(
        labels=np.array([0, 1, 0]), films=["x", "y", "z"], extra={"stars": np.arange(3)}
    )
    for positions in ([2, 0], np.array([2, 0]), np.array([2, 0], dtype=np.int32)):
        part = reviews.select(positions)
        assert (part.texts, part.ids) == (["c", "a"], ["train/2", "train/0"])
        assert part.films == ["z", "x"]
        assert part.labels.tolist() == [0, 0]
        assert part.extra["stars"].tolist() == [2, 0]
    masked = reviews.select(np.array([False, True, False]))
    assert masked.texts == ["b"]
    assert reviews.select([]).texts == []


def test_one_label_of_many_becomes_a_task_of_two_classes():
    labels = np.array([[1, 0], [0, 1], [1, 1]], dtype=np.float32)
    reviews = table(labels=labels)
    assert reviews.multilabel
    single = reviews.single("yes")
    assert single.label_names == ("not yes", "yes")
    assert single.labels.dtype == np.int64
    assert single.labels.tolist() == [0, 1, 1]
    assert not single.multilabel
    with pytest.raises(DataError, match=r"'maybe'.*no, yes"):
        reviews.single("maybe")
    with pytest.raises(DataError, match="already"):
        single.single("yes")


def test_pandas_sees_names_and_not_numbers():
    one = table(labels=np.array([0, 1, 0]), extra={"stars": np.array([1, 9, 2])})
    frame = one.to_pandas()
    assert frame.columns.tolist() == ["text", "label", "id", "stars"]
    assert frame["label"].tolist() == ["no", "yes", "no"]
    many = table(labels=np.eye(3, 2, dtype=np.float32), films=["x", "y", "z"])
    frame = many.to_pandas()
    assert frame.columns.tolist() == ["text", "no", "yes", "id", "film"]
    assert frame[["no", "yes"]].to_numpy().tolist() == [[1, 0], [0, 1], [0, 0]]
    assert table().to_pandas().columns.tolist() == ["text", "id"]


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(DataError, match="3 texts but 2 labels"):
        table(labels=np.array([0, 1]))
    with pytest.raises(DataError, match="3 label columns but 2"):
        table(labels=np.zeros((3, 3), dtype=np.float32))


def test_labels_that_are_not_known_are_no_numbers():
    unlabelled = table("unlabelled")
    assert unlabelled.labels is None
    for ask in (unlabelled.require_labels, lambda: unlabelled.multilabel):
        with pytest.raises(DataError, match="'mine' has no labels in its unlabelled"):
            ask()
    for derived in (unlabelled.select([0]), unlabelled.single("yes")):
        assert derived.labels is None
    with pytest.raises(DataError, match="'mine' gives labels to its unlabelled split"):
        table("unlabelled", labels=np.array([0, 0, 0]))


@pytest.mark.parametrize("name", ["synthetic", "own"])
@pytest.mark.parametrize("limit", [5, None])
def test_no_data_set_makes_up_labels(name, limit, tmp_path):
    if name == "own":
        name = tmp_path / "own.csv"
        rows = [f"text {i},{'' if i % 3 else i % 2}" for i in range(60)]
        name.write_text("\n".join(["text,label", *rows]))
    unlabelled = load(name, "unlabelled", limit=limit)
    assert unlabelled.labels is None
    assert len(unlabelled) > 4
    assert len(load(name, "train", limit=limit).require_labels()) > 4


def test_unknown_names_and_splits_name_the_known_ones():
    with pytest.raises(
        ValueError, match=r"'imbd'.*synthetic, imdb, imdb-genres, goemo"
    ):
        load("imbd", "train")
    with pytest.raises(ValueError, match=r"'dev'.*train, validation, test, unlabelled"):
        load("synthetic", "dev")
    with pytest.raises(ValueError, match="limit is 0"):
        load("synthetic", "test", limit=0)


@pytest.fixture(scope="module")
def csv(tmp_path_factory):
    """Three classes of 50, 30 and 20 per cent."""
    path = tmp_path_factory.mktemp("own") / "own.csv"
    rows = [f"text {i},{'aaaaabbbcc'[i % 10]},train" for i in range(1000)]
    path.write_text("\n".join(["text,label,split", *rows]))
    return path


def test_a_limit_keeps_the_same_rows_and_the_proportions_of_the_classes(csv):
    part = load(csv, "train", limit=100)
    assert len(part) == 100
    assert Counter(part.labels.tolist()) == {0: 50, 1: 30, 2: 20}
    assert load(csv, "train", limit=100).ids == part.ids
    assert load(csv, "train", limit=40).ids == part.ids[:40]
    assert load(csv, "train", limit=100, seed=1).ids != part.ids
    assert len(load(csv, "train", limit=5000)) == 1000


def test_a_limit_does_not_take_the_rows_in_the_order_of_their_labels(csv):
    first = load(csv, "train", limit=100).labels[:10]
    assert len(set(first.tolist())) == 3


splits = st.fixed_dictionaries(
    {
        split: st.lists(
            st.tuples(st.sampled_from(["a", "A ", "b", "c", "d e", "d  E", ""]), films),
            max_size=8,
        )
        for split, films in dict.fromkeys(PRECEDENCE, st.sampled_from("uvwxyz")).items()
    }
)


@given(splits)
def test_no_text_and_no_film_is_left_in_two_splits(rows):
    tables = {
        split: table(split, [t for t, _ in pairs], films=[f for _, f in pairs])
        for split, pairs in rows.items()
    }
    clean = without_leaks(tables)
    assert list(clean) == list(tables)
    # The published test split is never touched.
    assert clean["test"].texts == tables["test"].texts
    for i, one in enumerate(PRECEDENCE):
        texts = [normalise(text) for text in clean[one].texts]
        if one != "test":
            assert "" not in texts
            assert len(set(texts)) == len(texts)
        for other in PRECEDENCE[i + 1 :]:
            assert not set(texts) & {normalise(text) for text in clean[other].texts}
            assert not set(clean[one].films) & set(clean[other].films)
        gone = len(tables[one]) - len(clean[one])
        assert gone == sum(int(note.split(" of ")[0]) for note in clean[one].notes)


def test_the_notes_say_what_was_left_out_and_why():
    clean = without_leaks(
        {
            "test": table("test", ["seen", "seen"], films=["x", "y"]),
            "train": table(
                "train",
                ["Seen", "new", "new  ", "other", ""],
                films=["u", "u", "u", "x", "v"],
            ),
        }
    )
    assert clean["train"].texts == ["new"]
    assert clean["train"].ids == ["train/1"]
    assert sorted(clean["train"].notes) == [
        "1 of 5 left out: the film is in test too",
        "1 of 5 left out: the text is empty",
        "1 of 5 left out: the text is in test too",
        "1 of 5 left out: the text is repeated",
    ]
