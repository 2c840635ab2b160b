"""What every notebook must keep to; nbmake runs them, `make notebooks`."""

import ast
import importlib.util
import json
import re
from pathlib import Path

import nbformat
import pytest
import yaml
from pybtex.database import parse_file

ROOT = Path(__file__).resolve().parent.parent
spec = importlib.util.spec_from_file_location("sync", ROOT / "notebooks" / "sync.py")
sync = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sync)

NOTEBOOKS = sync.chapters()
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def prose(path):
    cells = read(path).cells
    return "\n\n".join(c.source for c in cells if c.cell_type == "markdown")


@each_notebook
def test_it_is_a_valid_notebook_as_make_sync_writes_it(path):
    """No outputs are committed, and the common cells are those of all chapters."""
    text = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    expected = nbformat.writes(sync.synced(notebook, path), indent=1) + "\n"
    assert text == expected, f"run: make sync ({path.name})"


@each_notebook
def test_its_code_fits_a_phone(path):
    wide = [
        line
        for cell in code_cells(path)
        for line in cell.source.splitlines()
        if len(line) > 79
    ]
    assert wide == []


@each_notebook
def test_it_has_the_parts_of_a_chapter(path):
    text = prose(path)
    for row in ("You will learn", "You need", "Running it", "Data"):
        assert f"| **{row}** |" in text
    for heading in ("How this goes wrong", "Exercises", "Quiz", "Summary", "Sources"):
        assert re.search(rf"^## .*{heading}", text, re.MULTILINE | re.IGNORECASE), (
            heading
        )
    headings = re.findall(r"^# .+$", text, re.MULTILINE)
    assert len(headings) == 1


@each_notebook
def test_it_can_be_read_in_one_sitting(path):
    words = len(re.sub(r"```.*?```", "", prose(path), flags=re.DOTALL).split())
    assert len(read(path).cells) <= 80
    assert words <= 3_500


@each_notebook
def test_its_exercises_come_in_three_sizes(path):
    text = prose(path)
    sizes = ("Warm-up", "Work", "Open")
    found = [len(re.findall(rf"^### {size}: ", text, re.MULTILINE)) for size in sizes]
    assert all(count >= least for count, least in zip(found, (2, 1, 1), strict=True))


@each_notebook
def test_it_has_three_exercises_with_folded_answers_that_are_asserted(path):
    answers = [c for c in code_cells(path) if "answer" in c.metadata.get("tags", [])]
    assert len(answers) >= 3
    for cell in answers:
        assert "hide-cell" in cell.metadata["tags"]
        assert cell.metadata["jupyter"]["source_hidden"] is True
        assert cell.metadata["cellView"] == "form"
        assert cell.source.startswith("# @title Answer")
        assert re.search(r"^assert check\.", cell.source, re.MULTILINE)


@each_notebook
def test_every_figure_goes_through_plots(path):
    """Figures from anywhere else have no alt text and ignore the dark theme."""
    for cell in code_cells(path):
        assert ".show()" not in cell.source
        if "plt.subplots" in cell.source or "plt.figure" in cell.source:
            assert re.search(r"(?<![\w.])show\(", cell.source)  # no imshow


@each_notebook
def test_every_figure_is_the_last_line_of_its_cell(path):
    """What `show` and `interact` return is lost anywhere else, and nobody notices."""
    for cell in code_cells(path):
        if "%pip" in cell.source:
            continue
        for statement in ast.parse(cell.source).body[:-1]:
            lost = isinstance(statement, ast.Expr) and isinstance(
                statement.value, ast.Call
            )
            name = getattr(statement.value.func, "id", "") if lost else ""
            assert name not in ("show", "interact"), cell.source


@each_notebook
def test_it_runs_everywhere_unchanged(path):
    """No path, thread count, device or data set of one machine."""
    for cell in code_cells(path):
        assert not re.search(r"set_num_threads|\.cuda\(|\"cuda|/home/", cell.source)
        if not cell.source.lstrip().startswith("%") and "%pip" not in cell.source:
            ast.parse(cell.source)


@each_notebook
def test_it_names_other_chapters_by_topic(path):
    """Their numbers and places change when one is added."""
    text = " ".join(" ".join(cell.source for cell in read(path).cells).split())
    place = r"\b(first|second|third|next|last|previous) chapters?\b"
    number = r"(?<!their )\bchapters? \d"  # "their chapter 4" is of another book
    assert not re.search(f"{place}|{number}", text, re.IGNORECASE)


@each_notebook
def test_what_it_cites_is_in_the_bibliography(path):
    cited = re.findall(r"\{cite:?\w?\}`([^`]+)`", prose(path))
    assert cited
    for group in cited:
        assert set(group.replace(" ", "").split(",")) <= set(SOURCES), group


#: As Sphinx reads it: an entry that is not closed, or is there twice, is an error.
SOURCES = parse_file(ROOT / "book" / "references.bib").entries


def test_every_notebook_is_once_in_the_table_of_contents():
    """Only there does a chapter have a number: adding one renames nothing."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    files = [c["file"] for part in toc["parts"] for c in part["chapters"]]
    chapters = [f for f in files if f.startswith("notebooks/")]
    places = [p.relative_to(ROOT).with_suffix("").as_posix() for p in NOTEBOOKS]
    assert sorted(chapters) == sorted(places)
    assert not [path.name for path in NOTEBOOKS if re.match(r"\d", path.name)]


def test_no_two_chapters_share_a_name():
    """Quizzes and records know a chapter by its name without its part."""
    names = [path.stem for path in NOTEBOOKS]
    assert sorted(names) == sorted(set(names))
    assert set(json.loads(sync.MINUTES.read_text(encoding="utf-8"))) <= set(names)


def test_the_chapters_of_a_part_of_the_book_lie_in_one_folder():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    folders = [{Path(c["file"]).parent for c in p["chapters"]} for p in toc["parts"]]
    assert all(len(folder) == 1 for folder in folders)


def test_every_link_to_a_file_of_the_course_finds_it():
    """On Colab and GitHub as well: Sphinx looks at the site alone."""
    pages = [(path, prose(path)) for path in NOTEBOOKS]
    pages += [(p, p.read_text(encoding="utf-8")) for p in ROOT.glob("book/*.md")]
    pages += [(p, p.read_text(encoding="utf-8")) for p in ROOT.glob("*.md")]
    for path, text in pages:
        for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)\s]*)?\)", text):
            assert (path.parent / link).is_file(), f"{path.name}: {link}"


def test_the_place_of_publication_is_named_once():
    """Everything else that names it is written by `make publish` or checked here."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["repository-code"] == config["repository"]["url"]
    package = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{citation["version"]}"\n' in package
