"""Boxes and arrows, in units of a tenth of an inch from the lower left."""

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from course_lib.plots import GREY, INK

Point = tuple[float, float]


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """Return an empty drawing without axes, 50 units wide at most to fit a phone.

    >>> figure, axes = canvas(40, 20)
    >>> [float(end) for end in (*axes.get_xlim(), *axes.get_ylim())]
    [0.0, 40.0, 0.0, 20.0]
    """
    figure, axes = plt.subplots(figsize=(width / 10, height / 10))
    axes.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    axes.axis("off")
    return figure, axes


def box(
    axes: Axes, center: Point, size: Point, text: str, color: str = GREY, **font: Any
) -> None:
    """Draw a box of a colour, lightly filled, with its text in the middle."""
    (x, y), (width, height) = center, size
    patch = FancyBboxPatch(
        (x - width / 2, y - height / 2),
        width,
        height,
        boxstyle="round,pad=0,rounding_size=0.6",
        edgecolor=color,
        facecolor=(*_rgb(color), 0.15),
        linewidth=1.5,
    )
    axes.add_patch(patch)
    label(axes, center, text, **font)


def label(axes: Axes, place: Point, text: str, **font: Any) -> None:
    """Write a text, centred on its place unless `font` says otherwise."""
    style = {"ha": "center", "va": "center", "fontsize": 10, "color": INK}
    axes.text(*place, text, **{**style, **font})


def arrow(
    axes: Axes, start: Point, end: Point, color: str = INK, bend: float = 0, **line: Any
) -> None:
    """Draw an arrow from one point to another; `bend` curves it to one side."""
    style = {
        "arrowstyle": "-|>,head_width=0.25,head_length=0.5",
        "color": color,
        "linewidth": 1.5,
        "shrinkA": 0,
        "shrinkB": 0,
        "connectionstyle": f"arc3,rad={bend}",
    }
    axes.annotate("", xy=end, xytext=start, arrowprops={**style, **line})


def _rgb(color: str) -> tuple[float, ...]:
    return tuple(int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
