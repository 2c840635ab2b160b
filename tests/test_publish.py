"""`make publish` in a copy of the repository: what it writes, and what it refuses."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

pytestmark = pytest.mark.commands

ROOT = Path(__file__).resolve().parent.parent
spec = importlib.util.spec_from_file_location(
    "publish", ROOT / "notebooks" / "publish.py"
)
publish_module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(publish_module)
URL, TAG = "https://github.com/ada/learning-small", "v0.2.0"
NAMED = ["_config.yml", "CITATION.cff", "pyproject.toml"]


def git(folder, *arguments):
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True)


@pytest.fixture
def copy(tmp_path):
    for name in [*NAMED, "notebooks/sync.py", "notebooks/publish.py"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "notebooks/published.py", tmp_path / "notebooks")
    (tmp_path / "book/records").mkdir(parents=True)
    shutil.copy(ROOT / "book/records/minutes.json", tmp_path / "book/records")
    for path in ROOT.glob("notebooks/foundations/s*.ipynb"):
        (tmp_path / path.relative_to(ROOT)).parent.mkdir(exist_ok=True)
        shutil.copy(path, tmp_path / path.relative_to(ROOT))
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "all")
    return tmp_path


def publish(folder, *options):
    return subprocess.run(
        [sys.executable, "notebooks/publish.py", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def contents(folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {p: p.read_bytes() for p in files if ".git" not in p.parts}


def chapter(folder):
    cells = nbformat.read(folder / "notebooks/foundations/softmax.ipynb", 4).cells
    tagged = {tag: c for c in cells for tag in c.metadata.get("tags", [])}
    return tagged["title"].source, tagged["bootstrap"].source


def test_before_it_a_notebook_says_that_it_is_not_published(copy, tmp_path):
    if publish_module.published.is_published():
        pytest.skip("this course is published")
    title, cell = chapter(copy)
    assert "Not published yet" in title and "http" not in title
    assert "pip" not in cell and "make lab" in cell
    assert max(map(len, cell.splitlines())) <= 79
    # In an empty place, where there is no course: one line, and no traceback.
    empty = tmp_path / "empty"
    empty.mkdir()
    done = subprocess.run(
        [sys.executable, "-S", "-c", cell],
        cwd=empty,
        env={k: value for k, value in os.environ.items() if k != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("This course is not published yet")
    assert len(done.stderr.splitlines()) == 1


def test_it_names_the_place_everywhere_and_says_what_is_left(copy):
    done = publish(copy, "--url", URL, "--tag", TAG)
    assert done.returncode == 0, done.stderr
    assert f"git tag {TAG}" in done.stdout and "https://ada.github.io" in done.stdout
    config = yaml.safe_load((copy / "_config.yml").read_text(encoding="utf-8"))
    assert config["repository"] == {"url": URL, "branch": TAG, "wheel": ""}
    assert config["html"]["baseurl"] == "https://ada.github.io/learning-small/"
    citation = yaml.safe_load((copy / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["repository-code"] == URL
    assert citation["url"] == config["html"]["baseurl"]
    assert citation["version"] == "0.2.0" and citation["date-released"]
    assert '\nversion = "0.2.0"\n' in (copy / "pyproject.toml").read_text("utf-8")
    title, cell = chapter(copy)
    place = f"ada/learning-small/blob/{TAG}/notebooks/foundations/softmax.ipynb"
    assert f"https://colab.research.google.com/github/{place}" in title
    assert f"https://github.com/{place}" in title
    assert f'course = "git+{URL}@{TAG}"' in cell
    assert "\n    %pip install --quiet {course}\n" in cell
    assert max(map(len, cell.splitlines())) <= 79
    assert not [
        p
        for p, text in contents(copy).items()
        if b"your-org" in text and (p.suffix != ".py")
    ]


def test_a_second_time_replaces_the_first_and_a_wheel_is_found_on_its_release(copy):
    assert publish(copy, "--url", URL, "--tag", "v0.1.9").returncode == 0
    git(copy, "commit", "--quiet", "--all", "--message", "v0.1.9")
    done = publish(copy, "--url", URL, "--tag", TAG, "--wheel")
    assert not [p for p, text in contents(copy).items() if b"0.1.9" in text]
    file = "course_lib-0.2.0-py3-none-any.whl"
    assert f"{URL}/releases/download/{TAG}/{file}" in chapter(copy)[1]
    assert file in done.stdout


@pytest.mark.parametrize(
    ("url", "tag", "site", "said"),
    [
        ("github.com/ada/x", TAG, "", r"URL is 'github.com/ada/x'; expected"),
        ("https://github.com/ada", TAG, "", "URL is"),
        ("https://github.com/ada/x y", TAG, "", "URL is"),
        ("https://github.com/ada/x.git", TAG, "", "URL is"),
        (publish_module.published.NOWHERE, TAG, "", "URL is"),
        ("", TAG, "", "URL is ''"),
        (URL, "main", "", "TAG is 'main'; expected v and three numbers"),
        (URL, "v1.0", "", "TAG is"),
        (URL, "", "", "TAG is ''"),
        ("https://codes.example.org/ada/x", TAG, "", "SITE is missing"),
        (URL, TAG, "my place", "SITE is 'my place'"),
    ],
)
def test_it_refuses_what_nobody_could_reach(url, tag, site, said):
    with pytest.raises(ValueError, match=said):
        publish_module.checked(url, tag, site)


def test_it_refuses_in_one_line_with_status_2_and_writes_nothing(copy):
    before = contents(copy)
    done = publish(copy, "--url", URL, "--tag", "main")
    assert done.returncode == 2
    assert done.stderr.startswith("publish: TAG is 'main'")
    assert len(done.stderr.splitlines()) == 1
    assert contents(copy) == before


@pytest.mark.parametrize("name", ["CITATION.cff", "new.txt"])
def test_it_refuses_what_is_not_committed(copy, name):
    with (copy / name).open("a", encoding="utf-8") as file:
        file.write("# mine\n")
    before = contents(copy)
    done = publish(copy, "--url", URL, "--tag", TAG)
    assert done.returncode == 2
    assert f"such as {name}: commit them first" in done.stderr
    assert contents(copy) == before


def test_a_file_that_lacks_its_line_stops_it_before_anything_is_written(copy):
    path = copy / "CITATION.cff"
    text = path.read_text(encoding="utf-8").replace("repository-code", "code")
    path.write_text(text, encoding="utf-8")
    git(copy, "commit", "--quiet", "--all", "--message", "broken")
    before = contents(copy)
    done = publish(copy, "--url", URL, "--tag", TAG)
    assert done.returncode == 2 and "CITATION.cff has 0 lines like" in done.stderr
    assert contents(copy) == before


def test_what_breaks_on_the_way_is_taken_back(copy):
    broken = copy / "notebooks/foundations/softmax.ipynb"
    broken.write_text(broken.read_text("utf-8").replace('"title"', '"name"'), "utf-8")
    git(copy, "commit", "--quiet", "--all", "--message", "broken")
    before = contents(copy)
    done = publish(copy, "--url", URL, "--tag", TAG)
    assert done.returncode == 1
    assert "publish: nothing was changed" in done.stderr
    assert contents(copy) == before
