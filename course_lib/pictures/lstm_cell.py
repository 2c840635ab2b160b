"""The cell of an LSTM: a line on which things are kept, and the gates around it."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib.pictures.drawing import Point, arrow, box, canvas, label
from course_lib.plots import BLUE, GREEN, GREY, INK, ORANGE, PURPLE

TOP, BUS = 36.0, 6.5
GATES = {
    "f": (9.5, "forget", "σ", ORANGE),
    "i": (19.0, "input", "σ", BLUE),
    "g": (28.5, "write", "tanh", GREEN),
    "o": (38.0, "output", "σ", PURPLE),
}


def lstm_cell() -> Figure:
    """Draw one step of an LSTM, with the letters of its equations.

    >>> words = [text.get_text() for text in lstm_cell().axes[0].texts]
    >>> [word for word in words if "gate" in word or "_t$" in word]
    ['$f_t$', '$i_t$', '$g_t$', '$o_t$', '$c_t$', '$h_t$', '$x_t$']
    """
    figure, axes = canvas(50, 40)
    for letter, (x, name, squash, color) in GATES.items():
        box(axes, (x, 14.5), (8, 7), "", color)
        label(axes, (x, 16), name)
        label(axes, (x, 13), f"${letter}_t$", fontsize=13)
        arrow(axes, (x, BUS), (x, 11))
        label(axes, (x + 0.8, 8.6), squash, fontsize=9, ha="left")

    (f, *_), (i, *_), (g, *_), (o, *_) = GATES.values()
    end = 46.0  # where what the outside sees is made
    # The cell line: what was kept, times f, plus what is written.
    arrow(axes, (0.5, TOP), (f - 1.6, TOP), GREY, linewidth=3)
    arrow(axes, (f + 1.6, TOP), (g - 1.6, TOP), GREY, linewidth=3)
    arrow(axes, (g + 1.6, TOP), (49.5, TOP), GREY, linewidth=3)
    arrow(axes, (f, 18), (f, TOP - 1.6), ORANGE)
    _path(axes, [(i, 18), (i, 26), (g - 1.6, 26)], BLUE)
    arrow(axes, (g, 18), (g, 26 - 1.6), GREEN)
    arrow(axes, (g, 26 + 1.6), (g, TOP - 1.6))
    for place, sign in (((f, TOP), "×"), ((g, 26.0), "×"), ((g, TOP), "+")):
        _sign(axes, place, sign)

    arrow(axes, (end, TOP), (end, 31))
    box(axes, (end, 29), (7, 4), "tanh", fontsize=10)
    arrow(axes, (end, 27), (end, 22 + 1.6))
    _path(axes, [(o, 18), (o, 22), (end - 1.6, 22)], PURPLE)
    _sign(axes, (end, 22.0), "×")
    _path(axes, [(end, 22 - 1.6), (end, BUS), (49.5, BUS)], INK)

    # Word and old state go to all four.
    axes.plot([0.5, o], [BUS, BUS], color=INK, linewidth=1.5)
    axes.plot([3.5, 3.5], [3, BUS], color=INK, linewidth=1.5)
    label(axes, (1, TOP + 2.6), "$c_{t-1}$", fontsize=13, ha="left")
    label(axes, (49, TOP + 2.6), "$c_t$", fontsize=13, ha="right")
    label(axes, (19, TOP + 2.6), "cell line", color=GREY)
    label(axes, (0.5, BUS + 2.2), "$h_{t-1}$", fontsize=13, ha="left")
    label(axes, (49.5, BUS + 2.2), "$h_t$", fontsize=13, ha="right")
    label(axes, (3.5, 1.5), "$x_t$", fontsize=13)
    return figure


def _sign(axes: Axes, place: Point, sign: str) -> None:
    """Draw a small round box with × or + in it."""
    box(axes, place, (3.2, 3.2), sign, fontsize=13)


def _path(axes: Axes, corners: list[Point], color: str) -> None:
    """Draw a line from corner to corner with an arrow's head at its end."""
    xs, ys = zip(*corners[:-1], strict=True)
    axes.plot(xs, ys, color=color, linewidth=1.5)
    arrow(axes, corners[-2], corners[-1], color)
