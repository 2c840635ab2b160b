"""For Sphinx: what a page wears besides its text.

Tables that a phone can read and a card at the head of each chapter (`tables`), a line
that says what made the page (`status`), and the logo's card for those who share a link.
"""

from pathlib import Path
from typing import Any

import logo
import status
import tables
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

ROOT = Path(__file__).resolve().parent.parent


def draw_card(app: Sphinx) -> None:
    """Draw the social card, which Sphinx then copies with other static files."""
    logo.write_card(ROOT / "_build" / "static" / "social-card.png")


def read_stamps(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Stamp what was run; return the status page, which is to be written again."""
    data = NbMetadataCollector.get_doc_data(env)
    runs = {page: of["exec_data"] for page, of in data.items() if of.get("exec_data")}
    place = Path(app.config.nb_execution_cache_path or app.outdir) / "stamps.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    app.course_stamps = status.stamped(runs, place, status.here())  # type: ignore
    return [status.PAGE] if status.PAGE in env.found_docs else []


def dress(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Mend a page's tables, and say below its title what made it."""
    body, env = context.get("body"), app.builder.env
    if not body or page not in env.found_docs:  # no page of ours, as search.html
        return
    stamps: dict[str, status.Stamp] = app.course_stamps  # type: ignore
    if page == status.PAGE:
        order = [p for p in _order(env) if p in env.titles]
        titles = {p: env.titles[p].astext() for p in order}
        body = body.replace(status.TABLE, status.table(stamps, titles, "../"))
    body = tables.mended(body)
    if page in stamps and page.startswith("notebooks/"):
        to = app.builder.get_relative_uri(page, status.PAGE)
        line = status.badge(stamps[page], f"{to}#{status.anchor(page)}")
        body = body.replace("</h1>", f"</h1>\n{line}", 1)
    context["body"] = body


def _order(env: BuildEnvironment) -> list[str]:
    """Return the pages in the order of the book."""
    root = env.config.root_doc
    return [root, *(page for page in env.toctree_includes.get(root, []))]


def setup(app: Sphinx) -> dict[str, Any]:
    """Add them to Sphinx."""
    app.connect("builder-inited", draw_card)
    app.connect("env-updated", read_stamps)
    app.connect("html-page-context", dress)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
