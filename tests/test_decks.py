"""Slides: a text with notes, whose pictures are those of the chapters."""

import re
import sys
from pathlib import Path

import nbformat
import pytest

pytestmark = pytest.mark.commands

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book"))
import build_slides  # noqa: E402
import decks  # noqa: E402

PATHS = sorted((ROOT / "book" / "slides").glob("*.md"))
each_deck = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)

TINY = """\
# A tiny deck

Note (1 min): Wait for the guesses.

## Two numbers

**Guess:** how many are $2 + 2$?

Live: foundations/softmax softmax-048

```{run} foundations/softmax
softmax-005
```

```{code-cell} python
# No heading of a slide
from IPython.display import Markdown

Markdown(f"There are {len(classes)} classes, and **{2 + 2}**.")
```

```{cells} foundations/softmax
softmax-005
softmax-007
```

Note (2 min): Most say five.
"""


@each_deck
def test_every_slide_has_notes_and_there_are_not_too_many(path):
    found = decks.slides(path.read_text(encoding="utf-8"))
    assert 15 <= len(found) <= 25
    for slide in found:
        (length, note) = decks.NOTE.findall(slide)[0]
        assert 1 <= int(length) <= 5, slide
        assert len(note.split()) >= 12, slide
        assert slide.count("\nNote (") == 1
    headings = [slide.splitlines()[0] for slide in found]
    assert len(set(headings)) == len(headings)


@each_deck
def test_it_asks_for_guesses_and_has_cues_for_the_live_book(path):
    text = path.read_text(encoding="utf-8")
    assert len(re.findall(r"\*\*Guess", text)) >= 8
    cues = decks.LIVE.findall(text)
    assert len(cues) >= 2
    for chapter, cell in cues:
        said = decks.cue(chapter, cell)
        assert re.match(r"Live: \*.+\*, under “.+”$", said), said


@each_deck
def test_what_it_takes_from_chapters_is_there(path):
    text = path.read_text(encoding="utf-8")
    notebook = decks.notebook_of(text)
    assert len(notebook.cells) > 10
    assert sum(cell.metadata.get("shown", False) for cell in notebook.cells) >= 10
    assert "plt.subplots" not in re.sub(r"def forest.*?return", "", text, flags=re.S)


@each_deck
def test_words_are_few(path):
    for slide in decks.slides(path.read_text(encoding="utf-8")):
        words = decks.FENCE.sub("", decks.NOTE.sub("", slide)).split()
        assert len(words) <= 75, slide


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    place = tmp_path_factory.mktemp("slides")
    code = decks.notebook_of(TINY)
    path = place / "tiny.ipynb"
    nbformat.write(code, path)
    (done,) = build_slides.execute([path], place / "cache")
    return decks.page(TINY, done)


def test_a_deck_is_a_page_with_words_results_and_notes(tiny):
    first, second = re.findall(r"<section.*?</section>", tiny, re.DOTALL)
    assert '<section class="title" data-timing="60">' in first
    assert 'data-timing="120"' in second and "<h2>Two numbers</h2>" in second
    assert r"\(2 + 2\)" in second
    assert "There are 3 classes, and <strong>4</strong>." in second
    assert second.count("<table") == 1 and "def " not in second
    assert "Most say five." in second.partition('<aside class="notes">')[2]
    assert "“One answer, or many?”" in second


def test_an_answer_waits_for_the_next_click(tiny):
    words, _, shown = tiny.partition('<div class="shown">')
    assert words.count('class="fragment"') == 1 and "fragment" in shown


def test_a_deck_asks_no_other_host(tiny):
    links = re.findall(r'(?:src|href)="([^"]+)"', tiny)
    assert len(links) >= 5
    for link in links:
        assert link.startswith("_static/"), link


def test_a_cell_that_raises_is_named_with_its_error(tmp_path):
    path = tmp_path / "wrong.ipynb"
    code = decks.notebook_of("# A\n\n```{code-cell}\n1 / 0\n```\n")
    nbformat.write(code, path)
    with pytest.raises(RuntimeError, match="wrong: ZeroDivisionError"):
        build_slides.execute([path], tmp_path / "cache")


def test_a_cell_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="wants cell 'softmax-5000'"):
        decks.cells_of("foundations/softmax", "softmax-5000")
    with pytest.raises(ValueError, match="live; it has none"):
        decks.cue("foundations/softmax", "softmax-5000")


def test_a_range_of_cells_leaves_out_answers_and_bootstrap():
    everything = decks.cells_of("foundations/softmax", "softmax-002..softmax-007")
    assert len(everything) == 2 and "classes = " in everything[0]


def test_a_slide_without_notes_is_refused():
    with pytest.raises(ValueError, match="'## B' has no notes"):
        decks.section("## B\n\nwords\n", [])
