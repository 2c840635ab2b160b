"""Whatever of the package a notebook calls shows by a runnable example how to."""

import ast
import importlib
import inspect
import json
from pathlib import Path

import pytest

NOTEBOOKS = sorted(
    (Path(__file__).parent.parent / "notebooks").rglob("[!.]*.ipynb"),
)


def code_of(notebook):
    """The code cells of a notebook as one syntax tree, without lines for IPython."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    lines = "\n".join(sources).splitlines()
    return ast.parse("\n".join(x for x in lines if not x.lstrip().startswith("%")))


def called(notebook):
    """The functions of the package that a notebook calls, by their names."""
    tree, known, found = code_of(notebook), {}, {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("course_lib"):
            module = importlib.import_module(node.module)
            for name in node.names:
                if not hasattr(module, name.name):
                    importlib.import_module(f"{node.module}.{name.name}")
                known[name.asname or name.name] = getattr(module, name.name)

    def resolve(node):
        if isinstance(node, ast.Name):
            return known.get(node.id)
        if isinstance(node, ast.Attribute):
            return getattr(resolve(node.value), node.attr, None)
        return None

    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            value = inspect.unwrap(resolve(node.func))
            if inspect.isfunction(value) and value.__module__.startswith("course_lib"):
                name = f"{value.__module__}.{value.__qualname__}"
                found[name.removeprefix("course_lib.")] = value
    return found


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_a_notebook_calls_has_an_example(notebook):
    functions = called(notebook)
    # The search finds something: each page has a picture.
    assert functions.keys() & {"plots.show", "plots.interact"}
    without = {n for n, f in functions.items() if ">>>" not in inspect.getdoc(f)}
    assert without == set()
