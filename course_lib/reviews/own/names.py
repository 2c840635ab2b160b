"""The names of labels: which cells have none, and which two are meant to be one."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from course_lib.reviews.leaks import normalise
from course_lib.reviews.own.table import NO_VALUE, NUMBER, Column
from course_lib.reviews.table import DataError

Rows = list[list[str] | None]  # the names of each row's labels; None where not given

NO_LABEL = ("-1", "-100")  # beside other whole numbers, as in Hugging Face data sets


def read_names(column: Column, rows: Rows) -> tuple[Rows, tuple[str, ...], list[str]]:
    """The rows without what stands for no label, all names in order, and remarks.

    A row whose only name is "" or of `NO_VALUE` has no label; neither has -1 or -100
    one beside two other whole numbers. Raises `DataError` for a number that is written
    in two ways.
    """
    read: Rows = [None if row is None else list(row) for row in rows]
    missing = Counter[str]()
    for place, row in enumerate(read):
        if row is not None and len(row) == 1 and row[0] in ("", *NO_VALUE):
            missing[row[0]] += 1
            read[place] = None
    found = {name for row in read for name in row or []}
    others = found - set(NO_LABEL)
    notes = []
    if others < found and all(name.isdecimal() for name in others):
        if len(others) > 1:
            for place, row in enumerate(read):
                if row and not others.issuperset(row):
                    missing[next(n for n in row if n in NO_LABEL)] += 1
                    read[place] = [name for name in row if name in others] or None
            found = others
        else:
            marks = ", ".join(sorted(found - others))
            notes.append(f"{marks} is a class, not the mark of a missing label")
    notes += gap_notes(missing, len(rows))
    notes += _spelt_alike(column, found)
    return read, in_order(found), notes


def gap_notes(gaps: Mapping[str, int], rows: int) -> list[str]:
    """What was taken for no label though something is written there, and how often."""
    return [
        f"{written!r} read as no label, in {count} of {rows} rows"
        for written, count in sorted(gaps.items())
        if written
    ]


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Numbers by their value, names by the alphabet."""
    distinct = sorted(names)
    if all(NUMBER.fullmatch(name) for name in distinct):
        distinct.sort(key=Decimal)
    return tuple(distinct)


def some(names: Sequence[str]) -> str:
    """The first five names, quoted."""
    return ", ".join(map(repr, names[:5])) + (", ..." if len(names) > 5 else "")


def _spelt_alike(column: Column, names: Iterable[str]) -> list[str]:
    """Notes on names that differ in case or spaces; an error for equal numbers."""
    alike: dict[str | Decimal, list[str]] = defaultdict(list)
    for name in sorted(names):
        if NUMBER.fullmatch(name):
            alike[Decimal(name)].append(name)
        else:
            alike[normalise(unicodedata.normalize("NFKC", name))].append(name)
    notes = []
    for key, several in alike.items():
        if len(several) > 1 and isinstance(key, Decimal):
            raise DataError(
                f"the column {column.name!r} of {column.path} has the number {key} as "
                f"{some(several)}; write it in one way"
            )
        if len(several) > 1:
            notes.append(f"labels that are spelt alike: {some(several)}")
    return notes
