"""For Sphinx: what search engines and shared links say of a chapter.

Other pages are described by how they begin, which sphinxext.opengraph finds. A chapter
begins with links and a card, so its description is what the card says one will learn.
"""

import html
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx


def learnt(doctree: nodes.document) -> str:
    """Return what a chapter's card says under **You will learn**, or nothing."""
    for row in doctree.findall(nodes.row):
        cells = [cell.astext().strip() for cell in row.children]
        if cells[0] == "You will learn":
            return " ".join(cells[1].split())
    return ""


def describe(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Hand a chapter's description to what writes it into the page."""
    text = learnt(doctree) if doctree else ""
    if text:
        said = html.escape(text[:1].upper() + text[1:], quote=True)
        context["meta"] = {**(context.get("meta") or {}), "og:description": said}
        context["metatags"] += f'<meta name="description" content="{said}" />\n'


def setup(app: Sphinx) -> dict[str, Any]:
    """Add it to Sphinx, before what it hands the description to."""
    app.connect("html-page-context", describe, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
