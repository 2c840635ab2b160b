"""The command as its user runs it: another process, its status, its lines."""

import os
from dataclasses import replace

import pytest
from forked import Forked
from test_command_line_runs import FEW, as_a_command

from course_lib import records, scale
from course_lib.__main__ import main


@pytest.fixture(scope="module")
def smoke_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    return folder, *Forked(as_a_command, folder, "distill", "--out", "r.json").end()


def test_a_run_prints_the_table_of_the_record_it_writes(smoke_run):
    folder, status, out, err = smoke_run
    assert status == 0, err
    record = records.read(folder / "r.json")
    assert records.table(record) in out
    assert os.listdir(folder) == ["r.json"]


def test_the_record_has_what_a_reader_needs_to_repeat_it(smoke_run):
    record = records.read(smoke_run[0] / "r.json")
    for key in ("data", "device", "seeds", "versions", "seconds"):
        assert record[key] is not None
    assert record["data"] == "synthetic"
    assert {"python", "torch"} <= set(record["versions"])
    assert record["int8"]["bytes"] < record["student"]["bytes"]
    for name in ("teacher", "baseline", "student"):
        assert record[name]["bytes"] >= 4 * record[name]["parameters"]
    for name in records.ROWS:
        entry = record[name]
        assert entry["parameters"] > 0
        assert entry["examples_per_second"] > 0
        for metric, value in entry["metrics"].items():
            low, high = entry["intervals"][metric]
            assert low <= high
            assert 0 <= value <= 1
    assert record["student"]["parameters"] == record["baseline"]["parameters"]
    assert record["student"]["parameters"] <= record["teacher"]["parameters"] / 4


def test_progress_is_shown_for_each_stage(smoke_run):
    for name in records.ROWS.values():
        assert f"reading: {name}" in smoke_run[-1]
    for name in list(records.ROWS.values())[:3]:
        assert f"{name}, seed 0" in smoke_run[-1]


def test_the_same_seed_gives_the_same_numbers(smoke_run, tmp_path, monkeypatch):
    monkeypatch.setitem(scale.SCALES, "smoke", replace(scale.SCALES["smoke"], **FEW))
    monkeypatch.setenv("COURSE_SCALE", "smoke")
    assert main(["distill", "--out", str(tmp_path / "again.json")]) == 0
    first = records.read(smoke_run[0] / "r.json")
    second = records.read(tmp_path / "again.json")
    for name in ("teacher", "baseline", "student"):
        assert first[name]["metrics"] == second[name]["metrics"]


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (["--data", "imbd"], {}, ["'imbd'", "synthetic", "imdb-genres", "goemotions"]),
        (["--teacher", "gpt"], {}, ["'gpt'", "lstm"]),
        (["--student", "tiny"], {}, ["'tiny'", "lstm"]),
        ([], {"COURSE_SCALE": "huge"}, ["'huge'", "smoke, cpu, full"]),
        (["--data", "imdb", "--data-dir", "nowhere"], {}, ["nowhere"]),
        (["--data", "imdb"], {"COURSE_DATA": "missing"}, ["missing"]),
        (["--out", "no/such/r.json"], {}, ["no/such"]),
        (["--out", "."], {}, ["is a folder"]),
        (["--temperature", "0"], {}, ["temperature", "0"]),
        (["--alpha", "1.5"], {}, ["alpha", "1.5"]),
        (["--seeds", "x"], {}, ["'x'"]),
        (["--seeds", "-1"], {}, ["-1"]),
    ],
)
def test_bad_input_is_one_clear_line_with_status_2(
    tmp_path, monkeypatch, capsys, arguments, environment, words
):
    monkeypatch.chdir(tmp_path)
    for name, value in {"COURSE_SCALE": "smoke", **environment}.items():
        monkeypatch.setenv(name, value)
    try:
        status = main(["distill", *arguments])
    except SystemExit as stop:  # argparse found it
        status = stop.code
    said = capsys.readouterr()
    assert status == 2, said.err
    assert said.out == ""
    lines = said.err.strip().splitlines()
    assert len(lines) == 1, said.err
    for word in words:
        assert word in lines[0]
    assert list(tmp_path.iterdir()) == []


def test_the_sizes_are_said_before_training(smoke_run):
    said = smoke_run[-1]
    student, teacher = (said.index(f"{name}: ") for name in ("student", "teacher"))
    assert max(student, teacher) < said.index("reviews/s")
    assert "parameters, " in said
