"""The table of points, and what a person fills in there: nothing of it may be lost."""

import csv

import pytest

from coursework.assignment import Assignment
from coursework.submissions import Submission
from coursework.table import WouldLose, filled_in, write_table

OURS = Assignment("samples", {"q1": None}, {}, read={"q2": 3.0, "q3": float("inf")})
ADA, BOB = Submission("Ada", "1", "ada.ipynb"), Submission("=Bob", "", "=bob.ipynb")


def result(points):
    return {"points": {"q1": points}, "possible": {"q1": 4}, "notes": [], "says": ""}


ROWS = [(ADA, result(4)), (BOB, result(1.5)), (BOB, {"error": "no power"})]
ONES = [one for one, _ in ROWS]


@pytest.fixture
def place(tmp_path):
    place = tmp_path / "deep" / "table.csv"
    write_table(place, ROWS, OURS.read)
    return place


def read(place):
    with open(place, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def fill(place, cells, delimiter=","):
    """Write a person's marks, as a spreadsheet does: the n-th row, a column, a text."""
    rows = read(place)
    columns = list(rows[0])
    for number, column, text in cells:
        columns += [column] if column not in columns else []
        rows[number][column] = text
    with open(place, "w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, columns, delimiter=delimiter)
        table.writeheader()
        table.writerows(rows)


def again(place, rows=ROWS):
    marks = filled_in(place, [one for one, _ in rows], OURS)
    write_table(place, rows, OURS.read, marks)


def test_a_first_table_has_empty_columns_for_a_person(place):
    ada, bob, failed = sorted(read(place), key=lambda row: row["student"][-3:])
    assert [ada[c] for c in ("total", "out_of", "q1")] == ["4", "7", "4"]
    assert [ada[c] for c in ("q2", "q3", "by_hand")] == [""] * 3
    assert bob["student"] == "'=Bob"
    assert failed["total"] == ""
    assert failed["notes"] == "not graded: no power"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_marks_stay_and_count(place, delimiter):
    """Also when the notebook earns other points, and after many rounds."""
    cells = [(2, "q2", "1,5"), (2, "by_hand", "-1"), (1, "q3", " 2 ")]
    fill(place, cells, delimiter)
    for _ in range(2):
        again(place)
    ada, failed = read(place)[2], read(place)[1]
    assert [ada[c] for c in ("q2", "q3", "by_hand")] == ["1,5", "", "-1"]
    assert ada["total"] == "4.5"
    assert failed["q3"] == "2"
    assert failed["total"] == ""
    again(place, [(ADA, result(2)), *ROWS[1:]])
    assert read(place)[2]["total"] == "2.5"
    assert read(place)[2]["q2"] == "1,5"


def test_a_table_without_marks_may_lose_its_rows(place):
    again(place, ROWS[:1])
    assert [row["student"] for row in read(place)] == ["Ada"]


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ((2, "q2", "good"), "'good' for q2; expected a number from 0 to 3"),
        ((2, "q2", "31"), "'31' for q2"),
        ((2, "q2", "nan"), "'nan' for q2"),
        ((2, "q3", "-1"), "'-1' for q3"),
        ((2, "by_hand", "late"), "'late' for by_hand"),
        ((2, "late", "2 days"), "a column 'late' would be lost"),
        ((2, "", "a remark"), "a column 'column 12' would be lost"),
    ],
)
def test_what_would_be_lost_or_is_no_mark_is_refused(place, cell, words):
    fill(place, [cell])
    before = place.read_bytes()
    with pytest.raises(WouldLose, match="move the table away") as told:
        again(place)
    assert words in str(told.value)
    assert "ada.ipynb" in str(told.value)
    assert place.read_bytes() == before


def test_marks_of_a_notebook_that_is_not_there_are_refused(place):
    fill(place, [(0, "q2", "1")])
    with pytest.raises(WouldLose, match=r"=bob\.ipynb: it has marks"):
        again(place, ROWS[:1])


@pytest.mark.parametrize("data", [b"", b"shopping,list\n", "Zoë".encode("latin-1")])
def test_another_file_of_that_name_is_refused(place, data):
    place.write_bytes(data)
    with pytest.raises(WouldLose, match=r"table|UTF-8"):
        again(place)
    assert place.read_bytes() == data
