"""Tables from files that other people made: CSV, JSON Lines, Parquet."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from .table import DataError

ENCODING = "utf-8-sig"  # UTF-8, with or without the mark that spreadsheets put in front


def read(path: Path) -> pd.DataFrame:
    """The table in a file, every cell as it was written.

    Raises `DataError`, naming the line, if the file is not what its name says.
    """
    if not path.is_file():
        raise DataError(f"no file {str(path)!r}")
    try:
        frame = READERS[path.suffix.lower()](path)
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 ({error}); save it as UTF-8") from error
    if frame.empty:
        raise DataError(f"{path} has no rows")
    return frame


def _csv(path: Path) -> pd.DataFrame:
    with path.open(encoding=ENCODING, newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            header = next(reader, [])
            rows = []
            for row in reader:
                if row and len(row) != len(header):
                    raise DataError(
                        f"line {reader.line_num} of {path} has {len(row)} fields; the "
                        f"header has {len(header)}: {', '.join(header)}"
                    )
                if row:
                    rows.append(row)
        except csv.Error as error:
            raise DataError(f"line {reader.line_num} of {path}: {error}") from error
    if repeated := {name for name in header if header.count(name) > 1}:
        raise DataError(f"{path} has two columns called {sorted(repeated)[0]!r}")
    return pd.DataFrame(rows, columns=header, dtype=object)


def _jsonl(path: Path) -> pd.DataFrame:
    rows = []
    lines = path.read_text(encoding=ENCODING).split("\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise DataError(f"line {number} of {path} is not JSON: {error}") from error
        if not isinstance(row, dict):
            raise DataError(
                f"line {number} of {path} is {line[:40]!r}; expected {{...}}"
            )
        rows.append(row)
    # Built by hand, since pandas would turn whole numbers beside a gap into fractions.
    columns = list(dict.fromkeys(name for row in rows for name in row))
    cells = [[row.get(name) for name in columns] for row in rows]
    return pd.DataFrame(cells, columns=columns, dtype=object)


def _parquet(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path).astype(object)
    except (OSError, ValueError) as error:  # Arrow's errors are ValueErrors
        raise DataError(f"{path} is not a Parquet file: {error}") from error


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": _csv,
    ".jsonl": _jsonl,
    ".parquet": _parquet,
}


def as_text(value: object) -> str:
    """A cell as text: empty for nothing, "1" for 1, 1.0 and true.

    >>> [as_text(value) for value in (None, float("nan"), 2.0, " good ", True)]
    ['', '', '2', 'good', '1']
    """
    if value is None or value != value:  # only NaN differs from itself
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
