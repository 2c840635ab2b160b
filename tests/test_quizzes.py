import json
from pathlib import Path

import pytest

from course_lib.quizzes import quiz

ROOT = Path(__file__).resolve().parent.parent
QUIZZES = sorted((ROOT / "course_lib" / "quizzes").glob("*.json"))
each_quiz = pytest.mark.parametrize("path", QUIZZES, ids=lambda p: p.stem)


@each_quiz
def test_every_option_of_every_question_says_why(path):
    questions = json.loads(path.read_text(encoding="utf-8"))
    assert len(questions) >= 4
    for question in questions:
        assert question["type"] in ("multiple_choice", "many_choice")
        options = question["answers"]
        assert len(options) >= 3, question["question"]
        for option in options:
            assert len(option["feedback"].split()) >= 5, option["answer"]
        right = sum(option["correct"] for option in options)
        assert right == 1 if question["type"] == "multiple_choice" else right >= 1
        assert len({option["answer"] for option in options}) == len(options)


@each_quiz
def test_the_right_option_does_not_always_stand_in_one_place(path):
    questions = json.loads(path.read_text(encoding="utf-8"))
    places = {
        next(i for i, option in enumerate(q["answers"]) if option["correct"])
        for q in questions
    }
    assert len(places) > 1


def test_each_chapter_has_its_quiz():
    found = (ROOT / "notebooks").glob("[!.]*/*.ipynb")
    chapters = {path.stem for path in found if path.parent.name != "homework"}
    assert {path.stem for path in QUIZZES} == chapters


@each_quiz
def test_a_quiz_is_shown_with_its_questions(path, capsys):
    quiz(path.stem)  # outside a notebook, IPython prints what it would display


def test_an_unknown_chapter_is_named():
    with pytest.raises(FileNotFoundError, match="nothing"):
        quiz("nothing")
