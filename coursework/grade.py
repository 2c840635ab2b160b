"""Grade a folder of notebooks: `python -m coursework.grade FOLDER`.

What is graded and has not changed is not graded again, so that a stopped run goes on.
The results, `_build/grades` unless told otherwise:

    NAME.csv                  a row for each notebook, with points for each question;
                              marks that a person fills in there stay, and count
    NAME/feedback/STUDENT.html    a page for the student
    NAME/details/….json       all there is to know about one notebook, for the teacher
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coursework import feedback
from coursework.assignment import Assignment, load
from coursework.batch import Task, grade_all, unique, write
from coursework.placing import found_in, other_years
from coursework.sandbox import UNPROTECTED, Limits, Protection, choose
from coursework.table import Marks, WouldLose, filled_in, numbered, safe, write_table
from coursework.visible import ROOT

HOMEWORK = ROOT / "_build" / "homework"
GRADES = ROOT / "_build" / "grades"
MASTERS = ROOT / "notebooks" / "homework"

Graded = Sequence[tuple[Task, dict[str, Any]]]


def main(arguments: Sequence[str] | None = None, limits: Limits | None = None) -> int:
    """Read the arguments, grade, and say in a line where the results are.

    Returns 0 if all was graded, also what earned nothing.
    """
    args = _parser().parse_args(arguments)
    protection, problems = _protection(args)
    if protection is None:
        print("No sandbox works here, so nothing was graded:", file=sys.stderr)
        for problem in problems:
            print(f"  {problem}", file=sys.stderr)
        print(
            "Install one, use a Linux machine or container, or, for notebooks that you "
            "trust as your own code, add --unprotected (make: PROTECTION=unprotected).",
            file=sys.stderr,
        )
        return 2
    print(f"Sandbox: {protection.name}. {args.jobs} at a time.")
    limits = limits or Limits(seconds=args.seconds, memory=args.memory)
    try:
        placed = found_in(args.folder, args.homework, args.assignment)
    except LookupError as error:
        print(error, file=sys.stderr)
        return 1
    loaded = {name: load(args.homework / name, args.masters) for name in placed}
    for name, ones in placed.items():
        for warning in loaded[name].warnings() + other_years(ones, loaded[name]):
            print(f"Careful: {warning}.")
    pairs = [(one, name) for name, ones in placed.items() for one in ones]
    keys = unique([one.key for one, _ in pairs])
    tasks = [
        Task(one, key, name, args.homework, args.masters, protection, limits)
        for (one, name), key in zip(pairs, keys, strict=True)
    ]
    tables = {name: args.out / f"{name}.csv" for name in placed}
    try:
        for name in placed:  # now, and not after an hour
            filled_in(tables[name], placed[name], loaded[name])
        results = grade_all(tasks, args.out, args.jobs)
        for name in placed:
            graded = [
                (task, result)
                for task, result in zip(tasks, results, strict=True)
                if task.assignment == name
            ]
            marks = filled_in(tables[name], placed[name], loaded[name])
            rows = [(task.submission, result) for task, result in graded]
            write_table(tables[name], rows, loaded[name].read, marks)
            _write_pages(graded, loaded[name], marks, args.out / name / "feedback")
            _told(name, graded, args.out)
    except WouldLose as error:
        print(error, file=sys.stderr)
        return 2
    return 0 if all("error" not in r for r in results) else 1


def _write_pages(
    graded: Graded, assignment: Assignment, marks: Marks, folder: Path
) -> None:
    """Write each student's page anew: a person may have given marks since."""
    rows = numbered(safe(task.submission.source) for task, _ in graded)
    for row, (task, result) in zip(rows, graded, strict=True):
        if "error" not in result:
            text = feedback.page(
                assignment, task.submission, result, marks.get(row, {})
            )
            write(folder / f"{task.key}.html", text)


def _told(name: str, graded: Graded, out: Path) -> None:
    for says, count in Counter(r.get("says") for _, r in graded).items():
        if says and count > 1:
            print(f"Careful: {count} notebooks say that they are {says!r}'s.")
    pages = out / name / "feedback"
    print(f"{name}: {len(graded)} notebooks, {out / name}.csv; pages in {pages}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="coursework.grade", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("folder", type=Path, help="notebooks, folders and zip files")
    parser.add_argument("--assignment", help="which one all of them are")
    parser.add_argument(
        "--homework", type=Path, default=HOMEWORK, help="what was built"
    )
    parser.add_argument("--masters", type=Path, default=MASTERS, help="for their names")
    parser.add_argument("--out", type=Path, default=GRADES)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seconds", type=float, default=Limits.seconds)
    parser.add_argument("--memory", type=int, default=Limits.memory, help="megabytes")
    parser.add_argument("--protection", choices=["bwrap", "unshare", "unprotected"])
    parser.add_argument("--unprotected", action="store_true")
    return parser


def _protection(args: argparse.Namespace) -> tuple[Protection | None, list[str]]:
    if args.unprotected or args.protection == "unprotected":
        print(
            "Unprotected: notebooks can read and change what you can, and use the "
            "network. Only time, memory and the tests themselves are guarded."
        )
        return UNPROTECTED, []
    return choose(args.protection)


if __name__ == "__main__":
    sys.exit(main())
