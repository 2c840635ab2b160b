"""The glossary and the Chinese pages: complete, and of one mind with the chapters."""

import importlib.util
import json
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
PAGES = sorted((BOOK / "zh").glob("*.md"))
HAN = r"[\u4e00-\u9fff]"

toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
LISTED = [page["file"] for part in toc["parts"] for page in part["chapters"]]
CHAPTERS = [page for page in LISTED if page.startswith("notebooks/")]
#: Which page has the summaries of which part.
SUMMARIES = {
    "notebooks/foundations": "foundations",
    "notebooks/sentiment": "sentiment",
    "notebooks/many-labels": "many-labels",
    "notebooks/beyond": "beyond",
    "notebooks/wider": "wider",
}

spec = importlib.util.spec_from_file_location("chinese", BOOK / "chinese.py")
chinese = importlib.util.module_from_spec(spec)
spec.loader.exec_module(chinese)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def glossary() -> dict[str, str]:
    """What stands below each term, or below several that share it."""
    block = re.search(
        r"^```\{glossary\}\n(.*?)^```$",
        text_of(BOOK / "glossary.md"),
        re.DOTALL | re.MULTILINE,
    )
    entries = re.findall(
        r"^(\S.*(?:\n\S.*)*)\n((?:  .*\n|\n)+)", block[1], re.MULTILINE
    )
    return dict(entries)


ENTRIES = glossary()
each_entry = pytest.mark.parametrize(
    ("terms", "below"), ENTRIES.items(), ids=lambda x: x.split("\n")[0]
)


def chapter_of(below: str) -> Path:
    (link,) = re.findall(r"\[\]\((\S+\.ipynb)\)", below)
    return (BOOK / link).resolve()


def prose(path: Path) -> str:
    """A chapter's text in small letters, without line ends and emphasis."""
    cells = json.loads(text_of(path))["cells"]
    found = " ".join(
        "".join(c["source"]) for c in cells if c["cell_type"] == "markdown"
    )
    return re.sub(r"\s+", " ", found.replace("*", "")).lower()


def test_a_glossary_is_read_and_in_alphabetical_order():
    first = [terms.split("\n")[0].lower() for terms in ENTRIES]
    assert len(first) >= 60
    assert first == sorted(set(first))


@each_entry
def test_a_term_has_a_chinese_one_and_a_chapter_of_the_book(terms, below):
    named = re.match(r"  \[(.+?)\]\{\.language-zh-hans\} · ", below)
    assert named and re.search(HAN, named[1])
    chapter = chapter_of(below)
    assert chapter.relative_to(ROOT).with_suffix("").as_posix() in CHAPTERS


@each_entry
def test_a_term_occurs_in_its_chapter(terms, below):
    text = prose(chapter_of(below))
    assert any(term.lower() in text for term in terms.split("\n"))
    assert terms.split("\n")[0].lower() in text


@each_entry
def test_a_term_is_explained_in_a_sentence_or_three(terms, below):
    said = below.split("\n\n", 1)[1].strip()
    assert said.endswith((".", ".)"))
    assert 5 <= len(said.split()) <= 65


def test_no_two_terms_share_a_chinese_one():
    named = re.findall(r"\[(.+?)\]\{\.language-zh-hans\} · ", "".join(ENTRIES.values()))
    assert len(named) == len(set(named)) == len(ENTRIES)


def test_the_table_of_chinese_terms_is_made_anew_when_the_list_has_changed():
    """The execution cache knows a page by its code, and the code has not changed."""
    front = text_of(BOOK / "glossary.md").split("---\n")[1]
    assert yaml.safe_load(front)["mystnb"] == {"execution_mode": "force"}


def test_each_chapter_has_its_summary_in_chinese_in_the_order_of_the_book():
    summarised = []
    for page in SUMMARIES.values():
        text = text_of(BOOK / "zh" / f"{page}.md")
        for summary in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
            title, rest = summary.split("\n", 1)
            assert re.search(HAN, title)
            link = re.search(
                r"^英文：\[\]\(\.\./\.\./(\S+)\.ipynb\)$", rest, re.MULTILINE
            )
            assert link, f"{page}: no link below {title!r}"
            assert SUMMARIES[str(Path(link[1]).parent)] == page
            summarised.append(link[1])
            running = re.sub(r"^```.*?^```$", "", rest, flags=re.DOTALL | re.MULTILINE)
            assert 120 <= len(re.findall(HAN, running)) <= 250, title
            assert running.count("值得转告同事的一句：") == 1, title
    assert summarised == CHAPTERS


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_chinese_page_says_so_and_its_links_lead_somewhere(path):
    text = text_of(path)
    assert f"book/zh/{path.stem}" in LISTED
    assert re.match(r"---\n(?:.*\n)*?lang: zh-Hans\n(?:.*\n)*?---\n", text)
    for link in re.findall(r"\]\(([^)#]+)(?:#\S*)?\)", text):
        assert (path.parent / link).is_file(), link


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_no_line_ends_within_a_paragraph(path):
    """In Chinese a browser would show a blank there."""
    text = re.sub(
        r"^(---|```).*?^\1$", "", text_of(path), flags=re.DOTALL | re.MULTILINE
    )
    broken = [
        f"{line} / {after}"
        for line, after in zip(text.split("\n"), text.split("\n")[1:], strict=False)
        if line and after and not after.startswith(("- ", "|", "#"))
    ]
    assert broken == []


def test_search_has_chinese_words_by_pairs_and_english_ones_as_before():
    words = chinese.EnglishAndChinese({}).split("用KL散度，熵 and soft targets")
    assert words[:4] == ["KL", "and", "soft", "targets"]
    assert {"用", "散", "度", "散度", "熵"} == set(words[4:])


def test_the_language_of_a_page_is_that_of_its_front_matter():
    english, han = {"language": "en", "meta": {}}, {"meta": {"lang": "zh-Hans"}}
    bare = {"language": "en", "meta": None}  # a page that Sphinx made, as search.html
    for context in (english, han, bare):
        chinese.say_language(None, "page", "page.html", context, None)
    assert [c["language"] for c in (english, han, bare)] == ["en", "zh-Hans", "en"]
