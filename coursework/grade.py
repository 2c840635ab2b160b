"""Grade a folder of notebooks: `python -m coursework.grade FOLDER`.

What is graded and has not changed is not graded again, so that a stopped run goes on.
The results, `_build/grades` unless told otherwise:

    NAME.csv                  a row for each notebook, with points for each question
    NAME/feedback/STUDENT.html    a page for the student
    NAME/details/….json       all there is to know about one notebook, for the teacher
"""

import argparse
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from coursework import submissions
from coursework.assignment import load, questions_in
from coursework.batch import Task, grade_all
from coursework.sandbox import ROOT, UNPROTECTED, Limits, Protection, choose
from coursework.submissions import Submission
from coursework.table import write_table

HOMEWORK = ROOT / "_build" / "homework"
GRADES = ROOT / "_build" / "grades"
MASTERS = ROOT / "notebooks" / "homework"
CHECKED = re.compile(rb'grader\.check\(\\?["\']([\w .-]{1,100}?)\\?["\']\)')
CALLED = re.compile(rb'"assignment_name"\s*:\s*"([\w .-]{1,100})"')


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
    built = sorted(args.homework.iterdir()) if args.homework.is_dir() else []
    known = {p.name: questions_in(p) for p in built if not p.name.startswith(".")}
    if args.assignment:
        known = {args.assignment: known.get(args.assignment, set())}
    found = list(submissions.find(args.folder))
    placed, strays = place(found, known, args.assignment)
    for line in strays:
        print(line)
    if not placed:
        print(f"Nothing to grade in {args.folder}.", file=sys.stderr)
        return 1
    for name in sorted({name for _, name in placed}):
        for warning in load(args.homework / name, args.masters).warnings():
            print(f"Careful: {warning}.")
    tasks = [
        Task(one, name, args.homework, args.masters, protection, limits)
        for one, name in placed
    ]
    results = grade_all(tasks, args.out, args.jobs)
    for name in sorted({task.assignment for task in tasks}):
        rows = [
            (task.submission, result)
            for task, result in zip(tasks, results, strict=True)
            if task.assignment == name
        ]
        table = args.out / f"{name}.csv"
        write_table(table, rows)
        for says, count in Counter(r.get("says") for _, r in rows).items():
            if says and count > 1:
                print(f"Careful: {count} notebooks say that they are {says!r}'s.")
        pages = args.out / name / "feedback"
        print(f"{name}: {len(rows)} notebooks, {table}; pages in {pages}")
    return 0 if all("error" not in r for r in results) else 1


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


def place(
    found: Iterable[Submission], questions: dict[str, set[str]], told: str | None
) -> tuple[list[tuple[Submission, str]], list[str]]:
    """Return which submission belongs to which assignment, and a line for each stray.

    A file that does not say counts to the only assignment there is.
    """
    called = [(one, _called(one.data, questions)) for one in found]
    said = Counter(name for _, name in called if name in questions)
    usual = told or (next(iter(said)) if len(said) == 1 else None)
    placed, strays = [], []
    for one, name in called:
        if name is not None and name not in questions:
            among = ", ".join(questions)
            reason = f"is of the assignment {name!r}, which is not among {among}"
            strays.append(f"{one.source!r} {reason}: not graded")
        elif name or usual:
            placed.append((one, name or str(usual)))
        else:
            strays.append(
                f"{one.source!r} does not say what it is: add ASSIGNMENT=NAME"
            )
    return placed, strays


def _called(data: bytes, questions: dict[str, set[str]]) -> str | None:
    """Return which assignment a notebook's file is, by its metadata or its questions.

    The file is not parsed here, where one that is made to harm could harm all others.
    """
    names = CALLED.findall(data)
    if names:
        return str(names[-1].decode())
    asked = {question.decode() for question in CHECKED.findall(data)}
    shared = {name: len(asked & own) for name, own in questions.items()}
    best = max(shared, key=lambda name: shared[name], default=None)
    return best if best and shared[best] else None


if __name__ == "__main__":
    sys.exit(main())
