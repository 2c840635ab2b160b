"""One rule for cells: the same table means the same, whatever file it is in."""

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course_lib.reviews import DataError, Reviews, load
from course_lib.reviews.own.labels import Labels

SPLITS = ("train", "validation", "test", "unlabelled")


def files(frame, folder):
    """The frame in every format, as pandas writes it."""
    frame.to_csv(folder / "own.csv", index=False)
    frame.to_csv(folder / "own.tsv", index=False, sep="\t")
    frame.to_csv(folder / "own.csv.gz", index=False, sep=";")
    frame.to_json(folder / "own.jsonl", orient="records", lines=True)
    frame.to_parquet(folder / "own.parquet")
    names = ("own.csv", "own.tsv", "own.csv.gz", "own.jsonl", "own.parquet")
    return [folder / name for name in names]


def content(reviews):
    labels = None if reviews.labels is None else reviews.labels.tolist()
    notes = [note for note in reviews.notes if not note.startswith("read as")]
    return reviews.texts, labels, reviews.label_names, reviews.ids, reviews.films, notes


GAP = float("nan")
# What a frame of these columns means: names, and the labels of its rows in order.
MEANINGS = {
    "numbers": ({"label": [0, 1, 1]}, ("0", "1"), [0, 1, 1]),
    "numbers with a gap": ({"label": [0, 1, GAP]}, ("0", "1"), [0, 1, None]),
    "truth": ({"label": [True, False, None]}, ("False", "True"), [1, 0, None]),
    "fractions": ({"label": [0.5, 10.0, 2.0]}, ("0.5", "2", "10"), [0, 2, 1]),
    "float32": (
        {"label": np.array([0.5, 3, 2], np.float32)},
        ("0.5", "2", "3"),
        [0, 2, 1],
    ),
    "nullable": (
        {"label": pd.array([3, None, 1], "Int64")},
        ("1", "3"),
        [1, None, 0],
    ),
    "categories": (
        {"label": pd.Categorical(["x", "y", None])},
        ("x", "y"),
        [0, 1, None],
    ),
    "two spellings": ({"label": ["1", "1.0", "2"]}, ("1", "2"), [0, 0, 1]),
    "codes": ({"label": ["01", "02", "01"]}, ("01", "02"), [0, 1, 0]),
    "no label": ({"label": [0, 1, -1]}, ("0", "1"), [0, 1, None]),
    "no label in torch": ({"label": [0, -100, 1]}, ("0", "1"), [0, None, 1]),
    "signs": ({"label": [-1, 1, -1]}, ("-1", "1"), [0, 1, 0]),
    "a scale": ({"label": [-2, -1, 0]}, ("-2", "-1", "0"), [0, 1, 2]),
    "nan as text": ({"label": ["a", "b", "nan"]}, ("a", "b"), [0, 1, None]),
    "NA": ({"label": ["a", "<NA>", "b"]}, ("a", "b"), [0, None, 1]),
    "0/1": ({"x": [1, 0, 0], "y": [1, 0, 1]}, ("x", "y"), [[1, 1], [0, 0], [0, 1]]),
    "0/1 with a gap": (
        {"x": [1, 0, GAP], "y": [1, 0, GAP]},
        ("x", "y"),
        [[1, 1], [0, 0], None],
    ),
    "0/1 and -1": (
        {"x": [1, 0, -1], "y": [1, 0, -1]},
        ("x", "y"),
        [[1, 1], [0, 0], None],
    ),
    "true and false": (
        {"x": [True, False, None], "y": [True, True, None]},
        ("x", "y"),
        [[1, 1], [0, 1], None],
    ),
    "names between bars": (
        {"labels": ["a|b", "b", None]},
        ("a", "b"),
        [[1, 1], [0, 1], None],
    ),
    "names between commas": (
        {"labels": ["a, b", "b", None]},
        ("a", "b"),
        [[1, 1], [0, 1], None],
    ),
    "lists of names": (
        {"labels": [["a", "b, c"], [], None]},
        ("a", "b, c"),
        [[1, 1], [0, 0], None],
    ),
    "lists of numbers": (
        {"labels": [[3, 10], [10], [-1]]},
        ("3", "10"),
        [[1, 1], [0, 1], None],
    ),
    "lists of 0 and 1": (
        {"labels": [[1, 0, 0], [0, 1, 1], [0, 0, 0]]},
        ("0", "1", "2"),
        [[1, 0, 0], [0, 1, 1], [0, 0, 0]],
    ),
    "lists of 0.0 and 1.0": (
        {"labels": [[1.0, 0.0], [-1.0, -1.0], [0.0, 0.0]]},
        ("0", "1"),
        [[1, 0], None, [0, 0]],
    ),
    "arrays of 0 and 1": (
        {"labels": [np.array([1, 0, 0]), np.array([0, 1, 1]), np.zeros(3, int)]},
        ("0", "1", "2"),
        [[1, 0, 0], [0, 1, 1], [0, 0, 0]],
    ),
    "arrays of names": (
        {"labels": [np.array(["a", "b"], object), np.array(["b"], object), None]},
        ("a", "b"),
        [[1, 1], [0, 1], None],
    ),
}


@pytest.mark.parametrize("case", MEANINGS)
def test_a_frame_means_the_same_in_every_format(case, tmp_path):
    columns, names, labels = MEANINGS[case]
    frame = pd.DataFrame({"text": ["r0", "r1", "r2"], **columns})
    frame["split"] = "train"
    kept = [row for row in range(3) if labels[row] is not None]
    for path in files(frame, tmp_path):
        train = load(path, "train")
        assert train.label_names == names, path
        assert train.labels.tolist() == [labels[row] for row in kept]
        assert train.texts == [f"r{row}" for row in kept]
        if len(kept) < 3:
            (gap,) = set(range(3)) - set(kept)
            assert load(path, "unlabelled").texts == [f"r{gap}"]
        assert content(train) == content(load(tmp_path / "own.csv", "train"))


def test_a_row_without_labels_has_no_number():
    for rows, single in (([["x"], None], True), ([["x", "y"], None], False)):
        labels = Labels(rows, ("x", "y"), notes=[], single=single)
        assert len(labels.to_array([0])) == 1
        with pytest.raises(ValueError, match="1 of 2 have no labels"):
            labels.to_array([0, 1])


@pytest.mark.parametrize(
    "column, cells, note",
    [
        ("label", [0, 1, -1], "'-1' read as no label, in 1 of 3 rows"),
        ("label", ["x", "None", "y"], "'None' read as no label, in 1 of 3 rows"),
        ("label", [1, -1, 1], "-1 is a class, not the mark of a missing label"),
        ("label", ["Good", "bad", "good"], "labels that are spelt alike: 'Good', 'g"),
        ("labels", ["a,b", "a", "b"], "split at commas: the column 'labels'"),
        ("labels", [[1, 0], [0, 1], [1, 1]], "a label for each place, called 0 to 1"),
        ("sentiment", ["x", "y", "y"], "labels read from the column 'sentiment'"),
    ],
)
def test_what_is_not_taken_literally_is_said(column, cells, note, tmp_path):
    frame = pd.DataFrame({"text": list("abc"), column: cells, "split": "train"})
    for path in files(frame, tmp_path):
        assert note in "; ".join(load(path, "train").notes)


def test_what_stands_for_no_text_is_no_text(tmp_path):
    frame = pd.DataFrame({"text": ["a", "b", None, "nan"], "label": list("xyxy")})
    frame["film"] = ["f", "nan", "nan", "f"]
    frame["split"] = "train"
    for path in files(frame, tmp_path):
        train = load(path, "train")
        assert train.texts == ["a", "b"]
        assert train.films == ["f", ""]
        assert "2 of 4 left out: the text is empty" in train.notes


@pytest.mark.parametrize(
    "columns, message",
    [
        ({"label": ["a|b", "a", "b"]}, r"row 1 .* 'a\|b' .*'label'; .*column labels"),
        ({"label": ["a", "a;b", "b"]}, r"row 2 .* 'a;b' .*'label'; .*column labels"),
        ({"label": ["a", "a, b", "b"]}, r"row 2 .* 'a, b' .*'label'"),
        ({"label": [["a"], ["b"], ["a", "b"]]}, r"row 1 .*'label'; .*column labels"),
        ({"label": ["01", "1", "2"]}, r"'label' .* number 1 as '01', '1'"),
        ({"labels": ["01|a", "1", "b"]}, r"'labels' .* number 1 as '01', '1'"),
        ({"labels": [[1, 0], [0, 0, 1], [1]]}, r"row 2 .*equally long"),
        ({"labels": [[1, 0], [0, 0], []]}, r"row 2 .*equally long"),
        (
            {"labels": [[0.2, 0.8], [0.5, 0.5], [0.9, 0.1]]},
            r"row 1 .*expected names, or",
        ),
        ({"labels": ["0.2|0.8", "1|0", "0|1"]}, "row 1 .*expected names, or"),
        ({"labels": ["[a b]", "x", "y"]}, r"row 1 .*looks like a list"),
        ({"x": [1, 0, 1], "y": [1, -1, 0]}, "row 2 .* no value for 'y'"),
    ],
)
def test_what_may_mean_two_things_is_refused_alike_in_every_format(
    columns, message, tmp_path
):
    frame = pd.DataFrame({"text": list("abc"), **columns, "split": "train"})
    for path in files(frame, tmp_path):
        with pytest.raises(DataError, match=message):
            load(path, "train")


def test_what_is_no_text_is_never_made_into_one(tmp_path):
    path = tmp_path / "own.parquet"
    good = {"text": ["a", "b"], "label": ["x", "y"], "split": "train", "film": "f"}
    for odd in (b"x", [1], {"a": 1}, date(2024, 1, 1)):
        for column in ("text", "label", "split", "film"):
            frame = pd.DataFrame(good)
            frame[column] = [None, odd]
            frame.to_parquet(path)
            with pytest.raises(DataError, match=f"row [12] .*column '{column}'"):
                load(path, "train")
    line = json.dumps(good | {"text": {"body": "a"}, "label": "x"})
    path = tmp_path / "own.jsonl"
    path.write_text(line)
    with pytest.raises(DataError, match=r"row 1 .*'body'.*column 'text'; expected"):
        load(path, "train")


def test_half_a_character_is_replaced(tmp_path):
    path = tmp_path / "own.jsonl"
    lines = ['{"text": "a \\ud83d", "label": "x\\udc00", "split": "train"}']
    lines += ['{"text": "\\ud83d\\ude00", "label": "y", "split": "train"}']
    path.write_text("\n".join(lines))
    train = load(path, "train")
    assert train.texts == ["a \ufffd", "\U0001f600"]
    assert train.label_names == ("x\ufffd", "y")


@pytest.mark.parametrize(
    "cell, names",
    [
        ("[1, 0]", ("1", "0")),
        ("['a', 'it\\'s']", ("a", "it's")),
        ("['a' 'b c']", ("a", "b c")),
        ("['a'\n 'b']", ("a", "b")),
        ('["a", "\\u00e9"]', ("a", "\u00e9")),
        ("('a',)", ("a",)),
        ("{'a', 'b'}", ("a", "b")),
        ("[np.str_('a'), np.str_('b')]", ("a", "b")),
        ("[np.int64(3), np.int64(5)]", ("3", "5")),
    ],
)
def test_lists_are_read_however_a_program_wrote_them(cell, names, tmp_path):
    frame = pd.DataFrame({"text": ["a", "b"], "labels": [cell, "z"], "split": "train"})
    frame.to_csv(tmp_path / "own.csv", index=False)
    assert set(load(tmp_path / "own.csv", "train").label_names) == {*names, "z"}


# ---------------------------------------------------------------- anything at all

numbers = st.one_of(st.integers(-2, 3), st.floats(width=32), st.booleans(), st.none())
words = st.sampled_from(
    ["a", "b", "a|b", "a;b", "1", "1.0", "01", "1e99", "-1", "nan", "NA", "", " ", "["]
)
odd = st.sampled_from(["\x00", "é", "[1, 0]", "['a']", "[1, [2]]", '"', ",", "\ud800"])
scalars = st.one_of(numbers, words, odd, st.text(max_size=5))
cells = st.one_of(scalars, st.lists(scalars, max_size=3), st.dictionaries(words, words))
names = ["label", "labels", "class", "x", "y", "film", "id", "Text", ""]


@st.composite
def tables(draw):
    """Rows with texts and often a split, whose columns have cells of one kind each."""
    columns = {"text": draw(st.sampled_from([st.text(max_size=5), words, cells]))}
    for name in draw(
        st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True)
    ):
        columns[name] = draw(st.sampled_from([numbers, words, scalars, cells]))
    if draw(st.booleans()):
        columns["split"] = draw(st.sampled_from([st.just("train"), words]))
    return draw(st.lists(st.fixed_dictionaries(columns), max_size=6))


def reviews_or_refusal(path):
    """What each split is; nothing but `DataError` may be raised."""
    found = []
    for split in SPLITS:
        try:
            found.append(content(load(path, split)))
        except DataError as error:
            found.append(str(error).replace(str(path), "own"))
    return found


anything = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@anything
@given(tables())
def test_any_rows_are_read_or_refused(tmp_path, rows):
    path = tmp_path / "own.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    reviews_or_refusal(path)


@anything
@given(st.binary(max_size=60), st.sampled_from(["csv", "tsv", "jsonl", "parquet"]))
def test_any_bytes_are_read_or_refused(tmp_path, content, kind):
    heads = {"jsonl": b'{"text": "a", "label": "', "parquet": b"PAR1"}
    for head in (b"", heads.get(kind, b"text,label\n")):
        for packed in ("", ".gz", ".zip"):
            path = tmp_path / f"own.{kind}{packed}"
            path.write_bytes(head + content)
            reviews_or_refusal(path)


@anything
@given(tables())
def test_any_frame_is_the_same_or_refused_in_csv_and_json_lines(tmp_path, rows):
    # Of the same text, that is: CSV has no other cells.
    text = [{k: v for k, v in row.items() if k and isinstance(v, str)} for row in rows]
    text = [row for row in text if row and "\x00" not in "".join(row.values())]
    text = [row for row in text if "\ud800" not in "".join(row.values())]
    header = list(dict.fromkeys(name for row in text for name in row))
    frame = pd.DataFrame(text, columns=header, dtype=object).fillna("")
    if not len(frame):
        return
    frame.to_csv(tmp_path / "own.csv", index=False)
    lines = (json.dumps(row) for row in frame.to_dict("records"))
    (tmp_path / "own.jsonl").write_text("\n".join(lines))
    in_csv, in_lines = map(
        reviews_or_refusal, (tmp_path / "own.csv", tmp_path / "own.jsonl")
    )
    assert in_csv == in_lines


def test_what_was_read_is_written_and_read_again(tmp_path):
    labels = np.array([[1, 0], [0, 0], [1, 1]], dtype=np.float32)
    texts = ["a", 'b, "c"', "d\ne"]
    before = Reviews("own", "train", texts, labels, ("x", "y"), ["1", "2", "3"])
    for path in files(before.to_pandas().assign(split="train"), tmp_path):
        after = load(path, "train")
        assert (after.texts, after.ids) == (before.texts, before.ids)
        assert after.labels.tolist() == labels.tolist()
