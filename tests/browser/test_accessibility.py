"""Every page for everybody: what axe finds, and what keys alone reach.

axe-core (MPL 2.0) looks for what it can know: names, roles, contrast, order. It runs
with its experimental rules too; those of level AAA are not asked.
"""

from importlib.resources import files

import pytest
from built_site import KINDS, MADE, PAGES, needed

pytestmark = needed

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
TAGS += ["best-practice", "experimental"]
EVERYTHING = {"type": "tag", "values": TAGS}
#: What may differ between light and dark.
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}

#: A wrong or right choice in each quiz, so that what it says is looked at too.
CHOOSE = """document.querySelectorAll('.Quiz .MCButton:first-child')
    .forEach(option => option.click())"""
#: One word of each colour is enough: code has thousands, and axe measures each.
THIN_OUT = """const seen = new Set();
    [...document.querySelectorAll('.highlight span[class]')].filter(word => {
        const place = word.closest('.cell_input, .cell_output')?.className;
        const looks = [place, word.className, getComputedStyle(word).color].join();
        return seen.size === seen.add(looks).size; }).forEach(word => word.remove())"""


def faults(page, rules=EVERYTHING):
    """What axe calls serious or critical: which rule, where, and the first words."""
    page.evaluate(CHOOSE)
    page.wait_for_timeout(1000)  # the colours of a choice are blended in
    page.evaluate(THIN_OUT)
    page.evaluate(AXE)
    found = page.evaluate(
        # Less the drawing of formulas: thousands of boxes, hidden from screen readers.
        """rules => axe.run({include: document, exclude: ['mjx-math']},
            {runOnly: rules, resultTypes: ['violations']})""",
        rules,
    )
    return [
        f"{rule['id']}: {node['target']} {node['html'][:90]}"
        for rule in found["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("name", PAGES + MADE)
def test_axe_finds_nothing_serious(open_page, name):
    assert faults(open_page(name)) == []


@pytest.mark.parametrize("name", PAGES + MADE)
def test_colours_of_the_dark_pages_are_told_apart(open_page, name):
    assert faults(open_page(name, theme="dark"), COLOURS) == []


@pytest.mark.parametrize("name", KINDS)
def test_axe_finds_nothing_serious_on_a_phone(open_page, name):
    assert faults(open_page(name, width=390)) == []
