"""The logo and the social card, drawn by code: `python book/logo.py`.

A drop within a drop: what a small model gets from a large one. The marks are
committed (book/_static); the card, for those who share a link, is made by each build.
"""

from pathlib import Path
from typing import Any

import moving
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as Outline

from course_lib.plots import BLUE, ORANGE

STATIC = Path(__file__).parent / "_static"
PAPER, INK, MUTED = "#fbfaf7", "#16202a", "#59636e"

#: Of the card, as sites that show links ask for it: pixels, at 100 to the inch.
WIDTH, HEIGHT = 1200, 630

TITLE = "Knowledge\nDistillation\nfor Text"
LINE = "A small model learns from a large one.\nWhat that was worth is measured."

Point = tuple[float, float]


def drop(x: float, y: float, radius: float) -> list[tuple[str, list[Point]]]:
    """Return the outline of a drop as SVG's commands.

    (x, y) is the centre of its round part, and its tip is 1.9 radii above it.

    >>> drop(0, 0, 10)[0]
    ('M', [(0, -19.0)])
    """
    r, k = radius, 0.552 * radius  # k makes a quarter of a circle of a Bézier curve
    return [
        ("M", [(x, y - 1.9 * r)]),
        ("C", [(x - 0.6 * r, y - r), (x - r, y - 0.6 * r), (x - r, y)]),
        ("C", [(x - r, y + k), (x - k, y + r), (x, y + r)]),
        ("C", [(x + k, y + r), (x + r, y + k), (x + r, y)]),
        ("C", [(x + r, y - 0.6 * r), (x + 0.6 * r, y - r), (x, y - 1.9 * r)]),
    ]


#: Two drops in a square of 32: the teacher, and within it the student.
LARGE, SMALL = drop(16, 20.6, 9.8), drop(16, 23.4, 4.3)


def mark() -> str:
    """Return the logo as SVG."""

    def path(outline: list[tuple[str, list[Point]]], color: str) -> str:
        d = "".join(
            letter + " ".join(f"{x:.2f} {y:.2f}" for x, y in points)
            for letter, points in outline
        )
        return f'  <path d="{d}z" fill="{color}"/>\n'

    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">\n'
        f"{path(LARGE, BLUE)}{path(SMALL, '#fff')}</svg>\n"
    )


def _draw(axes: Axes, outline: list[tuple[str, list[Point]]], color: str) -> None:
    codes = [
        code
        for letter, points in outline
        for code in [Outline.MOVETO if letter == "M" else Outline.CURVE4] * len(points)
    ]
    points = [point for _, some in outline for point in some]
    axes.add_patch(PathPatch(Outline(points, codes), color=color, lw=0))


def write_card(path: Path) -> None:
    """Draw the social card, and put it there whole or not at all."""
    told = moving.story()
    teacher = moving.soften(told.teacher, told.hot)
    student = moving.soften(told.student[-1], told.hot)
    with plt.rc_context({"font.family": "STIXGeneral", "font.size": 20}):
        figure = plt.figure(
            figsize=(WIDTH / 100, HEIGHT / 100), facecolor=PAPER, layout="none"
        )
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, WIDTH), ylim=(HEIGHT, 0))
        axes.axis("off")
        scale = 3.4
        for outline, color in ((LARGE, BLUE), (SMALL, PAPER)):
            moved = [
                (letter, [(52 + scale * x, 44 + scale * y) for x, y in points])
                for letter, points in outline
            ]
            _draw(axes, moved, color)
        words: dict[str, Any] = {"va": "top", "ha": "left", "color": INK}
        axes.text(74, 178, TITLE, fontsize=50, linespacing=1.12, **words)
        axes.text(
            76, 480, LINE, fontsize=20, linespacing=1.4, **words | {"color": MUTED}
        )
        _bars(axes, teacher, student)
        unfinished = path.with_name(path.name + ".part")
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(unfinished, format="png", dpi=100, facecolor=PAPER)
        plt.close(figure)
    unfinished.replace(path)


def _bars(axes: Axes, teacher: list[float], student: list[float]) -> None:
    """Draw the ends of the moving picture: two answers, hot, beside one another."""
    left, foot, slot, bar = 610, 520, 51, 20
    high = 340 / max(teacher + student)
    for digit, pair in enumerate(zip(teacher, student, strict=True)):
        for place, (p, color) in enumerate(zip(pair, (BLUE, ORANGE), strict=True)):
            x = left + digit * slot + place * (bar + 3)
            axes.add_patch(
                Rectangle((x, foot - high * p), bar, high * p, color=color, lw=0)
            )
        middle = left + digit * slot + bar + 1.5
        axes.text(middle, foot + 12, str(digit), ha="center", va="top", color=MUTED)
    axes.plot([left - 8, left + 10 * slot], [foot, foot], color=MUTED, lw=1)
    said = f"of a handwritten {moving.MISSING}; the student was never shown one"
    axes.text(left, 122, said, color=MUTED, va="top", fontsize=15)
    for x, name, color in ((left, "teacher", BLUE), (left + 104, "student", ORANGE)):
        axes.text(x, 84, name, color=color, va="top", fontsize=22)


def main() -> None:
    """Write the marks that are committed."""
    for name in ("favicon.svg", "logo.svg"):
        (STATIC / name).write_text(mark(), encoding="utf-8")


if __name__ == "__main__":
    main()
