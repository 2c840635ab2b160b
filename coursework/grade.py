"""Grade a folder of notebooks: `python -m coursework.grade FOLDER`.

What is graded and has not changed is not graded again, so that a stopped run goes on.
The results, `_build/grades` unless told otherwise:

    NAME.csv                  a row for each notebook, with points for each question
    NAME/feedback/STUDENT.html    a page for the student
    NAME/details/….json       all there is to know about one notebook, for the teacher
"""

import argparse
import csv
import hashlib
import json
import multiprocessing
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from course_lib.files import sweep, whole_file
from coursework import feedback, submissions
from coursework.sandbox import ROOT, UNPROTECTED, Limits, Protection, choose
from coursework.submissions import Submission

HOMEWORK = ROOT / "_build" / "homework"
GRADES = ROOT / "_build" / "grades"
MASTERS = ROOT / "notebooks" / "homework"
CALLED = re.compile(rb'"assignment_name"\s*:\s*"([\w .-]{1,100})"')
#: What a judge may take beyond the student's own limit: for torch, and for waiting.
PATIENCE = 12


@dataclass(frozen=True)
class Task:
    """One notebook to grade."""

    submission: Submission
    assignment: str
    homework: Path
    masters: Path
    protection: Protection
    limits: Limits


def main(
    arguments: Sequence[str] | None = None, limits: Limits | None = None
) -> int:
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
    known = sorted(p.name for p in args.homework.iterdir()) if args.homework.is_dir() else []
    if args.assignment:
        known = [args.assignment]
    found = list(submissions.find(args.folder))
    placed, strays = place(found, known, args.assignment)
    for line in strays:
        print(line)
    if not placed:
        print(f"Nothing to grade in {args.folder}.", file=sys.stderr)
        return 1
    tasks = [
        Task(one, name, args.homework, args.masters, protection, limits)
        for one, name in placed
    ]
    results = grade_all(tasks, args.out, args.jobs)
    for name in sorted({task.assignment for task in tasks}):
        rows = [(t, r) for t, r in zip(tasks, results, strict=True) if t.assignment == name]
        table = args.out / f"{name}.csv"
        write_table(table, rows)
        total = len(rows)
        print(f"{name}: {total} graded, {table}; pages in {args.out / name / 'feedback'}")
    return 0 if all("error" not in r for r in results) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="coursework.grade", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("folder", type=Path, help="notebooks, folders and zip files")
    parser.add_argument("--assignment", help="which one all of them are")
    parser.add_argument("--homework", type=Path, default=HOMEWORK, help="what was built")
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
    found: Iterable[Submission], known: Sequence[str], told: str | None
) -> tuple[list[tuple[Submission, str]], list[str]]:
    """Return which submission belongs to which assignment, and a line for each stray.

    A file that does not say counts to the only assignment there is.
    """
    called = [(one, _called(one.data)) for one in found]
    said = Counter(name for _, name in called if name in known)
    usual = told or (next(iter(said)) if len(said) == 1 else None)
    placed, strays = [], []
    for one, name in called:
        if name is not None and name not in known:
            reason = f"is of the assignment {name!r}, which is not among {list(known)}"
            strays.append(f"{one.source!r} {reason}: not graded")
        elif name or usual:
            placed.append((one, name or str(usual)))
        else:
            strays.append(f"{one.source!r} does not say what it is: add ASSIGNMENT=NAME")
    return placed, strays


def _called(data: bytes) -> str | None:
    names = CALLED.findall(data)
    return names[-1].decode() if names else None


def grade_all(tasks: Sequence[Task], out: Path, jobs: int) -> list[dict[str, Any]]:
    """Grade what is not graded yet, `jobs` at a time; each writes its own two files."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["coursework.judge", "otter.test_files"])
    results: list[Any] = [None] * len(tasks)
    keys = unique([task.submission.key for task in tasks])
    bar = tqdm(total=len(tasks), unit="notebook", disable=None)
    with ThreadPoolExecutor(max_workers=max(jobs, 1)) as pool, bar:
        waiting = {
            pool.submit(_graded, task, key, out, context): number
            for number, (task, key) in enumerate(zip(tasks, keys, strict=True))
        }
        try:
            for done in as_completed(waiting):
                number = waiting[done]
                results[number] = done.result()
                bar.update()
                bar.write(line(tasks[number].submission, results[number]))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return results


def line(submission: Submission, result: dict[str, Any]) -> str:
    """Return what a run says about one notebook: one line, whatever its name is.

    >>> line(Submission("Ada\\n", "", "a.ipynb"), {"error": "The sandbox did not start."})
    "'Ada\\\\n': not graded: The sandbox did not start."
    """
    student = submission.student
    student = student if student.isprintable() else repr(student)
    if "error" in result:
        return f"{student}: not graded: {result['error']}"
    total, most = sum(result["points"].values()), sum(result["possible"].values())
    notes = "; ".join(result["notes"])
    return f"{student}: {total:g} of {most:g}{': ' if notes else ''}{notes}"


def unique(keys: Sequence[str]) -> list[str]:
    """Return names of files that differ in any file system.

    >>> unique(["ada", "Ada", "bob"])
    ['ada', 'Ada-2', 'bob']
    """
    seen: Counter[str] = Counter()
    found = []
    for key in keys:
        seen[key.casefold()] += 1
        number = seen[key.casefold()]
        found.append(key if number == 1 else f"{key}-{number}")
    return found


def _graded(task: Task, key: str, out: Path, context: Any) -> dict[str, Any]:
    folder = out / task.assignment
    details, html = folder / "details" / f"{key}.json", folder / "feedback" / f"{key}.html"
    depends = _depends(task)
    if details.exists():
        try:
            known = json.loads(details.read_text("utf-8"))
        except ValueError:
            known = {}
        if known.get("depends") == depends and html.exists():
            return dict(known["grade"])
    result = _in_own_process(task, context)
    if "error" not in result:
        submission = task.submission
        record = {
            "student": submission.student,
            "number": submission.number,
            "source": submission.source,
            "depends": depends,
            "grade": result,
        }
        _write(details, json.dumps(record, indent=1, ensure_ascii=False))
        text = feedback.page(
            task.assignment, submission.student, submission.number, result
        )
        _write(html, text)
    return result


def _depends(task: Task) -> str:
    """Return a hash of all that a grade depends on: notebook, tests, grader, limits."""
    parts = [task.submission.data, task.submission.problem.encode()]
    built = task.homework / task.assignment
    files = [*built.glob("autograder/*.zip"), *built.glob("student/*.ipynb")]
    files += list(Path(__file__).parent.glob("*.py"))
    parts += [file.read_bytes() for file in sorted(files)]
    parts.append(json.dumps(asdict(task.limits)).encode())
    parts.append(task.protection.name.encode())
    return hashlib.sha256(b"".join(hashlib.sha256(p).digest() for p in parts)).hexdigest()


def _in_own_process(task: Task, context: Any) -> dict[str, Any]:
    """Judge in a process that can be ended, whatever it was led to do."""
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=judged, args=(theirs, task))
    process.start()
    theirs.close()
    try:
        if ours.poll(PATIENCE * task.limits.seconds):
            return dict(ours.recv())
        return {"error": "its judge took too long"}
    except EOFError:
        process.join(10)
        return {"error": f"its judge ended with {process.exitcode}"}
    finally:
        process.kill()
        process.join()


def judged(reply: Any, task: Task) -> None:
    """Judge one notebook and send the grade: runs in a process of its own."""
    import torch

    from coursework import judge
    from coursework.assignment import load
    from coursework.student import Unfit

    torch.set_num_threads(1)
    try:
        loaded = load(task.homework / task.assignment, task.masters)
        one = task.submission
        if one.problem:
            result = judge.nothing(loaded, one.problem)
        else:
            result = judge.bounded(
                lambda: judge.grade(one.data, loaded, task.protection, task.limits)
            )
        reply.send(result.plain())
    except (Unfit, OSError) as error:
        reply.send({"error": str(error)})


def write_table(place: Path, rows: Sequence[tuple[Task, dict[str, Any]]]) -> None:
    """Write the points as CSV, for a spreadsheet or a learning management system.

    What a person grades is a column too, and empty.
    """
    graded = [result for _, result in rows if "error" not in result]
    questions = list(dict.fromkeys(q for r in graded for q in r["points"]))
    written = list(dict.fromkeys(q for r in graded for q in r["written"]))
    written = [q if q not in questions else f"{q} (written)" for q in written]
    header = ["student", "number", "file", "total", "out_of"]
    place.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(place, ours=lambda _: True) as unfinished:
        # With a mark, so that spreadsheets read names as UTF-8.
        with open(unfinished, "w", encoding="utf-8-sig", newline="") as file:
            table = csv.writer(file)
            table.writerow([*header, *questions, *written, "notes"])
            for task, result in sorted(rows, key=lambda row: row[0].submission.source):
                one = task.submission
                start = [safe(x) for x in (one.student, one.number, one.source)]
                if "error" in result:
                    empty = [""] * (len(questions) + len(written) + 2)
                    table.writerow([*start, *empty, f"not graded: {result['error']}"])
                    continue
                points = [f"{result['points'].get(q, 0):g}" for q in questions]
                total = sum(result["points"].values())
                most = sum(result["possible"].values())
                notes = safe("; ".join(result["notes"]))
                numbers = [f"{total:g}", f"{most:g}", *points]
                table.writerow([*start, *numbers, *[""] * len(written), notes])


def safe(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, without control characters.

    >>> safe("=1+1"), safe("O'Hara")
    ("'=1+1", "O'Hara")
    """
    text = "".join(c if c.isprintable() else " " for c in text)
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def _write(place: Path, text: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    sweep(place)
    with whole_file(place, ours=lambda _: True) as unfinished:
        unfinished.write_text(text, "utf-8", errors="replace")


if __name__ == "__main__":
    sys.exit(main())
