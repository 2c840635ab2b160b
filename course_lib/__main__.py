"""The command line: `python -m course_lib distill --help`."""

import argparse
import sys
from pathlib import Path
from typing import NoReturn

from course_lib import records
from course_lib.distill import distill, prepare
from course_lib.losses import DistillationLoss
from course_lib.models import STUDENTS, TEACHERS
from course_lib.scale import current_scale
from course_lib.training import TrainingError


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Exit with status 2 and the message alone, without the usage."""
        self.exit(2, f"{self.prog}: {message}\n")


def whole_number(text: str) -> int:
    """Read a seed. Raises argparse's error, which quotes what came."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 upwards")
    return int(text)


def build_parser() -> Parser:
    """Describe every command and option; `--help` prints it."""
    parser = Parser(
        prog="python -m course_lib",
        description="Knowledge distillation for text, from the command line.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    distill = commands.add_parser(
        "distill",
        help="train a teacher, and a student without and with it",
        description=(
            "Train a teacher, a student alone, and the same student with the teacher, "
            "at equal budget and from the same initial weights. Print one table, and "
            "write a record of the run. The default data set is embedded and needs no "
            "network; COURSE_DATA names a folder that already holds the others. "
            "COURSE_SCALE=smoke makes a run of a few seconds to see that all works."
        ),
    )
    distill.add_argument(
        "--data",
        default="synthetic",
        metavar="NAME",
        help=(
            "synthetic, imdb, imdb-genres, goemotions, or the path of a .csv, .jsonl "
            "or .parquet table of your own (default: synthetic)"
        ),
    )
    distill.add_argument(
        "--data-dir",
        type=Path,
        metavar="FOLDER",
        help="where the data set's archive lies (default: COURSE_DATA, if set)",
    )
    distill.add_argument(
        "--teacher", choices=TEACHERS, default="lstm", help="default: lstm"
    )
    distill.add_argument(
        "--student", choices=STUDENTS, default="lstm", help="default: lstm"
    )
    distill.add_argument(
        "--temperature", type=float, default=2.0, help="of the soft part (default: 2)"
    )
    distill.add_argument(
        "--alpha",
        type=float,
        default=0.5,
        help="weight of the soft part, 0 to 1 (default: 0.5)",
    )
    distill.add_argument("--seed", type=whole_number, default=0, help="default: 0")
    distill.add_argument(
        "--out",
        type=Path,
        default=Path("record.json"),
        metavar="FILE",
        help="where the record is written (default: record.json)",
    )
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return its exit status: 2 for bad input, 1 for a failed run."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    try:
        # All that can be wrong with the input is found before any training starts.
        records.check_writable(options.out)
        loss = DistillationLoss(options.temperature, options.alpha)
        scale = current_scale()
        splits = prepare(options.data, scale, options.seed, options.data_dir)
    except (ValueError, OSError) as error:
        return fail(error, 2)
    for note in splits.notes:
        print(f"note: {note}", file=sys.stderr)
    try:
        record = distill(
            splits,
            options.teacher,
            options.student,
            scale,
            seed=options.seed,
            temperature=loss.temperature,
            alpha=loss.alpha,
        )
        records.write(options.out, record)
    except (TrainingError, OSError) as error:
        return fail(error, 1)
    print(records.table(record))
    print(f"record written to {options.out}")
    return 0


def fail(error: Exception, status: int) -> int:
    """Say what went wrong on one line; return the exit status."""
    print("distill: " + " ".join(str(error).split()), file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
