"""How a command ends that is stopped, or has no place for its result: in one line."""

import io
import os
import signal
import subprocess
import sys
import time
from argparse import Namespace
from pathlib import Path

import pytest
import torch
from forked import Forked
from test_command_line_runs import as_a_command

from course_lib import records
from course_lib.__main__ import main
from course_lib.commands.distill import give
from course_lib.distill import Students
from course_lib.files import WriteError
from course_lib.models import STUDENTS
from course_lib.students import Student
from course_lib.text import build_vocabulary

pytestmark = pytest.mark.commands


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with an untrained student in it, and a record of it."""
    home = tmp_path_factory.mktemp("home")
    torch.manual_seed(0)
    words = build_vocabulary(["a good film", "a dull film"], 20)
    model = STUDENTS["bag"].build(len(words), 2)
    student = Student(model, STUDENTS["bag"], words, 32, ("bad", "good"), False)
    student.save(home / "mine", card="")
    return home


@pytest.mark.parametrize(
    ("number", "status", "words"),
    [(signal.SIGINT, 130, "stopped by Ctrl-C"), (signal.SIGTERM, 143, "asked to end")],
)
def test_a_run_that_is_stopped_says_what_is_kept(number, status, words, tmp_path):
    command = ["distill", "--checkpoint", "runs", "--out", "r.json", "--save", "s"]
    started = Forked(as_a_command, tmp_path, *command)
    place = tmp_path / "runs" / "checkpoints"
    while not any(place.glob("*.safetensors")) and started.process.is_alive():
        time.sleep(0.01)
    os.kill(started.process.pid, number)
    ended, out, err = started.end()
    assert ended == status, err
    last = err.splitlines()[-1]
    assert last.startswith("distill: ") and words in last
    assert "checkpoints are in runs: the same command goes on" in last
    assert "Traceback" not in err
    assert out == ""
    assert os.listdir(tmp_path) == ["runs"]
    assert not list(tmp_path.rglob("*.part"))


def test_a_reader_that_has_read_enough_is_no_error(folder):
    """As in `predict … | head -n 1`, with more rows than a pipe holds."""
    table = "text\n" + "a good film\n" * 5_000
    (folder / "many.csv").write_text(table)
    done = subprocess.run(
        f'"{sys.executable}" -m course_lib predict mine many.csv | head -n 1; '
        "echo ${PIPESTATUS[0]}",
        cwd=folder,
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "text,predicted,p(bad),p(good)\n0\n"
    assert "rror" not in done.stderr


def test_a_code_page_that_lacks_a_sign_costs_no_result(folder, monkeypatch):
    monkeypatch.chdir(folder)
    page = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", page)
    assert main(["predict", "mine", "schön – gut"]) == 0
    said = page.buffer.getvalue().decode("ascii")
    assert r"sch\xf6n \u2013 gut" in said


@pytest.fixture
def result(folder):
    from test_records import make_record

    student = Student.load(folder / "mine")
    more = {
        "teacher_model": "lstm",
        "temperature": 2.0,
        "alpha": 0.5,
        "epochs": 3,
        "batch_size": 32,
        "notes": [],
    }
    record = make_record() | more
    for row in records.ROWS:
        metrics = record[row]["metrics"]
        record[row]["per_run"] = {name: [value] for name, value in metrics.items()}
    return record, Students(0, student, student, 0.9)


def test_a_result_without_a_place_is_shown_and_kept_elsewhere(
    result, tmp_path, monkeypatch, capsys
):
    """The folder went away while the models were trained."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(elsewhere))
    gone = tmp_path / "gone"
    options = Namespace(out=gone / "r.json", save=gone / "s", save_all=False)
    with pytest.raises(WriteError) as error:
        give(options, *result)
    assert records.table(result[0]) in capsys.readouterr().out
    for place in ("r.json", "s"):
        assert f"could not write {gone / place}" in str(error.value)
        assert f"written to {elsewhere / place}-kept" in str(error.value)
    assert records.read(elsewhere / "r.json-kept") == result[0]
    assert Student.load(elsewhere / "s-kept").label_names == ("bad", "good")


def test_nothing_is_said_to_be_kept_that_is_not(result, tmp_path, monkeypatch, capsys):
    nowhere = tmp_path / "nowhere"
    monkeypatch.setattr("tempfile.tempdir", str(nowhere))
    options = Namespace(out=nowhere / "r.json", save=None, save_all=False)
    with pytest.raises(WriteError, match="could not write") as error:
        give(options, *result)
    assert "was written to" not in str(error.value)
    assert Path(tmp_path).exists()
    assert records.table(result[0]) in capsys.readouterr().out
