"""What pages say of themselves: to screen readers, and to search engines."""

import importlib.util
from pathlib import Path

import pytest
from docutils.core import publish_doctree, publish_from_doctree

BOOK = Path(__file__).resolve().parent.parent / "book"


def module(name):
    spec = importlib.util.spec_from_file_location(name, BOOK / f"{name}.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


roles, descriptions = module("roles"), module("descriptions")


def table(corner, row="teacher", cell="90.1", head="accuracy"):
    return publish_doctree(
        ".. list-table::\n   :header-rows: 1\n\n"
        f"   * - {corner}\n     - {head}\n   * - {row}\n     - {cell}\n"
    )


@pytest.mark.parametrize(
    "corner, head, heading",
    [("", "accuracy", True), ("model", "accuracy", False), ("", "", False)],
)
def test_rows_are_called_by_their_first_cell_if_only_it_has_no_heading(
    corner, head, heading
):
    tree = table(corner, head=head)
    roles.NameRows(tree).run()
    page = publish_from_doctree(tree, writer_name="html5").decode()
    assert ('<th class="stub"><p>teacher</p></th>' in page) == heading
    assert "<td><p>90.1</p></td>" in page


def test_what_others_wrote_is_corrected():
    context = {"body": "".join(f"{theirs}x" for theirs in roles.INSTEAD)}
    roles.correct(None, "", "", context, None)
    assert context["body"] == '<summary>x<div class="citation-list">x'


def test_what_is_corrected_is_what_the_pinned_packages_write():
    import docutils.writers._html_base as docutils
    import myst_nb

    folder = Path(myst_nb.__file__).parent
    theirs = "".join(p.read_text(encoding="utf-8") for p in folder.rglob("*.py"))
    theirs += Path(docutils.__file__).read_text(encoding="utf-8")
    for wrong in roles.INSTEAD:
        assert wrong.partition(" ")[2].rstrip(">") in theirs, wrong


def test_a_chapter_is_described_by_what_one_will_learn():
    tree = table("", row="You will learn", cell='why "odds"\n       multiply')
    assert descriptions.learnt(tree) == 'why "odds" multiply'
    context = {"meta": None, "metatags": ""}
    descriptions.describe(None, "", "", context, tree)
    assert context["metatags"] == (
        '<meta name="description" content="Why &quot;odds&quot; multiply" />\n'
    )
    assert context["meta"]["og:description"] == "Why &quot;odds&quot; multiply"


def test_another_page_is_left_to_describe_itself():
    context = {"meta": None, "metatags": ""}
    descriptions.describe(None, "", "", context, table("model"))
    assert context == {"meta": None, "metatags": ""}
