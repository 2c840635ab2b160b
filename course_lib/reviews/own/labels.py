"""Which labels each row of a table has, found from its columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from course_lib.reviews.own.names import NO_LABEL, Rows, gap_notes, read_names, some
from course_lib.reviews.own.table import NO_VALUE, Column, Table, list_of, name_of
from course_lib.reviews.table import DataError

OTHER_NAMES = ("sentiment", "class", "category", "target")  # of a `label` column
NOT_LABELS = ("id", "film", "split", "index", "unnamed: 0", "__index_level_0__")
FRACTION = re.compile(r"[+-]?[0-9]*\.[0-9]+([eE].*)?")
TRUTH = {"1": "1", "true": "1", "0": "0", "false": "0"}
ABSENT = frozenset(("", *NO_VALUE, *NO_LABEL))
SEVERAL = (
    "if these are several labels, call the column labels or name it as label_column "
    "(--label-column); if it is one, write it without such marks"
)


@dataclass
class Labels:
    """Each row's labels, all names in a fixed order, remarks, and whether one each."""

    rows: Rows
    names: tuple[str, ...]
    notes: list[str]
    single: bool = False

    def to_array(self, rows: Sequence[int]) -> np.ndarray:
        """int64 (rows,) class indices, or float32 (rows, labels), of rows with labels.

        Raises `ValueError` for a row without: it has no number to stand for it.

        >>> labels = Labels([["b"], None, ["a", "b"]], ("a", "b"), notes=[])
        >>> labels.to_array([2, 0]).tolist()
        [[1.0, 1.0], [0.0, 1.0]]
        """
        place = {name: index for index, name in enumerate(self.names)}
        given = [names for row in rows if (names := self.rows[row]) is not None]
        if len(given) < len(rows):
            raise ValueError(f"{len(rows) - len(given)} of {len(rows)} have no labels")
        if self.single:
            return np.array([place[name] for (name,) in given], dtype=np.int64)
        hot = np.zeros((len(rows), len(self.names)), dtype=np.float32)
        for row, names in zip(hot, given, strict=True):
            row[[place[name] for name in names]] = 1
        return hot


def find_labels(table: Table, text: str, label: str | None) -> Labels:
    """The labels in the column `label`, or where they can be told; never in `text`.

    Names are in alphabetical order, numbers in theirs, 0/1 columns in the file's.
    Raises `DataError` saying what was found where that leaves a doubt.
    """
    notes = []
    found = [name for name in table.called("label", "labels") if name != text]
    if label is not None:
        found = [label]
    elif not found:
        found = [name for name in table.called(*OTHER_NAMES) if name != text]
        notes = [f"labels read from the column {name!r}" for name in found]
    if len(found) > 1:
        raise DataError(
            f"{table.path} has both a {' and a '.join(found)} column; keep one of "
            "them, or name it as label_column (--label-column)"
        )
    if not found:
        return _columns_of_truth(table, text)
    column = table.column(found[0])
    several = _several(column)
    if column.name.lower() == "labels" or (label is not None and several):
        labels = _any_number(column)
    elif several:
        raise column.refused(several[0], SEVERAL)
    else:
        labels = _one_each(column)
    return replace(labels, notes=notes + labels.notes)


def _several(column: Column) -> list[int]:
    """The rows whose cell is a list, or has a mark that stands between labels."""
    return [
        row
        for row, cell in enumerate(column.cells)
        if list_of(cell) is not None
        or (isinstance(cell, str) and ("|" in cell or ";" in cell))
    ]


def _one_each(column: Column) -> Labels:
    cells = column.names()
    for row, cell in enumerate(cells):
        parts = [part.strip() for part in cell.split(",")]
        if len(parts) > 1 and set(parts) <= set(cells):
            raise column.refused(row, SEVERAL)
    rows, names, notes = read_names(column, [[cell] for cell in cells])
    if len(names) < 2 or (len(names) > 20 and len(names) > len(rows) / 2):
        raise DataError(
            f"the column {column.name!r} of {column.path} has {len(names)} different "
            f"values in {len(rows)} rows ({some(names)}); expected 2 or more classes"
            + "".join(f"; {note}" for note in notes)
        )
    return Labels(rows, names, notes, single=True)


def _any_number(column: Column) -> Labels:
    """A list is taken as it is; a text is split at the one separator that is used."""
    lists = [list_of(cell) for cell in column.cells]
    rest = [c if g is None else None for g, c in zip(lists, column.cells, strict=True)]
    texts = replace(column, cells=rest).names()
    used = [mark for mark in "|;," if any(mark in text for text in texts)]
    if used[:2] == ["|", ";"]:
        raise DataError(
            f"the column {column.name!r} of {column.path} uses both | and ; and only "
            "one of them can be the separator"
        )
    mark = used[0] if used else "|"
    cells: Rows = []
    for row, (given, text) in enumerate(zip(lists, texts, strict=True)):
        items = given
        if given is None:
            if text[:1] + text[-1:] == "[]":
                raise column.refused(row, "that looks like a list, and is none")
            items = [part for part in text.split(mark) if part.strip()] or None
        names = [name for item in items or [] if (name := name_of(item))]
        if len(names) < len(items or []) or any(map(FRACTION.fullmatch, names)):
            raise column.refused(row, "expected names, or a list of 0 and 1")
        cells.append(None if items is None else names)
    notes = [f"split at commas: the column {column.name!r}"] if mark == "," else []
    labels = _multi_hot(column, cells)
    if labels is None:
        labels = Labels(*read_names(column, cells))
    if not labels.names:
        raise DataError(
            f"the column {column.name!r} of {column.path} is empty in every row"
        )
    return replace(labels, notes=notes + labels.notes)


def _multi_hot(column: Column, cells: Rows) -> Labels | None:
    """Rows of 0 and 1, read as one label for each place; None if they are names."""
    rows: Rows = [None if row and set(row) <= set(NO_LABEL) else row for row in cells]
    given = [row for row in rows if row is not None]
    longest = max(map(len, given), default=0)
    if longest < 2 or any(TRUTH.get(v.lower()) is None for row in given for v in row):
        return None
    if any(len(row) != longest for row in given):
        for place, row in enumerate(rows):
            if row and len(row) > len(set(row)):
                raise column.refused(place, "lists of 0 and 1 must be equally long")
        return None
    names = tuple(map(str, range(longest)))
    note = f"lists of 0 and 1: a label for each place, called 0 to {longest - 1}"
    gaps = Counter(
        row[0] for row, kept in zip(cells, rows, strict=True) if row and not kept
    )
    hot: Rows = [
        row and [n for n, v in zip(names, row, strict=True) if TRUTH[v.lower()] == "1"]
        for row in rows
    ]
    return Labels(hot, names, notes=[note, *gap_notes(gaps, len(rows))])


def _columns_of_truth(table: Table, text: str) -> Labels:
    """The columns that hold nothing but 0 and 1; one that almost does is an error."""
    columns: dict[str, list[str]] = {}
    gaps = Counter[str]()
    for name in table.columns:
        if name == text or name.lower() in NOT_LABELS:
            continue
        column = table.column(name)
        cells = [name_of(cell) for cell in column.cells]
        truth = [
            "" if cell in ABSENT else TRUTH.get((cell or "?").lower()) for cell in cells
        ]
        odd = [row for row, value in enumerate(truth) if value is None]
        if not odd and any(truth):
            columns[name] = [value or "" for value in truth]
            gaps |= Counter(cell for cell in cells if cell and cell in ABSENT)
        elif 0 < len(odd) <= 0.1 * len(cells):
            raise column.refused(odd[0], "the column holds 0 and 1 elsewhere")
    if len(columns) < 2:
        raise DataError(
            f"{table.path} has no labels that can be told for sure: it needs a column "
            "called label (one each), or labels (any number, with | between), one that "
            "label_column (--label-column) names, or two or more columns of 0 and 1. "
            f"It has {', '.join(table.columns)}; columns of 0 and 1: "
            f"{', '.join(columns) or 'none'}"
        )
    rows: Rows = []
    for row, values in enumerate(zip(*columns.values(), strict=True)):
        if any(values) and not all(values):
            empty = list(columns)[values.index("")]
            raise DataError(
                f"row {row + 1} of {table.path} has no value for {empty!r}; fill in "
                "every label column, or none of them for a row without labels"
            )
        hot = [
            name for name, value in zip(columns, values, strict=True) if value == "1"
        ]
        rows.append(hot if any(values) else None)
    return Labels(rows, tuple(columns), gap_notes(gaps, len(rows)))
