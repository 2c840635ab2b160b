import json
import re
import xml.etree.ElementTree as ElementTree

import altair as alt
import matplotlib.pyplot as plt
import pandas as pd
import pytest

from course_lib import plots

ALT = "A line that rises from left to right."


def make_figure():
    figure, axes = plt.subplots()
    axes.plot([0, 1], [0, 1], label="a line")
    axes.set_title("A title")
    axes.legend()
    return figure


def make_chart():
    slider = alt.param(name="k", value=1, bind=alt.binding_range(min=0, max=2))
    data = pd.DataFrame({"x": [0.0, 1.0]})
    chart = alt.Chart(data).mark_line().encode(x="x:Q", y="y:Q")
    return chart.transform_calculate(y="k * datum.x").add_params(slider)


def test_a_figure_is_svg_with_alt_text_that_follows_the_theme():
    svg = plots.show(make_figure(), alt='It "rises" < 1 from left to right').data
    root = ElementTree.fromstring(svg)
    assert root.get("aria-label") == 'It "rises" < 1 from left to right'
    assert root.get("role") == "img"
    assert "currentColor" in svg
    assert plots.INK not in svg
    assert "#000000" not in svg
    assert "#ffffff" not in svg


def test_a_figure_is_closed_once_it_is_shown():
    before = plt.get_fignums()
    plots.show(make_figure(), alt=ALT)
    assert plt.get_fignums() == before


def test_names_inside_two_figures_of_one_page_never_clash():
    names = [
        set(re.findall(r'id="([^"]+)"', plots.show(make_figure(), alt=ALT).data))
        for _ in range(2)
    ]
    assert names[0]
    assert names[0].isdisjoint(names[1])
    svg = plots.show(make_figure(), alt=ALT).data
    used = set(re.findall(r'(?:url\(#|href="#)([^")]+)', svg))
    assert used <= set(re.findall(r'id="([^"]+)"', svg))


def test_a_chart_carries_its_sliders_and_the_library(monkeypatch):
    monkeypatch.delenv("COURSE_BOOK", raising=False)
    page = plots.interact(make_chart(), alt=ALT).data
    spec = json.loads(re.search(r"vegaEmbed\('#[\w-]+', (\{.*\}), \{", page)[1])
    assert spec["params"][0]["bind"]["input"] == "range"
    assert spec["config"]["axis"]["labelColor"] == "currentColor"
    assert f'aria-label="{ALT}"' in page
    assert "window.vegaEmbed=" in page
    assert "https://cdn" not in page


def test_on_the_website_a_chart_leaves_the_library_to_the_page(monkeypatch):
    monkeypatch.setenv("COURSE_BOOK", "1")
    page = plots.interact(make_chart(), alt=ALT).data
    assert "vegaEmbed('#" in page
    assert len(page) < 20_000


@pytest.mark.parametrize("alt", ["", "a figure", "Figure 1"])
def test_a_figure_without_real_alt_text_is_refused(alt):
    figure = make_figure()
    with pytest.raises(ValueError, match="say in a sentence"):
        plots.show(figure, alt=alt)
    plt.close(figure)


def luminance(color):
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("background", ["#ffffff", "#14181e"])
@pytest.mark.parametrize("color", plots.COLORS)
def test_colours_stand_out_in_light_and_dark(color, background):
    """WCAG 2.1 asks for a contrast of 3 for graphics (1.4.11)."""
    low, high = sorted([luminance(color), luminance(background)])
    assert (high + 0.05) / (low + 0.05) >= 3
