"""What `teaching` has read, as Markdown: the tables and texts of the pages."""

import math

from teaching import DECKS, Chapter, assignments, chapters, objectives, plans


def table_of(rows: list[list[str]]) -> str:
    """Return a Markdown table; the first row is its head.

    >>> print(table_of([["a", "b"], ["1", "2"]]))
    | a | b |
    |---|---|
    | 1 | 2 |
    """
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def _link(chapter: Chapter) -> str:
    short = chapter.title.partition(":")[0]
    return f"[{short}](../notebooks/{chapter.place}.ipynb)"


def _few(minutes: float) -> str:
    return f"{minutes:.0f}" if minutes >= 1 else "under 1"


def hours_table() -> str:
    """Return what the hours of each chapter are made of, as a table."""
    rows = [["chapter", "reading", "running", "exercises", "quiz", "hours"]]
    for chapter in chapters().values():
        parts = chapter.minutes()
        said = [f"{parts[name]:.0f}" for name in ("reading", "exercises", "quiz")]
        running = "not measured" if chapter.running is None else _few(parts["running"])
        total = f"{_hours(chapter):.1f}"
        rows.append([_link(chapter), said[0], running, *said[1:], total])
    return table_of(rows)


def plan_table(weeks: int) -> str:
    """Return a plan as a table: what is read, shown and due in each week, and hours."""
    every, due = chapters(), assignments()
    rows = [["week", "chapters", "slides", "due", "hours"]]
    for number, week in enumerate(plans()[weeks], start=1):
        read = [every[name] for name in week["read"]]
        one_of = [every[name] for name in week.get("one_of", [])]
        decks = list(dict.fromkeys(DECKS[chapter.part] for chapter in read + one_of))
        hours = sum(map(_hours, read)) + max(map(_hours, one_of), default=0)
        task = due[week["due"]] if "due" in week else None
        hours += task.hours if task else 0
        rows.append(
            [
                str(number),
                _reading(read, one_of),
                ", ".join(deck.replace("-", " ") for deck in decks) or "",
                f"*{task.title.partition(':')[0]}*" if task else "",
                f"{math.ceil(2 * hours) / 2:g}",
            ]
        )
    return table_of(rows)


def _hours(chapter: Chapter) -> float:
    return sum(chapter.minutes().values()) / 60


def _reading(read: list[Chapter], one_of: list[Chapter]) -> str:
    parts = [*map(_link, read)]
    if one_of:
        parts.append("one of " + ", ".join(map(_link, one_of)))
    return ", ".join(parts) or "none: work on the project"


def map_table() -> str:
    """Return the map: each objective, where it is taught, practised and tested."""
    every, tasks = chapters(), assignments()
    rows = [["who has done this can", "taught", "practised", "tested"]]
    for row in objectives():
        practised = [
            every[name].exercises[check][0]
            for name, checks in row["practised"].items()
            for check in checks
        ]
        tested = [
            f"{name}: " + ", ".join(f"`{question}`" for question in questions)
            for name, questions in row["tested"].items()
        ]
        assert set(row["tested"]) <= set(tasks)
        rows.append(
            [
                row["can"],
                ", ".join(_link(every[name]) for name in row["taught"]),
                "; ".join(practised),
                "<br>".join(tested) or "in no assignment",
            ]
        )
    return table_of(rows)


def rubrics() -> str:
    """Return all questions answered in words, with rubric and examples, as Markdown."""
    parts = []
    for task in assignments().values():
        parts.append(f"## {task.title}")
        for question in task.questions.values():
            if question.rubric:
                parts += [f"### {question.name}: {question.points} points"]
                parts += [question.text, question.rubric.partition("\n\n")[2]]
    return "\n\n".join(parts)
