"""What the tests of all exercises share; the files of the chapters hold the data."""

import pytest


def exercises(module):
    """The names of a module's exercises: what `check` has made of a function."""
    return [
        name
        for name, value in vars(module).items()
        if hasattr(value, "__wrapped__") and value.__module__ == module.__name__
    ]


def exercise_tests(module, answers, wrong):
    """Return the two tests of a chapter: answers are solved, slips are told apart.

    `answers` has functions for each exercise, and `wrong` has for each a function and
    the words that the message must have: for which input, and why.
    """
    assert answers.keys() == wrong.keys() == set(exercises(module))

    @pytest.mark.parametrize(
        ("name", "answer"), [(name, a) for name in answers for a in answers[name]]
    )
    def test_an_answer_is_solved(name, answer):
        result = getattr(module, name)(answer)
        assert result.state == "solved", result.message

    @pytest.mark.parametrize(
        ("name", "function", "words"),
        [(name, function, words) for name in wrong for function, *words in wrong[name]],
    )
    def test_a_slip_is_told(name, function, words):
        result = getattr(module, name)(function)
        assert result.state == "not yet", result.message
        for word in ("expected", *words):
            assert word in result.message, result.message

    return test_an_answer_is_solved, test_a_slip_is_told
