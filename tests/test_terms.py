"""A chapter's first mention of a term leads to the glossary, and nothing else does."""

import sys
from pathlib import Path

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from sphinx import addnodes

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "book"))
import terms

TERMS = {
    "soft target": ("term-soft-target", "What a teacher says."),
    "target": ("term-target", "What is to be learnt."),
    "cell": ("term-cell", "A part of an LSTM."),
    "log-odds": ("term-logit", "A number before the sigmoid."),
    "logit": ("term-logit", "A number before the sigmoid."),
}


def linked(text: str) -> list[tuple[str, str]]:
    """The links to the glossary that a text gets, after which it must read the same."""
    page = publish_doctree(text)
    words = page.astext()
    terms.link_terms(page, TERMS, "glossary.html")
    assert page.astext() == words
    return [(link.astext(), link["refuri"]) for link in page.findall(nodes.reference)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "A soft target, and a target.",
            ["soft target", "target"],
        ),  # the longest first
        ("Soft\ntargets.", ["Soft\ntargets"]),  # plural, capital, end of a line
        ("A target and another target.", ["target"]),
        ("Log-odds are logits.", ["Log-odds"]),  # one entry, one link
        ("A cell of a notebook.", []),  # means other things too
        ("The *cell* of an LSTM.", ["cell"]),  # but is named here
        ("A target-like soft-target.", []),
        ("Nothing of the kind.", []),
        ("``target`` is code.", []),
        ("Title: target\n=============\n\nA logit.", ["logit"]),
        ("=  =\na  target\n=  =\n", []),  # cards and tables
    ],
)
def test_first_mentions_in_running_text_are_linked(text, found):
    assert [word for word, _ in linked(text)] == found


def test_a_link_leads_to_the_entry_and_tells_what_it_means():
    page = publish_doctree("What are logits?")
    terms.link_terms(page, TERMS, "glossary.html")
    (link,) = page.findall(nodes.reference)
    assert link["refuri"] == "glossary.html#term-logit"
    assert link["reftitle"] == "A number before the sigmoid."
    assert link["classes"] == ["term"]


def test_a_link_that_a_chapter_makes_itself_stays_one():
    assert linked("`The target <elsewhere.html>`_.") == [
        ("The target", "elsewhere.html")
    ]


def test_words_that_mean_other_things_are_in_the_glossary():
    text = (Path(terms.__file__).parent / "glossary.md").read_text(encoding="utf-8")
    assert not terms.ELSEWHERE_TOO - set(text.split("\n"))


def test_the_chapter_that_the_glossary_names_is_known():
    item = nodes.definition_list_item()
    to = addnodes.pending_xref(reftarget="notebooks/a/b")
    item += [nodes.term("", "cell"), nodes.definition("", nodes.paragraph("", "", to))]
    assert terms.homes(nodes.definition_list("", item)) == {"cell": "notebooks/a/b"}
