"""What made each page, when, and in how many seconds: the status page, and badges.

The execution cache knows when a page was run and how long it took. On what, it does not
know; so after each build the pages that are new in the cache are stamped with this
machine, in a file beside it. A page from the cache keeps the stamp of its own run.
"""

import html
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from course_lib import records

PAGE = "book/status"
TABLE = "<!-- status -->"
PACKAGES = ("torch", "transformers", "numpy", "scikit-learn")


@dataclass(frozen=True)
class Stamp:
    """One execution of a page."""

    when: float  # seconds since 1970
    seconds: float
    device: str
    capability: str  # of the processor, as PyTorch sees it
    versions: str

    @property
    def date(self) -> str:
        """The day, in UTC.

        >>> Stamp(0, 1, "CPU", "AVX2", "").date
        '1970-01-01'
        """
        return datetime.fromtimestamp(self.when, timezone.utc).strftime("%Y-%m-%d")


def here() -> dict[str, str]:
    """Return what this machine is: device, capability and versions."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    found = records.versions()["python"]
    named = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return {
        "device": records.device_name(device).partition(" (")[0],
        "capability": torch.backends.cpu.get_cpu_capability(),
        "versions": f"Python {found}, {named}",
    }


def stamped(
    runs: Mapping[str, Mapping[str, Any]], path: Path, machine: Mapping[str, str]
) -> dict[str, Stamp]:
    """Return a stamp for each page that was run; `runs` are MyST-NB's records of them.

    The stamps of earlier builds are in the file at `path`: a run of the same moment
    keeps its own, and others are of this machine. The file is written again.
    """
    old = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    found = {}
    for page, run in sorted(runs.items()):
        kept = old.get(page)
        if kept and abs(kept["when"] - run["mtime"]) < 1:
            found[page] = Stamp(**kept)
        else:
            found[page] = Stamp(run["mtime"], run["runtime"] or 0.0, **machine)
    text = json.dumps({page: asdict(stamp) for page, stamp in found.items()}, indent=1)
    path.write_text(text + "\n", encoding="utf-8")
    return found


def seconds(number: float) -> str:
    """Return seconds as a table and a badge say them.

    >>> seconds(0.61), seconds(48.2), seconds(366)
    ('0.6 s', '48 s', '6 min 6 s')
    """
    if number < 10:
        return f"{number:.1f} s"
    whole = round(number)
    return f"{whole} s" if whole < 90 else f"{whole // 60} min {whole % 60} s"


def anchor(page: str) -> str:
    """Return where the status page has the row of a page.

    >>> anchor("notebooks/foundations/softmax")
    'run-notebooks-foundations-softmax'
    """
    return "run-" + re.sub(r"\W+", "-", page)


def badge(stamp: Stamp, to: str) -> str:
    """Return the line below a title that says what made the page, as HTML."""
    return (
        f'<p class="page-status"><a href="{html.escape(to)}">Run in '
        f"{seconds(stamp.seconds)} on {html.escape(stamp.device)}, {stamp.date}</a></p>"
    )


def table(stamps: Mapping[str, Stamp], titles: Mapping[str, str], up: str) -> str:
    """Return the table of the status page as HTML; `titles` are in the book's order.

    `up` leads from the status page to the root of the site.
    """
    made = dict.fromkeys(_machine(stamp) for stamp in stamps.values())
    marks = {said: str(number) for number, said in enumerate(made, start=1)}
    rows = [
        f'<tr id="{anchor(page)}"><td><a href="{up}{page}.html">'
        f"{html.escape(titles[page])}</a></td>"
        f'<td class="whole">{stamps[page].date}</td>'
        f'<td class="whole">{seconds(stamps[page].seconds)}</td>'
        f"<td>{marks[_machine(stamps[page])]}</td></tr>"
        for page in titles
        if page in stamps
    ]
    total = seconds(sum(stamps[page].seconds for page in titles if page in stamps))
    keys = "".join(
        f"<dt>{mark}</dt><dd>{html.escape(said)}</dd>" for said, mark in marks.items()
    )
    head = "".join(f"<th>{name}</th>" for name in ("page", "run on", "took", "where"))
    return (
        f'<table class="table"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}'
        f"</tbody></table><p>Together {total}. Where that was:</p>"
        f'<dl class="status-machines">{keys}</dl>'
    )


def _machine(stamp: Stamp) -> str:
    return f"{stamp.device}, {stamp.capability}; {stamp.versions}"
