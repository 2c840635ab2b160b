"""PDFs of the parts: every chapter is in one, its words are found, links stay links."""

import doctest
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book"))
import pdf  # noqa: E402


def chapter(title, text):
    return (
        '<html><head><link rel="stylesheet" href="x.css"></head><body>'
        f'<article class="bd-article" role="main"><section id="top"><h1>{title}'
        f'<a class="headerlink" href="#top">#</a></h1>{text}</section></article>'
        "</body></html>"
    )


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A site of a part with two chapters."""
    folder = tmp_path / "notebooks" / "part"
    folder.mkdir(parents=True)
    texts = {
        "one": "<p>Zebras.</p><a href='x'></a>"
        '<a href="two.html#here">on</a> <a href="../../book/data.html">away</a>',
        "two": "<details><summary>Answer</summary><p>Giraffes.</p></details>"
        '<span id="here"></span><h2>Below</h2>',
    }
    for name, text in texts.items():
        title = f"Chapter {name}"
        (folder / f"{name}.html").write_text(chapter(title, text), "utf-8")
    monkeypatch.setattr(pdf, "SITE", tmp_path)
    return tmp_path, [f"notebooks/part/{name}" for name in texts]


def test_the_example_in_a_docstring_is_right():
    result = doctest.testmod(pdf)
    assert result.attempted and not result.failed


def test_every_chapter_is_in_one_part():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    every = [c["file"] for part in toc["parts"] for c in part["chapters"]]
    chapters = [page for page in every if page.startswith("notebooks/")]
    assert [page for part in pdf.parts().values() for page in part] == chapters


def test_links_within_a_part_stay_and_others_become_words(made):
    text = pdf.together("Two chapters", made[1])
    assert 'href="#two--here"' in text and 'id="two--here"' in text
    assert "data.html" not in text and ">away</a>" in text
    assert text.count('rel="stylesheet"') == 1
    for name in ("one", "two"):
        assert f'href="#{name}"' in text and f'id="{name}"' in text


def test_a_page_that_is_no_page_of_the_book_is_named():
    with pytest.raises(ValueError, match="softmax has no article"):
        pdf.article("<html></html>", "softmax", [])
