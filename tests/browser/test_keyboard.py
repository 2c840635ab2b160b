"""Keys alone reach and work everything that a mouse does."""

import pytest
from built_site import KINDS, NOTEBOOKS, PAGES, needed

pytestmark = needed

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
    assert len(wanted) > 30
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


def keys_move_a_figure(page):
    charts = page.locator(".course-chart:has(input[type=range])")
    for i in range(charts.count()):
        drawn = charts.nth(i).locator("svg").first
        before = drawn.inner_html()
        slider = charts.nth(i).locator("input[type=range]").first
        slider.focus()
        at_its_end = slider.evaluate("e => e.value == e.max")
        page.keyboard.press("Home" if at_its_end else "End")
        page.wait_for_timeout(300)
        assert drawn.inner_html() != before, i


def space_answers_a_quiz_and_the_reply_is_announced(page):
    questions = page.locator(".Quiz")
    assert questions.count() >= 4
    for i in range(questions.count()):
        questions.nth(i).locator("input").first.focus()
        page.keyboard.press("Space")
        said = questions.nth(i).locator(".Feedback")
        assert len(said.inner_text().split()) >= 5
        assert said.get_attribute("role") == "status"


def enter_unfolds_an_answer(page):
    folded = page.locator("details.hide").first
    folded.locator("summary").focus()
    page.keyboard.press("Enter")
    assert folded.locator(".highlight").first.is_visible()


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_keys_work_everything_in_a_chapter(open_page, name):
    page = open_page(name)
    keys_move_a_figure(page)
    space_answers_a_quiz_and_the_reply_is_announced(page)
    enter_unfolds_an_answer(page)


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
    menu.wait_for(state="hidden")
