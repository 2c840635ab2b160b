"""Which labels each row of a table has, found from its columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from .own_files import as_text
from .table import DataError

NOT_LABELS = ("text", "review", "id", "film", "split")
SEPARATORS = "|;"
TRUTH = {"1": "1", "true": "1", "0": "0", "false": "0", "": ""}

Rows = list[list[str] | None]  # the names of each row's labels; None where not given


def find_labels(path: Path, frame: pd.DataFrame) -> tuple[Rows, tuple[str, ...], bool]:
    """Each row's labels, all their names in a fixed order, and whether one each.

    Names are in alphabetical order, numbers in theirs, 0/1 columns in the file's.
    Raises `DataError` saying what was found where that leaves a doubt.
    """
    named = [column for column in ("label", "labels") if column in frame]
    if len(named) == 2:
        raise DataError(
            f"{path} has both a label and a labels column; keep one of them"
        )
    if named == ["label"]:
        cells = [as_text(value) for value in frame["label"]]
        rows: Rows = [[cell] if cell else None for cell in cells]
        names = _in_order(cells)
        if len(names) < 2 or (len(names) > 20 and len(names) > len(rows) / 2):
            raise DataError(
                f"the label column of {path} has {len(names)} different values in "
                f"{len(rows)} rows ({_some(names)}); expected 2 or more classes"
            )
        return rows, names, True
    if named == ["labels"]:
        rows = _lists(path, frame["labels"])
        names = _in_order(name for row in rows for name in row or [])
        if not names:
            raise DataError(f"the labels column of {path} is empty in every row")
        return rows, names, False
    return *_binary(path, frame), False


def to_array(rows: Rows, names: Sequence[str], single: bool) -> np.ndarray:
    """int64 (rows,) class indices, or float32 (rows, labels); zero where not given."""
    place = {name: index for index, name in enumerate(names)}
    if single:
        return np.array([place[row[0]] if row else 0 for row in rows], dtype=np.int64)
    hot = np.zeros((len(rows), len(names)), dtype=np.float32)
    for row, given in zip(hot, rows, strict=True):
        row[[place[name] for name in given or []]] = 1
    return hot


def _lists(path: Path, column: pd.Series) -> Rows:
    """A list is taken as it is; a text is split at the one separator that is used."""
    cells = [v if isinstance(v, list | np.ndarray) else as_text(v) for v in column]
    texts = [cell for cell in cells if isinstance(cell, str)]
    used = [mark for mark in SEPARATORS if any(mark in text for text in texts)]
    if len(used) == 2:
        raise DataError(
            f"the labels column of {path} uses both | and ; and only one of them can "
            "be the separator"
        )
    mark = used[0] if used else SEPARATORS[0]
    rows: Rows = []
    for cell in cells:
        parts = cell.split(mark) if isinstance(cell, str) else map(as_text, cell)
        names = [name for part in parts if (name := part.strip())]
        rows.append(names if names or not isinstance(cell, str) else None)
    return rows


def _binary(path: Path, frame: pd.DataFrame) -> tuple[Rows, tuple[str, ...]]:
    """The columns that hold nothing but 0 and 1; one that almost does is an error."""
    columns: dict[str, list[str]] = {}
    for name in frame.columns:
        if name in NOT_LABELS:
            continue
        cells = [as_text(value) for value in frame[name]]
        truth = [TRUTH.get(cell.lower()) for cell in cells]
        odd = [row for row, value in enumerate(truth) if value is None]
        if not odd and any(cells):
            columns[name] = [value or "" for value in truth]
        elif 0 < len(odd) <= 0.1 * len(cells):
            raise DataError(
                f"row {odd[0] + 1} of {path} has {cells[odd[0]]!r} in the column "
                f"{name!r}, which holds 0 and 1 elsewhere"
            )
    if len(columns) < 2:
        raise DataError(
            f"{path} has no labels that can be told for sure: it needs a column called "
            "label (one each), or labels (any number, with | between), or two or more "
            f"columns of 0 and 1. It has {', '.join(map(str, frame.columns))}; columns "
            f"of 0 and 1: {', '.join(columns) or 'none'}"
        )
    rows: Rows = []
    for number, row in enumerate(zip(*columns.values(), strict=True), start=1):
        if any(row) and not all(row):
            empty = list(columns)[row.index("")]
            raise DataError(
                f"row {number} of {path} has no value for {empty!r}; fill in every "
                "label column, or none of them for a row without labels"
            )
        hot = [name for name, value in zip(columns, row, strict=True) if value == "1"]
        rows.append(hot if any(row) else None)
    return rows, tuple(columns)


def _in_order(names: Iterable[str]) -> tuple[str, ...]:
    distinct = sorted(set(names) - {""})
    if all(name.lstrip("-").isdecimal() for name in distinct):
        distinct.sort(key=int)
    return tuple(distinct)


def _some(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:5])) + (", ..." if len(names) > 5 else "")
