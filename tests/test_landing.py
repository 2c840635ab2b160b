"""The first page: what its map, figures and doors show is what the course has."""

import doctest
import re
import sys
from html import unescape
from pathlib import Path

import pytest

from course_lib import records
from course_lib.plots import BLUE

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book"))
import course_map  # noqa: E402
import gallery  # noqa: E402
import landing  # noqa: E402
import logo  # noqa: E402
import moving  # noqa: E402
import teaching  # noqa: E402

CHAPTERS = teaching.chapters()
MAP = course_map.course_map()


@pytest.fixture(scope="module")
def told():
    return moving.story()


@pytest.mark.parametrize("module", [course_map, logo, moving], ids=lambda m: m.__name__)
def test_examples_in_docstrings_are_right(module):
    result = doctest.testmod(module)
    assert result.attempted and not result.failed


def test_every_chapter_is_on_the_map_with_a_link_and_its_time():
    rows = re.findall(r'<li data-name="([\w-]+)".*?</li>', MAP)
    assert rows == list(CHAPTERS)
    for name, chapter in CHAPTERS.items():
        (row,) = re.findall(rf'<li data-name="{name}".*?</li>', MAP)
        (to,) = re.findall(r'href="\.\./([^"]+)\.html"', row)
        assert (ROOT / f"{to}.ipynb").is_file() and to.endswith(f"/{name}")
        assert course_map.running(chapter.running) in row
    assert re.findall(r'data-at="([\w-]+)"', MAP) == list(CHAPTERS)


def test_each_arrow_is_a_need_that_a_card_names_and_none_is_lost():
    drawn = re.findall(r'data-from="([\w-]+)" data-to="([\w-]+)"', MAP)
    assert drawn
    for need, name in drawn:
        assert need in CHAPTERS[name].needs
    # By the arrows alone, all that a chapter needs comes before it.
    kept = {name: [a for a, b in drawn if b == name] for name in CHAPTERS}
    for name, chapter in CHAPTERS.items():
        known = set(chapter.needs) & set(CHAPTERS)
        assert known <= course_map.before(name, kept)


def test_every_part_with_chapters_has_its_heading_on_the_map():
    headings = re.findall(r'class="map-part"[^>]*>(.*?)</li>', MAP)
    parts = dict.fromkeys(chapter.part for chapter in CHAPTERS.values())
    captions = course_map.captions()
    assert list(map(unescape, headings)) == [captions[part] for part in parts]


def test_the_student_reads_threes_that_it_never_saw(told):
    assert told.read > told.threes / 2
    teacher = moving.soften(told.teacher, 1.0)
    before, after = (moving.soften(told.student[i], 1.0) for i in (0, -1))
    assert max(teacher) == teacher[moving.MISSING]
    assert max(after) == after[moving.MISSING] > before[moving.MISSING]


def test_heat_says_what_coolness_hides(told):
    cold, hot = (moving.soften(told.teacher, t) for t in (1.0, told.hot))
    assert cold[moving.MISSING] > hot[moving.MISSING]
    assert sorted(hot)[-2] > 10 * sorted(cold)[-2]


def test_a_story_without_a_three_that_is_read_is_not_told():
    """At a low temperature hardly anything of the three is heard."""
    nothing = moving.torch.zeros(4, 10)
    with pytest.raises(ValueError, match="no story"):
        moving._middling(nothing, nothing)


def test_the_picture_is_small_and_has_words_and_a_control(told):
    page = moving.picture(told)
    assert len(page) < 20_000 and len(moving.SCRIPT.read_bytes()) < 10_000
    for line in moving.captions(told):
        assert line in unescape(page)
    assert "<button" in page and "prefers-reduced-motion" in page
    labels = re.findall(r'role="img" aria-label="([^"]+)"', page)
    assert len(labels) == 2 and all(len(label.split()) >= 5 for label in labels)


def test_bars_stand_still_at_what_both_say_when_hot(told):
    page = moving.picture(told)
    p = moving.soften(told.teacher, told.hot)
    drawn = re.findall(r'class="moving-teacher".*?height="([\d.]+)"', page)
    assert [float(h) for h in drawn] == pytest.approx(
        [moving.HIGH * share for share in p], abs=0.06
    )


def test_the_doors_lead_to_a_chapter_and_to_the_assignments():
    page = landing.doors().data
    assert re.findall(r"<h2>(\w+)</h2>", page) == ["Read", "Run", "Teach"]
    first = next(iter(CHAPTERS.values()))
    assert f'href="../notebooks/{first.place}.html"' in page
    assert f"{len(teaching.assignments())} assignments" in page
    for to in re.findall(r'href="([\w-]+)\.html', page):
        assert (ROOT / "book" / f"{to}.md").is_file()


def test_a_door_leads_to_colab_once_the_course_is_published(monkeypatch):
    here = {"url": "https://github.com/someone/course", "branch": "v1.0.0"}
    monkeypatch.setattr(landing.published, "place", lambda: here)
    page = landing.doors().data
    assert (
        "https://colab.research.google.com/github/someone/course/blob/v1.0.0/" in page
    )
    assert "make lab" not in page


def test_marks_are_those_of_their_records():
    marks = gallery.marks()
    assert len(marks) == len(gallery.GALLERY)
    for mark, (experiment, row, *_) in zip(marks, gallery.GALLERY, strict=True):
        assert mark["command"] == f"python -m experiments {experiment}"
        entry = records.committed(f"{experiment.replace('_', '-')}-imdb")[row]
        assert mark["low"] <= mark["accuracy"] <= mark["high"]
        assert mark["accuracy"] == 100 * entry["metrics"]["accuracy"]
        assert mark["bytes"] > 0 and mark["kind"] in gallery.KINDS


def test_no_small_model_is_slower_than_the_large_one():
    marks = gallery.marks()  # all of one record: text-to-verdict
    (bert,) = (mark for mark in marks if mark["kind"] == gallery.TEACHER)
    assert all(
        10 * m["milliseconds"] < bert["milliseconds"] for m in marks if m != bert
    )


def test_what_is_said_below_the_figure_is_so():
    small = records.committed("small-student-imdb")
    for other in ("longer", "ngrams"):
        assert small[f"student_minus_{other}"]["interval"][0] > 0
        lead = records.lead(small, f"student_minus_{other}")
        assert lead.split()[0].removeprefix("+") in gallery.said()


def test_the_figure_has_all_marks_and_says_what_it_shows():
    figure = gallery.still()
    drawn = sum(len(line.lines[0].get_xdata()) for line in figure.axes[0].containers)
    assert drawn == len(gallery.GALLERY)
    assert 'aria-label="' in landing.results().data


def test_the_logo_is_drawn_by_the_code_and_fits_its_square():
    for name in ("favicon.svg", "logo.svg"):
        text = (ROOT / "book" / "_static" / name).read_text(encoding="utf-8")
        assert text == logo.mark()
    assert BLUE in logo.mark()
    for outline in (logo.LARGE, logo.SMALL):
        points = [point for _, some in outline for point in some]
        assert all(0 <= x <= 32 and 0 <= y <= 32 for x, y in points)


def test_the_social_card_has_the_size_that_is_asked_for(tmp_path):
    from PIL import Image

    logo.write_card(tmp_path / "card.png")
    with Image.open(tmp_path / "card.png") as card:
        assert card.size == (1200, 630)
        assert len(card.convert("RGB").getcolors(1_000_000)) > 20  # and is not empty
    assert [path.name for path in tmp_path.iterdir()] == ["card.png"]
    assert (tmp_path / "card.png").stat().st_size < 300_000
