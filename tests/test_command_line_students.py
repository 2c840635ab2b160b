"""From a table of one's own to a student, to new texts, to a process without torch."""

import csv
import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from course_lib import records, rows, scale
from course_lib.__main__ import main
from course_lib.splits import prepare
from course_lib.students import Student

ROOT = Path(__file__).parent.parent
WORDS = {"good": "fine joy lovely", "bad": "dull slow awful", "odd": "weird odd dream"}
TEXTS = ["A lovely film, a joy!", "slow and dull", "", "a weird dream " * 100, "schön"]


def write_table(path, count=150):
    """Three classes that a few words tell apart."""
    random = np.random.default_rng(0)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label", "split"])
        for i in range(count):
            label = list(WORDS)[i % 3]
            said = random.choice(WORDS[label].split(), 4)
            split = ("train", "train", "train", "validation", "test")[i // 3 % 5]
            writer.writerow([f"film {i} was {' '.join(said)}", label, split])


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with a table, a record, and the students that a run has saved."""
    folder = tmp_path_factory.mktemp("home")
    write_table(folder / "mine.csv")
    with pytest.MonkeyPatch.context() as patch:
        few = replace(scale.SCALES["smoke"], run_limit=150, run_steps=60)
        patch.setitem(scale.SCALES, "smoke", few)
        patch.setenv("COURSE_SCALE", "smoke")
        patch.chdir(folder)
        command = ["distill", "--data", "mine.csv", "--student", "bag"]
        assert (
            main([*command, "--seeds", "0", "1", "--save", "mine", "--save-all"]) == 0
        )
        assert main(["export", "mine", "--onnx"]) == 0
    return folder


@pytest.fixture
def at_home(home, monkeypatch):
    monkeypatch.chdir(home)
    monkeypatch.setenv("COURSE_SCALE", "smoke")
    return home


def answers(capsys):
    said = capsys.readouterr()
    return list(csv.DictReader(io.StringIO(said.out)))


def test_what_is_saved_is_a_student_and_its_equal(home):
    assert sorted(os.listdir(home)) == ["mine", "mine.csv", "record.json"]
    student, alone = Student.load(home / "mine"), Student.load(home / "mine" / "alone")
    assert student.label_names == alone.label_names == ("bad", "good", "odd")
    assert not np.array_equal(student.logits(TEXTS), alone.logits(TEXTS))
    assert student.predict(TEXTS[:2]) == ["good", "bad"]


def test_the_saved_student_has_the_numbers_of_the_record(home):
    """It is the one of the better seed, and reads the test split as the run did."""
    record = records.read(home / "record.json")
    splits = prepare(str(home / "mine.csv"), scale.SCALES["smoke"], 0)
    student = Student.load(home / "mine")
    said = student.logits(splits.reviews["test"].texts)
    loss = -np.log(
        np.exp(said - said.max(1, keepdims=True))[
            np.arange(len(said)), splits.test.labels
        ]
        / np.exp(said - said.max(1, keepdims=True)).sum(1)
    ).mean()
    known = record["student"]["per_run"]["cross_entropy"]
    assert min(abs(loss - one) for one in known) < 1e-6


def test_the_card_says_how_good_it_is_and_what_nobody_tried(home):
    card = (home / "mine" / "README.md").read_text()
    record = records.read(home / "record.json")
    rows = {key: name for key, name in records.ROWS.items() if key != "int8"}
    assert records.table(record, rows) in card
    for words in (
        "not tested on",
        "## Terms",
        "smoke run",
        "temperature 2",
        "mine.csv",
    ):
        assert words in card
    front = card.split("---")[1]
    assert "pipeline_tag: text-classification" in front


def test_evaluation_gives_the_numbers_of_the_record(at_home, capsys):
    """Of a file with a split column, the test rows; labels are paired by name."""
    assert main(["evaluate", "mine", "--data", "mine.csv"]) == 0
    said = capsys.readouterr().out
    per_run = records.read("record.json")["student"]["per_run"]["accuracy"]
    assert any(f" {100 * score:.2f} [" in said for score in per_run)
    assert "30 texts of mine.csv" in said
    student = Student.load("mine")
    rows = [["odd", "A weird dream"], ["good", "lovely joy"], ["odd", "lovely"]]
    content = "sentiment;review\n" + "".join(f"{k};{text}\n" for k, text in rows)
    Path("few.csv").write_text(content)
    try:
        assert main(["evaluate", "mine", "--data", "few.csv"]) == 0
    finally:
        Path("few.csv").unlink()
    right = [
        k == p
        for (k, _), p in zip(rows, student.predict([t for _, t in rows]), strict=True)
    ]
    assert f" {100 * np.mean(right):.2f} [" in capsys.readouterr().out


def test_texts_come_back_with_labels_and_probabilities(at_home, capsys):
    assert main(["predict", "mine", *TEXTS]) == 0
    given = answers(capsys)
    student = Student.load("mine")
    assert [row["text"] for row in given] == TEXTS
    assert [row["predicted"] for row in given] == student.predict(TEXTS)
    p = np.array(
        [[float(row[f"p({k})"]) for k in student.label_names] for row in given]
    )
    assert np.abs(p - student.predict_proba(TEXTS)).max() <= 5e-7


def write_texts(kind, path):
    if kind == ".jsonl":
        lines = [json.dumps({"review": text, "n": 7}) for text in TEXTS]
        path.write_text("\n".join(lines), encoding="utf-8")
    elif kind == ".parquet":
        import pandas as pd

        pd.DataFrame({"id": range(5), "Text": TEXTS}).to_parquet(path)
    elif kind == ".txt":
        path.write_text("\r\n".join(TEXTS) + "\r\n", encoding="utf-8", newline="")
    else:
        mark = {"semicolon": ";", ".tsv": "\t"}.get(kind, ",")
        with open(path, "w", newline="", encoding="utf-8-sig") as file:
            writer = csv.writer(file, delimiter=mark)
            writer.writerows([["id", "text"], *enumerate(TEXTS)])


@pytest.mark.parametrize(
    "kind", [".csv", "semicolon", ".tsv", ".jsonl", ".parquet", ".txt"]
)
def test_rows_of_a_file_keep_all_that_they_had(kind, at_home, tmp_path, capsys):
    path = tmp_path / f"new{kind if kind.startswith('.') else '.csv'}"
    write_texts(kind, path)
    assert main(["predict", "mine", str(path)]) == 0
    said = Student.load("mine").predict(TEXTS)
    if kind == ".jsonl":
        given = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [row["review"] for row in given] == TEXTS
        assert {row["n"] for row in given} == {7}
        assert all(max(r["probabilities"].values()) <= 1 for r in given)
    else:
        given = answers(capsys)
        text = "Text" if kind == ".parquet" else "text"
        assert [row[text] for row in given] == TEXTS
        if kind != ".txt":
            assert [row["id"] for row in given] == list("01234")
    assert [row["predicted"] for row in given] == said


def test_a_tab_can_be_named_and_a_text_may_be_long(at_home, capsys, tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("n\ttext\n1\t" + "joy " * 50_000 + "\n")  # over csv's own limit
    assert main(["predict", "mine", str(path), "--separator", "tab"]) == 0
    (row,) = answers(capsys)
    assert row["n"] == "1"


def test_the_likeliest_labels_come_first(at_home, capsys):
    assert main(["predict", "mine", "--top-k", "2", *TEXTS]) == 0
    for row in answers(capsys):
        assert row["label_1"] == row["predicted"]
        assert float(row["probability_1"]) >= float(row["probability_2"])
        assert set(row) == {"text", "predicted"} | {
            f"{what}_{k}" for what in ("label", "probability") for k in (1, 2)
        }


def test_onnx_says_the_same(at_home, capsys):
    main(["predict", "mine", *TEXTS])
    ours = answers(capsys)
    assert main(["predict", "mine", "--onnx", *TEXTS]) == 0
    for one, other in zip(ours, answers(capsys), strict=True):
        assert one["predicted"] == other["predicted"]
        assert abs(float(one["p(odd)"]) - float(other["p(odd)"])) < 1e-5


def test_many_rows_are_read_in_parts(at_home, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(rows, "ROWS_AT_ONCE", 3)
    write_texts(".csv", tmp_path / "new.csv")
    assert main(["predict", "mine", str(tmp_path / "new.csv")]) == 0
    assert [row["text"] for row in answers(capsys)] == TEXTS
    few = list(rows.in_parts(("x" * 10, {}) for _ in range(8)))
    assert [len(part) for part in few] == [3, 3, 2]
    monkeypatch.setattr(rows, "CHARACTERS_AT_ONCE", 15)
    few = list(rows.in_parts(("x" * 10, {}) for _ in range(5)))
    assert [len(part) for part in few] == [2, 2, 1]


def test_a_process_without_torch_serves_the_student(at_home):
    """The example of the README, where torch cannot be imported."""
    script = (ROOT / "examples" / "serve_onnx.py").read_text(encoding="utf-8")
    texts = [text for text in TEXTS if text]
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; sys.modules['torch'] = sys.modules['torchtext'] = None\n"
            + script,
            "mine",
        ],
        input="\n".join(texts),
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        check=True,
    )
    student = Student.load("mine")
    for line, p in zip(
        done.stdout.splitlines(), student.predict_proba(texts), strict=True
    ):
        said = json.loads(line.replace("'", '"'))
        assert list(said) == list(student.label_names)
        assert np.abs(np.array(list(said.values())) - p).max() < 1e-5


def test_the_readme_shows_the_example_that_is_tested():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    script = (ROOT / "examples" / "serve_onnx.py").read_text(encoding="utf-8")
    assert script.split('"""', 2)[2].strip() in readme


@pytest.mark.parametrize(
    ("arguments", "content", "words"),
    [
        (["predict", "nowhere", "x"], {}, "there is no folder 'nowhere'"),
        (["predict", "mine", "no.csv"], {}, "no file 'no.csv'"),
        (["predict", "mine", "a.csv"], {"a.csv": "x,y\n1,2\n"}, "--text-column"),
        (["predict", "mine", "a.csv"], {"a.csv": "text,id\n1\n"}, "line 2 of a.csv"),
        (["predict", "mine", "a.csv"], {"a.csv": "text,id\n"}, "has no rows"),
        (
            ["predict", "mine", "a.csv"],
            {"a.csv": "text,id,id\nx,1,2\n"},
            "two columns called 'id'",
        ),
        (
            ["predict", "mine", "a.csv", "--separator", ";;"],
            {"a.csv": "text,id\nx,1\n"},
            "the separator is ';;'",
        ),
        (["predict", "mine", "a.csv"], {"a.csv": "text\n\xff\n"}, "--encoding"),
        (
            ["predict", "mine", "a.csv", "--encoding", "utf-88"],
            {"a.csv": "text\nx\n"},
            "no encoding 'utf-88'",
        ),
        (["predict", "mine", "a.jsonl"], {"a.jsonl": "{\n"}, "line 1 of a.jsonl"),
        (["predict", "mine", "a.jsonl"], {"a.jsonl": "[1]\n"}, "expected {...}"),
        (
            ["predict", "mine", "a.jsonl"],
            {"a.jsonl": '{"text": [7]}\n'},
            "row 1 of a.jsonl has [7]",
        ),
        (
            ["predict", "mine", "a.csv"],
            {"a.csv": "text,predicted\nx,y\n"},
            "has a column 'predicted'|have a column 'predicted'",
        ),
        (["predict", "mine", "a.parquet"], {"a.parquet": "PAR"}, "not a Parquet file"),
        (["predict", "mine", "x", "--top-k", "0"], {}, "'0'"),
        (["predict", "mine/alone", "x", "--onnx"], {}, "course_lib export"),
        (["export", "nowhere"], {}, "there is no folder"),
        (
            ["evaluate", "mine", "--data", "a.csv"],
            {"a.csv": "text,label\nx,good\ny,great\n"},
            "the label 'great'",
        ),
        (
            ["evaluate", "mine", "--data", "a.csv"],
            {"a.csv": "text,labels\nx,good|odd\ny,odd\n"},
            "any number of labels a text",
        ),
        (
            ["evaluate", "mine", "--data", "a.csv"],
            {"a.csv": "text,label,split\nx,good,train\ny,odd,train\n"},
            "no row to test on",
        ),
        (["evaluate", "mine", "--data", "synthetic"], {}, "cannot be compared"),
        (["distill", "--save", "mine.csv"], {}, "mine.csv is a file"),
        (["distill", "--save", "."], {}, "was not written by this command"),
        (["distill", "--save-all"], {}, "--save"),
        (["distill", "--save", "s", "--out", "s/r.json"], {}, "s is no folder"),
        (["distill", "--save", "mine", "--out", "mine/r.json"], {}, "nothing else"),
        (["distill", "--data", "mine.csv", "--out", "mine.csv"], {}, "what is read"),
        (["distill", "--out", "mine.csv"], {}, "left as it is"),
        (["soft-targets", "--out", "mine.csv"], {}, "left as it is"),
        (["distill", "--seeds", "3", "3"], {}, "the seed 3 is given twice"),
        (["distill", "--seeds", str(2**64)], {}, "too large"),
    ],
)
def test_bad_input_is_one_line_and_leaves_everything(
    arguments, content, words, at_home, capsys
):
    before = (at_home / "mine.csv").read_bytes()
    for name, text in content.items():
        Path(name).write_text(text, encoding="latin-1")
    try:
        status = main(arguments)
    except SystemExit as stop:  # argparse found it
        status = stop.code
    finally:
        for name in content:
            Path(name).unlink()
    said = capsys.readouterr()
    assert status == 2, said.err
    lines = [line for line in said.err.splitlines() if not line.startswith("\r")]
    assert len(lines) == 1, said.err
    assert any(part in lines[0] for part in words.split("|")), lines
    assert (at_home / "mine.csv").read_bytes() == before
    assert sorted(os.listdir(at_home)) == ["mine", "mine.csv", "record.json"]
