"""The built site in a real browser: `make browser`, after `make book`.

Needs Chromium (Debian: apt-get install chromium); skips with the reason without it.
"""

import json
import re

import pytest
from built_site import MADE, NOTEBOOKS, PAGES, ROOT, SITE, needed

pytestmark = needed


def each(pages):
    """For each of the pages; what is asked of one page is asked in one visit."""
    return pytest.mark.parametrize("name", pages, scope="module")


@each(PAGES + MADE)
def test_a_page_needs_nothing_from_elsewhere_and_raises_no_error(visit, name):
    page = visit(name)
    assert page.complaints == []
    assert page.foreign == []
    assert page.title()


@each(PAGES)
def test_a_first_visit_is_light(visit, name):
    """As a plain file server sends it: nothing compressed, nothing kept from before."""
    page = visit(name)
    page.wait_for_load_state("networkidle")
    sent = {r.url: r.sizes()["responseBodySize"] for r in page.received}
    assert sum(sent.values()) <= (500_000 if name == PAGES[0] else 3_000_000), sent


def test_an_address_that_leads_nowhere_shows_the_way_back(site, browser):
    page = browser.new_page()
    missing = []
    page.on("response", lambda r: missing.append(r.url) if r.status == 404 else None)
    page.goto(f"{site}/notebooks/sentiment/nothing/here.html")
    assert missing == [page.url]  # and its own styles, scripts and icons are there
    page.get_by_role("link", name="first page").click()
    page.wait_for_url(f"**/{PAGES[0]}.html")
    page.close()


def test_an_address_by_number_leads_to_the_chapter_of_its_topic(site, browser):
    page = browser.new_page()
    page.goto(f"{site}/notebooks/08-bert-to-small.html")
    page.wait_for_url("**/notebooks/sentiment/bert-to-small.html")
    page.close()


def test_no_page_leads_to_where_the_course_is_not_yet():
    """Before `make publish`, the place in _config.yml is nobody's."""
    pages = [path.read_text(encoding="utf-8") for path in SITE.rglob("*.html")]
    assert pages
    assert not any("your-organisation" in page for page in pages)


@each(PAGES)
def test_a_page_says_which_language_it_is_in(visit, name):
    said = visit(name).evaluate("document.documentElement.lang")
    assert said == ("zh-Hans" if "/zh/" in name else "en")


@pytest.mark.parametrize("query", ["蒸馏", "知识蒸馏", "熵", "KL散度"])
def test_search_finds_words_inside_chinese_sentences(site, browser, query):
    page = browser.new_page()
    page.goto(f"{site}/search.html?q={query}")
    page.wait_for_selector("ul.search a[href*='zh/']")
    page.close()


@each(PAGES)
def test_a_phone_never_scrolls_sideways(visit, name):
    page = visit(name, width=390)
    wide = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert wide <= 0


@each(NOTEBOOKS)
def test_mathematics_is_drawn_without_errors(visit, name):
    page = visit(name)
    text = (ROOT / f"{name}.ipynb").read_text(encoding="utf-8")
    cells = [c for c in json.loads(text)["cells"] if c["cell_type"] == "markdown"]
    prose = re.sub(
        r"```.*?```|`[^`]*`", "", "\n".join("".join(c["source"]) for c in cells)
    )
    formulas = re.findall(r"\$\$.+?\$\$|\$[^$]+\$", prose, re.DOTALL)
    # More than three, or all that a page with fewer has.
    assert page.locator("mjx-container").count() >= min(4, len(formulas)) > 0
    assert page.locator("mjx-merror, [data-mjx-error]").count() == 0


@each(PAGES)
def test_every_picture_says_what_it_shows(visit, name):
    page = visit(name)
    charts = page.locator(".course-chart:has(svg)")
    for i in range(charts.count()):  # also after Vega has drawn it
        assert len(charts.nth(i).get_attribute("aria-label").split()) >= 5
    silent = page.evaluate(
        """[...document.querySelectorAll('article img, article svg[role=img]')]
        .filter(i => !i.closest('mjx-container'))  // MathJax speaks for itself
        .filter(i => !(i.getAttribute('alt') || i.getAttribute('aria-label')))
        .map(i => i.outerHTML.slice(0, 80))"""
    )
    assert silent == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@each(NOTEBOOKS)
def test_letters_in_figures_stand_out_from_the_page(visit, name, theme):
    """The text of figures follows the theme: contrast of at least 4.5 (WCAG AA)."""
    page = visit(name, theme=theme)
    contrasts = page.evaluate(
        """() => {
        const channel = c => (c /= 255) <= .04045 ? c / 12.92
            : ((c + .055) / 1.055) ** 2.4;
        const light = rgb => { const [r, g, b] = rgb.match(/[\\d.]+/g).map(Number);
            return .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b); };
        const behind = e => { for (; e; e = e.parentElement) {
            const c = getComputedStyle(e).backgroundColor;
            if (c !== 'transparent' && !c.endsWith(', 0)')) return c; }
            return 'rgb(255, 255, 255)'; };
        return [...document.querySelectorAll(
            '.cell_output svg[role=img], .course-chart svg')].map(svg => {
            const [a, b] = [light(getComputedStyle(svg).color), light(behind(svg))];
            return (Math.max(a, b) + .05) / (Math.min(a, b) + .05); });
        }"""
    )
    assert contrasts
    assert min(contrasts) >= 4.5


@each(NOTEBOOKS)
def test_every_slider_moves_its_figure(visit, name):
    page = visit(name)
    charts = page.locator(".course-chart")
    for i in range(charts.count()):
        chart = charts.nth(i)
        sliders = chart.locator("input[type=range]")
        for j in range(sliders.count()):
            before = chart.locator("svg").first.inner_html()
            sliders.nth(j).evaluate(
                """e => { e.value = e.value == e.max ? e.min : e.max;
                e.dispatchEvent(new Event('input')); }"""
            )
            page.wait_for_timeout(150)
            assert chart.locator("svg").first.inner_html() != before, (i, j)


@each(NOTEBOOKS)
def test_a_quiz_answers_when_it_is_clicked(visit, name):
    page = visit(name)
    questions = page.locator(".Quiz")
    assert questions.count() >= 4
    for i in range(questions.count()):
        question = questions.nth(i)
        question.locator(".MCButton").first.click()
        feedback = question.locator(".Feedback")
        page.wait_for_timeout(50)
        assert len(feedback.inner_text().split()) >= 5


@each(NOTEBOOKS)
def test_answers_are_folded_away_until_asked_for(visit, name):
    page = visit(name)
    folded = page.locator("details.hide")
    assert folded.count() >= 3
    assert page.locator("details.hide[open]").count() == 0
    folded.first.locator("summary").click()
    assert folded.first.locator(".highlight").first.is_visible()
