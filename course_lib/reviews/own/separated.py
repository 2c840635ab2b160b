"""Rows of text with a mark between the fields: CSV, and its kin with ; or tab."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from course_lib.reviews.own.table import Table
from course_lib.reviews.table import DataError

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}
LONGEST = 2**31 - 1  # the most that the csv module takes on every platform
LONGEST_HEADER = 100_000
limit_lock = Lock()


def read(
    path: Path, text: str, usual: str, separator: str | None, known: Collection[str]
) -> Table:
    """The table in a text: by `separator`, else the one that fits it, `usual` first.

    `known` are lower-case names of which a header read aright has one. Raises
    `DataError`, naming the line and the likely cause, if the text is no table.
    """
    notes, skipped = [], 0
    first, _, rest = text.partition("\n")
    if first[:4].lower() == "sep=" and len(first.rstrip("\r")) == 5:
        # Excel's own mark, which other programs take for a header.
        separator, text, skipped = separator or first[4], rest, 1
    with any_length(text):
        if separator is None:
            separator = _fitting(text, usual, known)
            if separator != usual:
                notes.append(f"read as {SEPARATORS[separator]}-separated")
        quoted = separator != "\t" or not _quotes_are_text(text)
        if not quoted:
            notes.append("quotes read as part of the texts")
        rows = _rows(path, text, separator, quoted, skipped)
    header, *rows = rows or [[]]
    header = [name.strip() for name in header]
    named = [name for name in header if name]  # pandas' index has no name
    if repeated := {name for name in named if named.count(name) > 1}:
        raise DataError(f"{path} has two columns called {sorted(repeated)[0]!r}")
    cells = {
        name: [row[place] for row in rows] for place, name in enumerate(header) if name
    }
    return Table(path, dict(cells), tuple(notes))


@contextmanager
def any_length(text: str) -> Iterator[None]:
    """Let csv read fields as long as the text; its limit is one for all threads."""
    with limit_lock:
        before = csv.field_size_limit()
        csv.field_size_limit(max(before, min(len(text), LONGEST)))
        try:
            yield
        finally:
            csv.field_size_limit(before)


def _rows(
    path: Path, text: str, separator: str, quoted: bool, skipped: int
) -> list[list[str]]:
    """Every row that is not blank, the header first, all of its length."""
    rows: list[list[str]] = []
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=separator,
        quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
        skipinitialspace=separator != " ",
        strict=True,
    )
    try:
        for row in filter(None, reader):
            rows.append(row)
            if len(row) != len(rows[0]):
                raise DataError(
                    f"line {reader.line_num + skipped} of {path} has {len(row)} "
                    f"fields; the header has {len(rows[0])}: {', '.join(rows[0])}; "
                    f"put a text with {separator!r} in it in quotes, or name another "
                    "separator"
                )
    except csv.Error as error:
        raise DataError(
            f"line {reader.line_num + skipped} of {path}, read with {separator!r} as "
            f"the separator: {error}"
        ) from error
    return rows


def _fitting(text: str, usual: str, known: Collection[str]) -> str:
    """The separator under which the header has a known name, or at least two."""
    marks = sorted(SEPARATORS, key=lambda mark: mark != usual)
    headers, start = {}, text[:LONGEST_HEADER]
    for mark in marks:
        reader = csv.reader(io.StringIO(start, newline=""), delimiter=mark)
        try:
            headers[mark] = next(filter(None, reader), [])
        except csv.Error:
            headers[mark] = []
    several = [mark for mark in marks if len(headers[mark]) > 1]
    for mark in several:
        if any(name.strip().lower() in known for name in headers[mark]):
            return mark
    return several[0] if several else usual


def _quotes_are_text(text: str) -> bool:
    """Whether each line is a row by its tabs, and the quotes of some contradict CSV.

    Many tab-separated files, GLUE's among them, are written without any quoting.
    """
    lines = [line for line in io.StringIO(text) if line.strip("\n")]
    if len({line.count("\t") for line in lines}) != 1:
        return False
    try:
        for line in lines:
            next(csv.reader([line], delimiter="\t", strict=True))
    except csv.Error:
        return True
    return False
