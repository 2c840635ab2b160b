"""What several commands ask for, and say, in the same words."""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from course_lib.devices import accelerator
from course_lib.files import target
from course_lib.models import Recipe, sizes
from course_lib.scale import Scale, current_scale
from course_lib.splits import Splits, prepare

MOST = 2**63 - 1  # what every random generator takes for a seed


def whole_number(text: str) -> int:
    """Read a seed. Raises argparse's error, which quotes what came."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 upwards")
    if int(text) > MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is too large: seeds end at {MOST}")
    return int(text)


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


def load(options: argparse.Namespace, seed: int) -> tuple[Scale, Splits]:
    """Load the data at this machine's scale, and say what was left out of it."""
    scale = current_scale()
    splits = prepare(
        options.data, scale, seed, options.data_dir, **table_options(options)
    )
    for note in splits.notes:
        tell(f"note: {note}")
    return scale, splits


def table_options(options: argparse.Namespace) -> dict[str, Any]:
    """Return how a table of one's own is to be read, as `reviews.load` takes it."""
    return {
        "text_column": options.text_column,
        "label_column": options.label_column,
        "separator": options.separator,
        "encoding": options.encoding,
    }


def tell_sizes(models: dict[str, Recipe], splits: Splits) -> None:
    """Say how big the models are before they are trained."""
    for name, recipe in models.items():
        size = sizes(recipe, splits.vocabulary_size, len(splits.label_names))
        tell(f"{name}: {size.parameters:,} parameters, {size.bytes / 1e6:.1f} MB")
        for note in splits.reading_notes(recipe):
            tell(f"note: {note}")


def tell(line: str) -> None:
    """Print a line beside the result, once however many processes there are."""
    if accelerator().is_main_process:
        print(line, file=sys.stderr)


def read_files(options: argparse.Namespace) -> list[Path]:
    """Return the files that a command reads, none of which it may write over."""
    named = [Path(options.data), getattr(options, "soft_targets", None)]
    return [path for path in named if path is not None and path.is_file()]


def keep(path: Path, write: Callable[[Path], object]) -> str | None:
    """Write a result to its place, or where there is room: it took hours to make.

    Returns what went wrong, and where the result is now; None if all is well.
    """
    try:
        write(path)
    except OSError as error:
        elsewhere = Path(tempfile.gettempdir()) / f"{path.name}-kept"
        try:
            write(elsewhere)
        except OSError:
            return str(error)
        return f"{error}. It was written to {elsewhere}"
    return None


def check_apart(folder: Path, *others: Path | None) -> None:
    """Raise `ValueError` if something else is to be written into a student's folder."""
    for other in others:
        if other is not None and target(other).is_relative_to(target(folder)):
            raise ValueError(
                f"{other} is in {folder}, which is to hold a student and nothing else: "
                "name another place for one of them"
            )
