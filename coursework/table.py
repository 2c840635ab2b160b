"""The points of all notebooks as a table that spreadsheets and other systems read.

Tests fill some columns, and a person the others. What a person has written there is
read again before the table is written again, and counts in the total.
"""

import csv
import io
import itertools
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from course_lib.files import whole_file
from coursework.assignment import Assignment
from coursework.submissions import Submission

ABOUT = ["student", "number", "file", "says", "total", "out_of"]
#: A column for points that no question has: what a person gives or takes beside them.
BY_HAND = "by_hand"

#: What a person has filled in: column → text, for the n-th row of a file.
Marks = dict[tuple[str, int], dict[str, str]]
Rows = Sequence[tuple[Submission, dict[str, Any]]]


def write_table(
    place: Path, rows: Rows, read: dict[str, float], marks: Marks | None = None
) -> None:
    """Write the points as CSV, for a spreadsheet or a learning management system.

    `read` says which columns a person fills, and for how many points; `marks` is what
    is there already. `says` is the student id in the notebook, on which its numbers
    depend: it ought to be this student's.
    """
    graded = [result for _, result in rows if "error" not in result]
    questions = list(dict.fromkeys(q for r in graded for q in r["points"]))
    by_person = [*read, BY_HAND]
    place.parent.mkdir(parents=True, exist_ok=True)
    rows = sorted(rows, key=lambda row: row[0].source)
    keys = numbered(safe(one.source) for one, _ in rows)
    # With a mark at its beginning, so that spreadsheets read names as UTF-8.
    with (
        whole_file(place, ours=lambda _: True) as unfinished,
        open(unfinished, "w", encoding="utf-8-sig", newline="") as file,
    ):
        table = csv.writer(file)
        table.writerow([*ABOUT, *questions, *by_person, "notes"])
        for key, (one, result) in zip(keys, rows, strict=True):
            filled = (marks or {}).get(key, {})
            given = [filled.get(column, "") for column in by_person]
            start = [safe(x) for x in (one.student, one.number, one.source)]
            if "error" in result:
                empty = [""] * (len(questions) + 3)
                note = f"not graded: {result['error']}"
                table.writerow([*start, *empty, *given, note])
                continue
            points = [f"{result['points'].get(q, 0):g}" for q in questions]
            total = sum(result["points"].values()) + sum(map(number, filled.values()))
            most = sum(result["possible"].values())
            most += sum(x for x in read.values() if x < math.inf)
            sums = [f"{total:g}", f"{most:g}"]
            notes = safe("; ".join(result["notes"]))
            table.writerow(
                [*start, safe(result["says"]), *sums, *points, *given, notes]
            )


class WouldLose(ValueError):
    """A table that cannot be written anew without a loss of what a person wrote."""


def filled_in(place: Path, ones: Iterable[Submission], assignment: Assignment) -> Marks:
    """Return what a person has written into a table that is there already.

    Raises `WouldLose` for anything that writing the table for these submissions would
    lose, and for what is no number of points: the table stays as it is then.
    """
    if not place.exists():
        return {}
    refused = "Correct it, or move the table away; then grade again."
    by_person = {**assignment.read, BY_HAND: math.inf}
    ours = {*ABOUT, *assignment.tests, *by_person, "notes"}
    known = set(numbered(safe(one.source) for one in ones))
    rows = _rows(place)
    marks: Marks = {}
    for key, row in zip(numbered(row["file"] for row in rows), rows, strict=True):
        about = f"{place}, {row['file']}"
        if lost := [c for c in row if c not in ours and row[c].strip()]:
            raise WouldLose(
                f"{about}: a column {lost[0]!r} would be lost; expected marks in "
                f"{', '.join(by_person)}. {refused}"
            )
        found = {c: row[c].strip() for c in by_person if row.get(c, "").strip()}
        for column, text in found.items():
            most, mark = by_person[column], number(text)
            if math.isnan(mark) or (column != BY_HAND and not 0 <= mark <= most):
                raise WouldLose(
                    f"{about}: {text!r} for {column}; expected a number"
                    f"{f' from 0 to {most:g}' if most < math.inf else ''}. {refused}"
                )
        if found and key not in known:
            raise WouldLose(
                f"{about}: it has marks, and is not among what is graded now. {refused}"
            )
        marks[key] = found
    return marks


def _rows(place: Path) -> list[dict[str, str]]:
    """Read the table as this program or a spreadsheet has written it."""
    try:
        text = place.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise WouldLose(
            f"{place} is not in UTF-8: save it so, or move it away"
        ) from None
    for delimiter in ",;\t":
        lines = [*csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]
        if lines and "file" in lines[0]:
            return [
                {
                    column or f"column {n}": cell
                    for n, (column, cell) in enumerate(
                        itertools.zip_longest(lines[0], cells, fillvalue=""), 1
                    )
                }
                for cells in lines[1:]
                if any(cells)
            ]
    raise WouldLose(
        f"{place} is no table of points: expected columns {', '.join(ABOUT)}, "
        "between commas, semicolons or tabs. Move it away, then grade again."
    )


def number(text: str) -> float:
    """Return what a person has written as a number; `nan` if it is none.

    >>> number("1.5"), number("1,5"), number("good")
    (1.5, 1.5, nan)
    """
    try:
        found = float(text.replace(",", "."))
    except ValueError:
        return math.nan
    return found if math.isfinite(found) else math.nan


def numbered(files: Iterable[str]) -> list[tuple[str, int]]:
    """Return files with a number each, for two of one name in an archive.

    >>> numbered(["a", "b", "a"])
    [('a', 1), ('b', 1), ('a', 2)]
    """
    seen: Counter[str] = Counter()
    return [(file, seen.update([file]) or seen[file]) for file in files]


def safe(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, in one line.

    >>> safe("=1+1"), safe("O'Hara")
    ("'=1+1", "O'Hara")
    """
    text = "".join(c if c.isprintable() else " " for c in text)
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
