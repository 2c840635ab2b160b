"""A student with two views of a text: an LSTM's, and a table of words' own numbers."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from course_lib.pictures.drawing import Point, arrow, box, canvas, label
from course_lib.plots import BLUE, GREEN, GREY, INK, ORANGE, PURPLE

WORDS = ("the", "saloon", "was", "quiet")
LSTM, TABLE = 15.0, 41.0  # where the two views stand
LABELS = (("comedy", BLUE, 8.0), ("western", ORANGE, 22.0))


def two_views() -> Figure:
    """Draw `WideLabelwiseLSTM`: states and attention on the left, words on the right.

    >>> words = [text.get_text() for text in two_views().axes[0].texts]
    >>> [word for word in words if "logits" in word or "table" in word]
    ['table of words', 'logits $s$, one a label']
    """
    figure, axes = canvas(50, 56)
    for i, word in enumerate(WORDS):
        x = 4.5 + 7 * i
        label(axes, (x, 1.8), word, weight="bold" if word == "saloon" else "normal")
        arrow(axes, (x, 3.4), (x, 6.0))
        box(axes, (x, 8.2), (5.6, 4.4), "LSTM", GREY, fontsize=9)
        if i:
            axes.annotate(
                "",
                xy=(x - 2.8, 8.2),
                xytext=(x - 4.2, 8.2),
                arrowprops={"arrowstyle": "<->", "color": GREY, "linewidth": 1},
            )
    label(axes, (1.6, 15.4), "attention", color=GREY, fontsize=9, rotation=90)

    # Each label weighs the states by itself: the thicker, the more.
    looks = {"comedy": (1.0, 1.0, 1.0, 2.6), "western": (0.5, 3.2, 0.5, 1.0)}
    for name, color, x in LABELS:
        for i, weight in enumerate(looks[name]):
            axes.plot(
                [4.5 + 7 * i, x],
                [10.5, 20.2],
                color=color,
                linewidth=weight,
                alpha=0.75,
            )
        box(axes, (x, 23.0), (12.0, 5.6), f"{name}'s\nembedding", color, fontsize=9)
        arrow(axes, (x, 25.8), (x, 33.2), color)
    label(axes, (LSTM, 28.0), "a logit each", fontsize=9, color=GREY)

    # The table: one number for each word and label, and no order.
    for name, color, x in LABELS:
        axes.add_patch(_column((TABLE - 6.5 + (x > LSTM) * 6.5, 9.2), color))
        label(
            axes, (TABLE - 3.2 + (x > LSTM) * 6.5, 23.4), name, fontsize=9, color=color
        )
    for i, (word, one, two) in enumerate(
        (("the", ".0", ".0"), ("saloon", "−.4", "2.1"), ("was", ".1", ".0"))
    ):
        y = 20.0 - 4 * i
        label(axes, (TABLE - 7.2, y), word, fontsize=9, ha="right")
        label(axes, (TABLE - 3.2, y), one, fontsize=9)
        label(axes, (TABLE + 3.3, y), two, fontsize=9)
    label(axes, (TABLE, 6.6), "table of words", color=GREY)
    _corner(axes, [(29.5, 1.8), (TABLE, 1.8), (TABLE, 5.2)])
    arrow(axes, (TABLE, 25.2), (TABLE, 33.2), GREEN)
    label(axes, (TABLE + 1, 29.2), "sum over\nthe text", fontsize=9, ha="left")

    box(axes, (LSTM, 35.4), (26.0, 4.4), "what was read", GREY)
    box(axes, (TABLE, 35.4), (15.0, 4.4), "which words", GREEN)
    arrow(axes, (LSTM, 37.6), (25.0, 41.4))
    arrow(axes, (TABLE, 37.6), (29.4, 41.4), GREEN)
    box(axes, (27.2, 42.6), (3.2, 3.2), "+", INK, fontsize=13)
    arrow(axes, (27.2, 44.2), (27.2, 46.8))
    box(axes, (27.2, 49.0), (25.0, 4.4), "logits $s$, one a label", PURPLE)
    label(axes, (27.2, 53.6), "a sigmoid each", color=PURPLE)
    return figure


def _column(corner: Point, color: str) -> Rectangle:
    """Return one label's column of the table."""
    return Rectangle(corner, 6.5, 12.9, facecolor=color, alpha=0.15)


def _corner(axes: Axes, points: list[Point]) -> None:
    """Draw a line with corners that ends in an arrow."""
    xs, ys = zip(*points, strict=True)
    axes.plot(xs[:-1], ys[:-1], color=INK, linewidth=1.5)
    arrow(axes, points[-2], points[-1])
