"""A notebook as a student hands it in: its code, and where its questions are."""

import json
import re
from dataclasses import dataclass
from typing import Any

CHECK = re.compile(r"""^\s*grader\.check\(\s*["']([^"']+)["']""", re.MULTILINE)
#: How otter-grader tags the places for answers, in assignments without and with tests.
ANSWER = ("otter_answer_cell", "otter_assign_solution_cell")
BEGIN, END = "<!-- BEGIN QUESTION -->", "<!-- END QUESTION -->"


class Unreadable(Exception):
    """A file that is no notebook, with the reason in words."""


@dataclass(frozen=True)
class Cell:
    """One cell: `code` or `markdown`, its text, and the pictures that it showed."""

    kind: str
    source: str
    answer: bool  # whether otter-grader marked it as a place for the student's answer
    pictures: tuple[str, ...] = ()  # PNG files in base64


@dataclass(frozen=True)
class Notebook:
    """The cells in order, and which assignment they say they are."""

    cells: list[Cell]
    assignment: str | None

    def code(self) -> dict[int, str]:
        """Return the code cells by their number among all cells, from 1."""
        numbered = enumerate(self.cells, 1)
        return {n: c.source for n, c in numbered if c.kind == "code"}

    def checks(self) -> dict[int, list[str]]:
        """Return after which cell which questions are checked: after their last."""
        last = {
            question: number
            for number, source in self.code().items()
            for question in CHECK.findall(source)
        }
        return {n: [q for q in last if last[q] == n] for n in last.values()}


def read(data: bytes) -> Notebook:
    """Read a notebook's file.

    Raises `Unreadable` for anything else. A cell that is none is left out.

    >>> read(b'{"cells": [{"cell_type": "code", "source": ["1 + ", "1"]}]}').code()
    {1: '1 + 1'}
    >>> read(b"%PDF-1.7")
    Traceback (most recent call last):
    coursework.notebook.Unreadable: not a notebook: it begins with '%PDF-1.7'
    """
    try:
        content = json.loads(data)
        found = content["cells"]
        if not isinstance(found, list):
            raise TypeError
    except RecursionError:
        raise Unreadable("not a notebook: it is nested too deep") from None
    except (ValueError, KeyError, TypeError):
        start = data[:12].decode("utf-8", "replace")
        raise Unreadable(f"not a notebook: it begins with {start!r}") from None
    metadata = _dict(_dict(content.get("metadata")).get("otter"))
    name = metadata.get("assignment_name")
    cells = [cell for one in found if (cell := _cell(one))]
    return Notebook(cells, name if isinstance(name, str) else None)


def _cell(cell: Any) -> Cell | None:
    cell = _dict(cell)
    kind, source = cell.get("cell_type"), cell.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(kind, str) or not isinstance(source, str):
        return None
    tags = _dict(cell.get("metadata")).get("tags")
    answer = isinstance(tags, list) and any(tag in tags for tag in ANSWER)
    return Cell(kind, source, answer, tuple(_pictures(cell.get("outputs"))))


def _pictures(outputs: Any) -> list[str]:
    found = []
    for output in outputs if isinstance(outputs, list) else []:
        picture = _dict(_dict(output).get("data")).get("image/png")
        if isinstance(picture, list):
            picture = "".join(str(line) for line in picture)
        if isinstance(picture, str) and len(picture) < 2_000_000:
            picture = re.sub(r"\s", "", picture)
            if re.fullmatch(r"iVBORw0KGgo[A-Za-z0-9+/=]*", picture):
                found.append(picture)
    return found


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def spaces(text: str) -> str:
    """Return a text without its question marks of otter-grader, and spaces evened out.

    >>> spaces("<!-- BEGIN QUESTION -->  Say why. ")
    'Say why.'
    """
    return " ".join(text.replace(BEGIN, "").replace(END, "").split())


def written_answers(notebook: Notebook) -> dict[str, list[Cell]]:
    """Return the cells between the marks of each question that a person grades, by the
    question's first text.
    """
    found: dict[str, list[Cell]] = {}
    inside = None
    for cell in notebook.cells:
        if END in cell.source:
            inside = None
        if BEGIN in cell.source:
            inside = spaces(cell.source.rpartition(BEGIN)[2])
            found[inside] = []
        elif inside is not None:
            found[inside].append(cell)
    return found
