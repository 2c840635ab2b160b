import importlib
import json
import math
import pkgutil
from pathlib import Path

import pytest
import torch
from exercises import exercises

from course_lib import checks
from course_lib.checks import check
from course_lib.checks.expect import call, same

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
MODULES = [
    importlib.import_module(f"course_lib.checks.{module.name}")
    for module in pkgutil.iter_modules(checks.__path__)
    if module.name != "expect"
]
# What `check` has made of a function of one answer: every exercise of every chapter.
EXERCISES = [
    pytest.param(getattr(module, name), id=f"{module.__name__.split('.')[-1]}.{name}")
    for module in MODULES
    for name in exercises(module)
]
ANOTHER_KIND = ["x", 3.0, math.nan, {"a": 1}, [[1.0]], torch.zeros(7)]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_a_chapter_has_at_least_three_exercises(module):
    assert len(exercises(module)) >= 3


def test_every_exercise_is_asked_in_a_notebook():
    asked = set()
    for path in NOTEBOOKS.rglob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = "".join("".join(c["source"]) + "\n" for c in cells)
        for module in MODULES:
            name = module.__name__.rpartition(".")[2]
            if f"from course_lib.checks import {name} as check" in code:
                asked |= {(name, e) for e in exercises(module) if f"check.{e}(" in code}
    assert asked == {
        (module.__name__.rpartition(".")[2], name)
        for module in MODULES
        for name in exercises(module)
    }


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_stub_of_an_exercise_is_open(exercise):
    for stub in (..., lambda *_: ..., lambda *_: None):
        assert exercise(stub).state == "open"


@pytest.mark.parametrize("exercise", EXERCISES)
def test_code_that_raises_is_told_to_the_reader(exercise):
    result = exercise(lambda *_: 1 / 0)
    assert result.state == "not yet"
    assert "ZeroDivisionError" in result.message


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize("value", ANOTHER_KIND, ids=str)
def test_an_answer_of_another_kind_is_told(exercise, value):
    result = exercise(lambda *_: value)
    assert result.state == "not yet"
    assert result.message.startswith("For ") and "expected" in result.message


@check("Right: twice the number.")
def doubles(function):
    for x in (0, 3):
        same(call(function, x), 2 * x, f"x = {x}", {"That is its square.": x * x})


def test_a_stub_is_open():
    def stub(x): ...

    assert doubles(stub).state == "open"
    assert doubles(None).state == "open"
    assert doubles(...).state == "open"
    assert not doubles(stub)


def test_an_answer_is_solved_and_praised():
    result = doubles(lambda x: 2 * x)
    assert result
    assert repr(result) == "✅ Right: twice the number."


def test_a_wrong_answer_names_the_input_what_was_expected_and_the_slip():
    result = doubles(lambda x: x * x)
    assert result.state == "not yet"
    assert result.message == (
        "For x = 3 you returned 9; expected 6. That is its square."
    )


def test_an_error_in_the_readers_code_does_not_stop_the_notebook():
    result = doubles(lambda x: 1 / x)
    assert result.state == "not yet"
    assert result.message == "Your code raised ZeroDivisionError: division by zero"


def test_the_reader_is_not_trusted_with_html():
    result = doubles(lambda x: "<script>")
    assert result.message == "For x = 0 you returned str; expected one number."
    page = checks.Result("not yet", "<script>")._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("state", ["solved", "not-yet", "open"])
def test_each_state_can_be_told_apart_on_the_page(state):
    functions = {"solved": lambda x: 2 * x, "not-yet": lambda x: -1, "open": None}
    assert f'class="check check-{state}"' in doubles(functions[state])._repr_html_()
