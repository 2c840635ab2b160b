"""The first page in a real browser: what moves, what stops it, and where it leads."""

import re

import pytest
from built_site import SITE, needed

pytestmark = needed


@pytest.fixture
def first_page(site, browser):
    contexts = []

    def open_it(width=1280, motion="no-preference", path="book/intro"):
        size = {"width": width, "height": 900}
        context = browser.new_context(viewport=size, reduced_motion=motion)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{site}/{path}.html", wait_until="load")
        return page

    yield open_it
    for context in contexts:
        context.close()


def place(page):
    return int(page.locator(".moving-controls input").input_value())


def test_the_picture_plays_and_can_be_stopped(first_page):
    page = first_page()
    page.wait_for_function("document.querySelector('.moving input').value > 5")
    page.locator(".moving-controls button").click()
    stopped = place(page)
    page.wait_for_timeout(300)
    assert place(page) == stopped
    assert page.locator(".moving-controls button").inner_text() == "Play"


def test_who_wants_no_motion_gets_none_and_may_still_look(first_page):
    page = first_page(motion="reduce")
    before = place(page)
    page.wait_for_timeout(300)
    assert place(page) == before > 0
    slider = page.locator(".moving-controls input")
    said = page.locator(".moving-scenes > li:not(.moving-hidden)")
    at_first = said.inner_text()
    slider.fill("0")
    assert said.count() == 1 and said.inner_text() != at_first


def test_the_picture_ends_where_both_read_the_three(first_page):
    page = first_page(motion="reduce")
    page.locator(".moving-controls input").fill("1000")
    for who in ("teacher", "student"):
        heights = page.locator(f".moving-{who}").evaluate_all(
            "bars => bars.map(bar => +bar.getAttribute('height'))"
        )
        assert heights.index(max(heights)) == 3 and len(heights) == 10


@pytest.mark.parametrize("width", [1280, 375])
def test_the_doors_are_seen_without_scrolling_far(first_page, width):
    page = first_page(width)
    doors = page.locator(".door")
    assert doors.count() == 3
    lowest = max(d.bounding_box()["y"] for d in doors.all())
    assert lowest < (900 if width > 1000 else 1_800)


def test_all_links_of_the_first_page_lead_to_a_page_and_a_place_on_it(first_page):
    page = first_page()
    links = page.locator("article a[href]").evaluate_all("all => all.map(a => a.href)")
    here = [link for link in links if "127.0.0.1" in link]
    assert len(here) > 20
    for link in set(here):
        path, _, anchor = link.split("/", 3)[3].partition("#")
        text = (SITE / path).read_text(encoding="utf-8")
        assert not anchor or f'id="{anchor}"' in text, link


def test_pointing_at_a_chapter_shows_what_comes_before_it(first_page):
    page = first_page()
    row = page.locator(".course-map [data-before]").last
    before = set(row.get_attribute("data-before").split())
    row.hover()
    on = page.locator(".course-map [data-name].map-on")
    names = set(on.evaluate_all("rows => rows.map(row => row.dataset.name)"))
    assert names == before | {row.get_attribute("data-name")}


def test_a_phone_reads_the_results_without_scrolling_a_table(first_page):
    page = first_page(375, path="book/results")
    tables = page.locator("table.upright")
    assert tables.count() >= 5
    hidden = tables.evaluate_all(
        "all => all.filter(t => t.scrollWidth > t.clientWidth + 1).length"
    )
    assert hidden == 0
    label = page.locator("table.upright td[data-label*='accuracy']").first
    shown = label.evaluate("cell => getComputedStyle(cell, '::before').content")
    assert "accuracy" in shown
    line = label.evaluate("cell => cell.getBoundingClientRect().height")
    assert line < 60  # the interval is on a line of its own, not on three


def test_each_executed_chapter_has_a_badge_that_leads_to_its_row(first_page):
    page = first_page(path="notebooks/foundations/softmax")
    line = page.locator(".page-status a")
    assert re.search(r"Run in .+ on .+, \d{4}-\d\d-\d\d", line.inner_text())
    line.click()
    page.wait_for_url("**/book/status.html#run-*")
    row = page.locator(f"[id='{page.url.partition('#')[2]}']")
    assert "Softmax" in row.inner_text()
