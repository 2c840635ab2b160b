"""The points of all notebooks as a table that spreadsheets and other systems read."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from course_lib.files import whole_file
from coursework.submissions import Submission


def write_table(place: Path, rows: Sequence[tuple[Submission, dict[str, Any]]]) -> None:
    """Write the points as CSV, for a spreadsheet or a learning management system.

    What a person grades is a column too, and empty. `says` is the student id in the
    notebook, on which its numbers depend: it ought to be this student's.
    """
    graded = [result for _, result in rows if "error" not in result]
    questions = list(dict.fromkeys(q for r in graded for q in r["points"]))
    written = list(dict.fromkeys(q for r in graded for q in r["written"]))
    written = [q if q not in questions else f"{q} (written)" for q in written]
    header = ["student", "number", "file", "says", "total", "out_of"]
    place.parent.mkdir(parents=True, exist_ok=True)
    # With a mark at its beginning, so that spreadsheets read names as UTF-8.
    with (
        whole_file(place, ours=lambda _: True) as unfinished,
        open(unfinished, "w", encoding="utf-8-sig", newline="") as file,
    ):
        table = csv.writer(file)
        table.writerow([*header, *questions, *written, "notes"])
        for one, result in sorted(rows, key=lambda row: row[0].source):
            start = [safe(x) for x in (one.student, one.number, one.source)]
            if "error" in result:
                empty = [""] * (len(questions) + len(written) + 3)
                table.writerow([*start, *empty, f"not graded: {result['error']}"])
                continue
            points = [f"{result['points'].get(q, 0):g}" for q in questions]
            total = sum(result["points"].values())
            most = sum(result["possible"].values())
            notes = safe("; ".join(result["notes"]))
            numbers = [safe(result["says"]), f"{total:g}", f"{most:g}", *points]
            table.writerow([*start, *numbers, *[""] * len(written), notes])


def safe(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, in one line.

    >>> safe("=1+1"), safe("O'Hara")
    ("'=1+1", "O'Hara")
    """
    text = "".join(c if c.isprintable() else " " for c in text)
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
