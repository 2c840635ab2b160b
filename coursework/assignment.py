"""An assignment as `make homework` has built it, from the judge's side."""

import ast
import builtins
import json
import math
import re
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from coursework import notebook
from coursework.notebook import Notebook, spaces


@dataclass
class Assignment:
    """The tests of each question, and what the notebook given to students holds."""

    name: str
    tests: dict[str, Any]  # otter-grader's test files, in the order of the notebook
    needs: dict[str, set[str]]  # the names that a question's tests use
    files: dict[str, bytes] = field(default_factory=dict)  # beside the notebook
    template: Notebook | None = None  # as the students got it
    written: dict[str, str] = field(default_factory=dict)  # text → question
    read: dict[str, float] = field(default_factory=dict)  # points that a person gives

    def imports(self) -> dict[str, Any]:
        """Return what the students' notebook imports, imported here.

        So tests can use `torch` without importing it, and it is never the student's.
        """
        names: dict[str, Any] = {}
        for tree in self._given():
            for node in ast.walk(tree):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    text = ast.unparse(node)
                    if "otter" not in text:
                        try:
                            exec(text, names)
                        except ImportError:
                            continue
        names.pop("__builtins__", None)
        return names

    def warnings(self) -> list[str]:
        """Say which tests use a name that students are given, and so can change."""
        given = {
            name
            for tree in self._given()
            for node in tree.body
            if not isinstance(node, ast.Import | ast.ImportFrom)
            if not _left_open(node)
            for name in _bound(node)
        }
        return [
            f"{self.name}: the tests of {question} use {', '.join(sorted(names))}, "
            "which the notebook defines and a student can redefine: define it in the "
            "test"
            for question, needed in self.needs.items()
            if (names := needed & given)
        ]

    def _given(self) -> list[ast.Module]:
        trees = []
        for cell in self.template.cells if self.template else []:
            if cell.kind == "code" and not cell.answer:
                lines = cell.source.splitlines()
                code = [
                    line for line in lines if not line.lstrip().startswith(("%", "!"))
                ]
                try:
                    trees.append(ast.parse("\n".join(code)))
                except SyntaxError:
                    continue
        return trees


def load(folder: Path, masters: Path | None = None) -> Assignment:
    """Read an assignment from `_build/homework/NAME`; `masters` has `NAME.ipynb`.

    Raises `FileNotFoundError` if there is no autograder.
    """
    name = folder.name
    archives = sorted((folder / "autograder").glob("*.zip"))
    if not archives:
        raise FileNotFoundError(
            f"there is no autograder in {folder / 'autograder'}: run make homework"
        )
    made = Assignment(name, {}, {})
    given = folder / "student" / f"{name}.ipynb"
    if given.exists():
        made.template = notebook.read(given.read_bytes())
    with (
        tempfile.TemporaryDirectory() as place,
        zipfile.ZipFile(archives[-1]) as archive,
    ):
        for member in archive.namelist():
            if member.startswith("tests/") and member.endswith(".py"):
                path = Path(archive.extract(member, place))
                test, needed = _test(path)
                made.tests[test.name], made.needs[test.name] = test, needed
            elif member.startswith("files/") and not member.endswith("/"):
                made.files[member.removeprefix("files/")] = archive.read(member)
    order = _order(made.template)
    made.tests = {q: made.tests[q] for q in sorted(made.tests, key=order)}
    master = masters / f"{name}.ipynb" if masters else None
    made.written, read = _written(made.template, master)
    both = made.tests.keys()
    made.read = {q if q not in both else f"{q} (written)": read[q] for q in read}
    return made


def _order(template: Notebook | None) -> Any:
    cells = template.checks() if template else {}
    place = {q: n for n, questions in cells.items() for q in questions}

    def key(question: str) -> Any:
        digits = [int(d) for d in re.findall(r"\d+", question)]
        return place.get(question, 10**6), digits, question

    return key


def _test(path: Path) -> tuple[Any, set[str]]:
    """Return otter-grader's own object for a test file, and the names in its code."""
    from otter.test_files import ExceptionTestFile, OKTestFile

    source = path.read_text("utf-8")
    if re.search(r"^OK_FORMAT\s*=\s*True", source, re.MULTILINE):
        test = OKTestFile.from_file(str(path))
        codes = [_without_prompts(case.body) for case in test.test_cases]
    else:
        test = ExceptionTestFile.from_file(str(path))
        codes = [source]
    return test, {name for code in codes for name in names_in(code)}


def _without_prompts(text: str) -> str:
    lines = [line for line in text.splitlines() if line.startswith((">>> ", "... "))]
    return "\n".join(line[4:] for line in lines)


def names_in(code: str) -> set[str]:
    """Return the names that a test takes from the notebook: read, and not its own.

    >>> test = "def t(env, double):\\n    y = 4\\n    assert double(len(env['x'])) == y"
    >>> sorted(names_in(f"import case\\n@case.test\\n{test}"))
    ['double', 'env', 'x']
    """
    read: set[str] = set()
    own: set[str] = set()
    tree = ast.parse(code)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    tests = [function for function in functions if function.decorator_list]
    asked = {arg.arg for test in tests for arg in test.args.args}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else own).add(node.id)
        elif isinstance(node, ast.arg):
            own.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            own.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            own |= {(a.asname or a.name).partition(".")[0] for a in node.names}
    if "env" in asked:
        texts = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]
        read |= {str(text) for text in texts if str(text).isidentifier()}
    return {name for name in read - own | asked if not hasattr(builtins, name)}


def _bound(node: ast.stmt) -> set[str]:
    """Return the names that a statement of the notebook gives to something."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    stored = [n for n in ast.walk(node) if isinstance(n, ast.Name)]
    return {n.id for n in stored if isinstance(n.ctx, ast.Store)}


def _left_open(node: ast.stmt) -> bool:
    """Whether it is `name = ...`, for the student to fill in."""
    value = node.value if isinstance(node, ast.Assign) else None
    return isinstance(value, ast.Constant) and value.value is ...


def _written(
    template: Notebook | None, master: Path | None
) -> tuple[dict[str, str], dict[str, float]]:
    """Return which question has which text, for those that a person grades, and for
    how many points.

    Both stand in the master alone; without it they are numbered, for any points.
    """
    texts = list(notebook.written_answers(template)) if template else []
    names = {text: f"written {n}" for n, text in enumerate(texts, 1)}
    points: dict[str, float] = {}
    if master is not None and master.exists():
        cells = json.loads(master.read_text("utf-8"))["cells"]
        question: Any = None
        for cell in cells:
            source = "".join(cell["source"])
            if cell["cell_type"] == "raw" and "BEGIN QUESTION" in source:
                question = yaml.safe_load(source)
            elif question and cell["cell_type"] == "markdown":
                # Students read the same, followed by the number of points.
                for text in names:
                    if question.get("manual") and text.startswith(spaces(source)):
                        names[text] = str(question["name"])
                        points[names[text]] = float(question.get("points", 1))
                question = None
    return names, {name: points.get(name, math.inf) for name in names.values()}
