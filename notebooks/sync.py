"""Write what all notebooks have in common: `make sync`.

Three things are the same everywhere, and each comes from one place: the line under the
title (notebooks/published.py), the running time in the card (the committed record
book/records/minutes.json) and the bootstrap cell (below). A notebook marks the places
with the cell tags `title` and `bootstrap`, and with a card row that starts with
`| **Running it** |`. Outputs and execution counts are removed, as they are never
committed.
"""

import json
import sys
from pathlib import Path

import nbformat

from notebooks import published

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent
MINUTES = ROOT / "book" / "records" / "minutes.json"
ROW = "| **Running it** |"


def chapters() -> list[Path]:
    """Return the chapters: a folder for each part of the book, less the assignments.

    Not those in hidden folders, where Jupyter keeps copies.
    """
    found = sorted(FOLDER.glob("[!.]*/*.ipynb"))
    return [path for path in found if path.parent.name != "homework"]


BOOTSTRAP = """\
# The same in every chapter. Where the course is missing, as on Colab, this
# installs it, and changes no package that is there already.
import importlib.util

if importlib.util.find_spec("course_lib") is None:
{install}

from course_lib.scale import current_scale, surroundings

scale = current_scale()
print(surroundings(scale))"""


def running_time(name: str, minutes: dict[str, dict[str, float | None]]) -> str:
    """Say how long a chapter's cells take, from the record of measured runs."""

    def say(seconds: float | None, where: str) -> str:
        if seconds is None:
            return f"not yet measured on {where}"
        if seconds < 90:
            return f"{seconds:.0f} seconds on {where}"
        return f"{seconds / 60:.0f} minutes on {where}"

    measured = minutes.get(name, {})
    cpu = say(measured.get("cpu_seconds"), "one CPU core")
    return f"{ROW} {cpu}, {say(measured.get('gpu_seconds'), 'a GPU')} |"


def synced(notebook: nbformat.NotebookNode, path: Path) -> nbformat.NotebookNode:
    """Return the notebook with its common parts as they should be."""
    minutes = json.loads(MINUTES.read_text(encoding="utf-8"))
    links = published.links(path.relative_to(ROOT).as_posix())
    tagged = {"title": 0, "bootstrap": 0}
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if "title" in tags:
            tagged["title"] += 1
            heading = cell.source.split("\n", 1)[0]
            cell.source = f"{heading}\n\n{links}"
        if "bootstrap" in tags:
            tagged["bootstrap"] += 1
            cell.source = BOOTSTRAP.format(install=published.install())
        if cell.cell_type == "markdown" and ROW in cell.source:
            cell.source = "\n".join(
                running_time(path.stem, minutes) if line.startswith(ROW) else line
                for line in cell.source.split("\n")
            )
    if tagged != {"title": 1, "bootstrap": 1}:
        raise ValueError(
            f"{path.name}: expected one cell tagged 'title' and one tagged "
            f"'bootstrap', found {tagged}"
        )
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {
                "display_name": "Python 3",
                "language": "python",
                "name": "python3",
            },
            "language_info": {"name": "python"},
        }
    )
    return notebook


def main() -> None:
    """Rewrite every notebook whose common parts are out of date."""
    for path in chapters():
        old = path.read_text(encoding="utf-8")
        notebook = synced(nbformat.reads(old, as_version=4), path)
        new = nbformat.writes(notebook, indent=1) + "\n"
        if new != old:
            path.write_text(new, encoding="utf-8")
            print(f"rewrote {path.name}", file=sys.stderr)


if __name__ == "__main__":
    main()
