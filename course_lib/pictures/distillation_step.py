"""One step of distillation: two models, one input, two losses, one gradient."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib.pictures.drawing import Point, arrow, box, canvas, label
from course_lib.plots import BLUE, GREEN, GREY, ORANGE, PURPLE


def distillation_step(given: str = "text") -> Figure:
    """Draw what meets in the loss, and where its gradient goes: into the student.

    `given` is what both models read.

    >>> figure = distillation_step()
    >>> words = [text.get_text() for text in figure.axes[0].texts]
    >>> "teacher\\n(frozen)" in words and "text" in words
    True
    """
    figure, axes = canvas(50, 53)
    left, middle, right = 9.0, 26.0, 43.0
    box(axes, (17.5, 50.2), (13.0, 4.4), given, GREY)
    for x, who, z, color in (
        (left, "teacher\n(frozen)", "$t$", BLUE),
        (middle, "student", "$s$", ORANGE),
    ):
        arrow(axes, (17.5, 48.0), (x, 44.7))
        box(axes, (x, 42.0), (13.0, 5.4), who, color, weight="bold")
        arrow(axes, (x, 39.3), (x, 36.2), color)
        box(axes, (x, 34.0), (13.0, 4.4), f"logits {z}", color)
        arrow(axes, (x, 31.8), (x, 28.7), color)
        box(axes, (x, 26.0), (13.0, 5.4), "heat:\nsoftmax at $T$", color)
    arrow(axes, (left, 23.3), (13.0, 19.1), BLUE)
    arrow(axes, (middle, 23.3), (22.0, 19.1), ORANGE)
    label(axes, (12.5, 21.6), "$p$", color=BLUE, fontsize=12)
    label(axes, (22.5, 21.6), "$q$", color=ORANGE, fontsize=12)
    box(axes, (17.5, 16.4), (22.0, 5.4), r"$T^2\,\mathrm{KL}(p\,\Vert\,q)$", PURPLE)

    box(axes, (right, 42.0), (12.0, 5.4), "label", GREY)
    arrow(axes, (right + 2, 39.3), (right + 2, 19.1), GREY)
    _bent(axes, [(32.5, 34.0), (right - 2, 34.0), (right - 2, 19.1)], ORANGE)
    label(axes, (right - 4, 35.3), "$T=1$", fontsize=9, color=ORANGE)
    box(axes, (right, 16.4), (12.0, 5.4), "cross-\nentropy", PURPLE)

    box(axes, (30.0, 5.2), (16.0, 5.0), "loss", PURPLE, weight="bold")
    arrow(axes, (17.5, 13.7), (25.0, 7.7), PURPLE)
    arrow(axes, (right, 13.7), (37.0, 7.7), PURPLE)
    label(axes, (19.6, 9.8), r"$\times\ \alpha$", ha="right", color=PURPLE)
    label(axes, (41.2, 9.8), r"$\times\ (1-\alpha)$", ha="left", color=PURPLE)

    _bent(axes, [(34.8, 7.7), (34.8, 42.0), (32.5, 42.0)], GREEN, linestyle="--")
    label(axes, (36.6, 26.5), "gradient", color=GREEN, rotation=90)
    label(axes, (9.8, 20.9), "no gradient", ha="right", fontsize=9, color=GREEN)
    return figure


def _bent(axes: Axes, points: list[Point], color: str, linestyle: str = "-") -> None:
    """Draw a line with corners that ends in an arrow."""
    xs, ys = zip(*points, strict=True)
    axes.plot(xs[:-1], ys[:-1], color=color, linewidth=1.5, linestyle=linestyle)
    arrow(axes, points[-2], points[-1], color)
