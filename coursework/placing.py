"""Which assignment a notebook is of, and of which year: without parsing it.

A file that is made to harm would do so here to all others; so this only looks for a
few patterns in its bytes.
"""

import re
import zipfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from coursework import submissions
from coursework.assignment import Assignment
from coursework.submissions import Submission

CHECKED = re.compile(rb'grader\.check\(\\?["\']([\w .-]{1,100}?)\\?["\']\)')
CALLED = re.compile(rb'"assignment_name"\s*:\s*"([\w .-]{1,100})"')
#: After a line's end as JSON has it, too.
YEAR = re.compile(rb"(?:\\n|\b)year ?= ?(\d{4})\b")


def found_in(
    folder: Path, homework: Path, told: str | None
) -> dict[str, list[Submission]]:
    """Return the submissions in a folder, of each assignment; print what is left out.

    Raises `LookupError` if nothing was built in `homework`, or nothing is found.
    """
    known = questions_of(homework, told)
    if not known:
        raise LookupError(f"No assignment in {homework}: run make homework.")
    placed, strays = place(submissions.find(folder), known, told)
    for line in strays:
        print(line)
    if not placed:
        raise LookupError(f"No notebook of an assignment in {folder}.")
    return placed


def questions_of(homework: Path, told: str | None = None) -> dict[str, set[str]]:
    """Return the questions of each assignment that was built, or of the one `told`."""
    built = sorted(homework.iterdir()) if homework.is_dir() else []
    known = {p.name: questions_in(p) for p in built if not p.name.startswith(".")}
    return {told: known.get(told, set())} if told else known


def questions_in(folder: Path) -> set[str]:
    """Return the names of an assignment's questions, without reading its tests."""
    questions = set()
    for path in sorted((folder / "autograder").glob("*.zip"))[-1:]:
        with zipfile.ZipFile(path) as archive:
            found = [Path(name) for name in archive.namelist()]
        questions = {p.stem for p in found if p.parts[0] == "tests" and p.suffix}
    return questions


def place(
    found: Iterable[Submission], questions: dict[str, set[str]], told: str | None
) -> tuple[dict[str, list[Submission]], list[str]]:
    """Return the submissions of each assignment, by name, and a line for each stray.

    A file that does not say counts to the only assignment there is.
    """
    called = [(one, _called(one.data, questions)) for one in found]
    said = Counter(name for _, name in called if name in questions)
    usual = told or (next(iter(said)) if len(said) == 1 else None)
    placed: dict[str, list[Submission]] = {}
    strays = []
    for one, name in called:
        if name is not None and name not in questions:
            among = ", ".join(questions)
            reason = f"is of the assignment {name!r}, which is not among {among}"
            strays.append(f"{one.source!r} {reason}: not graded")
        elif name or usual:
            placed.setdefault(name or str(usual), []).append(one)
        else:
            strays.append(
                f"{one.source!r} does not say what it is: add ASSIGNMENT=NAME"
            )
    return dict(sorted(placed.items())), strays


def _called(data: bytes, questions: dict[str, set[str]]) -> str | None:
    """Return which assignment a notebook's file is, by its metadata or its questions.

    A name has gone where cells were copied into another notebook.
    """
    names = CALLED.findall(data)
    if names:
        return str(names[-1].decode())
    asked = {question.decode() for question in CHECKED.findall(data)}
    shared = {name: len(asked & own) for name, own in questions.items()}
    best = max(shared, key=lambda name: shared[name], default=None)
    return best if best and shared[best] else None


def other_years(ones: Iterable[Submission], assignment: Assignment) -> list[str]:
    """Say how many notebooks are of another year than the tests, and so have other
    numbers: those who built in January what was given out in autumn need to know.
    """
    cells = assignment.template.cells if assignment.template else []
    ours = YEAR.search("\n".join(cell.source for cell in cells).encode())
    if ours is None:
        return []
    theirs = Counter(found[-1] for one in ones if (found := YEAR.findall(one.data)))
    return [
        f"notebooks with the numbers of {year.decode()}: {count}; the tests have those "
        f"of {ours[1].decode()}: make homework YEAR={year.decode()}, then grade again"
        for year, count in sorted(theirs.items())
        if year != ours[1]
    ]
