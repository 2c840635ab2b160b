"""Numbers in the book's running text: computed, compared here, or not of our making.

A number that was typed by hand is right on the day it is typed. Chapters print theirs;
these pages and the README have text outside cells, and each number in it must be
accounted for below, so that a new one is noticed.
"""

import re
from pathlib import Path

import pytest
import torch

from course_lib import records
from course_lib.models.embeddings import QuantisedEmbedding, quantise

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "book").glob("**/*.md"))]

#: What a record says, as the pages write it.
IMDB = records.committed("committee-imdb")["sizes"]
SMALL = records.committed("small-student-imdb")
MEASURED = {
    "README.md": {"1.3": f"{SMALL['int8']['bytes'] / 1e6:.1f}"},
    "results.md": {
        "25,000": f"{IMDB['test']:,}",
        "48,885": f"{IMDB['unlabelled']:,}",
    },
}
#: Versions, licences, names of things, examples, conventions, and what others report.
GIVEN = {
    "README.md": {"92", "3.10", "3.11", "3.12", "3.13", "2.0", "4.0"},
    "data.md": {
        *("49", "100", "27", "30", "0", "1"),  # an example, what is defined
        *("2011", "3.3"),  # Maas et al. 2011; Northcutt et al. 2021
        *("8", "16", "32", "1252", "25", "2.0", "4.0"),  # UTF-8, MovieLens 25M, CC BY
    },
    "errata.md": {
        *("000", "001", "002", "003", "004", "256", "128", "768", "0.5"),  # articles'
        *("0.9", "0.11", "0.6", "5", "3.0", "4"),  # torchtext's, transformers' versions
        *("28", "31", "2014", "2018", "1503.02531"),  # as cited; compared in its cells
        *("0", "1", "2", "512"),  # asserted in cells, definitions
        "0.0000",  # a section's title
    },
    "for-instructors.md": set(),
    "glossary.md": {"0", "1", "2", "3", "90", "95", "8", "32"},  # defined, and bits
    "zh/index.md": {"000", "001", "002", "003", "004"},
    "slides/beyond.md": {"0", "2", "4", "7", "9", "11"},  # DistilBERT's layers
    "slides/foundations.md": {
        "0.74",  # of a bug report
        *("60", "70", "80"),  # an example
    },
    "slides/many-labels.md": {"0", "1", "5", "95"},  # what a label is, and an example
    "slides/wider.md": {"90", "80", "70", "60"},  # an example
    "slides/teachers-and-students.md": {
        *("0.0000", "1,538"),  # what published code printed, and has
    },
    "about.md": {"92", "000", "001", "002", "003", "004"},
    "intro.md": {"92"},
    "results.md": {
        *("95", "4.0"),
        *("1.1", "64"),  # what was aimed at; half of the recipe's `ends`, below
        "2,000",  # compared with its cell below
        "127",  # compared with the code below
        *("1", "16", "32"),  # compared with the record in tests/test_questions.py
    },
}


def numbers(path: Path) -> set[str]:
    """All numbers of a page's running text: no code, links or mathematics."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    # How long a slide takes, and which cell is run: tests/test_decks.py.
    text = re.sub(r"^Note \(\d+ min\): |^Live: .+$", "", text, flags=re.MULTILINE)
    text = re.sub(r"\$\$.*?\$\$", "", text, flags=re.DOTALL)
    fence = re.DOTALL | re.MULTILINE
    text = re.sub(r"^```\{glossary\}\n(.*?)^```$", r"\1", text, flags=fence)
    text = re.sub(r"^\s*(```+).*?^\s*\1", "", text, flags=fence)
    text = re.sub(r"\{\w+:?\w?\}`[^`]*`|`[^`]*`|\$[^$]*\$|\]\([^)]*\)", "", text)
    return set(re.findall(r"(?<![A-Za-z\d_.,])\d+(?:[.,]\d+)*", text))


def page(path: Path) -> str:
    """The name of a page, as the tables above have it."""
    return path.relative_to(ROOT).as_posix().removeprefix("book/")


@pytest.mark.parametrize("path", PAGES, ids=page)
def test_each_number_is_of_a_record_or_not_of_our_making(path):
    known = set(MEASURED.get(page(path), ())) | GIVEN.get(page(path), set())
    assert numbers(path) == known


@pytest.mark.parametrize("page", MEASURED)
def test_what_a_page_says_is_what_its_records_say(page):
    for written, measured in MEASURED[page].items():
        assert written == measured


def test_the_page_of_results_says_how_often_it_tries_its_intervals():
    text = (ROOT / "book" / "results.md").read_text(encoding="utf-8")
    assert "in 2,000 made-up experiments" in text and "times=2_000" in text


def test_the_small_student_is_as_the_page_describes_it():
    assert SMALL["recipe"]["ends"] == 2 * 64
    assert SMALL["student"]["parameters"] <= 1_100_000


def test_the_readme_may_praise_it():
    """No rival of the record is as good, by the interval of the difference."""
    for rival in ("longer", "ngrams"):
        assert SMALL[f"student_minus_{rival}"]["interval"][0] > 0


def test_int8_reaches_from_minus_127_to_127():
    model = torch.nn.Sequential(torch.nn.Embedding(7, 5))
    (table,) = quantise(model)
    assert isinstance(table, QuantisedEmbedding)
    numbers = next(b for b in table.state_dict().values() if b.dtype == torch.int8)
    assert numbers.abs().amax(1).eq(127).all() and numbers.min() >= -127
