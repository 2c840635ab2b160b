"""What readers are sent: the style rules and icons that pages use, and all of those."""

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip("brotli")
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parent.parent

spec = importlib.util.spec_from_file_location("lean", ROOT / "book" / "lean.py")
lean = importlib.util.module_from_spec(spec)
spec.loader.exec_module(lean)


@pytest.mark.parametrize(
    "kept",
    [
        "a { top: 0 }",  # no class at all
        ".used { top: 0 }",
        ".used:hover > p[data-x=y] { top: 0 }",
        "a:not(.never) { top: 0 }",  # true of what has no such class
        ".made-up { top: 0 }",  # a script may make it from "made-"
        "@media print{.used { top: 0 }}",
        "@keyframes turn { to { top: 0 } }",
        "@font-face { font-family: x }",
        '.used::before { content: "\uf0c9" }',
        "/*! a licence */",
    ],
)
def test_what_a_page_may_need_stays(kept):
    assert lean.trimmed(kept, {"used", "made-"}) == kept


@pytest.mark.parametrize(
    "css",
    [
        ".never { top: 0 }",
        ".used .never { top: 0 }",
        ".used.never:hover { top: 0 }",
        "@media print { .never { top: 0 } }",
        "/* a comment */",
    ],
)
def test_what_no_page_needs_goes(css):
    assert lean.trimmed(css, {"used"}) == ""


def test_of_several_selectors_those_that_a_page_needs_stay():
    css = ".never, .used, :is(.never, b) { top: 0 }"
    assert lean.trimmed(css, {"used"}) == ".used,:is(.never, b) { top: 0 }"


def test_trimming_again_changes_nothing():
    css = "@media print { .used, .never { top: 0 } } .used { content: '\\f0c9' }"
    once = lean.trimmed(css, {"used"})
    assert lean.trimmed(once, {"used"}) == once


def theme():
    import pydata_sphinx_theme

    folder = Path(pydata_sphinx_theme.__file__).parent
    return folder / "theme" / "pydata_sphinx_theme" / "static"


def test_a_font_keeps_the_letters_that_are_used_and_no_others(tmp_path):
    (font,) = theme().glob("vendor/fontawesome/*/webfonts/fa-solid-900.woff2")
    copy = tmp_path / font.name
    copy.write_bytes(font.read_bytes())
    lean.cut_font(copy, "\uf0c9\uf058")
    assert set(TTFont(copy).getBestCmap()) == {0xF0C9, 0xF058}
    assert copy.stat().st_size < 2000


def test_a_site_is_trimmed_by_what_its_pages_and_scripts_say(tmp_path):
    static = tmp_path / "_static"
    (static / "scripts").mkdir(parents=True)
    (tmp_path / "page.html").write_text('<i class="here"></i>', encoding="utf-8")
    (static / "scripts" / "menu.js").write_text("e.classList.add('open')")
    (static / "webpack-macros.html").write_text("{% macro x() %}")
    css = static / "theme.css"
    css.write_text(".here { top: 0 }.open { top: 0 }.macro { top: 0 }")
    lean.trim(tmp_path)
    assert css.read_text() == ".here { top: 0 }.open { top: 0 }"
    assert not (static / "webpack-macros.html").exists()


def test_the_theme_still_loads_what_our_template_says():
    """It stands in for the theme's own, which names the same files."""
    theirs = (theme() / "webpack-macros.html").read_text(encoding="utf-8")
    folder = ROOT / "book" / "_templates" / "static"
    ours = (folder / "webpack-macros.html").read_text(encoding="utf-8")
    links = lean.re.compile(r"_static/[^']+\.(?:css|js)")
    left_out = set(links.findall(theirs)) - set(links.findall(ours))
    assert {Path(link).parent.name for link in left_out} == {"js"}
    assert set(links.findall(ours)) <= set(links.findall(theirs))
