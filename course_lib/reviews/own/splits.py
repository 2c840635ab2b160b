"""Which split each row of a table belongs to, and why one may have none."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from course_lib.reviews.leaks import normalise
from course_lib.reviews.own.names import Rows
from course_lib.reviews.own.table import Column, Table
from course_lib.reviews.table import SPLITS, DataError, Reviews

OTHER_NAMES = {
    "dev": "validation",
    "val": "validation",
    "valid": "validation",
    "unlabeled": "unlabelled",
}


def dealt(keys: Sequence[str], labels: Rows) -> list[str]:
    """A split for each row, the same for equal keys whatever else the file holds."""
    where = []
    for key, given in zip(keys, labels, strict=True):
        digest = hashlib.sha256(normalise(key).encode()).digest()
        tenth = int.from_bytes(digest[:8], "big") % 10
        dealt = "test" if tenth == 9 else "validation" if tenth == 8 else "train"
        where.append("unlabelled" if given is None else dealt)
    return where


def given_splits(column: Column, labels: Rows) -> list[str]:
    """The split column, read; a row to learn from or test on must have a label."""
    where = []
    for row, (cell, given) in enumerate(zip(column.names(), labels, strict=True)):
        name = OTHER_NAMES.get(cell.lower(), cell.lower())
        if name not in SPLITS:
            raise DataError(
                f"row {row + 1} of {column.path} has the split {cell!r}; expected one "
                f"of {', '.join(SPLITS)}"
            )
        if given is None and name in ("validation", "test"):
            raise DataError(
                f"row {row + 1} of {column.path} is in {name} but has no label"
            )
        where.append("unlabelled" if given is None else name)
    return where


def without_rows(
    table: Table, split: str, part: Reviews, chosen: Reviews, where: Sequence[str]
) -> DataError:
    """Why a split is empty, and what to do."""
    dealt = ", ".join(f"{name} {where.count(name)}" for name in SPLITS)
    if len(part):
        why = "; ".join(chosen.notes[len(part.notes) :])
    elif split == "unlabelled":
        why = "each has a label"
    elif table.called("split"):
        why = f"the split column gives {dealt}"
    else:
        key = "film" if table.called("film") else "text"
        why = (
            f"rows are dealt by their {key}, and those with the same one stay together "
            f"({dealt}); add rows with other {key}s, or a column split"
        )
    return DataError(f"{table.path} has no rows for {split}: {why}")
