"""Tables as people have them: separators, encodings, compression, column names."""

import bz2
import csv
import gzip
import lzma
import threading
import zipfile

import pytest

from course_lib.reviews import DataError, load
from course_lib.scale import SCALES
from course_lib.splits import prepare

CSV = 'text,label,split\n"Good, yes",caf\u00e9,train\n"""Bad"", he said",no,train\n'
TEXTS = ["Good, yes", '"Bad", he said']
SEMICOLONS = CSV.replace(",", ";").replace("Good;", "Good,").replace('""; he', '"", he')


@pytest.fixture
def write(tmp_path):
    def write(content, name="own.csv", encoding="utf-8"):
        path = tmp_path / name
        if isinstance(content, str):
            content = content.encode(encoding)
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize(
    "content, name, encoding, notes",
    [
        (CSV, "own.csv", "utf-8", ()),
        (CSV, "own.CSV", "utf-8-sig", ()),
        (CSV.replace("\n", "\r\n"), "own.csv", "utf-8", ()),
        (CSV.replace("\n", "\r"), "own.csv", "utf-8", ()),
        ("\n" + CSV.replace("\n", "\n\n"), "own.csv", "utf-8", ()),
        (CSV.replace(",label,", ", label, "), "own.csv", "utf-8", ()),
        (SEMICOLONS, "own.csv", "utf-8", ("read as semicolon-separated",)),
        ("sep=;\r\n" + SEMICOLONS, "own.csv", "utf-8", ()),
        ("SEP=,\n" + CSV, "own.csv", "utf-8-sig", ()),
        (SEMICOLONS.replace(";", "\t"), "own.tsv", "utf-8", ()),
        (
            SEMICOLONS.replace(";", "\t"),
            "own.csv",
            "utf-8",
            ("read as tab-separated",),
        ),
        (CSV, "own.tsv", "utf-8", ("read as comma-separated",)),
        (CSV, "own.csv", "utf-16", ("read as UTF-16",)),
        (CSV, "own.csv", "utf-32", ("read as UTF-32",)),
        (CSV, "own.csv", "windows-1252", ("not UTF-8: read as Windows-1252",)),
        (
            SEMICOLONS,
            "own.csv",
            "windows-1252",
            ("not UTF-8: read as Windows-1252", "read as semicolon-separated"),
        ),
    ],
)
def test_a_table_is_read_as_it_comes_and_what_is_guessed_is_said(
    write, content, name, encoding, notes
):
    reviews = load(write(content, name, encoding), "train")
    assert reviews.texts == TEXTS
    assert reviews.label_names == ("caf\u00e9", "no")
    assert reviews.notes == notes
    assert reviews.ids == ["own/0", "own/1"]


def test_compressed_tables_are_read(write, tmp_path):
    for suffix, pack in [
        (".csv.gz", gzip.compress),
        (".csv.BZ2", bz2.compress),
        (".csv.xz", lzma.compress),
    ]:
        reviews = load(write(pack(CSV.encode()), f"own{suffix}"), "train")
        assert (reviews.texts, reviews.ids) == (TEXTS, ["own/0", "own/1"])
    lines = b'{"text": "a", "label": "x", "split": "train"}\n'
    lines += lines.replace(b'"a"', b'"b"').replace(b'"x"', b'"y"')
    assert len(load(write(gzip.compress(lines, mtime=0), "own.jsonl.gz"), "train")) == 2
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("__MACOSX/._own.csv", "")
        packed.writestr("README.txt", "")
        packed.writestr("data/own.csv", CSV)
    assert load(archive, "train").texts == TEXTS
    with zipfile.ZipFile(archive, "a") as packed:
        packed.writestr("data/other.csv", CSV)
    with pytest.raises(DataError, match=r"2 tables \(data/own.csv, data/other.csv\)"):
        load(archive, "train")


def test_the_best_known_copy_of_imdb_is_read_as_it_is(write):
    rows = [
        f'"Film {i}, it was<br />""so""",{["positive", "negative"][i % 2]}'
        for i in range(90)
    ]
    path = write("\n".join(["review,sentiment", *rows]), "IMDB Dataset.csv")
    train = load(path, "train")
    assert train.label_names == ("negative", "positive")
    assert '<br />"so"' in train.texts[0]
    assert train.notes == ("labels read from the column 'sentiment'",)
    assert all(len(load(path, split)) for split in ("validation", "test"))


def test_columns_may_be_called_otherwise(write):
    path = write("Sentence;Label;Split;Tags\na b;x;train;p|q\nc d;y;Train;q\n")
    train = load(path, "train")
    assert (train.texts, train.label_names) == (["a b", "c d"], ("x", "y"))
    assert "texts read from the column 'Sentence'" in train.notes
    # What is named is not guessed.
    named = load(path, "train", text_column="tags", label_column="Sentence")
    assert (named.texts, named.label_names) == (["p|q", "q"], ("a b", "c d"))
    # A column with several labels in a cell has several labels a row.
    tags = load(path, "train", label_column="Tags")
    assert tags.label_names == ("p", "q")
    assert tags.labels.tolist() == [[1, 1], [0, 1]]


def test_an_index_that_pandas_wrote_is_no_column_of_labels(write):
    path = write(",text,x,y,split\n0,a,1,0,train\n1,b,0,0,train\n")
    assert load(path, "train").label_names == ("x", "y")


def test_separator_and_encoding_may_be_given(write):
    path = write(
        "text|label|split\n\u0445\u043e\u0440\u043e\u0448\u043e|x|train\nb|y|train\n",
        encoding="cp1251",
    )
    with pytest.raises(DataError, match=r"not UTF-8.*or name its encoding"):
        load(path, "train")
    options = {"separator": "|", "encoding": "cp1251"}
    train = load(path, "train", **options)
    assert train.texts == ["\u0445\u043e\u0440\u043e\u0448\u043e", "b"]
    assert train.notes == ()
    tabs = write("text\tlabel\tsplit\na\tx\ttrain\nb\ty\ttrain\n", "tabs.csv")
    for mark in ("tab", "\\t", "\t"):
        assert len(load(tabs, "train", separator=mark)) == 2


def test_tabs_without_quoting(write):
    rows = ['"So" they say\tx\ttrain', '"two\ty\ttrain', 'three"\ty\ttrain']
    content = "\n".join(["text\tlabel\tsplit", *rows])
    train = load(write(content, "glue.tsv"), "train")
    assert train.texts == ['"So" they say', '"two', 'three"']
    assert train.notes == ("quotes read as part of the texts",)
    # As pandas writes it: a line break needs the quotes.
    content = 'text\tlabel\tsplit\n"one\nand ""two"""\tx\ttrain\nb\ty\ttrain\n'
    assert load(write(content, "own.tsv"), "train").texts[0] == 'one\nand "two"'


def test_a_text_of_any_length_and_the_limit_of_csv_is_as_before(write):
    before = csv.field_size_limit()
    long = "word " * 40_000
    path = write(f"text,label,split\n{long},x,train\nb,y,train\n")
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(load(path, "train").texts[0]))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [long.strip()] * 4
    assert csv.field_size_limit() == before


@pytest.mark.parametrize(
    "content, name, options, message",
    [
        ("a|b\nx|y\n", "o.csv", {}, r"its columns: a\|b;.*--separator"),
        ("text;label\na;x\nb\n", "o.csv", {}, "line 3 .* 1 fields.*another separator"),
        ("sep=;\ntext;label\na;x\nb\n", "o.csv", {}, "line 4 "),
        ('text,label\n"a"b,x\n', "o.csv", {}, "line 2 .* ',' as the separator"),
        ("text,review,label\na,b,x\n", "o.csv", {}, "--text-column"),
        ("text,Text,label\na,b,x\n", "o.csv", {}, "has text and Text"),
        ("text,sentiment,class\na,b,x\n", "o.csv", {}, "--label-column"),
        (CSV, "o.csv", {"text_column": "body"}, "no text column 'body'; its columns"),
        (CSV, "o.csv", {"label_column": "mood"}, "no label column 'mood'"),
        (CSV, "o.csv", {"text_column": "label", "label_column": "label"}, "both"),
        (CSV, "o.csv", {"separator": ";;"}, "expected one character"),
        (CSV, "o.csv", {"encoding": "utf-99"}, "no encoding 'utf-99'"),
        (CSV, "o.csv", {"encoding": "ascii"}, "not ascii.*another encoding"),
        (CSV, "o.csv", {"encoding": "hex"}, "no encoding 'hex'"),
        (CSV.encode("utf-16-le"), "o.csv", {}, "looks like UTF-16.*encoding"),
        (b"\xff\xfet", "o.csv", {}, "not utf-16"),
        (CSV.encode()[:-1] + b"\xff", "o.csv", {}, r"not UTF-8.*name its encoding"),
        (gzip.compress(b"text", mtime=0), "o.csv", {}, r"compressed.*\.gz"),
        (b"text", "o.csv.gz", {}, "cannot be read"),
        (gzip.compress(CSV.encode(), mtime=0)[:-9], "o.csv.gz", {}, "cannot be read"),
        (b"PK\x03\x04", "o.csv", {}, "a spreadsheet"),
        (b"PK\x03\x04", "o.zip", {}, "cannot be read"),
        (b"PAR1", "o.csv", {}, r"Parquet.*\.parquet"),
        ("{}", "o.jsonl", {"separator": ";"}, "no separator"),
        ("[" * 100_000, "o.jsonl", {}, "line 1 .* is not JSON"),
        ('{"text": ' + "1" * 5000 + "}", "o.jsonl", {}, "row|JSON|label"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_likely_cause(
    write, content, name, options, message
):
    with pytest.raises(DataError, match=message):
        load(write(content, name), "train", **options)


def test_options_of_tables_are_refused_for_the_built_in_sets():
    for name in ("synthetic", "imdb"):
        with pytest.raises(ValueError, match=f"separator.*of your own.*{name}"):
            load(name, "train", separator=";")


def test_the_options_reach_the_table_when_all_splits_are_prepared(write):
    rows = [f"text {i}|{'xy'[i % 2]}" for i in range(60)]
    path = write("\n".join(["body|mood", *rows]))
    splits = prepare(
        str(path),
        SCALES["smoke"],
        seed=0,
        text_column="body",
        label_column="mood",
        separator="|",
    )
    assert splits.label_names == ("x", "y")
