"""The command line: `python -m course_lib --help`.

On several GPUs or machines: `accelerate launch -m course_lib …`.
"""

import argparse
import sys
from pathlib import Path
from typing import NoReturn

from course_lib import records
from course_lib.devices import accelerator
from course_lib.distill import distill
from course_lib.losses import DistillationLoss
from course_lib.models import STUDENTS, TEACHERS, Recipe, sizes
from course_lib.scale import Scale, current_scale
from course_lib.soft_target_files import SoftTargets
from course_lib.splits import Splits, prepare
from course_lib.teachers import train_teacher
from course_lib.training_errors import TrainingError


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
    add_distill(
        commands.add_parser(
            "distill",
            help="train a teacher, and a student without and with it",
            description=DISTILL,
        )
    )
    add_soft_targets(
        commands.add_parser(
            "soft-targets",
            help="train a teacher, and write down what it says of every review",
            description=SOFT_TARGETS,
        )
    )
    return parser


DISTILL = (
    "Train a teacher, a student alone, and the same student with the teacher, at equal "
    "budget and from the same initial weights. Print one table, and write a record of "
    "the run. The default data set is embedded and needs no network; COURSE_DATA names "
    "a folder that already holds the others. COURSE_SCALE=smoke makes a run of a few "
    "seconds to see that all works."
)
SOFT_TARGETS = (
    "Train a teacher on a machine that can, and write its logits for every split into "
    "one file of a few megabytes. On a machine that cannot, `distill --soft-targets "
    "FILE` reads them in its place."
)


def add_distill(parser: argparse.ArgumentParser) -> None:
    """Add the options of `distill`."""
    add_data(parser)
    teacher = parser.add_mutually_exclusive_group()
    teacher.add_argument(
        "--teacher", choices=TEACHERS, default="lstm", help="default: lstm"
    )
    teacher.add_argument(
        "--soft-targets",
        type=Path,
        metavar="FILE",
        help="in place of a teacher, what one said: a file written by `soft-targets`",
    )
    parser.add_argument(
        "--student", choices=STUDENTS, default="lstm", help="default: lstm"
    )
    parser.add_argument(
        "--temperature", type=float, default=2.0, help="of the soft part (default: 2)"
    )
    parser.add_argument(
        "--alpha",
        type=float,
        help="weight of the soft part, 0 to 1 (default: 0.5, or 1 with --unlabelled)",
    )
    parser.add_argument(
        "--unlabelled",
        action="store_true",
        help=(
            "let the distilled student read the data set's unlabelled reviews too, and "
            "believe its teacher alone; in as many steps as without"
        ),
    )
    parser.add_argument(
        "--seeds",
        type=whole_number,
        nargs="+",
        default=[0],
        metavar="N",
        help="run once from each, and show the mean (default: 0)",
    )
    add_files(parser, "record.json", "where the record is written")


def add_soft_targets(parser: argparse.ArgumentParser) -> None:
    """Add the options of `soft-targets`."""
    add_data(parser)
    parser.add_argument(
        "--teacher", choices=TEACHERS, default="bert", help="default: bert"
    )
    parser.add_argument(
        "--seed", type=whole_number, default=0, metavar="N", help="default: 0"
    )
    add_files(parser, "soft-targets.safetensors", "where the soft targets are written")


TABLE_OPTIONS = (
    ("--text-column", "NAME", "what holds the texts, if not text or review"),
    ("--label-column", "NAME", "what holds the labels, if not label or labels"),
    ("--separator", "MARK", "between fields, if not guessed: ';' or tab"),
    ("--encoding", "NAME", "if not guessed: utf-16, cp1252 and others"),
)


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which reviews are read."""
    parser.add_argument(
        "--data",
        default="synthetic",
        metavar="NAME",
        help=(
            "synthetic, imdb, imdb-genres, goemotions, or the path of a .csv, .tsv, "
            ".jsonl or .parquet table of your own (default: synthetic)"
        ),
    )
    for option, value, what in TABLE_OPTIONS:
        parser.add_argument(option, metavar=value, help=f"of your own table: {what}")
    parser.add_argument(
        "--data-dir",
        type=Path,
        metavar="FOLDER",
        help="where the data set's archive lies (default: COURSE_DATA, if set)",
    )


def add_files(parser: argparse.ArgumentParser, out: str, what: str) -> None:
    """Add the options that say what is written where."""
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(out),
        metavar="FILE",
        help=f"{what} (default: {out})",
    )
    parser.add_argument(
        "--checkpoint",
        type=Path,
        metavar="FOLDER",
        help="write checkpoints there; the same command again goes on from them",
    )


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return its exit status: 2 for bad input, 1 for a failed run."""
    options = build_parser().parse_args(arguments)
    run = run_distill if options.command == "distill" else run_soft_targets
    try:
        return run(options)
    except (ValueError, OSError) as error:
        return fail(options.command, error, 2)
    except TrainingError as error:
        return fail(options.command, error, 1)


def run_distill(options: argparse.Namespace) -> int:
    """Run the experiment, print its table and write its record."""
    # All that can be wrong with the input is found before any training starts.
    records.check_writable(options.out)
    alpha = options.alpha
    if alpha is None:
        alpha = 1.0 if options.unlabelled else 0.5
    DistillationLoss(options.temperature, alpha)
    teacher = options.teacher
    if options.soft_targets:
        teacher = SoftTargets.read(options.soft_targets)
    scale, splits = load(options, options.seeds[0])
    models = {"student": STUDENTS[options.student]}
    if not options.soft_targets:
        models["teacher"] = TEACHERS[teacher]
    tell_sizes(models, splits)
    record = distill(
        splits,
        teacher,
        options.student,
        scale,
        seeds=options.seeds,
        temperature=options.temperature,
        alpha=alpha,
        unlabelled=options.unlabelled,
        checkpoint=options.checkpoint,
    )
    if accelerator().is_main_process:
        records.write(options.out, record)
        print(records.table(record), records.verdict(record), sep="\n\n")
        print(f"record written to {options.out}")
    return 0


def run_soft_targets(options: argparse.Namespace) -> int:
    """Train a teacher, and write what it says of every split into one file."""
    records.check_writable(options.out)
    scale, splits = load(options, options.seed)
    tell_sizes({"teacher": TEACHERS[options.teacher]}, splits)
    teacher = train_teacher(
        splits, options.teacher, scale, options.seed, options.checkpoint
    )
    texts = [text for part in splits.reviews.values() for text in part.texts]
    soft_targets = teacher.soft_targets(texts, splits.label_names, options.checkpoint)
    if accelerator().is_main_process:
        soft_targets.write(options.out)
        megabytes = options.out.stat().st_size / 1e6
        print(f"{len(texts):,} reviews, {megabytes:.1f} MB: {options.out}")
    return 0


def load(options: argparse.Namespace, seed: int) -> tuple[Scale, Splits]:
    """Load the data at this machine's scale, and say what was left out of it."""
    scale = current_scale()
    splits = prepare(
        options.data,
        scale,
        seed,
        options.data_dir,
        text_column=options.text_column,
        label_column=options.label_column,
        separator=options.separator,
        encoding=options.encoding,
    )
    for note in splits.notes:
        tell(f"note: {note}")
    return scale, splits


def tell_sizes(models: dict[str, Recipe], splits: Splits) -> None:
    """Say how big the models are before they are trained."""
    for name, recipe in models.items():
        size = sizes(recipe, splits.vocabulary_size, len(splits.label_names))
        tell(f"{name}: {size.parameters:,} parameters, {size.bytes / 1e6:.1f} MB")


def tell(line: str) -> None:
    """Print a line beside the result, once however many processes there are."""
    if accelerator().is_main_process:
        print(line, file=sys.stderr)


def fail(command: str, error: Exception, status: int) -> int:
    """Say what went wrong on one line; return the exit status."""
    print(f"{command}: " + " ".join(str(error).split()), file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
