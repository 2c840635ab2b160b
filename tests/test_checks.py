import importlib
import inspect
import pkgutil

import pytest

from course_lib import checks
from course_lib.checks import call, check, expect

MODULES = [
    importlib.import_module(f"course_lib.checks.{module.name}")
    for module in pkgutil.iter_modules(checks.__path__)
]
# What `check` has made of a function of one answer: every exercise of every chapter.
EXERCISES = [
    pytest.param(value, id=f"{module.__name__.rpartition('.')[2]}.{name}")
    for module in MODULES
    for name, value in vars(module).items()
    if hasattr(value, "__wrapped__") and value.__module__ == module.__name__
]


def test_every_chapter_has_exercises_that_are_found():
    assert len(MODULES) == 12
    assert len(EXERCISES) >= 3 * len(MODULES)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_stub_of_an_exercise_is_open(exercise):
    count = len(inspect.signature(exercise).parameters)
    assert exercise(*[...] * count).state == "open"
    for stub in (lambda *_: ..., lambda *_: None):
        assert exercise(*[stub] * count).state == "open"


@pytest.mark.parametrize("exercise", EXERCISES)
def test_code_that_raises_is_told_to_the_reader(exercise):
    count = len(inspect.signature(exercise).parameters)
    result = exercise(*[lambda *_: 1 / 0] * count)
    assert result.state == "not yet"
    assert "ZeroDivisionError" in result.message


@check("Right: twice the number.")
def doubles(function):
    for x in (0, 3):
        got = call(function, x)
        expect(got == 2 * x, f"for {x} you gave {got}, and twice {x} is {2 * x}")


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


def test_a_wrong_answer_names_the_input_and_what_was_expected():
    result = doubles(lambda x: x * x)
    assert result.state == "not yet"
    assert result.message == "for 3 you gave 9, and twice 3 is 6"


def test_an_error_in_the_readers_code_does_not_stop_the_notebook():
    result = doubles(lambda x: 1 / x)
    assert result.state == "not yet"
    assert result.message == "Your code raised ZeroDivisionError: division by zero"


def test_the_reader_is_not_trusted_with_html():
    result = doubles(lambda x: "<script>")
    assert "<script>" not in result._repr_html_()
    assert "&lt;script&gt;" in result._repr_html_()


@pytest.mark.parametrize("state", ["solved", "not-yet", "open"])
def test_each_state_can_be_told_apart_on_the_page(state):
    functions = {"solved": lambda x: 2 * x, "not-yet": lambda x: -1, "open": None}
    assert f'class="check check-{state}"' in doubles(functions[state])._repr_html_()
