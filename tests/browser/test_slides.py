"""The slides in a real browser: `make browser`, after `make slides` or `make book`."""

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
DECKS = ROOT / "_build" / "slides"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
NAMES = sorted(path.stem for path in (ROOT / "book" / "slides").glob("*.md"))

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.skipif(
        not any(DECKS.glob("*.html")), reason="no slides: run make slides first"
    ),
]

#: What lies outside of a slide's 1280 by 720, or under the words beside it.
SPILT = """() => {
    const slide = Reveal.getCurrentSlide(), found = [];
    const boxes = slide.querySelectorAll(
        'h1, h2, .words > *, .shown *, mjx-container');
    for (const e of boxes) {
        if (e.closest('svg') && e.tagName !== 'svg') continue;
        const r = e.getBoundingClientRect();
        if (r.width && (r.left < 0 || r.top < 0 || r.right > 1280 || r.bottom > 720))
            found.push(e.outerHTML.slice(0, 80));
    }
    const words = slide.querySelector('.words'), shown = slide.querySelector('.shown');
    if (words && shown) {
        const edge = shown.getBoundingClientRect().left;
        for (const e of words.querySelectorAll('mjx-container, code, table'))
            if (e.getBoundingClientRect().right > edge)
                found.push('under the picture: ' + e.outerHTML.slice(0, 60));
    }
    return found; }"""


def opened(browser, name, theme):
    """A deck as it is opened from a folder, with no server and no network."""
    size = {"width": 1280, "height": 720}
    page = browser.new_context(viewport=size, color_scheme=theme).new_page()
    page.set_default_timeout(120_000)
    page.complaints, page.foreign = [], []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on(
        "console",
        lambda m: page.complaints.append(m.text) if m.type == "error" else None,
    )
    page.on("request", lambda r: page.foreign.append(r.url))
    page.goto((DECKS / f"{name}.html").as_uri())
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    page.evaluate("MathJax.startup.promise")
    return page


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_a_deck_needs_no_network_and_no_slide_is_too_full(browser, name, theme):
    page = opened(browser, name, theme)
    assert page.locator("mjx-merror, [data-mjx-error]").count() == 0
    paper, ink = page.evaluate(
        """['backgroundColor', 'color'].map((what, i) => getComputedStyle(
        i ? document.querySelector('.reveal') : document.body)[what])
        .map(c => c.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + +b, 0))"""
    )
    assert abs(paper - ink) > 500 and (paper > ink) == (theme == "light")
    count = page.evaluate("Reveal.getTotalSlides()")
    assert count >= 15
    for number in range(count):
        page.evaluate("n => Reveal.slide(n)", number)
        page.wait_for_timeout(50)
        assert page.evaluate(SPILT) == [], number + 1
        assert page.evaluate("Reveal.getSlideNotes()"), number + 1
    assert [u for u in page.foreign if not u.startswith(("file:", "data:"))] == []
    assert page.complaints == []
    page.context.close()


@pytest.mark.parametrize("name", NAMES)
def test_every_picture_says_what_it_shows(browser, name):
    page = opened(browser, name, "light")
    pictures = page.locator(".shown svg[role=img], .course-chart")
    assert pictures.count() >= 3
    silent = page.evaluate(
        """[...document.querySelectorAll('.shown svg[role=img], .course-chart')]
        .filter(e => !e.closest('.course-chart:not([aria-label]) *'))
        .filter(e => !e.parentElement.closest('.course-chart'))
        .filter(e => !e.closest('mjx-container'))  // a formula is read as one
        .filter(e => !(e.getAttribute('aria-label') || '').includes(' '))
        .map(e => e.outerHTML.slice(0, 80))"""
    )
    assert silent == []
    page.context.close()


@pytest.mark.parametrize("name", NAMES)
def test_every_slider_on_a_slide_moves_its_chart(browser, name):
    page = opened(browser, name, "light")
    charts = page.locator(".course-chart")
    assert charts.count() >= 1
    for i in range(charts.count()):
        chart = charts.nth(i)
        slider = chart.locator("input[type=range]").first
        before = chart.locator("svg").first.inner_html()
        slider.evaluate(
            """e => { e.value = e.value == e.max ? e.min : e.max;
            e.dispatchEvent(new Event('input')); }"""
        )
        page.wait_for_timeout(300)
        assert chart.locator("svg").first.inner_html() != before, i
    page.context.close()
