"""Make of each master a notebook for students, its solution and its autograder.

`make homework`, or `make homework YEAR=2027` for numbers that nobody has seen. For each
`notebooks/homework/NAME.ipynb` there is then, in `_build/homework/NAME`:

    student/NAME.ipynb, student/tests/   what students get; also as student.zip
    solution/NAME.ipynb                  with answers and rubrics: for graders
    autograder/autograder.zip            hidden tests; Gradescope takes it as it is

otter-grader takes the masters apart. What it does not do is done here: the year, the
cell that sets a notebook up wherever it is opened, and cell ids that stay the same.
"""

import argparse
import datetime
import re
import shutil
import tempfile
import zipfile
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from otter.assign import main as assign

from notebooks import published

ROOT = Path(__file__).resolve().parent.parent
MASTERS = ROOT / "notebooks" / "homework"
BUILT = ROOT / "_build" / "homework"

#: Where a master has the year that its numbers derive from.
YEAR = re.compile(r"\b(year ?= ?)\d{4}\b", re.IGNORECASE)

#: What otter imports in a notebook and Colab lacks.
NEEDED = ["fica", "ipylab", "python-frontmatter", "python-on-whales"]

SETUP = """\
# @title Set up: run this cell first
# On Colab it installs the course and the grader; elsewhere they should be
# here. The tests that you may see come with the notebook.
# --no-deps: the grader would replace two packages of Colab's, and needs
# no others of them.
import importlib.util
from pathlib import Path

if importlib.util.find_spec("course_lib") is None:
{install}
if importlib.util.find_spec("otter") is None:
    %pip install --quiet --no-deps {otter}

public_tests = {{
{tests}
}}
Path("tests").mkdir(exist_ok=True)
for name, text in public_tests.items():
    if not Path(f"tests/{{name}}.py").exists():
        Path(f"tests/{{name}}.py").write_text(text, encoding="utf-8")

import otter

grader = otter.Notebook(tests_dir="tests")"""


def build(master: Path, year: int, built: Path = BUILT) -> Path:
    """Build one assignment and return its folder, `built`/NAME.

    Raises ValueError if the master's config or a public test cannot be used.
    """
    name = master.stem
    built.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=built) as scratch:
        made, target = Path(scratch), Path(scratch) / name
        prepared = made / master.name
        prepared.write_text(_prepared(master, year), encoding="utf-8")
        assign(str(prepared), str(target), no_pdfs=True, no_run_tests=True)
        (target / "solution").mkdir()
        autograder, student = target / "autograder", target / "student"
        solution = target / "solution" / master.name
        (autograder / master.name).rename(solution)
        (archive,) = autograder.glob("*.zip")
        archive.rename(autograder / "autograder.zip")
        setup = _setup(sorted((student / "tests").glob("*.py")))
        for notebook in (student / master.name, solution):
            _finish(notebook, setup, name)
        _zip(student, target / "student.zip")
        shutil.rmtree(built / name, ignore_errors=True)
        return target.rename(built / name)


def _prepared(master: Path, year: int) -> str:
    """Return the master of that year, which says what an autograder must install."""
    notebook = nbformat.read(master, as_version=4)
    pinned, course = _pin("otter-grader"), published.course()
    first = notebook.cells[0]
    if not first.source.startswith("# ASSIGNMENT CONFIG"):
        raise ValueError(
            f"{master.name} begins with {first.source[:30]!r}; expected a raw cell "
            "that begins with '# ASSIGNMENT CONFIG'"
        )
    torch = "--extra-index-url https://download.pytorch.org/whl/cpu"
    needs = [torch, f"course-lib @ {course}", pinned]
    first.source += "\nrequirements:\n" + "\n".join(f"    - {need!r}" for need in needs)
    for cell in notebook.cells:
        cell.source = YEAR.sub(rf"\g<1>{year}", cell.source)
    return nbformat.writes(notebook)


def _setup(tests: list[Path]) -> str:
    """Return the cell that installs what is missing and writes the public tests."""
    entries = []
    for path in tests:
        text = path.read_text(encoding="utf-8").strip() + "\n"
        if "'''" in text or "\\" in text:
            raise ValueError(
                f"the public test {path.name} has ''' or a backslash; expected none, "
                "as the notebook carries it between '''"
            )
        entries.append(f"    {path.stem!r}: '''{text}''',")
    return SETUP.format(
        install=published.install(),
        otter=" ".join([_pin("otter-grader"), *NEEDED]),
        tests="\n".join(entries),
    )


def _finish(path: Path, setup: str, name: str) -> None:
    """Add the setup cell and the assignment's name; number the cells, as otter gives
    them random ids.

    With `name` in the master's config otter would write the name too. But then its
    autograder would refuse a whole notebook that has lost it on the way.
    """
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.setdefault("otter", {})["assignment_name"] = name
    notebook.cells.insert(1, _form(setup))
    for i, cell in enumerate(notebook.cells):
        cell.id = f"cell-{i}"
    nbformat.validate(notebook)
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


def _form(source: str) -> NotebookNode:
    hidden = {"cellView": "form", "jupyter": {"source_hidden": True}}
    return nbformat.v4.new_code_cell(source, metadata=hidden)


def _zip(folder: Path, archive: Path) -> None:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                file.write(path, path.relative_to(folder))


def _pin(package: str) -> str:
    pins = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    found = re.search(rf"^{package}==\S+", pins, re.MULTILINE)
    if not found:
        raise ValueError(f"requirements.txt has no line '{package}==...'; expected one")
    return found.group()


def main() -> None:
    """Build all assignments, or those that are named."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("names", nargs="*", help="assignments; all if none is named")
    this_year = datetime.date.today().year
    parser.add_argument("--year", type=int, default=this_year)
    given = parser.parse_args()
    masters = {path.stem: path for path in sorted(MASTERS.glob("*.ipynb"))}
    unknown = set(given.names) - set(masters)
    if unknown:
        parser.error(f"no assignment {sorted(unknown)}; there are {sorted(masters)}")
    for name in given.names or masters:
        folder = build(masters[name], given.year)
        print(f"{name}: {folder.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
