"""Rows with a text in each, read one after another, since a million may not fit.

`course_lib.reviews` reads whole tables, to deal them out; here nothing is kept. A row
is a dictionary of what the file says, so that it can be written again with an answer.
Its text is read by the same rule as there.
"""

import csv
import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from course_lib.reviews.own import OTHER_TEXT, TEXT
from course_lib.reviews.own.files import json_rows, one_mark
from course_lib.reviews.own.separated import LONGEST
from course_lib.reviews.own.table import text_of
from course_lib.reviews.table import DataError

Row = dict[str, Any]
TextAndRow = tuple[str, Row]

SEPARATORS = ",;\t|"
SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet", ".txt")
ROWS_AT_ONCE = 32_768  # more than any test split of the course
CHARACTERS_AT_ONCE = 50_000_000


def is_table(name: str) -> bool:
    """Whether a name is that of a file of rows, there or not, and no text."""
    return kind_of(Path(name)) in SUFFIXES and "\n" not in name and len(name) < 1000


def kind_of(path: Path) -> str:
    """Return what a file holds, by its name: ".csv" also for data.CSV.gz."""
    return (path.with_suffix("") if path.suffix == ".gz" else path).suffix.lower()


def read(
    path: Path,
    *,
    text_column: str | None = None,
    separator: str | None = None,
    encoding: str = "utf-8-sig",
) -> Iterator[TextAndRow]:
    """Yield each row of a file and the text in it, reading no further than asked.

    CSV, TSV and JSON Lines, all of them as .gz too, Parquet, and .txt with a text a
    line. Raises `DataError`, naming the line, for what is none of these.
    """
    kind = kind_of(path)
    if not path.is_file():
        raise DataError(f"no file {str(path)!r}")
    if kind == ".parquet":
        rows = parquet(path)
    else:
        lines = decoded(path, encoding)
        if kind == ".txt":
            yield from plain(lines)
            return
        rows = (
            json_rows(path, lines)
            if kind == ".jsonl"
            else separated(path, lines, separator)
        )
    first = next(rows, None)
    if first is None:
        raise DataError(f"{path} has no rows")
    column = column_of_text(path, list(first), text_column)
    yield from with_text(path, column, chain_first(first, rows))


def plain(lines: Iterable[str]) -> Iterator[TextAndRow]:
    """Yield a row for each line, which is its text."""
    for line in lines:
        text = line.rstrip("\r\n")
        yield text, {"text": text}


def decoded(path: Path, encoding: str) -> Iterator[str]:
    """Yield the lines of a file, and say in words where it cannot be read."""
    number = 0
    unpack = gzip.open if path.suffix == ".gz" else open
    try:
        with unpack(path, "rt", encoding=encoding, newline="") as file:
            for line in file:
                number += 1
                yield line
    except UnicodeError as error:
        raise DataError(
            f"{path} is not {encoding}, after line {number} ({error}); name its "
            "encoding with --encoding, such as windows-1252"
        ) from error
    except LookupError as error:
        raise DataError(f"no encoding {encoding!r}; utf-8 is the usual one") from error
    except (EOFError, gzip.BadGzipFile) as error:
        raise DataError(f"{path} is damaged after line {number}: {error}") from error


def separated(path: Path, lines: Iterator[str], separator: str | None) -> Iterator[Row]:
    """Yield the rows of CSV, or of what has another mark between its columns."""
    csv.field_size_limit(LONGEST)  # its own is 131,072 characters
    head = next(lines, "")
    if head.startswith("sep="):
        separator, head = separator or head[4:5], next(lines, "")
    if separator is None:
        separator = max(SEPARATORS, key=head.count)  # the first of equals
    separator = one_mark(separator)
    table = csv.reader(chain_first(head, lines), delimiter=separator, strict=True)
    try:
        names = next(table, [])
        if twice := {name for name in names if names.count(name) > 1}:
            raise DataError(f"{path} has two columns called {min(twice)!r}: rename one")
        for cells in table:
            if cells and len(cells) != len(names):
                raise DataError(
                    f"line {table.line_num} of {path} has {len(cells)} fields, and the "
                    f"header {len(names)}, with {separator!r} between them; name "
                    "another with --separator"
                )
            if cells:
                yield dict(zip(names, cells, strict=True))
    except csv.Error as error:
        raise DataError(f"line {table.line_num} of {path}: {error}") from error


def parquet(path: Path) -> Iterator[Row]:
    """Yield the rows of a Parquet file."""
    try:
        for batch in pq.ParquetFile(path).iter_batches():
            yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} is not a Parquet file: {error}") from error


def column_of_text(path: Path, names: list[str], wanted: str | None) -> str:
    """Return the column called `wanted`, or the one that must be the text."""
    if wanted is not None:
        found = [name for name in names if name == wanted]
    elif len(names) == 1:
        found = names
    else:
        found = [name for name in names if name.lower() in TEXT]
        found = found or [name for name in names if name.lower() in OTHER_TEXT]
    if len(found) != 1:
        raise DataError(
            f"the text of {path} may be in {' or '.join(found) or 'no column known'}; "
            f"it has {', '.join(names)}: name one with --text-column"
        )
    return found[0]


def with_text(path: Path, column: str, rows: Iterable[Row]) -> Iterator[TextAndRow]:
    """Yield the rows with their texts; one that is missing counts as empty."""
    for number, row in enumerate(rows, start=1):
        text = text_of(row.get(column))
        if text is None:
            raise DataError(
                f"row {number} of {path} has {row[column]!r:.40} in the column "
                f"{column!r}; expected a text"
            )
        yield text, row


def chain_first(first: Any, rest: Iterable[Any]) -> Iterator[Any]:
    """Put one thing back before the others."""
    yield first
    yield from rest


def in_parts(rows: Iterable[TextAndRow]) -> Iterator[list[TextAndRow]]:
    """Group rows so that one group's texts fit in memory, whatever their lengths."""
    part: list[TextAndRow] = []
    size = 0
    for text, row in rows:
        part.append((text, row))
        size += len(text)
        if len(part) == ROWS_AT_ONCE or size >= CHARACTERS_AT_ONCE:
            yield part
            part, size = [], 0
    if part:
        yield part
