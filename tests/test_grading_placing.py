"""Which assignment a file is of, by its name if it has one, else by its questions."""

import json

import pytest
from submissions.master import NAME, build
from submissions.samples import RIGHT, Sample

from coursework.assignment import load
from coursework.placing import other_years, place, questions_of
from coursework.submissions import Submission

NAMED = {"otter": {"assignment_name": NAME}}


@pytest.fixture(scope="module")
def homework(tmp_path_factory):
    return build(tmp_path_factory.mktemp("course"))[0]


@pytest.fixture(scope="module")
def template(homework):
    return json.loads(
        (homework / NAME / "student" / f"{NAME}.ipynb").read_text("utf-8")
    )


def file(student, content):
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Submission(student, "", f"{student}'s homework (2).ipynb", data)


def students(placed):
    return {name: [one.student for one in ones] for name, ones in placed.items()}


def test_what_is_built_and_its_questions(homework, tmp_path):
    assert questions_of(homework) == {NAME: {"q1", "q2"}}
    assert questions_of(homework, "other") == {"other": set()}
    assert questions_of(tmp_path / "nowhere") == {}


def test_a_name_is_believed_and_one_of_nowhere_is_a_stray(template):
    found = [
        file("ada", template | {"metadata": NAMED}),
        file("bob", b"{}"),
        file("cyd", b'{"assignment_name": "other"}'),
    ]
    placed, strays = place(found, {NAME: set()}, None)
    assert students(placed) == {NAME: ["ada", "bob"]}
    [stray] = strays
    assert "cyd" in stray
    assert "'other', which is not among" in stray
    placed, strays = place(found, {NAME: set(), "other": set()}, None)
    assert students(placed) == {NAME: ["ada"], "other": ["cyd"]}
    assert "ASSIGNMENT=" in strays[0]


def test_without_a_name_the_questions_say_it(homework, template):
    nameless = Sample("x", RIGHT).data(template | {"metadata": {}})
    assert b"assignment_name" not in nameless
    known = {"another": {"q7", "q2"}} | questions_of(homework)
    placed, strays = place([file("eve", nameless)], known, None)
    assert students(placed) == {NAME: ["eve"]}
    assert strays == []


def test_whoever_is_told_what_it_is_needs_no_name():
    placed, strays = place([file("ada", b"no notebook")], {NAME: set()}, NAME)
    assert students(placed) == {NAME: ["ada"]}
    assert strays == []


def test_the_year_is_that_of_the_cells_as_json_has_them(homework):
    assignment = load(homework / NAME)
    lines = file("ada", {"cells": [{"source": ["student = 1\n", "year = 2025"]}]})
    text = file("bob", {"cells": [{"source": "student = 1\nyear = 2025\n"}]})
    assert other_years([lines], assignment) == []  # this one has no year
    cells = assignment.template.cells
    cells.append(type(cells[0])("code", "student = ...\nyear = 2026", False))
    [line] = other_years([lines, text, file("cyd", b"{}")], assignment)
    assert line.startswith("notebooks with the numbers of 2025: 2; the tests have")
    same = file("dan", {"cells": [{"source": "student = 1\nyear = 2026"}]})
    assert other_years([same], assignment) == []
