"""The errata of the articles: entries complete, links true, cells running."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "book" / "errata.md"
TEXT = PAGE.read_text(encoding="utf-8")
CELL = re.compile(
    r"^```\{code-cell\} python\n(?::tags:[^\n]*\n)?(.*?)^```", re.S | re.M
)
HEADING = re.compile(r"^### (00[0-4])([a-z]) · ", re.M)

#: What the articles are known for, and the entries that show it.
KNOWN = {
    "000": {
        "a softmax of a softmax": "d",
        "on the teacher's hidden state": "e",
        "one label's loss for many": "c",
        "the teacher's outputs unused": "g",
        "fine-tuning in eval mode": "k",
        "steps on the test set": "j",
        "a batch of one": "l",
    },
    "001": {
        "an untrained teacher": "f",
        "weights never copied": "g",
        "no such optimizer": "e",
        "a data set for batches": "b",
        "no vocabulary": "a",
        "padding in the last state": "k",
        "distillation as initialisation": "i",
    },
    "002": {
        "train mode": "a",
        "T = 1": "b",
        "numpy": "d",
        "BERT's features at run time": "i",
        "log-probabilities": "f",
        "no T²": "g",
        "a title": "o",
    },
    "003": {
        "plain cross-entropy": "o",
        "the last batch only": "m",
        "indexed by batch": "n",
        "a tuple detached": "g",
        "raw text": "d",
        "an exhausted iterator": "b",
        "a state that wanders": "j",
        "padding as the last token": "l",
        "no accuracy": "r",
        "references": "w",
    },
    "004": {
        "kinds by parameters": "a",
        "nn.Bert": "d",
        "a string": "e",
        "f-strings": "k",
        "XLNet": "m",
    },
}


def entries() -> dict[str, str]:
    """Each entry's text by its name, such as 000a."""
    starts = [*HEADING.finditer(TEXT)]
    ends = [m.start() for m in starts[1:]] + [len(TEXT)]
    return {
        m[1] + m[2]: TEXT[m.start() : end] for m, end in zip(starts, ends, strict=True)
    }


ENTRIES = entries()


@pytest.mark.parametrize("article", KNOWN)
def test_an_articles_entries_are_lettered_without_a_gap(article):
    letters = [name[3:] for name in ENTRIES if name.startswith(article)]
    assert letters == [chr(ord("a") + i) for i in range(len(letters))]
    assert set(KNOWN[article].values()) <= set(letters)


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_says_claim_deed_and_counterpart_and_shows_it(name):
    entry = ENTRIES[name]
    assert re.match(r"### \w+ · .+\n\n\*(Stops|Silent|Text)\.\*", entry)
    prose = CELL.sub("", entry)
    places = [prose.index(f"**{part}:**") for part in ("Says", "Does", "Instead")]
    assert places == sorted(places)
    assert re.search(r"\]\([^)]+\)|\{ref\}`", prose[places[-1] :])
    cells = [m[1] for m in CELL.finditer(entry)]
    assert cells
    assert re.search(r"^ *(assert |stops\()", cells[-1], re.M)
    stopped = "*Stops.*" in prose
    assert stopped <= ("stops(" in cells[-1])


def test_code_fits_a_phone():
    lines = [line for m in CELL.finditer(TEXT) for line in m[1].splitlines()]
    assert [line for line in lines if len(line) > 79] == []


def test_each_section_that_is_linked_stands_in_its_chapter():
    links = re.findall(r"\]\((\.\./[^)]+\.ipynb)\)(?:,\s+\*([^*]+)\*)?", TEXT)
    assert len(links) > 40
    for path, section in links:
        notebook = json.loads((PAGE.parent / path).read_text(encoding="utf-8"))
        headings = [
            line.lower()
            for cell in notebook["cells"]
            for line in "".join(cell["source"]).splitlines()
            if line.startswith("#")
        ]
        section = " ".join(section.split()).lower()
        assert any(section in heading for heading in headings), (path, section)


def test_each_place_that_is_referred_to_is_there():
    named = set(re.findall(r"^\(([\w-]+)\)=$", TEXT, re.M))
    used = set(re.findall(r"\{ref\}`[^<`]+<([\w-]+)>`", TEXT))
    assert used and used <= named
    for name in named:  # a place named after an entry lies right above it
        article = name.removeprefix("errata-")
        below = TEXT.split(f"({name})=\n")[1]
        assert re.match(rf"### {article} · |## Article {article}:", below), name


def test_the_cells_run_in_one_go(monkeypatch):
    """As in the book; an assert that has ceased to be true names its entry."""
    monkeypatch.chdir(PAGE.parent)
    names: dict[str, object] = {}
    for match in CELL.finditer(TEXT):
        line = TEXT[: match.start(1)].count("\n")
        exec(compile("\n" * line + match[1], str(PAGE), "exec"), names)
    assert len(names["entries"]) == len(ENTRIES)
