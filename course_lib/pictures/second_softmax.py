"""What a second softmax does to two logits: its exponentials end at e."""

import math
from itertools import pairwise

from matplotlib.figure import Figure

from course_lib.pictures.drawing import arrow, box, canvas, label
from course_lib.plots import BLUE, ORANGE


def second_softmax(first: float, second: float) -> Figure:
    """Draw two logits on their way through one softmax and through another.

    >>> figure = second_softmax(100.0, 0.0)
    >>> "0.73\\n0.27" in [text.get_text() for text in figure.axes[0].texts]
    True
    """
    figure, axes = canvas(50, 31)
    middles, size = (9.0, 25.5, 42.0), (10.5, 6.5)
    for x, words in zip(middles, ("goes in", "exponentials", "shares"), strict=True):
        label(axes, (x, 29.3), words)

    pair = (first, second)
    powers = [f"$e^{{{z:g}}}$" for z in pair]
    for y, color, which in ((22.5, BLUE, "softmax"), (8.0, ORANGE, "softmax again")):
        shares = _softmax(pair)
        written = "\n".join(f"{z:g}" if y > 20 else f"{z:.2f}" for z in pair)
        if y < 20:
            powers = [f"{math.exp(z):.2f}" for z in pair]
        texts = (written, "\n".join(powers), "\n".join(f"{p:.2f}" for p in shares))
        for x, text in zip(middles, texts, strict=True):
            box(axes, (x, y), size, text, color, fontsize=12)
        for left, right in pairwise(middles):
            arrow(axes, (left + 5.6, y), (right - 5.6, y), color)
        place = (9.0, y + 4.6 if y > 20 else y - 4.6)
        label(axes, place, which, color=color, weight="bold")
        pair = shares
    arrow(axes, (42.0, 18.9), (9.0, 11.6))
    label(axes, (27.0, 13.4), "shares taken for logits", fontsize=9, ha="left")
    label(axes, (25.5, 2.6), "never below 1,\nnever above e", fontsize=9)
    ceiling = math.e / (math.e + 1)
    label(axes, (42.0, 2.6), f"never above\n{ceiling:.2f}", fontsize=9)
    return figure


def _softmax(pair: tuple[float, float]) -> tuple[float, float]:
    """Two shares from two logits, without overflow."""
    top = max(pair)
    a, b = (math.exp(z - top) for z in pair)
    return a / (a + b), b / (a + b)
