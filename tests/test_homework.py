"""The assignments, as students get, solve and hand them in: `make test` runs this last.

A solution is executed once, and what a variant changes is executed on top of it. The
questions are then graded by otter, in this process. The solution, an empty notebook and
a rearranged one go all the way through a kernel.
"""

import ast
import copy
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import nbformat
import pytest
import yaml
from colab.run import environment
from homework import variants
from otter.execute import Checker, grade_notebook
from otter.nbmeta_config import NBMetadataConfig
from otter.run import main as otter_run

from course_lib.homework import own, seeded
from coursework.build import MASTERS, ROOT, build

NAMES = sorted(path.stem for path in MASTERS.glob("*.ipynb"))
VARIANTS = [(name, variant) for name in NAMES for variant in variants.of(name)]


def grouped(names):
    """One process of xdist for an assignment: its solution is executed once."""
    return [pytest.param(n, marks=pytest.mark.xdist_group(n), id=n) for n in names]


each = pytest.mark.parametrize("name", grouped(NAMES))
PLACE = Path(mkdtemp(prefix="homework"))


@pytest.fixture(autouse=True, scope="session")
def small():
    """The smallest size, and nothing left behind."""
    before = dict(os.environ)
    os.environ.update(COURSE_SCALE="smoke", MPLBACKEND="agg")
    yield
    os.environ.clear()
    os.environ.update(before)
    subprocess.run(["rm", "-r", str(PLACE)], check=True)


@cache
def built(name, year=2026):
    return build(MASTERS / f"{name}.ipynb", year, PLACE / str(year))


def cells(path):
    return nbformat.read(path, as_version=4).cells


def code_of(path):
    return [c.source for c in cells(path) if c.cell_type == "code"]


@cache
def solved(name, student="ada-1815"):
    """The variables that a solution ends with, for the student of that id."""
    found = {"__name__": "__main__"}
    for source in code_of(built(name) / "solution" / f"{name}.ipynb"):
        if source.startswith(("# @title Set up", "grader.check")):
            continue
        source = source.replace("ada-1815", student)
        exec(compile(source, f"<{name}>", "exec"), found)
    return found


@cache
def hidden_and_public(name, year=2026):
    """The folder of the tests that an autograder has."""
    folder = PLACE / f"tests-{name}-{year}"
    with zipfile.ZipFile(built(name, year) / "autograder/autograder.zip") as archive:
        archive.extractall(folder)
    return folder / "tests"


def graded(variables, tests):
    """Points for each question, and all points that it has."""
    points = {}
    for path in sorted(tests.glob("*.py")):
        with redirect_stdout(io.StringIO()):
            result = Checker.check(
                str(path), NBMetadataConfig(), global_env=dict(variables)
            )
        points[path.stem] = (result.score, result.possible)
    return points


def lost(points):
    return {q: most - got for q, (got, most) in points.items() if got < most}


def submitted(path, name):
    """Points for a notebook through `otter run`, as on an instructor's machine."""
    with redirect_stdout(io.StringIO()):
        results = otter_run(
            str(path),
            autograder=str(built(name) / "autograder/autograder.zip"),
            output_dir=None,
            no_logo=True,
        )
    assert not results.has_catastrophic_failure(), results.catastrophic_error
    return {q: (file.score, file.possible) for q, file in results.results.items()}


@each
def test_a_master_is_a_notebook_without_outputs(name):
    path = MASTERS / f"{name}.ipynb"
    text = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    assert text == nbformat.writes(notebook, indent=1) + "\n"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs for cell in code)
    assert max(len(line) for c in code for line in c.source.splitlines()) <= 79


@each
def test_the_points_are_those_of_the_card(name):
    """And each assignment asks for a guess, a picture looked at, and words."""
    master = "\n".join(cell.source for cell in cells(MASTERS / f"{name}.ipynb"))
    card = re.search(
        r"\*\*Points\*\* \| (\d+), of which (\d+) are graded by tests and (\d+)", master
    )
    total, tested, read = map(int, card.groups())
    asked = [yaml.safe_load(c) for c in re.findall(r"# BEGIN QUESTION\n(.*)", master)]
    manual = re.findall(r"manual: true\npoints: (\d+)", master)
    points = graded({}, hidden_and_public(name))
    assert sum(most for _, most in points.values()) == tested
    assert sum(map(int, manual)) == read and total == tested + read
    assert len(asked) == len(points) + len(manual)
    assert master.count("**Rubric**") == len(manual) >= 1
    for wanted in ("**Guess before you go on**", "**Look at the picture.**"):
        assert wanted in master


@each
def test_a_solution_has_all_points(name):
    points = submitted(built(name) / "solution" / f"{name}.ipynb", name)
    assert lost(points) == {} and len(points) >= 5


@each
def test_an_empty_notebook_has_none(name):
    points = submitted(built(name) / "student" / f"{name}.ipynb", name)
    assert {got for got, _ in points.values()} == {0}


@each
def test_a_rearranged_notebook_keeps_all(name, tmp_path, monkeypatch):
    """Cells added, markdown in another order and a kernel that nobody else has."""
    monkeypatch.chdir(tmp_path)  # where the notebook writes its public tests
    notebook = nbformat.read(built(name) / "solution" / f"{name}.ipynb", as_version=4)
    prose = [c for c in notebook.cells if c.cell_type == "markdown"]
    code = [c for c in notebook.cells if c.cell_type == "code"]
    added = [nbformat.v4.new_code_cell(f"my_note = {i}; 1 / {i}") for i in range(3)]
    notebook.cells = [*added, *prose[::-1], *code, *copy.deepcopy(added)]
    notebook.metadata.kernelspec = {"name": "my-env", "display_name": "My own"}
    path = tmp_path / "Übung 'no 1' (2).ipynb"
    nbformat.write(notebook, path)
    tests = [str(test) for test in hidden_and_public(name).glob("*.py")]
    with redirect_stdout(io.StringIO()):
        results = grade_notebook(
            str(path),
            tests_glob=tests,
            cwd=str(tmp_path),
            test_dir=str(hidden_and_public(name)),
        )
    points = {q: (f.score, f.possible) for q, f in results.results.items()}
    assert lost(points) == {} and len(points) == len(tests)


@pytest.mark.parametrize(
    ("name", "variant"),
    [
        pytest.param(n, v, marks=pytest.mark.xdist_group(n), id=f"{n}: {v.name}")
        for n, v in VARIANTS
    ],
)
def test_a_variant_loses_what_it_should(name, variant):
    changed = dict(solved(name))
    exec(compile(variant.code, f"<{variant.name}>", "exec"), changed)
    assert lost(graded(changed, hidden_and_public(name))) == variant.lost


@each
def test_another_student_has_all_points_and_copied_numbers_show(name):
    other = solved(name, "grace-1906")
    assert lost(graded(other, hidden_and_public(name))) == {}
    for student in ("grace-1906", ...):
        copied = {**solved(name), "student": student}
        assert sum(lost(graded(copied, hidden_and_public(name))).values()) >= 1


@each
def test_another_year_has_other_numbers(name):
    later = built(name, 2031)
    assert "year = 2031" in code_of(later / "student" / f"{name}.ipynb")[1]
    assert lost(graded(solved(name), hidden_and_public(name, 2031)))


def secret(name):
    """The lines of a master that no student may see."""
    shown, hidden = set(), set()
    for cell in cells(MASTERS / f"{name}.ipynb"):
        if cell.cell_type == "raw":
            continue
        text, inside = cell.source, False
        whole = text.startswith("**Rubric**") or "hidden: true" in text[:60]
        if "BEGIN TEST CONFIG" in text:  # otter writes tests down in its own words
            text += "\n" + ast.unparse(ast.parse(text))
        for line in text.splitlines():
            inside = inside or "# BEGIN SOLUTION" in line
            mine = whole or inside or line.endswith("# SOLUTION")
            (hidden if mine else shown).add(line.removesuffix("# SOLUTION").strip())
            inside = inside and "# END SOLUTION" not in line
    return {line for line in hidden - shown if len(line) > 12}


@each
def test_nothing_that_a_student_gets_has_a_hidden_test_or_an_answer(name, tmp_path):
    lines = secret(name)
    assert len(lines) > 40
    with zipfile.ZipFile(built(name) / "student.zip") as archive:
        archive.extractall(tmp_path)
        assert f"{name}.ipynb" in archive.namelist()
    files = [*tmp_path.rglob("*"), *(built(name) / "student").rglob("*")]
    for path in filter(Path.is_file, files):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":  # all of it, with metadata
            text += "\n".join(strings(json.loads(text)))
        found = [line for line in lines if line in text]
        assert found == [], path
        assert not re.search(r"def hidden_|Rubric|hidden=True", text), path


def strings(value):
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [value] if isinstance(value, str) else []


COLAB = """
import json, sys, types
from pathlib import Path

# What otter recognises Colab by is the name of its shell.
from IPython.core.interactiveshell import InteractiveShell

Shell = type("Shell", (InteractiveShell,), {"__module__": "google.colab._shell"})
shell = Shell.instance()
said = {}
for cell in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["cells"]:
    if cell["cell_type"] == "code":
        source = "".join(cell["source"])
        result = shell.run_cell(source)
        result.raise_error()
        if source.startswith("grader.check"):
            said[source] = result.result.summary()
import course_lib

said["package"] = course_lib.__file__
said["interpreter"] = shell.user_ns["grader"].interpreter.name
Path("said.json").write_text(json.dumps(said), encoding="utf-8")
"""


@pytest.fixture(scope="session")
def wheel():
    """The package as Colab installs it, unpacked."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", str(PLACE), str(ROOT)]
    subprocess.run(command, check=True)
    with zipfile.ZipFile(next(PLACE.glob("*.whl"))) as archive:
        archive.extractall(PLACE / "installed")
    return PLACE / "installed"


@each
def test_an_empty_notebook_runs_on_colab_and_says_what_is_missing(
    name, wheel, tmp_path
):
    """From an installed wheel, in an empty folder, with the notebook alone."""
    script = tmp_path / "colab.py"
    script.write_text(COLAB, encoding="utf-8")
    folder = tmp_path / "content"
    folder.mkdir()
    notebook = built(name) / "student" / f"{name}.ipynb"
    subprocess.run(
        [sys.executable, "-W", "ignore", str(script), str(notebook)],
        cwd=folder,
        env={**os.environ, **environment(wheel, "otter-grader")},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    said = json.loads((folder / "said.json").read_text(encoding="utf-8"))
    assert Path(said.pop("package")).is_relative_to(wheel)
    assert said.pop("interpreter") == "COLAB"
    assert len(said) == len(list(hidden_and_public(name).glob("*.py")))
    for summary in said.values():
        assert "Not done yet: replace the dots." in summary, summary


def test_numbers_belong_to_a_student_a_year_and_a_task():
    drawn = {
        tuple(seeded(*who).random(3))
        for who in (
            ("ab12", 2026, "kl"),
            ("ab13", 2026, "kl"),
            ("ab12", 2027, "kl"),
            ("ab12", 2026, "lstm"),
            (..., 2026, "kl"),
            (12, 2026, "kl"),
        )
    }
    assert len(drawn) == 6
    assert seeded("12 ", 1, "a").random() == seeded(12, 1, "a").random()
    for nobody in (..., None, "", "  "):
        with pytest.raises(ValueError, match="expected your student id"):
            own(nobody)
