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


#: A wrong or right choice in each quiz, so that what it says is looked at too.
CHOOSE = """document.querySelectorAll('.Quiz .MCButton:first-child')
    .forEach(option => option.click())"""


def faults(page):
    """What axe calls serious or critical: which rule, where, and the first words."""
    page.evaluate(CHOOSE)
    page.wait_for_timeout(1000)  # the colours of a choice are blended in
    page.evaluate(AXE)
    found = page.evaluate(
        # Less the drawing of formulas: thousands of boxes, hidden from screen readers.
        """tags => axe.run({include: document, exclude: ['mjx-math']},
            {runOnly: tags, resultTypes: ['violations']})""",
        TAGS,
    )
    return [
        f"{rule['id']}: {node['target']} {node['html'][:90]}"
        for rule in found["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES + MADE)
def test_axe_finds_nothing_serious(open_page, name, theme):
    assert faults(open_page(name, theme=theme)) == []


@pytest.mark.parametrize("name", KINDS)
def test_axe_finds_nothing_serious_on_a_phone(open_page, name):
    assert faults(open_page(name, width=390)) == []
