"""Grade many notebooks at once, each by a judge of its own, and none twice.

A judge is a process that can be ended, and its sandbox ends with it. What one notebook
earned is written at once, with a hash of all that it depends on: so a stopped run goes
on, and a changed notebook, test or limit is graded again.
"""

import hashlib
import json
import multiprocessing
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from course_lib.files import sweep, whole_file
from coursework.sandbox import Limits, Protection
from coursework.submissions import Submission

#: Seconds that a judge has beyond the student's: to start, and for tests of its own.
PATIENCE = 600


@dataclass(frozen=True)
class Task:
    """One notebook to grade."""

    submission: Submission
    key: str  # the name of its files, which no other has
    assignment: str
    homework: Path
    masters: Path
    protection: Protection
    limits: Limits


def grade_all(tasks: Sequence[Task], out: Path, jobs: int) -> list[dict[str, Any]]:
    """Grade what is not graded yet, `jobs` at a time; each writes its own details."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["coursework.judge", "otter.test_files"])
    results: list[Any] = [None] * len(tasks)
    bar = tqdm(total=len(tasks), unit="notebook", disable=None)
    with ThreadPoolExecutor(max_workers=max(jobs, 1)) as pool, bar:
        waiting = {
            pool.submit(_graded, task, out, context): number
            for number, task in enumerate(tasks)
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

    >>> line(Submission("Ada\\x1b[2J", "", "a.ipynb"), {"error": "no sandbox"})
    'Ada\ufffd[2J: not graded: no sandbox'
    """
    if "error" in result:
        text = f"not graded: {result['error']}"
    else:
        total, most = sum(result["points"].values()), sum(result["possible"].values())
        text = "; ".join([f"{total:g} of {most:g}", *result["notes"]])
    text = f"{submission.student}: {text}"
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


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


def _graded(task: Task, out: Path, context: Any) -> dict[str, Any]:
    details = out / task.assignment / "details" / f"{task.key}.json"
    depends = _depends(task)
    if details.exists():
        try:
            known = json.loads(details.read_text("utf-8"))
        except ValueError:
            known = {}
        if known.get("depends") == depends:
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
        write(details, json.dumps(record, indent=1, ensure_ascii=False))
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
    return hashlib.sha256(
        b"".join(hashlib.sha256(p).digest() for p in parts)
    ).hexdigest()


def _in_own_process(task: Task, context: Any) -> dict[str, Any]:
    """Judge in a process that can be ended, whatever it was led to do."""
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=judged, args=(theirs, task))
    process.start()
    theirs.close()
    try:
        if ours.poll(task.limits.seconds + PATIENCE):
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


def write(place: Path, text: str) -> None:
    """Write a file whole or not at all, and its folder."""
    place.parent.mkdir(parents=True, exist_ok=True)
    sweep(place)
    with whole_file(place, ours=lambda _: True) as unfinished:
        unfinished.write_text(text, "utf-8", errors="replace")
