"""For Sphinx: a chapter's first mention of a term leads to the glossary.

The notebooks stay plain text, as Colab knows no roles. In the built pages the first
mention in running text becomes a link, and tells what the term means when pointed at.
Words that mean other things as well are linked in the chapter that the glossary names,
where it writes them *like this*.
"""

import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

PAGE = "book/glossary"
#: A cell of a notebook or of an LSTM, the head of BERT or of a list: only where named.
ELSEWHERE_TOO = {
    *("cell", "control", "coverage", "frozen", "gate", "head", "hint", "interval"),
    *("oracle", "relation", "state", "verdict"),
}
#: Where a word is no running text, or a link already.
NOT_IN = (
    *(nodes.reference, nodes.literal, nodes.literal_block, nodes.raw, nodes.title),
    *(nodes.math, nodes.table, nodes.container, nodes.figure, nodes.pending),
)

Terms = dict[str, tuple[str, str]]  # as it is written → its anchor, what it means


def meanings(glossary: nodes.document) -> Terms:
    """Return each term with its anchor and the first sentence of what it means."""
    found = {}
    for item in glossary.findall(nodes.definition_list_item):
        paragraphs = [p.astext() for p in item.findall(nodes.paragraph)]
        means = re.split(r"(?<=[.]) ", paragraphs[-1].replace("\n", " "))[0]
        means = "" if "\\" in means or "^" in means else means  # a hint has no formulas
        for term in item.findall(nodes.term):
            found[term.astext()] = (term["ids"][0], means)
    return found


def pattern(terms: Terms) -> re.Pattern[str]:
    r"""Return what finds a term as a whole word, in the plural too, the longest first.

    >>> pattern({"soft target": ("", ""), "logit": ("", "")}).findall("Soft\ntargets")
    ['Soft\ntargets']
    >>> pattern({"logit": ("", "")}).findall("logit-like logistic")
    []
    """
    longest = sorted(terms, key=len, reverse=True)
    words = "|".join(r"\s+".join(map(re.escape, term.split())) for term in longest)
    return re.compile(rf"(?<![\w-])(?:{words})(?:e?s)?(?![\w-])", re.IGNORECASE)


def parts(text: str, terms: Terms, named: bool) -> Iterator[tuple[str, str | None]]:
    """Cut a text at its terms: each piece, and the term that it is, if it is one."""
    lower = {term.lower(): term for term in terms}
    at = 0
    for match in pattern(terms).finditer(text):
        word = " ".join(match.group().lower().split())
        ends = (word, word.removesuffix("s"), word.removesuffix("es"))
        term = next(lower[end] for end in ends if end in lower)
        if term in ELSEWHERE_TOO and not named:
            continue
        yield text[at : match.start()], None
        yield match.group(), term
        at = match.end()
    yield text[at:], None


def homes(glossary: nodes.document) -> dict[str, str]:
    """Return the chapter that the glossary names beside each term."""
    found = {}
    for item in glossary.findall(nodes.definition_list_item):
        links = list(item.findall(addnodes.pending_xref))
        for term in item.findall(nodes.term):
            found[term.astext()] = links[0]["reftarget"] if links else ""
    return found


def link_terms(document: nodes.document, terms: Terms, address: str) -> None:
    """Make links of the first mentions of each term in a document's running text."""
    left = dict(terms)
    for text in list(document.findall(nodes.Text)):
        around: list[nodes.Element] = []
        while (inner := around[-1] if around else text).parent is not None:
            around.append(inner.parent)
        if any(isinstance(node, NOT_IN) for node in around) or not any(
            isinstance(node, nodes.paragraph) for node in around
        ):
            continue
        named = isinstance(text.parent, nodes.emphasis)
        pieces: list[nodes.Node] = []
        for piece, term in parts(text.astext(), terms, named):
            if term is None or term not in left:
                pieces.append(nodes.Text(piece))
                continue
            anchor, means = left[term]
            left = {t: entry for t, entry in left.items() if entry[0] != anchor}
            link = nodes.reference("", piece, internal=True, classes=["term"])
            link["refuri"] = f"{address}#{anchor}"
            if means:
                link["reftitle"] = means
            pieces.append(link)
        text.parent.replace(text, pieces)


class LinkTerms(SphinxPostTransform):
    """Link the terms of each chapter."""

    default_priority = 500  # after other links are made

    def run(self, **kwargs: Any) -> None:
        """Ask the glossary, whose page has been read by now."""
        name = self.env.docname
        if name.startswith("notebooks/") and PAGE in self.env.found_docs:
            glossary = self.env.get_doctree(PAGE)
            home = homes(glossary)
            terms = {
                term: entry
                for term, entry in meanings(glossary).items()
                if term not in ELSEWHERE_TOO or name == home[term]
            }
            address = self.app.builder.get_relative_uri(name, PAGE)
            link_terms(self.document, terms, address)


def chapters_again(
    app: Sphinx, env: Any, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Name the chapters to be written again: all, where the glossary has changed."""
    return [name for name in env.found_docs if "notebooks/" in name] * (PAGE in changed)


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the links to Sphinx."""
    app.add_post_transform(LinkTerms)
    app.connect("env-get-outdated", chapters_again)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
