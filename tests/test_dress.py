"""What pages wear: tables for phones, chapter cards, and what made each page."""

import doctest
import json
import re
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book"))
import status  # noqa: E402
import tables  # noqa: E402

WIDE = (
    "<p>a</p><table class='table'><thead><tr><th></th><th>score</th><th>size</th></tr>"
    "</thead><tbody><tr><td>small</td><td>88.62 [88.23, 89.00]</td><td></td></tr>"
    "</tbody></table><p>b</p>"
)
CARD = (
    "<table><thead><tr><th></th><th></th></tr></thead><tbody><tr><td><strong>You will "
    "learn</strong></td><td>why <a href='x.html'>scores</a></td></tr>"
    "<tr><td><strong>Data</strong></td><td>none</td></tr></tbody></table>"
)
MACHINE = {"device": "CPU", "capability": "AVX2", "versions": "torch 2"}


@pytest.mark.parametrize("module", [tables, status], ids=lambda m: m.__name__)
def test_examples_in_docstrings_are_right(module):
    result = doctest.testmod(module)
    assert result.attempted and not result.failed


def test_each_cell_of_a_wide_table_knows_its_head_and_is_still_a_cell():
    page = tables.mended(WIDE)
    assert page.startswith("<p>a</p><table") and page.endswith("</table><p>b</p>")
    table = BeautifulSoup(page, "html.parser").table
    assert {"table", "upright"} <= set(table["class"]) and table["role"] == "table"
    cells = table.tbody.find_all("td")
    assert [cell["data-label"] for cell in cells] == ["", "score", "size"]
    assert {cell["role"] for cell in cells} == {"cell"}
    assert {head["role"] for head in table.thead.find_all("th")} == {"columnheader"}
    assert [cell.get_text() for cell in cells] == ["small", "88.62 [88.23, 89.00]", ""]


def test_an_interval_may_not_break_and_an_empty_cell_takes_no_room():
    first, interval, empty = BeautifulSoup(
        tables.mended(WIDE), "html.parser"
    ).tbody.find_all("td")
    assert "whole" in interval["class"] and "upright-empty" in empty["class"]
    assert "upright-first" in first["class"]


def test_several_things_in_a_cell_stand_together():
    page = tables.mended(WIDE.replace("small", "a <em>small</em> one"))
    (cell, *_) = BeautifulSoup(page, "html.parser").tbody.find_all("td")
    (only,) = cell.contents
    assert only.get_text() == "a small one"


@pytest.mark.parametrize(
    "text",
    [
        "<table><thead><tr><th>a</th><th>b</th></tr></thead>"
        "<tbody><tr><td>1</td><td>2</td></tr></tbody></table>",
        "<table><tbody><tr><td>1</td><td>2</td><td>3</td></tr></tbody></table>",
        "<table><thead><tr><th>a</th><th>b</th><th>c</th></tr></thead>"
        "<tbody><tr><td colspan='2'>1</td></tr></tbody></table>",
    ],
    ids=["narrow", "without a head", "with joined cells"],
)
def test_other_tables_are_left_as_they_are(text):
    assert tables.mended(text) == text


def test_a_chapters_card_is_a_list_without_an_empty_head():
    card = BeautifulSoup(tables.mended(CARD), "html.parser")
    assert card.table is None
    terms = [term.get_text() for term in card.find_all("dt")]
    assert terms == ["You will learn", "Data"]
    assert card.dd.a["href"] == "x.html" and card.dd.get_text() == "why scores"


def test_every_chapter_has_a_card_of_the_kind_that_is_looked_for():
    for path in ROOT.glob("notebooks/*/*.ipynb"):
        if path.parent.name != "homework":
            assert path.read_text("utf-8").count("| **You will learn** |") == 1, path


def test_a_page_from_the_cache_keeps_the_stamp_of_its_own_run(tmp_path):
    path = tmp_path / "stamps.json"
    run = {"mtime": 1_000.0, "runtime": 48.2}
    first = status.stamped({"a": run}, path, MACHINE)
    other = MACHINE | {"capability": "AVX512"}
    runs = {"a": run, "b": {"mtime": 2_000.0, "runtime": None}}
    second = status.stamped(runs, path, other)
    assert second["a"] == first["a"] and second["a"].capability == "AVX2"
    assert second["b"].capability == "AVX512" and second["b"].seconds == 0
    again = status.stamped({"a": {"mtime": 3_000.0, "runtime": 1}}, path, other)
    assert again["a"].capability == "AVX512"
    assert set(json.loads(path.read_text())) == {"a"}


def test_a_badge_leads_to_the_row_of_its_page():
    page = "notebooks/foundations/softmax"
    stamp = status.Stamp(0.0, 48.2, "CPU", "AVX2", "torch 2")
    line = status.badge(stamp, f"../../book/status.html#{status.anchor(page)}")
    drawn = status.table({page: stamp}, {page: "Softmax"}, "../")
    (row,) = re.findall(r'#([^"]+)"', line)
    assert f'id="{row}"' in drawn
    for said in ("48 s", "CPU", "1970-01-01"):
        assert said in line and said in drawn
    assert "AVX2" in drawn and "torch 2" in drawn


def test_this_machine_says_what_shapes_a_number():
    here = status.here()
    assert here["capability"] and here["device"] and "torch" in here["versions"]


def test_the_status_page_has_the_place_for_its_table():
    assert status.TABLE in (ROOT / f"{status.PAGE}.md").read_text(encoding="utf-8")
