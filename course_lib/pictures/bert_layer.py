"""One layer of a BERT, from the vectors that go in to those that come out."""

from matplotlib.figure import Figure

from course_lib.pictures.drawing import arrow, box, canvas, label
from course_lib.plots import BLUE, GREEN, GREY, INK, ORANGE

SMALL = {"fontsize": 9}


def bert_layer(hidden: int, heads: int) -> Figure:
    """Draw a layer with the shapes of a model: n pieces, `hidden` numbers for each.

    Blue is what looks at other pieces, orange what works on each piece by itself, and
    beside each box stands what comes out of it.

    >>> figure = bert_layer(384, 12)
    >>> "(n, 384)" in [text.get_text() for text in figure.axes[0].texts]
    True
    """
    figure, axes = canvas(50, 80)
    one, rest = f"(n, {hidden})", 36.5  # a shape, and where shapes stand
    trunk, around = 20.0, 3.0  # the way through the boxes, and the way past them

    def up(bottom: float, top: float, shape: str = "") -> None:
        arrow(axes, (trunk, bottom), (trunk, top))
        if shape:
            label(axes, (trunk + 1, (bottom + top) / 2), shape, ha="left", **SMALL)

    def past(bottom: float, top: float) -> None:
        """The vectors that came in go round, and are added."""
        axes.plot([trunk, around, around], [bottom, bottom, top], color=INK, lw=1.5)
        arrow(axes, (around, top), (trunk - 1.6, top))
        box(axes, (trunk, top), (3.2, 3.2), "+", GREY)

    def matrix(y: float, name: str, rows: int, columns: int, color: str) -> None:
        box(axes, (trunk, y), (26, 4.4), name, color)
        label(axes, (rest, y), f"{rows} × {columns}", ha="left", **SMALL)

    label(axes, (trunk, 1.6), f"in: n pieces, {one}")
    up(3, 10)
    for x, name in ((9.5, "query"), (trunk, "key"), (30.5, "value")):
        box(axes, (x, 12.2), (8.6, 4.4), name, BLUE)
        arrow(axes, (x, 14.4), (x, 20))
        if x != trunk:
            arrow(axes, (trunk, 7.6), (x, 10), color=INK)
    label(axes, (rest, 12.2), f"3 times\n{hidden} × {hidden}", ha="left", **SMALL)
    box(
        axes,
        (trunk, 23.2),
        (30, 6.4),
        "each piece looks at all:\nsoftmax(q · k / √d) v",
        BLUE,
    )
    label(
        axes,
        (rest, 23.2),
        f"{heads} heads of {hidden // heads},\nweights\n({heads}, n, n)",
        ha="left",
        **SMALL,
    )
    up(26.4, 29.6, one)
    matrix(31.8, "mix the heads", hidden, hidden, BLUE)
    up(34, 37)
    past(5.2, 38.6)
    up(40.2, 42.6)
    matrix(44.6, "normalise", 2, hidden, GREEN)
    up(46.8, 51.2, one)
    matrix(53.4, "up, and GELU", hidden, 4 * hidden, ORANGE)
    up(55.6, 58.8, f"(n, {4 * hidden})")
    matrix(61, "down again", 4 * hidden, hidden, ORANGE)
    up(63.2, 65.4)
    past(48.6, 67)
    up(68.6, 70.2)
    matrix(72.2, "normalise", 2, hidden, GREEN)
    up(74.4, 77)
    label(axes, (trunk, 78.6), f"out: again {one}")
    return figure
