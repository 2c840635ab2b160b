"""What installing the course does on Colab, and what its notebooks may import there."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from colab import plan
from colab.run import environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted(ROOT.glob("notebooks/[!.]*/*.ipynb"))

#: All that the course adds to what Colab brings; nothing that is there is replaced.
ADDED = {
    "colorlog",
    "jupyterquiz",
    "optuna",
    "rouge-score",
    "torchtext",
    "vl-convert-python",
}

#: Modules that a package has under another name than its own.
NAMED = {
    "IPython": "ipython",
    "huggingface_hub": "huggingface-hub",
    "sklearn": "scikit-learn",
    "vl_convert": "vl-convert-python",
}


def test_the_recorded_list_says_whence_and_when_it_is():
    text = (plan.HERE / "preinstalled.txt").read_text(encoding="utf-8")
    assert re.search(r"^# From: https://github\.com/googlecolab/", text, re.MULTILINE)
    assert re.search(r"^# Date: .*20\d\d", text, re.MULTILINE)
    assert f"# Python: {plan.COLAB['python_full_version']}\n" in text
    assert {"torch", "transformers", "ipykernel"} <= set(plan.RECORDED)
    assert len(plan.RECORDED) > 500


def test_installing_the_course_changes_nothing_that_colab_brings():
    assert plan.changed(plan.asked()) == []
    assert plan.added(plan.asked()) == ADDED


def test_it_would_be_noticed_if_it_did():
    assert plan.changed(["torch>=99"]) == [
        f"torch>=99 (Colab has {plan.RECORDED['torch']})"
    ]
    assert "onnx" in plan.added(["onnx>=1.16"])
    assert plan.changed(['torch>=99; python_version < "3.5"']) == []


def test_the_assignments_grader_changes_nothing_either():
    """Of otter's requirements two would; the set-up cell leaves all of them out."""
    source = (ROOT / "coursework" / "build.py").read_text(encoding="utf-8")
    line = re.search(r"^    %pip install (.*)$", source, re.MULTILINE).group(1)
    assert "--no-deps" in line
    pins = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    otter = re.search(r"^otter-grader==\S+", pins, re.MULTILINE).group()
    assert plan.changed([otter])  # or the cell need not leave them out


def imported(source):
    """The modules that are imported somewhere, by their first name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


def foreign(modules):
    """The packages of modules that are neither Python's nor the course's."""
    rest = set(modules) - set(sys.stdlib_module_names) - {"course_lib"}
    return {canonicalize_name(NAMED.get(name, name)) for name in rest}


def cells(path):
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            yield re.sub(r"^(\s*)[%!].*$", r"\1pass", source, flags=re.MULTILINE)


def test_the_wheel_asks_for_all_that_its_package_imports():
    sources = (ROOT / "course_lib").rglob("*.py")
    modules = (m for p in sources for m in imported(p.read_text(encoding="utf-8")))
    asked = {canonicalize_name(Requirement(text).name) for text in plan.asked()}
    export = {"onnx", "onnxruntime"}  # an extra: course_lib.models.export says so
    assert foreign(modules) - export - asked == set()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_a_notebook_imports_what_the_wheel_asks_for_or_what_colab_has(path):
    modules = {name for source in cells(path) for name in imported(source)}
    needs = foreign(modules) - {canonicalize_name("otter")}
    asked = {canonicalize_name(Requirement(text).name) for text in plan.asked()}
    assert needs - asked - set(plan.RECORDED) == set()


def test_python_on_colab_has_the_wheel_and_not_what_colab_lacks(tmp_path):
    """The stand-in is tried: without it the next stage would show nothing."""
    wheel = tmp_path / "wheel"
    (wheel / "course_lib").mkdir(parents=True)
    (wheel / "course_lib" / "__init__.py").touch()
    code = """
import sys
from importlib.util import find_spec
import course_lib, google.colab
print(course_lib.__file__)
print(*(n for n in ("coursework", "experiments", "onnx", "nbmake", "pytest")
        if find_spec(n)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, **environment(wheel)},
        capture_output=True,
        text=True,
        check=True,
    )
    place, found = done.stdout.splitlines()
    assert Path(place).is_relative_to(wheel)
    assert found == "pytest"
    assert canonicalize_name("pytest") in plan.RECORDED


def test_python_versions_are_those_that_are_tried():
    """What pyproject.toml allows, the README says, and GitHub's runs try."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    least = re.search(r'requires-python = ">=(3\.\d+)"', project).group(1)
    assert plan.COLAB["python_version"] > least
    workflow = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    tried = re.findall(r'"(3\.\d+)"', workflow.partition("python:")[2])
    assert tried[0] == least and plan.COLAB["python_version"] in tried
