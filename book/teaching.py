"""What the pages for instructors say, read from where it stands.

Chapters have cards and exercises, assignments have questions and rubrics, slides have
notes with minutes, and `objectives.yml` says what belongs together.
"""

import json
import re
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import yaml

ROOT = Path(__file__).resolve().parent.parent

#: What nobody has measured in a class: words a minute, in a text with formulas, and the
#: minutes for an exercise that does not state its own and for a question of a quiz.
WORDS_A_MINUTE = 100
AN_EXERCISE = 15
A_QUESTION = 1

#: Which deck goes with which part of the book.
DECKS = {
    "foundations": "foundations",
    "sentiment": "teachers-and-students",
    "many-labels": "many-labels",
    "beyond": "beyond",
    "wider": "wider",
}


@dataclass
class Chapter:
    """A chapter's place, title and first row of the card, and what it asks for."""

    place: str  # foundations/softmax
    title: str
    needs: list[str]  # chapters that its card names
    words: int
    running: float | None  # measured seconds on one CPU core
    exercises: dict[str, tuple[str, int]]  # check → what it is called, minutes
    quiz: int  # questions

    @property
    def part(self) -> str:
        """The folder, which is the part of the book."""
        return self.place.partition("/")[0]

    def minutes(self) -> dict[str, float]:
        """Return what the hours are made of."""
        return {
            "reading": self.words / WORDS_A_MINUTE,
            "running": (self.running or 0) / 60,
            "exercises": sum(length for _, length in self.exercises.values()),
            "quiz": self.quiz * A_QUESTION,
        }


@dataclass
class Question:
    """A question of an assignment; `rubric` if a person reads its answer."""

    name: str
    text: str
    points: int
    rubric: str = ""


@dataclass
class Assignment:
    """An assignment, from its master."""

    name: str
    title: str
    hours: float
    questions: dict[str, Question] = field(default_factory=dict)


def _cells(path: Path) -> list[Any]:
    return list(nbformat.read(path, as_version=4).cells)


def chapters() -> dict[str, Chapter]:
    """Return the chapters in the order of the book, by name."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    record = ROOT / "book" / "records" / "minutes.json"
    seconds = json.loads(record.read_text(encoding="utf-8"))
    found = {}
    for entry in (c["file"] for part in toc["parts"] for c in part["chapters"]):
        if entry.startswith("notebooks/"):
            place = entry.removeprefix("notebooks/")
            found[Path(place).name] = _chapter(place, seconds)
    return found


def _chapter(place: str, seconds: dict[str, dict[str, float]]) -> Chapter:
    cells = _cells(ROOT / "notebooks" / f"{place}.ipynb")
    prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
    card = next(text for text in prose if "| **You need** |" in text)
    (needs,) = re.findall(r"^\| \*\*You need\*\* \| (.+) \|$", card, re.MULTILINE)
    name = Path(place).name
    quiz = json.loads(
        (ROOT / "course_lib" / "quizzes" / f"{name}.json").read_text(encoding="utf-8")
    )
    return Chapter(
        place=place,
        title=prose[0].splitlines()[0].removeprefix("# "),
        needs=re.findall(r"\]\((?:[\w./-]*/)?([\w-]+)\.ipynb\)", needs),
        words=sum(len(text.split()) for text in prose),
        running=seconds.get(name, {}).get("cpu_seconds"),
        exercises=_exercises(cells),
        quiz=len(quiz),
    )


def _exercises(cells: list[Any]) -> dict[str, tuple[str, int]]:
    """Return a chapter's exercises with a check: what each is called, and minutes."""
    heading, found = "", {}
    for cell in cells:
        if cell.cell_type == "markdown":
            headings = re.findall(r"^### (.+)$", cell.source, re.MULTILINE)
            heading = headings[-1] if headings else heading
        elif "answer" not in cell.metadata.get("tags", []):
            for check in re.findall(r"^check\.(\w+)\(", cell.source, re.MULTILINE):
                title, _, length = heading.partition(" (")
                title = re.sub(r"^(Warm-up: |Work: |\d+\. )", "", title)
                minutes = re.match(r"(\d+) min", length)
                found[check] = (title, int(minutes[1]) if minutes else AN_EXERCISE)
    return found


def assignments() -> dict[str, Assignment]:
    """Return the assignments in the order in which the objectives need them."""
    found = {}
    for path in sorted((ROOT / "notebooks" / "homework").glob("*.ipynb")):
        cells = _cells(path)
        card = next(c.source for c in cells if "| **Points** |" in c.source)
        (hours,) = re.findall(r"^\| \*\*Hours\*\* \| ([\d.]+) \|$", card, re.MULTILINE)
        title = card.splitlines()[0].removeprefix("# ")
        made = Assignment(path.stem, title, float(hours))
        for cell, following in pairwise(cells):
            source = cell.source
            if cell.cell_type == "raw" and "BEGIN QUESTION" in source:
                asked = yaml.safe_load(source)
                now = Question(asked["name"], following.source, asked.get("points", 0))
                made.questions[now.name] = now
            elif source.startswith("**Rubric**"):
                now.rubric = source
            elif "BEGIN TEST CONFIG" in source:
                now.points += int(re.findall(r"^points: (\d+)", source, re.M)[0])
        found[path.stem] = made
    plan = yaml.safe_load((ROOT / "book" / "objectives.yml").read_text("utf-8"))
    due = [week["due"] for week in max(plan["plans"].items())[1] if "due" in week]
    return {name: found[name] for name in due}


def objectives() -> list[dict[str, Any]]:
    """Return the objectives: `can`, `taught`, `practised`, `tested`."""
    text = (ROOT / "book" / "objectives.yml").read_text(encoding="utf-8")
    return [{"tested": {}, **row} for row in yaml.safe_load(text)["objectives"]]


def plans() -> dict[int, list[dict[str, Any]]]:
    """Return for 2, 6 and 12 weeks what is read, and what is due, in each."""
    text = (ROOT / "book" / "objectives.yml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text)["plans"])


def deck_minutes(deck: str) -> tuple[int, int]:
    """Return how many slides a deck has, and for how long, by its notes."""
    text = (ROOT / "book" / "slides" / f"{deck}.md").read_text(encoding="utf-8")
    lengths = re.findall(r"^Note \((\d+) min\): ", text, re.MULTILINE)
    return len(lengths), sum(map(int, lengths))
