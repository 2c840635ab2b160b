"""Grade one notebook: run it in a sandbox, and otter-grader's tests out here.

The tests never enter the sandbox, and nothing that comes out of it is run. So a
notebook can neither read a test nor change a verdict; it can only answer what it is
asked. What it is asked, it sees: a test's inputs are known to the function that is
called with them.
"""

import re
import resource
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from coursework import notebook
from coursework.assignment import Assignment
from coursework.remote import Link, StudentError
from coursework.sandbox import Limits, Protection
from coursework.student import Student

MOST_NOTES = 6
MOST_TEXT = 4_000


@dataclass
class Case:
    """One test case: what it gave, and what may be said of it."""

    name: str
    passed: bool
    hidden: bool
    points: float
    message: str  # for the student
    report: str  # for the teacher: all that otter-grader says


@dataclass
class Graded:
    """What one notebook earned, and what there is to say about it."""

    points: dict[str, float]
    possible: dict[str, float]
    cases: dict[str, list[Case]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    written: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    says: str = ""  # the student id in the notebook, if the assignment asks for one
    seconds: float = 0.0
    memory: int = 0  # megabytes, the most at one time

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def nothing(assignment: Assignment, note: str) -> Graded:
    """Return the grade of a file that is no notebook: no points, and the reason."""
    possible = {q: float(test.possible) for q, test in assignment.tests.items()}
    return Graded(dict.fromkeys(possible, 0.0), possible, notes=[note])


def grade(
    data: bytes, assignment: Assignment, protection: Protection, limits: Limits
) -> Graded:
    """Grade a notebook's file.

    Each question is judged after the last cell that checks it, or at the end: what a
    later cell does to its names costs nothing. Raises `student.Unfit` when the sandbox
    does not start; nothing that a notebook does raises anything.
    """
    start = time.monotonic()
    try:
        submitted = notebook.read(data)
    except notebook.Unreadable as error:
        return nothing(assignment, str(error))
    result = nothing(assignment, "")
    trusted, checks, code = assignment.imports(), submitted.checks(), submitted.code()
    open_questions = list(assignment.tests)
    with Student(code, protection, limits, assignment.files) as student:
        link = Link(student)
        for number in [*code, None]:
            if number is not None:
                student.run(number)
                due = [q for q in checks.get(number, []) if q in open_questions]
            else:
                due = list(open_questions)
            for question in due:
                open_questions.remove(question)
                student.next_question()
                test = assignment.tests[question]
                test.run(_names(link, assignment.needs[question], trusted))
                result.points[question] = round(float(test.score), 5)
                result.cases[question] = [_case(one) for one in test.test_case_results]
        result.notes = _notes(student, link)
        result.says = _says(link)  # empty if the last question left no sandbox
    result.seconds, result.memory = time.monotonic() - start, student.peak
    answers = notebook.written_answers(submitted)
    result.written = {
        question: [asdict(cell) for cell in answers.get(text, [])]
        for text, question in assignment.written.items()
    }
    return result


def _names(link: Link, needed: set[str], trusted: dict[str, Any]) -> dict[str, Any]:
    """Return the names that a test works with; the students' never hide the judge's."""
    names = {}
    for name in needed - trusted.keys():
        # Where there is none, the test says that it is not defined.
        with suppress(NameError, StudentError):
            names[name] = link.name(name)
    return names | trusted


def _says(link: Link) -> str:
    """Return whose the notebook says that it is: its variable `student`."""
    with suppress(NameError, StudentError):
        value = link.name("student")
        if isinstance(value, str):
            return value[:80]
    return ""


def _case(result: Any) -> Case:
    case = result.test_case
    told = case.success_message if result.passed else case.failure_message
    # A hidden test says no more than its author wrote; a public one may be seen.
    message = told or ("" if result.passed or case.hidden else reason(result.message))
    return Case(
        str(case.name),
        bool(result.passed),
        bool(case.hidden),
        round(float(case.points), 5),
        message[:MOST_TEXT],
        str(result.message)[:MOST_TEXT],
    )


def reason(report: str) -> str:
    """Return the error itself from what otter-grader reports of a failed test.

    >>> reason("Failed example:\\n  assert f(2) == 4\\nAssertionError: twice!\\n")
    'AssertionError: twice!'
    """
    lines = report.strip().splitlines()
    errors = [
        n for n, x in enumerate(lines) if re.match(r"\s*\w*(Error|Exception):", x)
    ]
    shown = lines[errors[-1] :] if errors else lines[-1:]
    return "\n".join(line.strip() for line in shown)


def _notes(student: Student, link: Link) -> list[str]:
    notes = [f"cell {n} was left out: it {why}" for n, why in student.left_out.items()]
    notes += list(dict.fromkeys(link.lost))
    notes += [f"cell {n}: {why}" for n, why in student.failed.items()]
    notes = [" ".join(note.split())[:200] for note in notes]
    if len(notes) > MOST_NOTES:
        notes = [*notes[:MOST_NOTES], f"and {len(notes) - MOST_NOTES} more"]
    return notes


def bounded(work: Callable[[], Any], megabytes: int = 16_384) -> Any:
    """Do something with a bound on this process's own memory.

    A test may be led to make much out of a little: numbers of a student's can be sizes.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = megabytes << 20
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    try:
        return work()
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
