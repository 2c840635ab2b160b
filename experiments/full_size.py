"""What wants a GPU, in steps of a few minutes: `make gpu`.

The tests marked gpu, the benchmarks' GPU part, and for each data set a BERT fine-tuned
at 512 pieces and the student that learns from it. A step is a command of the course. It
is done when its file is there, which is written whole or not at all; one that was
stopped goes on from its checkpoint when this is called again.

    COURSE_DATA=folder make gpu
    COURSE_SCALE=smoke COURSE_DATA=folder make gpu   (a rehearsal, without a GPU)
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from course_lib.scale import current_scale

FOLDER = Path("_build/gpu")
RECORDS = Path("book/records")
DATA = ("imdb", "imdb-genres", "goemotions")
MINUTES = 8.0


@dataclass(frozen=True)
class Step:
    """A command, and the file that it leaves when it is done."""

    command: Sequence[str]  # after `python -m`
    out: Path
    marks: bool = False  # the file is only a mark that the command succeeded


def steps(data: Sequence[str], teacher: str, records: Path) -> list[Step]:
    """Return what there is to do, in order."""
    found = [
        Step(("pytest", "-q", "-m", "gpu", "tests"), FOLDER / "tests-passed", True),
    ]
    if torch.cuda.is_available():
        bench = records / "bench-gpu.json"
        found.append(Step(("benchmarks.gpu", str(bench)), bench))
    for name in data:
        kept = ("--data", name, "--checkpoint", str(FOLDER / name))
        said = FOLDER / f"soft-targets-{name}-{teacher}.safetensors"
        asks = ("course_lib", "soft-targets", "--teacher", teacher, *kept)
        found.append(Step((*asks, "--out", str(said)), said))
        record = records / f"distill-{name}-{teacher}.json"
        learns = ("course_lib", "distill", "--soft-targets", str(said), *kept)
        found.append(Step((*learns, "--out", str(record)), record))
    return found


def go_on(todo: Sequence[Step], minutes: float) -> int:
    """Take steps until all are done or time is up; return how many are left.

    Raises `subprocess.CalledProcessError` if one fails.
    """
    end = time.monotonic() + 60 * minutes
    left = [step for step in todo if not step.out.exists()]
    for place, step in enumerate(left):
        step.out.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", *step.command]
        print(f"{place + 1} of {len(left)}: python -m {' '.join(step.command)}")
        try:
            # Killed when time is up, as a machine that is taken away would do it.
            rest = max(0.0, end - time.monotonic())
            subprocess.run(command, check=True, timeout=rest)
        except subprocess.TimeoutExpired:
            return len(left) - place
        if step.marks:
            step.out.touch()
    return 0


def main(arguments: Sequence[str] | None = None) -> None:
    """Go on with what is left to do."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.full_size",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--minutes", type=float, default=MINUTES, help="at most")
    parser.add_argument("--data", nargs="+", default=DATA, help=" ".join(DATA))
    parser.add_argument("--teacher", default="bert", help="default: bert")
    given = parser.parse_args(arguments)
    rehearsed = current_scale().name == "smoke"
    if not (rehearsed or torch.cuda.is_available()):
        parser.error(
            "there is no CUDA device here, and at full size this would take a CPU "
            "days: set COURSE_SCALE=smoke to rehearse it"
        )
    records = FOLDER if rehearsed else RECORDS
    left = go_on(steps(given.data, given.teacher, records), given.minutes)
    if left:
        print(f"{given.minutes:g} minutes are over, {left} steps are left: call again")
    else:
        print("all steps are done")


if __name__ == "__main__":
    main()
