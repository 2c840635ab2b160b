"""A student's notebook on Colab: an installed wheel, an empty folder, nothing else."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from colab.run import environment
from homework.built import (  # noqa: F401
    PLACE,
    built,
    each,
    hidden_and_public,
    small,
)

from coursework.build import ROOT

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
