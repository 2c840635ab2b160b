"""Keys alone reach and work everything that a mouse does."""

import pytest
from built_site import NOTEBOOKS, PAGES, needed

pytestmark = needed

#: One of each kind: the first page, a chapter, wide tables, a list of sources, Chinese.
KINDS = [
    PAGES[0],
    "notebooks/foundations/softmax",
    "book/results",
    "book/bibliography",
    "book/zh/index",
]

#: Number what can be clicked and seen; of a group of radio buttons, only the first.
NUMBER = """() => {
    const seen = e => e.checkVisibility({visibilityProperty: true})
        && e.getClientRects().length;
    const groups = new Set(), all = [];
    for (const e of document.querySelectorAll(
            'a[href], button, input, select, textarea, summary')) {
        if (!seen(e) || e.disabled || e.closest('mjx-container')) continue;
        if (e.type === 'radio') {
            if (groups.has(e.name)) continue;
            groups.add(e.name);
        }
        e.dataset.number = all.length;
        all.push(e.outerHTML.slice(0, 100));
    }
    return all; }"""


@pytest.mark.parametrize("name", KINDS)
def test_tab_reaches_everything_that_can_be_clicked(open_page, name):
    page = open_page(name)
    wanted = dict(enumerate(page.evaluate(NUMBER)))
    assert len(wanted) > 50
    for _ in range(2 * len(wanted)):
        page.keyboard.press("Tab")
        at = page.evaluate(
            """() => { const e = document.activeElement;
            const one = e.type === 'radio' ? document.querySelector(
                `input[name="${e.name}"][data-number]`) : e;
            return one.dataset.number ?? null; }"""
        )
        wanted.pop(int(at), None) if at is not None else None
    assert wanted == {}


@pytest.mark.parametrize("name", KINDS)
def test_the_first_tab_offers_to_skip_the_menu(open_page, name):
    page = open_page(name)
    page.keyboard.press("Tab")
    link = page.locator(":focus")
    assert link.inner_text() == "Skip to main content"
    assert link.is_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_arrows_move_a_slider_and_its_figure(open_page, name):
    page = open_page(name)
    charts = page.locator(".course-chart:has(input[type=range])")
    for i in range(charts.count()):
        chart = charts.nth(i)
        drawn = chart.locator("svg").first
        before = drawn.inner_html()
        slider = chart.locator("input[type=range]").first
        slider.focus()
        key = "ArrowLeft" if slider.evaluate("e => e.value == e.max") else "ArrowRight"
        page.keyboard.press(key)
        page.wait_for_timeout(150)
        assert drawn.inner_html() != before, i


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_keys_answer_a_quiz_and_the_answer_is_announced(open_page, name):
    page = open_page(name)
    questions = page.locator(".Quiz")
    for i in range(questions.count()):
        question = questions.nth(i)
        question.locator("input").first.focus()
        page.keyboard.press("Space")
        said = question.locator(".Feedback")
        assert len(said.inner_text().split()) >= 5
        assert said.get_attribute("role") == "status"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_enter_unfolds_an_answer(open_page, name):
    page = open_page(name)
    folded = page.locator("details.hide").first
    folded.locator("summary").focus()
    page.keyboard.press("Enter")
    assert folded.locator(".highlight").first.is_visible()


def test_keys_search(open_page):
    page = open_page(PAGES[0])
    page.keyboard.press("Control+k")
    page.keyboard.type("temperature")
    page.keyboard.press("Enter")
    page.wait_for_selector("ul.search a[href*='foundations/temperature']")


def test_keys_open_and_close_the_menu_of_a_phone(open_page):
    page = open_page(NOTEBOOKS[0], width=390)
    menu = page.locator(".bd-sidebar-primary")
    page.locator("button.primary-toggle").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_function(
        "document.activeElement.closest('.bd-sidebar-primary') !== null"
    )
    assert menu.is_visible()
    page.keyboard.press("Escape")
    page.wait_for_function("document.activeElement.closest('.primary-toggle')")
    assert not menu.is_visible()
