"""`predict`: a saved student reads texts, and says what it makes of them."""

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from course_lib import rows
from course_lib.reviews.table import DataError
from course_lib.rows import Row, TextAndRow
from course_lib.students import Student

ABOUT = (
    "Read texts with a saved student. Give them as arguments, or as a .csv, .tsv, "
    ".jsonl, .parquet or .txt file (a text a line), or on standard input. The same "
    "rows come out, with what the student says: CSV, or JSON Lines for JSON Lines. A "
    "file of any length is read in parts, so a million rows take no more memory than "
    "thirty thousand."
)


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of `predict`."""
    parser.add_argument("folder", help="of a student, or its id on the hub")
    parser.add_argument(
        "texts", nargs="*", metavar="TEXT", help="texts, or the name of one file"
    )
    parser.add_argument(
        "--top-k",
        type=positive,
        metavar="K",
        help="only the K likeliest labels, with their probabilities (default: all)",
    )
    parser.add_argument(
        "--onnx",
        action="store_true",
        help="read with the model.onnx that `export` wrote, in place of PyTorch",
    )
    parser.add_argument("--text-column", metavar="NAME", help="where the texts are")
    parser.add_argument("--separator", metavar="MARK", help="between a table's columns")
    parser.add_argument(
        "--encoding", default="utf-8-sig", help="of the file (default: UTF-8)"
    )


def positive(text: str) -> int:
    """Read a number from 1 upwards."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 upwards")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Read row after row; write each with what the student says of it."""
    student = Student.load(options.folder, onnx=options.onnx)
    answer = Answer(student, options.top_k)
    path = file_of(options)
    is_jsonl = path is not None and rows.kind_of(path) == ".jsonl"
    writer: Writer = JsonLines() if is_jsonl else Csv()
    with tqdm(unit=" rows", delay=1) as bar:  # not where an error comes at once
        for part in rows.in_parts(given(options, path)):
            logits = student.logits([text for text, _ in part])
            answers = answer.of(logits, writer.flat)
            for (_, row), more in zip(part, answers, strict=True):
                writer.write(with_answer(row, more))
            bar.update(len(part))
    return 0


def file_of(options: argparse.Namespace) -> Path | None:
    """Return the file to be read, if the one text given is the name of one."""
    texts = options.texts
    return Path(texts[0]) if len(texts) == 1 and rows.is_table(texts[0]) else None


def given(options: argparse.Namespace, path: Path | None) -> Iterator[TextAndRow]:
    """Return what is to be read: a file's rows, texts, or the lines that come in."""
    if path is None:
        return rows.plain(options.texts or sys.stdin)
    return rows.read(
        path,
        text_column=options.text_column,
        separator=options.separator,
        encoding=options.encoding,
    )


def with_answer(row: Row, more: Row) -> Row:
    """Put an answer behind a row, but never over a part of it."""
    if both := row.keys() & more.keys():
        raise DataError(
            f"the rows have a column {sorted(both)[0]!r} already, which is where the "
            "answer goes: rename it"
        )
    return row | more


class Answer:
    """How a student's answer is written beside a row."""

    def __init__(self, student: Student, top_k: int | None) -> None:
        self.student = student
        self.names = student.label_names
        self.top_k = min(top_k or len(self.names), len(self.names))
        self.is_short = top_k is not None

    def of(self, logits: NDArray[np.float32], flat: bool) -> Iterator[Row]:
        """Yield the answer to each row of logits, as columns or as one object."""
        p = self.student.probabilities(logits)
        order = np.argsort(-p, axis=1, kind="stable")[:, : self.top_k]
        for said, row, best in zip(self.student.verdicts(p), p, order, strict=True):
            if not flat:
                ranked = {
                    self.names[place]: round(float(row[place]), 6) for place in best
                }
                yield {"predicted": said, "probabilities": ranked}
                continue
            one = said if isinstance(said, str) else "|".join(said)
            yield {"predicted": one} | self.columns(row, best)

    def columns(self, p: NDArray[np.floating], best: NDArray[np.intp]) -> Row:
        """Return the probabilities as columns of a table."""
        if not self.is_short:
            pairs = zip(self.names, p, strict=True)
            return {f"p({name})": f"{value:.6f}" for name, value in pairs}
        ranked: Row = {}
        for place, label in enumerate(best, start=1):
            ranked[f"label_{place}"] = self.names[label]
            ranked[f"probability_{place}"] = f"{p[label]:.6f}"
        return ranked


class Writer(Protocol):
    """What writes rows to standard output; `flat` ones know no objects in objects."""

    flat: bool

    def write(self, row: Row) -> None:
        """Write one."""


class Csv:
    """Rows as CSV, with the first one's names as the header."""

    flat = True

    def __init__(self) -> None:
        self.writer: csv.DictWriter[Any] | None = None

    def write(self, row: Row) -> None:
        """Write one; a later row has the columns of the first."""
        if self.writer is None:
            self.writer = csv.DictWriter(sys.stdout, list(row), lineterminator="\n")
            self.writer.writeheader()
        self.writer.writerow(row)


class JsonLines:
    """Rows as JSON, a line each."""

    flat = False

    def write(self, row: Row) -> None:
        """Write one."""
        print(json.dumps(row, ensure_ascii=False))
