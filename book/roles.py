"""For Sphinx: what screen readers are told of tables, folded code and sources.

A table with no heading above its first column has headings in that column, one for each
row. The words on a folded cell are its name, so it needs no other. And the sources,
which docutils calls items of their own kind, are no list of ordinary items.
"""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

#: What others write into a page, and what it is to be.
INSTEAD = {
    '<summary aria-label="Toggle hidden content">': "<summary>",
    '<div role="list" class="citation-list">': '<div class="citation-list">',
}


class NameRows(SphinxPostTransform):
    """Make a table's first column headings if nothing else is written above them."""

    default_priority = 400

    def run(self, **kwargs: Any) -> None:
        """Mark the columns; the writer then makes each cell a heading."""
        for table in self.document.findall(nodes.tgroup):
            head = next(iter(table.findall(nodes.thead)), nodes.thead())
            texts = [cell.astext().strip() for cell in head.findall(nodes.entry)]
            if any(texts) and not texts[0]:
                next(iter(table.findall(nodes.colspec)))["stub"] = 1


def correct(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Write into a page what it is to be."""
    for theirs, ours in INSTEAD.items():
        context["body"] = context.get("body", "").replace(theirs, ours)


def setup(app: Sphinx) -> dict[str, Any]:
    """Add both to Sphinx."""
    app.add_post_transform(NameRows)
    app.connect("html-page-context", correct)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
