"""How the course draws: readable in light and dark, with and without colour vision.

Every figure is shown by `show` (matplotlib) or `interact` (Altair), and both insist on
alt text. Lines and letters take the page's own text colour, so a figure follows the
reader's theme; the data colours are those of Okabe and Ito (2008), which stay apart for
colour-blind readers and keep a contrast of about 3 with both backgrounds.
"""

import html
import io
import json
import os
import re
import uuid
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import vl_convert
from IPython.display import HTML
from matplotlib.figure import Figure

if TYPE_CHECKING:  # it takes seconds, and most pages draw no chart with sliders
    import altair

BLUE, ORANGE, GREEN, PURPLE = "#1f83c4", "#d9730d", "#0a9871", "#b65c95"
GREY = "#808080"
COLORS = [BLUE, ORANGE, GREEN, PURPLE, GREY]

# matplotlib knows no "currentColor": draw in an odd colour, then replace it.
INK = "#010203"

STYLE: Any = {
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.prop_cycle": plt.cycler(color=COLORS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": "medium",
    "axes.titlelocation": "left",
    "figure.constrained_layout.use": True,
    "figure.figsize": (5, 3),
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "font.size": 11,
    "legend.edgecolor": "none",
    "legend.facecolor": "none",
    "legend.labelcolor": INK,
    "lines.linewidth": 2,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}
plt.rcParams.update(STYLE)


def show(figure: Figure, alt: str) -> HTML:
    """Return a matplotlib figure as inline SVG that follows the page's theme.

    `alt` says what the picture shows to a reader who cannot see it. Use it as a cell's
    last line. The figure is closed.

    >>> figure, axes = plt.subplots()
    >>> lines = axes.plot([0, 1])
    >>> page = show(figure, alt="A straight line from zero to one.")
    >>> 'aria-label="A straight line from zero to one."' in page.data
    True
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    plt.close(figure)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    # Clip paths are named by content: two figures on a page may use one name twice.
    unique = f"f{uuid.uuid4().hex[:8]}-"
    svg = re.sub(r'(id="|url\(#|href="#)', rf"\1{unique}", svg)
    label = html.escape(required(alt), quote=True)
    svg = svg.replace(
        "<svg ",
        f'<svg role="img" aria-label="{label}" style="max-width:100%;height:auto" ',
        1,
    )
    return HTML(svg)


def interact(chart: "altair.TopLevelMixin", alt: str) -> HTML:
    """Return an Altair chart whose sliders work without a kernel.

    The browser does the arithmetic, so the chart moves on the website, in Colab and in
    JupyterLab alike, with no network. `alt` is as in `show`.

    >>> from unittest.mock import patch
    >>> import altair as alt
    >>> chart = alt.Chart(alt.Data(values=[{"x": 1}])).mark_point().encode(x="x:Q")
    >>> with patch.dict(os.environ, COURSE_BOOK="1"):  # the website has Vega
    ...     page = interact(chart, alt="A single point at the place one.")
    >>> 'aria-label="A single point at the place one."' in page.data
    True
    """
    # Vega calls what it draws by its description, in place of the label below.
    described = chart.properties(background="transparent", description=required(alt))
    spec = described.configure(**THEME).to_dict()
    name = f"chart-{uuid.uuid4().hex[:8]}"
    label = html.escape(alt, quote=True)
    # The website loads Vega once for all pages; a notebook brings it along.
    bundle = ""
    if not os.environ.get("COURSE_BOOK"):
        bundle = vl_convert.javascript_bundle()  # type: ignore[call-arg]
    return HTML(
        f'<div role="img" aria-label="{label}" id="{name}" class="course-chart">'
        f"</div><script>if (!window.vegaEmbed) {{ {bundle} }}\n"
        f"vegaEmbed('#{name}', {json.dumps(spec)}, "
        "{renderer: 'svg', actions: false});</script>"
    )


def required(alt: str) -> str:
    """Refuse a figure that a blind reader could not read."""
    if len(alt.split()) < 5:
        raise ValueError(
            f"alt is {alt!r}: say in a sentence what the figure shows to a reader who "
            "cannot see it"
        )
    return alt


_TEXT = {"labelColor": "currentColor", "titleColor": "currentColor"}
_LINES = {"domainColor": GREY, "tickColor": GREY, "gridColor": GREY, "gridOpacity": 0.2}
_SILENT = {"aria": False}  # a chart is read by its alt text, and not mark by mark
THEME: dict[str, Any] = {
    "mark": _SILENT,
    "axis": {**_TEXT, **_LINES, **_SILENT, "labelFontSize": 12, "titleFontSize": 12},
    "legend": {**_TEXT, **_SILENT, "labelFontSize": 12, "titleFontSize": 12},
    "header": {**_TEXT, "labelFontSize": 12},
    "title": {"color": "currentColor", "anchor": "start", "fontSize": 13},
    "text": {"color": "currentColor", "fontSize": 13},
    "view": {"stroke": None},
    "range": {"category": COLORS},
}
