"""What the command does over several runs: goes on, reads a teacher, takes seeds."""

import os
import signal
import sys
import time
from dataclasses import replace
from runpy import run_module

import pytest
import torch
from forked import Forked

from course_lib import records, scale
from course_lib.__main__ import main
from course_lib.soft_target_files import SoftTargets, text_digests

pytestmark = pytest.mark.commands

# The same commands on very few reviews, so that several runs take seconds.
FEW = {"run_limit": 100, "run_steps": 12, "max_tokens": 16}


def as_a_command(folder, *arguments):
    """What `python -m course_lib` does, on few reviews; for a process of its own."""
    os.chdir(folder)
    scale.SCALES["smoke"] = replace(scale.SCALES["smoke"], **FEW)
    os.environ["COURSE_SCALE"] = "smoke"
    sys.argv[1:] = arguments
    run_module("course_lib", run_name="__main__", alter_sys=True)


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """Run commands here, in this process, on very few reviews."""
    monkeypatch.setitem(scale.SCALES, "smoke", replace(scale.SCALES["smoke"], **FEW))
    monkeypatch.setenv("COURSE_SCALE", "smoke")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """The record of a run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("expected")
    assert Forked(as_a_command, folder, "distill", "--out", "r.json").end()[0] == 0
    return folder / "r.json"


def metrics_of(path):
    record = records.read(path)
    return [record[name]["metrics"] for name in ("teacher", "baseline", "student")]


def test_a_run_that_is_killed_goes_on_and_gives_the_same_record(tiny, expected):
    """Killed while its student is being trained; the same command again."""
    command = ["distill", "--checkpoint", "runs", "--out", "r.json"]
    started = Forked(as_a_command, tiny, *command)
    kept = tiny / "runs" / "checkpoints"
    # Those of the teacher and of the student alone come before.
    while len(list(kept.glob("*.safetensors"))) < 3 and started.process.is_alive():
        time.sleep(0.01)
    started.process.kill()
    assert started.end()[0] == -signal.SIGKILL
    assert not (tiny / "r.json").exists()
    assert main(command) == 0
    assert metrics_of(tiny / "r.json") == metrics_of(expected)
    # Of a run with another temperature, the teacher and the student alone are there.
    assert main([*command, "--temperature", "3"]) == 0
    again = metrics_of(tiny / "r.json")
    assert again[:2] == metrics_of(expected)[:2]
    assert again[2] != metrics_of(expected)[2]
    assert len(list(kept.glob("*.safetensors"))) == 3 + 1


def test_soft_targets_made_elsewhere_stand_in_for_the_teacher(tiny, expected, capsys):
    assert main(["soft-targets", "--teacher", "lstm", "--out", "s.safetensors"]) == 0
    assert "reviews, " in capsys.readouterr().out
    command = ["distill", "--soft-targets", "s.safetensors", "--out", "r.json"]
    assert main(command) == 0
    # The student has learnt from the same numbers: both ways round them alike.
    assert metrics_of(tiny / "r.json")[1:] == metrics_of(expected)[1:]
    record = records.read(tiny / "r.json")
    assert record["teacher_model"] == "lstm"
    assert record["teacher"]["examples_per_second"] is None
    assert " – |" in records.table(record)


def test_soft_targets_that_do_not_fit_are_refused(tiny, capsys):
    said = SoftTargets(
        torch.zeros(1, 1).half(),
        text_digests(["a review"]),
        ("positive",),
        {"name": "an LLM"},
    )
    said.write(tiny / "s.safetensors")
    assert main(["distill", "--soft-targets", "s.safetensors"]) == 2
    assert "the teacher knows no 'acting'" in capsys.readouterr().err
    assert main(["distill", "--soft-targets", "missing"]) == 2
    assert "there are no soft targets at missing" in capsys.readouterr().err


def test_several_seeds_make_one_record(tiny):
    assert main(["distill", "--seeds", "0", "1", "--student", "bag"]) == 0
    record = records.read(tiny / "record.json")
    assert record["seeds"] == [0, 1]
    each = record["student"]["per_run"]["macro_average_precision"]
    assert len(each) == 2
    mean = record["student"]["metrics"]["macro_average_precision"]
    assert mean == pytest.approx(sum(each) / 2)
