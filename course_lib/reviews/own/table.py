"""A table that other people made, and one rule for its cells, whatever file it is from.

A number has one name however it is written (1, 1.0 and "1.0" are "1"), a cell that is
empty, null or NaN is no value, and what is neither text nor number nor truth value is
never made into text: it is refused, with its row and column.
"""

from __future__ import annotations

import ast
import json
import math
import re
import reprlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np

from course_lib.reviews.table import DataError

# What programs write for a value that they do not have.
NO_VALUE = frozenset(
    ("nan", "NaN", "NA", "N/A", "#N/A", "None", "null", "NULL", "<NA>", "NaT")
)
NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{0,30})?([eE][+-]?[0-9]{1,2})?")
# An item of a list as Python and numpy write it: between commas, or between spaces.
ITEM = r"""(?:np\.\w+\()?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s,'"\[\](){}]+)\)?"""
LIST = re.compile(rf"[\[({{]\s*((?:{ITEM}(?:\s*,\s*|\s+|(?=[\])}}])))*)[\])}}]", re.S)
BARE = {"true": True, "false": False, "null": None, "nan": None, "NaN": None}


@dataclass(frozen=True)
class Column:
    """One column: its cells as the file has them."""

    path: Path
    name: str
    cells: Sequence[object]

    def texts(self) -> list[str]:
        """Every cell as text, "" for no value; raises `DataError` for what is none."""
        return [self._read(text_of(cell), row) for row, cell in enumerate(self.cells)]

    def names(self) -> list[str]:
        """Every cell as a name, so that a number has one; raises like `texts`."""
        return [self._read(name_of(cell), row) for row, cell in enumerate(self.cells)]

    def refused(self, row: int, advice: str) -> DataError:
        """The error to raise for the cell of a row, counted from 0."""
        return DataError(
            f"row {row + 1} of {self.path} has {reprlib.repr(self.cells[row])} in the "
            f"column {self.name!r}; {advice}"
        )

    def _read(self, text: str | None, row: int) -> str:
        if text is None:
            raise self.refused(row, "expected text")
        return text


@dataclass(frozen=True)
class Table:
    """The columns of a file by name, and in words what was guessed to read them."""

    path: Path
    columns: dict[str, Sequence[object]]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def called(self, *names: str) -> list[str]:
        """The columns with one of these names, in upper or lower case."""
        return [column for column in self.columns if column.lower() in names]

    def column(self, name: str) -> Column:
        """One column by its exact name."""
        return Column(self.path, name, self.columns[name])


def text_of(value: object) -> str | None:
    """A cell as text without space around it; "" for no value, None if it is no text.

    Half a character (a lone surrogate), which no file can hold, becomes U+FFFD.

    >>> [text_of(v) for v in (None, float("nan"), " good ", 2.5, True, b"x", ["x"])]
    ['', '', 'good', '2.5', 'True', None, None]
    """
    if isinstance(value, str):
        if not value.isascii():
            units = value.encode("utf-16", "surrogatepass")
            value = units.decode("utf-16", "replace")
        return value.strip()
    if value is None:
        return ""
    if isinstance(value, bool | int | float | np.floating):
        return "" if math.isnan(value) else str(value)
    return None


def name_of(value: object) -> str | None:
    """A cell as the name of a class, a film or a split: `text_of`, one for each number.

    Whole numbers lose the fraction that pandas gives them beside a gap. What begins
    with 0 may be a code, and stays.

    >>> [name_of(v) for v in (1, 1.0, "1.0", "-0.0", "1e2", "01", 0.5, "v1.0")]
    ['1', '1', '1', '0', '100', '01', '0.5', 'v1.0']
    """
    text = text_of(value)
    if text and NUMBER.fullmatch(text) and not re.match("[+-]?0[0-9]", text):
        number = Decimal(text)
        return str(int(number)) if number == int(number) else text
    return text


def list_of(value: object) -> list[object] | None:
    """A cell as a list, also if Python, JSON or numpy wrote it as text; None if none.

    >>> list_of("[1, 0]"), list_of("['a' 'b, c']"), list_of("('a',)"), list_of("[a] b")
    ([1, 0], ['a', 'b, c'], ['a'], None)
    """
    if isinstance(value, list):
        return value
    if not isinstance(value, str) or not (found := LIST.fullmatch(value.strip())):
        return None
    try:
        read = json.loads(value)
        return read if isinstance(read, list) else None
    except (ValueError, RecursionError):
        items = re.findall(ITEM, found[1], re.S)
    try:
        return [BARE[i] if i in BARE else ast.literal_eval(i) for i in items]
    except (ValueError, SyntaxError):
        return None
