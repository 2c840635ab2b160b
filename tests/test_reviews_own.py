"""Reviews of one's own: what is understood, and what is refused with a reason."""

import json

import numpy as np
import pandas as pd
import pytest

from course_lib.reviews import DataError, load
from course_lib.reviews.leaks import normalise

SPLIT = ("train", "validation", "test")


@pytest.fixture
def write(tmp_path):
    def write(content, name="own.csv", encoding="utf-8"):
        path = tmp_path / name
        if isinstance(content, pd.DataFrame):
            content.to_parquet(path)
        else:
            path.write_text(content, encoding=encoding, newline="")
        return path

    return write


ONE_EACH = """text,label,split
"A quiet film, and a good one",good,train
"Dull,
on two lines",bad,train
Fine,good,dev
Poor,bad,test
Unseen,,train
"""


def test_one_label_each(write):
    path = write(ONE_EACH)
    train = load(path, "train")
    assert train.texts == ["A quiet film, and a good one", "Dull,\non two lines"]
    assert train.label_names == ("bad", "good")
    assert train.labels.dtype == np.int64
    assert train.labels.tolist() == [1, 0]
    assert train.ids == ["own/0", "own/1"]
    assert load(path, "validation").texts == ["Fine"]
    assert load(path, "test").labels.tolist() == [0]
    unlabelled = load(path, "unlabelled")
    assert (unlabelled.texts, unlabelled.labels) == (["Unseen"], None)
    # A string will do as well as a path: it is what the command line has.
    assert load(str(path), "train").ids == train.ids


def test_the_same_table_in_every_format(write):
    rows = [
        {"review": "good", "labels": "warm|slow", "split": "train", "film": "x"},
        {"review": "bad", "labels": "slow", "split": "train", "film": "y"},
        {"review": "so-so", "labels": None, "split": "train", "film": "y"},
    ]
    frame = pd.DataFrame(rows)
    lines = "\n".join(json.dumps(row) for row in rows)
    lists = frame.assign(labels=[["warm", "slow"], ["slow"], None])
    for path in (
        write(frame.to_csv(index=False), "a.csv"),
        write(frame.to_csv(index=False), "marked.csv", "utf-8-sig"),
        write(frame.to_csv(index=False).replace("|", " ; "), "b.csv"),
        write(lines + "\n\n", "c.jsonl"),
        write(lines.replace('"warm|slow"', '["warm", "slow"]'), "d.jsonl"),
        write(frame, "e.parquet"),
        write(lists, "f.parquet"),
    ):
        train = load(path, "train")
        assert train.texts == ["good", "bad"]
        assert train.label_names == ("slow", "warm")
        assert train.labels.dtype == np.float32
        assert train.labels.tolist() == [[1, 1], [1, 0]]
        assert train.films == ["x", "y"]


def test_columns_of_zero_and_one(write):
    path = write(
        "text,dark,funny,stars,split\na,1,0,7,train\nb,0,0,2,train\nc,,,5,train\n"
    )
    train = load(path, "train")
    assert train.label_names == ("dark", "funny")
    assert train.labels.tolist() == [[1, 0], [0, 0]]
    assert load(path, "unlabelled").texts == ["c"]
    truth = pd.DataFrame({"text": ["a", "b"], "x": [True, False], "y": [1.0, 1.0]})
    truth["split"] = "train"
    assert load(write(truth, "t.parquet"), "train").labels.tolist() == [[1, 1], [0, 1]]


def test_numbers_are_classes_in_their_order(write):
    lines = [
        json.dumps({"text": f"t{i}", "label": [10, 2, 1.0][i], "split": "train"})
        for i in range(3)
    ]
    train = load(write("\n".join(lines), "n.jsonl"), "train")
    assert train.label_names == ("1", "2", "10")
    assert train.labels.tolist() == [2, 1, 0]


def many(count, film=False):
    """Rows in pairs with the same text, in another case; or with a film each."""
    rows = ["text,label,film" if film else "text,label"]
    for row in range(count):
        label = "ab"[row % 3 == 0]
        if film:
            rows.append(f"review {row},{label},film {row % 90}")
        else:
            rows.append(f"{'Rr'[row % 2]}eview {row // 2},{label}")
    return "\n".join(rows)


def test_rows_are_dealt_by_their_text_and_always_the_same_way(write):
    path = write(many(2000))
    parts = {split: load(path, split) for split in SPLIT}
    sizes = {split: len(part) for split, part in parts.items()}
    assert 700 < sizes["train"] < 900
    assert 70 < sizes["validation"] < 130
    texts = {split: {normalise(t) for t in part.texts} for split, part in parts.items()}
    assert sum(map(len, texts.values())) == len(set.union(*texts.values())) == 1000
    # More rows move none of those that were there.
    longer = load(write(many(3000), "longer.csv"), "test")
    assert set(parts["test"].texts) <= set(longer.texts)


def test_rows_are_dealt_by_their_film_where_it_is_known(write):
    path = write(many(2000, film=True))
    films = [set(load(path, split).films) for split in SPLIT]
    assert sum(map(len, films)) == len(set.union(*films)) == 90


def test_given_splits_are_kept_but_for_what_leaks(write):
    path = write(
        "text,label,split\nA,x,train\na ,y,test\nb,y,train\nc,x,train\nB,y,train\n"
        ",x,train\n"
    )
    train = load(path, "train")
    assert train.texts == ["b", "c"]
    assert sorted(train.notes) == [
        "1 of 4 left out: the text is in test too",
        "1 of 4 left out: the text is repeated",
        "1 of 6 left out: the text is empty",
    ]


def test_a_label_that_cannot_be_learnt_is_noted(write):
    path = write("text,label,split\na,x,train\nb,y,train\nc,z,test\n")
    assert "no row to train on has the label z" in load(path, "test").notes


@pytest.mark.parametrize(
    "content, message",
    [
        ("words,label\na,x\n", "text or review, and has neither; its columns: words"),
        ("text,review,label\na,b,x\n", "has text and review"),
        ("text,stars\na,3\nb,4\n", "columns of 0 and 1: none"),
        ("text,positive\na,1\nb,0\n", "columns of 0 and 1: positive"),
        ("text,label,labels\na,x,y\n", "both a label and a labels column"),
        ("text,label\na,x\nb,x\n", "1 different values in 2 rows"),
        ("text,labels\na,x|y\nb,x;y\n", r"uses both \| and ;"),
        ("text,labels\na,\nb,\n", "empty in every row"),
        ("text,label,split\na,x,train\nb,y,tset\n", "row 2 .* the split 'tset'"),
        ("text,label,split\na,x,train\nb,y,test\nc,,test\n", "row 3 .* no label"),
        ("text,label,id\na,x,1\nb,y,1\n", "id '1' 2 times"),
        ("text,label\na,x,3\nb,y\n", "line 2 .* 3 fields; the header has 2"),
        ('text,label\na,"x\nb,y\n', "line .* end of data"),
        ("text,text\na,x\n", "two columns called 'text'"),
        ("text,label\n", "no rows"),
        ("", "no rows"),
        ("text,label,split\na,x,train\nb,y,train\n", "no rows for test"),
        ("text,x,y\na,1,0\nb,1,\n", "row 2 .* no value for 'y'"),
        ("text,x,y\n" + "a,1,0\n" * 20 + "b,2,1\n", "row 21 .* '2' in the column 'x'"),
        (
            "text,label\n" + "".join(f"a,{i}\n" for i in range(30)),
            "30 different values",
        ),
    ],
)
def test_what_cannot_be_understood_is_refused_with_the_reason(write, content, message):
    with pytest.raises(DataError, match=message):
        load(write(content), "test")


@pytest.mark.parametrize(
    "content, name, message",
    [
        ('{"text": "a", "label": "x"}\n{"text": ', "a.jsonl", "line 2 .* is not JSON"),
        ('{"text": "a"}\n["b"]', "a.jsonl", "line 2 .*expected {...}"),
        ("PAR1 but not really", "a.parquet", "is not a Parquet file"),
    ],
)
def test_broken_files_of_other_kinds_are_refused(write, content, name, message):
    with pytest.raises(DataError, match=message):
        load(write(content, name), "test")


def test_a_missing_file_and_an_unknown_kind(tmp_path):
    with pytest.raises(DataError, match=r"no file '.*own.csv'"):
        load(tmp_path / "own.csv", "train")
    with pytest.raises(ValueError, match=r"own.xlsx.*\.csv, \.tsv, \.jsonl, \.parquet"):
        load(tmp_path / "own.xlsx", "train")


def test_a_split_that_gets_no_rows_says_why_and_what_to_do(write):
    repeated = "text,label\n" + "the same,a\nThe same,b\n" * 100
    with pytest.raises(DataError, match=r"dealt by their text.*add rows.*a column spl"):
        load(write(repeated), "test")
    one_film = "text,label,film\n" + "".join(f"t{i},{i % 2},x\n" for i in range(99))
    with pytest.raises(DataError, match=r"dealt by their film.*other films"):
        load(write(one_film), "test")
    leaks = "text,label,split\na,x,train\nb,y,test\nB,y,validation\n"
    with pytest.raises(
        DataError, match=r"validation: 1 of 1 .*the text is in test too"
    ):
        load(write(leaks), "validation")
    given = "text,label,split\na,x,train\nb,y,train\n"
    with pytest.raises(DataError, match=r"split column gives train 2, validation 0"):
        load(write(given), "test")
    with pytest.raises(DataError, match="each has a label"):
        load(write(given), "unlabelled")
