"""What took hours is not run again here, but what made it still fits the package."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "experiments"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_an_experiment_can_be_imported_and_its_examples_hold(name):
    module = import_module(f"experiments.{name}")
    options = doctest.NORMALIZE_WHITESPACE | doctest.FAIL_FAST
    assert doctest.testmod(module, optionflags=options).failed == 0
