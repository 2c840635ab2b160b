"""Where teacher and student go into PyTorch's `kl_div`: not in the formula's order."""

from matplotlib.figure import Figure

from course_lib.pictures.drawing import arrow, box, canvas, label
from course_lib.plots import BLUE, GREY, ORANGE


def kl_div_call() -> Figure:
    """Draw the right call of `kl_div`, with the two arrows that cross.

    >>> figure = kl_div_call()
    >>> words = [text.get_text() for text in figure.axes[0].texts]
    >>> words.index("input") < words.index("target")
    True
    """
    figure, axes = canvas(50, 28)
    above, below = 21.0, 9.0
    for y, who, symbol, color in (
        (above, "teacher’s\nlogits", "log p", BLUE),
        (below, "student’s\nlogits", "log q", ORANGE),
    ):
        box(axes, (6.0, y), (10.5, 6.0), who, color)
        box(axes, (24.0, y), (7.0, 5.0), symbol, color, fontsize=12)
        arrow(axes, (11.3, y), (20.4, y), color)
        label(axes, (15.8, y + 1.5), "log_softmax", fontsize=9)
    label(axes, (15.0, 26.6), "KL(p ‖ q): teacher first", fontsize=11)

    box(axes, (42.5, 15.0), (12.5, 20.0), "", GREY)
    label(axes, (42.5, 26.6), "kl_div: student first", fontsize=11)
    for y, slot, color in ((above, "input", ORANGE), (below, "target", BLUE)):
        box(axes, (42.5, y), (9.5, 4.0), slot, color)
    label(axes, (42.5, 15.0), "log_target\n= True", fontsize=9)
    arrow(axes, (27.6, above), (37.5, below), BLUE)
    arrow(axes, (27.6, below), (37.5, above), ORANGE)
    words = "batchmean: sum over classes, mean over the batch"
    label(axes, (49, 2.4), words, fontsize=9, ha="right")
    return figure
