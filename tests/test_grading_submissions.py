"""Whose a file is, in the archives of Moodle and Canvas and in folders of one's own."""

import io
import zipfile

import pytest

from coursework import submissions
from coursework.notebook import Unreadable, read
from coursework.submissions import find


def archive(files):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "student", "number"),
    [
        ("Ada Lovelace_12_assignsubmission_file_work.ipynb", "Ada Lovelace", "12"),
        ("Ada Lovelace_12_assignsubmission_file_/work.ipynb", "Ada Lovelace", "12"),
        ("Ada Lovelace_12_assignsubmission_file/work.ipynb", "Ada Lovelace", "12"),
        ("O'Neil, José_7_assignsubmission_file_a_b.ipynb", "O'Neil, José", "7"),
        ("lovelaceada_345_678_work.ipynb", "lovelaceada", "345"),
        ("lovelaceada_LATE_345_678_work-1.ipynb", "lovelaceada", "345"),
        ("Ærøskøbing Ø.ipynb", "Ærøskøbing Ø", ""),
        ("ada/work.ipynb", "ada", ""),
        ("../../../etc/cron.d/ada.ipynb", "cron.d", ""),
        ("..\\..\\ada.ipynb", "ada", ""),
        ("/etc/passwd.ipynb", "etc", ""),
    ],
)
def test_names_in_an_archive(tmp_path, name, student, number):
    other = "Someone Else_99_assignsubmission_file_/work.ipynb"
    files = {name: b"{}", other: b"{}", "__MACOSX/._x.ipynb": b"", "notes.txt": b""}
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "all.zip").write_bytes(archive(files))
    found = [(one.student, one.number) for one in find(tmp_path / "in")]
    assert sorted(found) == sorted([(student, number), ("Someone Else", "99")])
    assert [p.name for p in tmp_path.rglob("*")] == ["in", "all.zip"]


def test_names_in_a_folder(tmp_path):
    places = [
        "ada.ipynb",
        "group/bob.ipynb",
        "group/cyd.ipynb",
        "dan/homework.ipynb",
        ".ipynb_checkpoints/ada-checkpoint.ipynb",
        "eve_77_assignsubmission_file_/work.ipynb",
    ]
    for place in places:
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_bytes(b"{}")
    (tmp_path / "link.ipynb").symlink_to("/etc/hostname")
    (tmp_path / "fay.zip").write_bytes(archive({"work.ipynb": b"{}"}))
    inner = archive({"a/work.ipynb": b"{}", "a/data.csv": b""})
    outer = {"gus_1_assignsubmission_file_/x.zip": inner}
    (tmp_path / "moodle.zip").write_bytes(archive(outer))
    found = {one.student for one in find(tmp_path)}
    assert found == {"ada", "bob", "cyd", "dan", "eve", "fay", "gus"}


def test_one_file_is_enough_and_none_is_an_error(tmp_path):
    (tmp_path / "ada.ipynb").write_bytes(b"{}")
    assert [one.student for one in find(tmp_path / "ada.ipynb")] == ["ada"]
    with pytest.raises(FileNotFoundError, match="nowhere"):
        list(find(tmp_path / "nowhere"))


def test_what_is_too_large_or_broken_is_one_problem_each(tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "MOST", 100_000)
    (tmp_path / "big.ipynb").write_bytes(b" " * 200_000)
    (tmp_path / "bomb.zip").write_bytes(archive({"work.ipynb": b" " * 200_000}))
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 and no more")
    nested = archive({"work.ipynb": b"{}"})
    for _ in range(5):
        nested = archive({"again.zip": nested})
    (tmp_path / "nested.zip").write_bytes(nested)
    (tmp_path / "right.ipynb").write_bytes(b"{}")
    found = {one.source.split("/")[0]: one for one in find(tmp_path)}
    assert "clear the outputs" in found["big.ipynb"].problem
    assert "clear the outputs" in found["bomb.zip"].problem
    assert "cannot be read" in found["broken.zip"].problem
    assert found["right.ipynb"].data == b"{}"
    assert "nested.zip" not in found


def test_a_length_that_lies_is_not_believed(tmp_path, monkeypatch):
    data = archive({"work.ipynb": b" " * 3_000_000})
    (tmp_path / "bomb.zip").write_bytes(
        data.replace((3_000_000).to_bytes(4, "little"), (9).to_bytes(4, "little"))
    )
    monkeypatch.setattr(submissions, "MOST", 100_000)
    [one] = find(tmp_path)
    assert one.problem or len(one.data) <= 100_000


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b'{"cells": 3}',
        b"\xff\xfe",
        b"[" * 10**6,
        b'{"worksheets": []}',
    ],
)
def test_what_is_no_notebook_is_told(data):
    with pytest.raises(Unreadable, match="not a notebook"):
        read(data)


def test_odd_cells_are_left_out():
    text = (
        b'{"cells": [3, null, {"cell_type": 1}, {"cell_type": "code", "source": [1]}]}'
    )
    assert read(text).code() == {1: ""}
