"""What the first page shows beside its text: the doors, and what lies behind each."""

import html
import re
from pathlib import Path

import course_map
import gallery
import moving
import nbformat
import teaching
from docutils.nodes import make_id
from IPython.display import HTML

from course_lib import plots
from notebooks import published

ROOT = Path(__file__).resolve().parent.parent
UP = "../"  # from book/intro.html to the root of the site


def story() -> HTML:
    """Return the moving picture."""
    return HTML(moving.picture(moving.story()))


def results() -> HTML:
    """Return the figure of results and the sentence below it."""
    drawn = plots.show(
        gallery.still(),
        alt="Accuracy on IMDB's test reviews over bytes of weights, with intervals. "
        "Students that a teacher taught lie above their equals that had labels only, "
        "and the student of a million numbers lies highest, far left of MiniLM.",
    )
    return HTML(
        f'<figure class="landing-figure">{drawn.data}<figcaption>{gallery.said()} '
        f'<a href="results.html">All results</a>, each with its interval, its rivals '
        "and the command that made it.</figcaption></figure>"
    )


def the_map() -> HTML:
    """Return the map of the course."""
    return HTML(course_map.course_map(UP))


def doors() -> HTML:
    """Return the three doors: read, run, teach."""
    first = next(iter(teaching.chapters().values()))
    start = f"{UP}notebooks/{first.place}.html"
    cell = f"{start}#{make_id(_first_heading(first.place))}"
    weeks = [str(number) for number in teaching.plans()]
    plans = f"{', '.join(weeks[:-1])} and {weeks[-1]} weeks"
    tasks = teaching.assignments()
    return HTML(
        '<div class="doors">'
        + _door(
            "Read",
            f"Start with {first.title.partition(':')[0].lower()}. Each chapter asks "
            "for a guess, computes, and lets you check your own answer.",
            {start: "The first chapter", "#what-needs-what": "The map"},
        )
        + _door(
            "Run",
            f"{_where()} Or distil a table of your own with one command, and ask the "
            "student with <code>predict</code>.",
            {_colab(first.place) or cell: _run(), "#take-one-home": "Use it"},
        )
        + _door(
            "Teach",
            f"{len(tasks)} assignments that are graded by one command, slides with "
            f"notes, and plans for {plans}.",
            {
                "for-instructors.html#the-assignments": "The assignments",
                "syllabus.html": "A syllabus",
            },
        )
        + "</div>"
    )


def _door(name: str, text: str, links: dict[str, str]) -> str:
    (first, *others) = links.items()
    more = "".join(f'<a href="{to}">{html.escape(said)}</a>' for to, said in others)
    return (
        f'<section class="door"><h2>{name}</h2><p>{text}</p><p class="door-links">'
        f'<a class="door-first" href="{first[0]}">{html.escape(first[1])}</a>{more}</p>'
        "</section>"
    )


def _colab(place: str) -> str:
    """Return where a chapter opens on Colab, or nothing before it is published."""
    links = published.links(f"notebooks/{place}.ipynb")
    found = re.search(r"\]\((https://colab\S+?)\)", links)
    return found[1] if found else ""


def _run() -> str:
    return "Run it on Colab" if published.is_published() else "The first cell"


def _where() -> str:
    if published.is_published():
        return "Every chapter opens on Colab."
    return (
        "On a laptop without a GPU: <code>make lab</code>. Colab follows when the "
        "course is published."
    )


def _first_heading(place: str) -> str:
    """Return the heading below which a chapter's first code of its own stands."""
    path = ROOT / "notebooks" / f"{place}.ipynb"
    heading = ""
    for cell in nbformat.read(path, as_version=4).cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "markdown":
            headings = re.findall(r"^## (.+)$", cell.source, re.MULTILINE)
            heading = headings[-1] if headings else heading
        elif "bootstrap" not in tags:
            return heading
    raise ValueError(f"{place} has no cell to run")
