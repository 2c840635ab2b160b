"""A part of the built site as a PDF: all chapters, their answers, words to be found."""

import json
import re
import sys
from pathlib import Path

import pypdf
import pytest
from chromium import CHROMIUM

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "book"))
import pdf  # noqa: E402

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.skipif(not pdf.SITE.is_dir(), reason="no site: run make book first"),
]


@pytest.fixture(scope="module")
def part():
    """The part with the fewest chapters: its pages, as the others are made."""
    return min(pdf.parts().items(), key=lambda item: len(item[1]))


@pytest.fixture(scope="module")
def document(part, browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pdf")
    with pdf.served(pdf.SITE) as address:
        pdf.write(browser, address, *part, folder / "part.pdf")
    assert [path.name for path in folder.iterdir()] == ["part.pdf"]
    return pypdf.PdfReader(folder / "part.pdf")


@pytest.fixture(scope="module")
def words(document):
    """All words without what is between them: a line may end anywhere."""
    return re.sub(r"\s", "", "".join(page.extract_text() for page in document.pages))


def test_a_part_is_printed_with_as_many_chapters_as_it_has(document, part):
    tops = [entry.title for entry in document.outline if not isinstance(entry, list)]
    assert len(tops) == len(part[1])
    for title, page in zip(tops, part[1], strict=True):
        text = json.loads((ROOT / f"{page}.ipynb").read_text(encoding="utf-8"))
        heading = "".join(text["cells"][0]["source"]).split("\n")[0].removeprefix("# ")
        # Chromium's outline forgets the blank at the end of a line.
        heading = re.escape(heading.replace(" ", ""))
        assert re.fullmatch(rf"\d+\.{heading}", title.replace(" ", "")), title


def test_answers_are_unfolded_and_found(words, part):
    cells = [
        cell
        for page in part[1]
        for cell in json.loads((ROOT / f"{page}.ipynb").read_text("utf-8"))["cells"]
        if "answer" in cell["metadata"].get("tags", [])
    ]
    assert cells
    for cell in cells:
        last = "".join(cell["source"]).strip().split("\n")[-1]
        assert re.sub(r"\s", "", last) in words


def test_figures_and_mathematics_are_drawn(document, part):
    """Vector drawings: the pages' content is far more than their letters."""
    drawn = sum(len(page.get_contents().get_data()) for page in document.pages)
    assert drawn > 20 * sum(len(page.extract_text()) for page in document.pages)
    links = [
        note.get_object() for page in document.pages for note in page.get("/Annots", [])
    ]
    assert links and not any(
        "127.0.0.1" in str(link.get("/A", {}).get("/URI", "")) for link in links
    )
