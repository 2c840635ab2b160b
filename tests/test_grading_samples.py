"""Notebooks right, wrong, broken and hostile: each gets what it deserves."""

import csv
import json
import os
import socket
import threading
from dataclasses import replace

import pytest
from submissions.master import NAME, POINTS, build
from submissions.samples import RIGHT, SAMPLES, Sample, other_assignment
from test_grading_submissions import archive

from coursework import batch, grade, sandbox
from coursework.assignment import load
from coursework.sandbox import PROTECTIONS, Limits

WORKING = [p for p in PROTECTIONS if p.problem() is None]
LIMITS = Limits(
    seconds_cell=4, seconds_call=2, patience=5, memory=1_200, disk=64, processes=12
)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The small assignment, and a place beside it that nobody may write to."""
    folder = tmp_path_factory.mktemp("course")
    homework, masters = build(folder)
    outside = folder / "outside"
    outside.mkdir(mode=0o777)
    outside.chmod(0o777)
    (outside / "tests").mkdir()
    (outside / "tests" / "q1.py").write_text("RIGHT")
    text = (homework / NAME / "student" / f"{NAME}.ipynb").read_text("utf-8")
    return homework, masters, outside, json.loads(text)


@pytest.fixture(scope="module")
def port():
    """A server on this machine that no notebook may reach."""
    visits = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(
            target=lambda: visits.append(server.accept()), daemon=True
        ).start()
        yield server.getsockname()[1]
        assert not visits


def placed(sample, outside, port):
    """The sample with the names of what it attacks put in."""

    def put(text):
        return text.replace("OUTSIDE", str(outside)).replace("PORT", str(port))

    texts = {k: [put(x) for x in getattr(sample, k)] for k in ("before", "after")}
    return replace(sample, answers=tuple(map(put, sample.answers)), **texts)


@pytest.fixture(scope="module")
def graded(built, port, tmp_path_factory):
    """The table, the printed lines and the folder of results, after one call."""
    homework, masters, outside, template = built
    folder, out = tmp_path_factory.mktemp("in"), tmp_path_factory.mktemp("out")
    for sample in SAMPLES:
        data = placed(sample, outside, port).data(template)
        (folder / sample.file).write_bytes(data)
    with open(folder / "two hundred.ipynb", "wb") as file:
        file.truncate(200 << 20)
    stray = Sample("stray.ipynb", RIGHT, edit=other_assignment)
    (folder / stray.file).write_bytes(stray.data(template))
    climbing = {"../../climbing_5_6_x.ipynb": SAMPLES[0].data(template)}
    (folder / "canvas.zip").write_bytes(archive(climbing))
    lines = run(folder, out, homework, masters)
    return table(out), lines, out, (folder, homework, masters)


def run(folder, out, homework, masters, protection=None):
    """The command with its limits made small, and what it printed."""
    printed = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("builtins.print", lambda *a, **k: printed.append(" ".join(a)))
        patch.setattr(batch.tqdm, "write", lambda self, text: printed.append(text))
        given = ["--homework", str(homework), "--masters", str(masters)]
        given += ["--out", str(out), "--jobs", "2", *(protection or [])]
        grade.main([str(folder), *given], LIMITS)
    return printed


def table(out):
    with open(out / f"{NAME}.csv", encoding="utf-8-sig", newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file)
def test_each_gets_exactly_what_it_deserves(graded, sample):
    rows, lines, _, _ = graded
    row = rows[sample.file if sample.file[0] != "=" else f"'{sample.file}"]
    assert (float(row["q1"]), float(row["q2"])) == (sample.q1, sample.q2), row["notes"]
    assert float(row["total"]) == sample.q1 + sample.q2
    assert float(row["out_of"]) == sum(POINTS.values()) + 3  # that a person gives
    assert row["q3"] == row["by_hand"] == ""
    assert sample.says in row["notes"]
    assert "student" not in row["notes"]  # a variable that nobody asked about
    student = row["student"].removeprefix("'")
    assert sum(line.startswith(f"{student}: ") for line in lines) == 1


def test_a_large_one_a_stray_and_a_climbing_name(graded, tmp_path):
    rows, lines, out, _ = graded
    assert "clear the outputs" in rows["two hundred.ipynb"]["notes"]
    assert rows["two hundred.ipynb"]["total"] == "0"
    assert "stray.ipynb" not in rows
    assert sum("stray.ipynb" in line and "another-one" in line for line in lines) == 1
    [climbed] = [row for row in rows.values() if row["student"] == "climbing"]
    assert (climbed["number"], climbed["total"]) == ("5", "6")
    inside = {p.relative_to(out).parts[0] for p in out.rglob("*")}
    assert inside == {NAME, f"{NAME}.csv"}
    assert not [p for p in out.rglob("*") if "part" in p.suffix]


def test_nothing_was_left_outside(graded, built):
    outside = built[2]
    assert sorted(p.name for p in outside.rglob("*")) == ["q1.py", "tests"]
    assert not os.path.exists("/left-behind")
    assert not os.path.exists("/usr/left-behind")


def test_pages_show_public_tests_answers_and_no_hidden_input(graded):
    _, _, out, _ = graded
    pages = {p.stem: p.read_text("utf-8") for p in (out / NAME / "feedback").iterdir()}
    assert len(pages) == len(SAMPLES) + 2
    assert "brings the logits together" in pages["right"]
    assert "<script>" not in "".join(pages.values())
    assert "2 of 4" in pages["wrong"]
    assert "0.5623" not in "".join(pages.values())
    assert "NameError" in pages["renamed"]
    record = json.loads((out / NAME / "details" / "wrong.json").read_text("utf-8"))
    hidden = record["grade"]["cases"]["q2"][1]
    assert "0.5623" in hidden["report"]
    assert hidden["message"] == ""


def test_what_is_graded_is_not_graded_again(graded, monkeypatch):
    rows, _, out, (folder, homework, masters) = graded
    asked = []

    def other(task, context):
        asked.append(task.submission.source)
        return {"error": "no power"}

    monkeypatch.setattr(batch, "_in_own_process", other)
    run(folder, out, homework, masters)
    assert asked == []
    assert table(out) == rows
    changed = folder / "wrong.ipynb"
    before = changed.read_bytes()
    changed.write_bytes(before + b" ")
    run(folder, out, homework, masters)
    changed.write_bytes(before)
    assert asked == ["wrong.ipynb"]
    assert table(out)["wrong.ipynb"]["notes"] == "not graded: no power"
    assert table(out)["wrong.ipynb"]["total"] == ""


@pytest.mark.parametrize("protection", [p.name for p in PROTECTIONS])
def test_each_protection_hides_and_forbids(built, port, tmp_path, protection):
    """Those that work here; one of them must."""
    assert WORKING, [p.problem() for p in PROTECTIONS]
    if protection not in [p.name for p in WORKING]:
        pytest.skip(next(str(p.problem()) for p in PROTECTIONS if p.name == protection))
    homework, masters, outside, template = built
    [spy] = [s for s in SAMPLES if s.file == "spy.ipynb"]
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "spy.ipynb").write_bytes(placed(spy, outside, port).data(template))
    right = Sample("right.ipynb", RIGHT, after=[PROBE])
    (folder / "right.ipynb").write_bytes(right.data(template))
    run(folder, tmp_path, homework, masters, ["--protection", protection])
    rows = table(tmp_path)
    assert [rows[f]["total"] for f in ("right.ipynb", "spy.ipynb")] == ["6", "0"]
    assert rows["right.ipynb"]["notes"] == "cell 14: RuntimeError: nothing to complain"
    assert sorted(p.name for p in outside.rglob("*")) == ["q1.py", "tests"]


PROBE = """
import os, pathlib, resource
status = pathlib.Path("/proc/self/status").read_text()
assert "CapEff:\\t0000000000000000" in status, status
assert "NoNewPrivs:\\t1" in status, status
others = [p for p in os.listdir("/proc") if p.isdigit()]
assert len(others) <= 3, others
assert set(os.environ) >= {"COURSE_SCALE"}
assert not [name for name in os.environ if "PYTEST" in name]
used = 0
try:
    with open("/tmp/large", "wb") as file:
        while used < 500:
            used += file.write(bytes(1 << 20)) >> 20
except OSError:
    pass
assert used <= 64, used
try:
    resource.setrlimit(resource.RLIMIT_NPROC, (10**6, 10**6))
    raise AssertionError("a limit was raised")
except (ValueError, OSError):
    pass
raise RuntimeError("nothing to complain")
"""


def test_without_a_sandbox_nothing_is_graded(graded, monkeypatch, capsys):
    _, _, _, (folder, homework, _) = graded
    broken = [replace(p, command=lambda *_: ["no-such-tool"]) for p in PROTECTIONS]
    monkeypatch.setattr(sandbox, "PROTECTIONS", broken)
    assert grade.main([str(folder), "--homework", str(homework)]) == 2
    said = capsys.readouterr().err
    assert "no-such-tool is not installed (Debian: apt install bubblewrap)" in said
    assert "--unprotected" in said


def test_unprotected_still_guards_the_tests(built, port, tmp_path):
    """Right and forged; nothing here that would harm this machine."""
    homework, masters, _, template = built
    folder = tmp_path / "in"
    folder.mkdir()
    for sample in SAMPLES:
        if sample.file in ("right.ipynb", "patched.ipynb"):
            (folder / sample.file).write_bytes(sample.data(template))
    lines = run(folder, tmp_path, homework, masters, ["--unprotected"])
    assert any("can read and change what you can" in line for line in lines)
    totals = {name: row["total"] for name, row in table(tmp_path).items()}
    assert totals == {"right.ipynb": "6", "patched.ipynb": "0"}


def test_a_test_that_trusts_what_students_can_change_is_told(built):
    homework, masters, _, _ = built
    loaded = load(homework / NAME, masters)
    assert loaded.warnings() == []
    assert set(loaded.imports()) == {"torch"}
    assert loaded.written == {"Why does heat soften?": "q3"}
    template = loaded.template
    given = replace(template.cells[0], kind="code", source="entropy = 3", answer=False)
    loaded.template = replace(template, cells=[given, *template.cells])
    [warning] = loaded.warnings()
    assert "q2" in warning
    assert "entropy" in warning
