"""The book's build: what it depends on, and what it says when it fails."""

import importlib.util
from pathlib import Path

import nbformat
import pytest
import yaml
from jupyter_cache import get_cache

ROOT = Path(__file__).resolve().parent.parent

spec = importlib.util.spec_from_file_location("build", ROOT / "book" / "build.py")
build = importlib.util.module_from_spec(spec)
spec.loader.exec_module(build)


def test_a_cell_that_raises_is_named_with_its_error_and_line():
    output = """
    [IPKernelApp] WARNING | Kernel is running over TCP
    01.ipynb: WARNING: Executing notebook failed: CellExecutionError
    nbclient.exceptions.CellExecutionError: An error occurred
    ----> 1 value = 1 / 0

    ZeroDivisionError: division by zero
    myst_nb.core.execute.base.ExecutionError: 01.ipynb
    """
    lines = [line.strip() for line in output.splitlines()]
    assert build.reason(lines) == (
        "a cell of 01.ipynb raised ZeroDivisionError: division by zero at "
        "----> 1 value = 1 / 0"
    )


@pytest.mark.parametrize(
    "line",
    [
        "book/intro.md:3: WARNING: could not find bibtex key 'nobody'",
        "ValueError: No ToC file found",
    ],
)
def test_a_warning_is_a_failure_and_the_first_is_named(line):
    lines = ["[IPKernelApp] WARNING | TCP", "reading 100%", line, "x: WARNING: later"]
    assert build.reason(lines) == line


def test_a_failure_without_a_reason_shows_the_last_line():
    assert build.reason(["reading", "killed"]) == "killed"


def test_the_execution_cache_depends_on_package_records_pins_and_data(monkeypatch):
    before = build.inputs_digest()
    assert build.inputs_digest() == before
    monkeypatch.setenv("COURSE_DATA", "elsewhere")
    assert build.inputs_digest() != before
    covered = {path for pattern in build.INPUTS for path in ROOT.glob(pattern)}
    assert {
        ROOT / "course_lib" / "losses" / "distillation.py",
        ROOT / "course_lib" / "quizzes" / "softmax.json",
        ROOT / "book" / "records" / "distill-synthetic-lstm.json",
        ROOT / "requirements.txt",
    } <= covered


def test_a_page_that_is_promised_and_missing_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(build, "SITE", tmp_path)
    (tmp_path / "index.html").touch()
    missing = build.missing_pages()
    assert "index" not in missing
    assert {"book/intro", "notebooks/foundations/softmax"} <= set(missing)


def test_an_address_by_number_leads_to_the_chapter_of_its_topic(monkeypatch, tmp_path):
    monkeypatch.setattr(build, "SITE", tmp_path)
    for page in build.missing_pages():
        (tmp_path / page).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f"{page}.html").touch()
    build.write_redirects()
    old = tmp_path / "notebooks" / "08-bert-to-small.html"
    assert "url=sentiment/bert-to-small.html" in old.read_text(encoding="utf-8")
    assert len(list((tmp_path / "notebooks").glob("*.html"))) == 12


def test_chapters_are_executed_and_only_those_that_pass_are_kept(tmp_path, monkeypatch):
    part = tmp_path / "notebooks" / "part"
    part.mkdir(parents=True)
    codes = {"good": "print(1 + 1)", "bad": "1 / 0", "homework": "print(3)"}
    for name, code in codes.items():
        cells = [nbformat.v4.new_code_cell(code)]
        notebook = nbformat.v4.new_notebook(cells=cells)
        nbformat.write(notebook, part / f"{name}.ipynb")
    chapters = [{"file": f"notebooks/part/{name}"} for name in ("bad", "good")]
    toc = {"root": "book/intro", "parts": [{"chapters": chapters}]}
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump(toc))
    monkeypatch.setattr(build, "ROOT", tmp_path)
    build.execute_side_by_side(tmp_path / "cache", timeout=60)
    kept = get_cache(tmp_path / "cache")
    (record,) = kept.list_cache_records()
    assert Path(record.uri).stem == "good"
    (cell,) = kept.get_cache_bundle(record.pk).nb.cells
    assert cell.outputs[0].text == "2\n"


def test_slides_are_published_without_what_made_them(tmp_path, monkeypatch):
    made = tmp_path / "slides"
    for name in ("a.html", "_static/slides.css", "code/a.ipynb", "cache-1/x"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).touch()
    monkeypatch.setattr(build, "BUILD", tmp_path)
    monkeypatch.setattr(build, "SITE", tmp_path / "html")
    build.copy_slides()
    files = {p.name for p in (tmp_path / "html").rglob("*") if p.is_file()}
    assert files == {"a.html", "slides.css"}


def test_pages_that_read_the_whole_course_are_drawn_each_time():
    """The cache knows a page by its own cells, and theirs read other files."""
    for page in build.READ_ALL:
        text = (ROOT / f"{page}.md").read_text(encoding="utf-8")
        assert "execution_mode: force" in text.split("---")[1]


@pytest.mark.parametrize(
    "site, home", [("", "/"), ("https://you.github.io/course/", "/course/")]
)
def test_a_map_of_the_site_is_drawn_once_it_has_an_address(
    monkeypatch, tmp_path, site, home
):
    monkeypatch.setattr(build, "BUILD", tmp_path)
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    config["html"]["baseurl"] = site
    path = build.write_config(config, tmp_path / "cache")
    sphinx = yaml.safe_load(path.read_text(encoding="utf-8"))["sphinx"]["config"]
    assert ("sphinx_sitemap" in sphinx["extensions"]) == bool(site)
    assert sphinx["html_context"]["home"] == home
    assert sphinx["ogp_site_url"] == site
    card = f"{site.rstrip('/')}/_static/social-card.png" if site else None
    assert sphinx.get("ogp_image") == card
