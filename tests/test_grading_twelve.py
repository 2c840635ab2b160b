"""The folder of twelve that instructors try first: each gets what `expected.csv` says.

It is graded as `make grade` does, with the sandbox that this machine has; only the
limits of time are smaller.
"""

import csv
import io
import unicodedata
import zipfile

import pytest
from submissions.make_twelve import FOLDER, NAME, YEAR, files

from coursework import grade
from coursework.build import MASTERS, build
from coursework.sandbox import Limits

LIMITS = Limits(seconds_cell=30, seconds_call=3, patience=20)


def rows(text):
    return {row["file"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}


EXPECTED = rows((FOLDER / "expected.csv").read_text("utf-8"))


@pytest.fixture(scope="module")
def homework(tmp_path_factory):
    folder = tmp_path_factory.mktemp("homework")
    build(MASTERS / f"{NAME}.ipynb", YEAR, folder)
    return folder


@pytest.fixture(scope="module")
def graded(homework, tmp_path_factory):
    out = tmp_path_factory.mktemp("grades")
    place = ["--homework", str(homework), "--out", str(out)]
    assert grade.main([str(FOLDER), *place], LIMITS) == 0
    return out, rows((out / f"{NAME}.csv").read_text("utf-8-sig"))


def inside(name, data):
    """What an archive holds, or the file itself."""
    if not name.endswith(".zip"):
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {member: archive.read(member) for member in archive.namelist()}


def test_the_folder_is_what_the_master_of_today_makes():
    made = {name: inside(name, data) for name, data in files().items()}
    # Some file systems write a letter and its accent apart.
    there = {unicodedata.normalize("NFC", p.name): p for p in FOLDER.iterdir()}
    kept = {name: inside(name, p.read_bytes()) for name, p in there.items()}
    assert made == kept, "the assignment has changed: run make samples"
    assert sum(p.stat().st_size for p in FOLDER.iterdir()) < 1_000_000


def test_there_are_twelve(graded):
    _, table = graded
    assert len(EXPECTED) == 12
    assert {unicodedata.normalize("NFC", name) for name in table} == set(EXPECTED)


@pytest.mark.parametrize("file", EXPECTED)
def test_each_gets_exactly_what_it_deserves(graded, file):
    _, table = graded
    got = {unicodedata.normalize("NFC", name): row for name, row in table.items()}
    expected = dict(EXPECTED[file])
    del expected["handed_in"]
    words = expected.pop("notes")
    row = dict(got[file])
    notes = row.pop("notes")
    compared = {column: row[column] for column in expected}
    student = unicodedata.normalize("NFC", compared["student"])
    assert compared | {"student": student} == expected | {"file": row["file"]}, notes
    assert words in notes
    assert "left out" not in notes  # a cell that did no harm
    assert [row[c] for c in row.keys() - compared.keys()] == [""] * 3  # a person's


def test_there_is_a_page_for_each(graded):
    out, _ = graded
    pages = {p.name: p.read_text("utf-8") for p in (out / NAME / "feedback").iterdir()}
    assert len(pages) == 12
    right = pages["Ada_Lovelace_101.html"]
    assert "16 of 16 points" in right
    assert "When it is cold only the logits at the top count" in right


def test_numbers_of_another_year_are_told(homework, tmp_path, capsys):
    build(MASTERS / f"{NAME}.ipynb", YEAR + 1, tmp_path / "later")
    (tmp_path / "in").mkdir()
    name = "Évariste Galois.ipynb"  # one that costs no time
    (tmp_path / "in" / name).write_bytes((FOLDER / name).read_bytes())
    for built, told in [(tmp_path / "later", True), (homework, False)]:
        place = ["--homework", str(built), "--out", str(tmp_path / built.name)]
        assert grade.main([str(tmp_path / "in"), *place], LIMITS) == 0
        said = capsys.readouterr().out
        assert (f"notebooks with the numbers of {YEAR}: 1" in said) == told
