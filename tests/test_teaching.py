"""What instructors are told: of every chapter and question, and of nothing else."""

import re
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book"))
import teaching  # noqa: E402
import teaching_tables  # noqa: E402

CHAPTERS = teaching.chapters()
TASKS = teaching.assignments()
ROWS = teaching.objectives()
PLANS = teaching.plans()
each_plan = pytest.mark.parametrize("weeks", PLANS)


def mentioned(column):
    """Chapters or assignments of a column, with what it says of each."""
    found = {}
    for row in ROWS:
        for name, what in row[column].items():
            found.setdefault(name, set()).update(what)
    return found


def test_every_chapter_is_taught_and_every_exercise_practised():
    assert {name for row in ROWS for name in row["taught"]} == set(CHAPTERS)
    exercises = {name: set(c.exercises) for name, c in CHAPTERS.items()}
    assert all(exercises.values())
    assert mentioned("practised") == exercises


def test_every_question_is_in_the_map():
    masters = {path.stem for path in ROOT.glob("notebooks/homework/*.ipynb")}
    assert set(TASKS) == masters
    questions = {name: set(task.questions) for name, task in TASKS.items()}
    assert min(map(len, questions.values())) >= 5
    assert mentioned("tested") == questions


@each_plan
def test_a_chapter_is_read_after_those_that_it_needs(weeks):
    read, offered = [], []
    for week in PLANS[weeks]:
        for name in week["read"]:
            assert set(CHAPTERS[name].needs) & set(CHAPTERS) <= set(read), name
            read.append(name)
        before = set(read + offered)  # who chose it then may choose this now
        for name in week.get("one_of", []):
            assert set(CHAPTERS[name].needs) & set(CHAPTERS) <= before, name
            offered.append(name)
    assert len(read + offered) == len(set(read + offered))
    if weeks == max(PLANS):
        assert set(read + offered) == set(CHAPTERS)


@each_plan
def test_an_assignment_is_due_when_all_it_tests_has_been_taught(weeks):
    read = set()
    assert len(PLANS[weeks]) == weeks
    for week in PLANS[weeks]:
        read |= set(week["read"])
        task = week.get("due")
        for question in TASKS[task].questions if task else ():
            asks = [r for r in ROWS if question in r["tested"].get(task, ())]
            assert any(set(row["taught"]) <= read for row in asks), (task, question)


@each_plan
def test_no_week_asks_for_more_than_a_person_has(weeks):
    """Half of a working week beside other courses; a workshop may take all of it."""
    table = teaching_tables.plan_table(weeks)
    hours = [float(h) for h in re.findall(r"\| ([\d.]+) \|$", table, re.MULTILINE)]
    assert len(hours) == weeks and min(hours) > 0
    assert max(hours) <= (20 if weeks == 2 else 10)


def test_hours_are_the_sum_of_their_parts():
    softmax = CHAPTERS["softmax"]
    assert softmax.exercises["gradient"] == ("the gradient without autograd", 10)
    assert softmax.minutes()["exercises"] == 50
    total = sum(softmax.minutes().values()) / 60
    line = next(
        x for x in teaching_tables.hours_table().splitlines() if "[Softmax]" in x
    )
    assert line.endswith(f"| {total:.1f} |")


@pytest.mark.parametrize("name", TASKS)
def test_points_are_those_of_the_card(name):
    text = (ROOT / "notebooks" / "homework" / f"{name}.ipynb").read_text("utf-8")
    total, by_reader = re.findall(r"\| (\d+), of which \d+ .*? and (\d+) by", text)[0]
    questions = TASKS[name].questions.values()
    assert sum(q.points for q in questions) == int(total)
    assert sum(q.points for q in questions if q.rubric) == int(by_reader)


@pytest.mark.parametrize("name", TASKS)
def test_a_rubric_says_what_a_good_and_a_poor_answer_earn_and_why(name):
    asked = [q for q in TASKS[name].questions.values() if q.rubric]
    assert asked
    for question in asked:
        parts = list(map(int, re.findall(r"^- \*\*(\d+)\*\*", question.rubric, re.M)))
        assert sum(parts) == question.points
        good, poor = re.findall(r"\*\*A .*?\*\* \((\d+) of (\d+)", question.rubric)
        assert good[0] == good[1] == poor[1] and int(poor[0]) < int(good[0]) / 2
        assert int(good[1]) <= question.points
        assert "*Why:*" in question.rubric.partition("**A poor one**")[0]
        assert re.search(r"\*\*A poor one\*\*.*\(.+\)\s*$", question.rubric, re.DOTALL)
        assert (
            question.text in teaching_tables.rubrics()
            and question.name in teaching_tables.rubrics()
        )


def test_the_page_of_rubrics_can_be_left_out():
    """One line of _toc.yml: no other page leads to it."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    teaching_part = next(p for p in toc["parts"] if p["caption"] == "Teaching")
    assert {"file": "book/rubrics"} in teaching_part["chapters"]
    for path in [*ROOT.glob("book/*.md"), *ROOT.glob("notebooks/*/*.ipynb")]:
        assert "](rubrics.md" not in path.read_text(encoding="utf-8"), path


def test_each_part_of_the_book_has_a_deck():
    assert set(teaching.DECKS) == {chapter.part for chapter in CHAPTERS.values()}
    decks = {path.stem for path in ROOT.glob("book/slides/*.md")}
    assert decks == set(teaching.DECKS.values())
    for deck in decks:
        assert teaching.deck_minutes(deck)[1] >= 45
