"""The assignments as `make homework` builds them, each once in a process."""

import os
import shutil
import zipfile
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import nbformat
import pytest

from coursework.build import MASTERS, build

NAMES = sorted(path.stem for path in MASTERS.glob("*.ipynb"))


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
    shutil.rmtree(PLACE, ignore_errors=True)


@cache
def built(name, year=2026):
    return build(MASTERS / f"{name}.ipynb", year, PLACE / str(year))


def cells(path):
    return nbformat.read(path, as_version=4).cells


def code_of(path):
    return [c.source for c in cells(path) if c.cell_type == "code"]


@cache
def hidden_and_public(name, year=2026):
    """The folder of the tests that an autograder has."""
    folder = PLACE / f"tests-{name}-{year}"
    with zipfile.ZipFile(built(name, year) / "autograder/autograder.zip") as archive:
        archive.extractall(folder)
    return folder / "tests"
