"""Tables as a phone can read them, and the card of a chapter as a card.

A phone has no room for six columns. So each cell learns the head of its column
(`data-label`), and on a narrow screen the style sheet stands each row upright: the head
at the left, the cell at the right. Screen readers are told that it is still a table.
"""

import re
from typing import Any

from bs4 import BeautifulSoup, Tag

TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)

#: As many columns fit a phone side by side.
FIT = 2

#: Where a phrase may not break: 88.62 [88.23, 89.00].
INTERVAL = re.compile(r"[+-]?\d[\d.,]*( %)? \[[^\]]+\]")


def mended(page: str) -> str:
    """Return the HTML of a page with every table of it mended.

    >>> mended("<p>No table.</p>")
    '<p>No table.</p>'
    """
    return TABLE.sub(lambda found: _mended(found.group()), page)


def _mended(text: str) -> str:
    table = BeautifulSoup(text, "html.parser").table
    if table is None or "<svg" in text:  # whose names html.parser would not keep
        return text
    if table.tbody and table.tbody.find("strong", string="You will learn"):
        return str(_card(table))
    heads = [head.get_text(" ", strip=True) for head in _head(table)]
    if len(heads) <= FIT or not table.tbody:
        return text
    _role(table, "table", "upright")
    for row in table.find_all("tr"):
        _role(row, "row")
        cells: list[Any] = row.find_all(["td", "th"], recursive=False)
        if sum(int(str(cell.get("colspan") or 1)) for cell in cells) != len(heads):
            return text  # a table of another kind, which had better scroll
        if row.find_parent("thead"):
            for cell in cells:
                _role(cell, "columnheader")
            continue
        for place, (cell, head) in enumerate(zip(cells, heads, strict=False)):
            _role(cell, "cell" if cell.name == "td" else "rowheader")
            cell["data-label"] = head
            if place == 0:
                _role(cell, str(cell["role"]), "upright-first")
            if not cell.get_text(strip=True) and not cell.find("img"):
                _role(cell, str(cell["role"]), "upright-empty")
            if len(cell.contents) > 1:  # one thing beside the head, not several
                _wrap(cell)
            if INTERVAL.fullmatch(cell.get_text(" ", strip=True)):
                _role(cell, str(cell["role"]), "whole")
    return str(table)


def _head(table: Tag) -> list[Tag]:
    rows = table.thead.find_all("tr") if table.thead else []
    return list(rows[0].find_all(["th", "td"])) if len(rows) == 1 else []


def _role(tag: Any, role: str, *classes: str) -> None:
    """Say what a tag is: a style that changes its display hides that."""
    tag["role"] = role
    if classes:
        old = tag.get("class") or []
        tag["class"] = [*(old if isinstance(old, list) else [old]), *classes]


def _wrap(cell: Tag) -> None:
    said = BeautifulSoup("<div></div>", "html.parser").div
    assert said is not None
    said.extend(list(cell.contents))
    cell.append(said)


def _card(table: Tag) -> Tag:
    """Make a chapter's card of its table: a list of terms, without the empty head."""
    soup = BeautifulSoup('<dl class="chapter-card"></dl>', "html.parser")
    card = soup.dl
    assert card is not None and table.tbody is not None
    for row in table.tbody.find_all("tr"):
        name, said = row.find_all("td")
        term, text = soup.new_tag("dt"), soup.new_tag("dd")
        term.string = name.get_text(strip=True)
        text.extend(list(said.contents))
        group = soup.new_tag("div")
        group.extend([term, text])
        card.append(group)
    return card
