"""Outputs where Colab shows them: those of each cell in a frame of their own.

The frame is sandboxed and of no origin, so it shares nothing with the page or with
another cell: neither a script, nor storage. A chapter is executed once, as a notebook
and not for the book, and a page is made of what its cells display.
"""

import html
import os
from pathlib import Path
from unittest.mock import patch

import nbformat
import pytest
from chromium import CHROMIUM
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent.parent
CHAPTER = ROOT / "notebooks" / "foundations" / "softmax.ipynb"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]


def frame(cell):
    """What a cell displays, as a document."""
    parts = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if "text/html" in data:
            parts.append(data["text/html"])
        elif "application/javascript" in data:
            parts.append(f"<script>{data['application/javascript']}</script>")
    return "\n".join(parts)


@pytest.fixture(scope="module")
def frames():
    """The documents of the cells that display something."""
    notebook = nbformat.read(CHAPTER, as_version=4)
    with patch.dict(os.environ, COURSE_SCALE="smoke"):
        os.environ.pop("COURSE_BOOK", None)
        NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
    made = [frame(cell) for cell in notebook.cells if cell.cell_type == "code"]
    return [document for document in made if document]


@pytest.fixture
def page(frames, browser):
    context = browser.new_context()
    page = context.new_page()
    page.complaints, page.foreign = [], []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on(
        "request",
        lambda r: (
            None
            if r.url.startswith(("about:", "data:", "blob:"))
            else page.foreign.append(r.url)
        ),
    )
    page.set_content(
        "\n".join(
            f'<iframe sandbox="allow-scripts" width=900 height=700 '
            f'srcdoc="{html.escape(document, quote=True)}"></iframe>'
            for document in frames
        ),
        wait_until="load",
    )
    yield page
    context.close()


def inside(page):
    return [frame for frame in page.frames if frame != page.main_frame]


def test_each_slider_moves_the_chart_of_its_own_frame(page):
    moved = 0
    for one in inside(page):
        if one.locator(".course-chart").count() == 0:
            continue
        one.wait_for_selector(".course-chart svg")
        sliders = one.locator("input[type=range]")
        for i in range(sliders.count()):
            before = one.locator(".course-chart").first.inner_html()
            sliders.nth(i).evaluate(
                """e => { e.value = e.value == e.max ? e.min : e.max;
                e.dispatchEvent(new Event('input')); }"""
            )
            page.wait_for_timeout(150)
            assert one.locator(".course-chart").first.inner_html() != before
            moved += 1
    assert moved >= 1
    assert page.complaints == [] and page.foreign == []


def test_a_quiz_answers_in_its_frame(page):
    (one,) = [f for f in inside(page) if f.locator(".Quiz").count()]
    questions = one.locator(".Quiz")
    assert questions.count() >= 4
    for i in range(questions.count()):
        questions.nth(i).locator(".MCButton").first.click()
        page.wait_for_timeout(50)
        said = questions.nth(i).locator(".Feedback").inner_text()
        assert len(said.split()) >= 5
    assert page.complaints == [] and page.foreign == []


def test_pictures_are_there_and_say_what_they_show(page):
    pictures = [p for f in inside(page) for p in f.locator("svg[aria-label]").all()]
    assert pictures
    for picture in pictures:
        assert picture.bounding_box()["width"] > 100
        assert len(picture.get_attribute("aria-label").split()) >= 5
    assert page.complaints == [] and page.foreign == []
