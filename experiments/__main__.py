"""Run an experiment, or list them with what each costs and asks.

    python -m experiments list
    python -m experiments lstm_to_lstm
    python -m experiments lstm_to_lstm --limit 300 --seeds 0 1

A run that was stopped goes on, and what did not change is not made again. With
`--limit`, so many reviews of each split are read, and the record is written beside the
trial's files in _build/experiments.
"""

import argparse
import importlib
import pkgutil
import sys
from types import ModuleType

import experiments


def found() -> dict[str, ModuleType]:
    """Return the experiments by name: every module here that says its COST."""
    names = [module.name for module in pkgutil.iter_modules(experiments.__path__)]
    modules = {
        name: importlib.import_module(f"experiments.{name}")
        for name in names
        if name != "__main__"
    }
    return {name: m for name, m in modules.items() if hasattr(m, "COST")}


def main(arguments: list[str] | None = None) -> None:
    """Parse a command line and do what it says."""
    known = found()
    parser = argparse.ArgumentParser(
        prog="python -m experiments",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", choices=["list", *known])
    parser.add_argument("--limit", type=int, help="so many reviews a split")
    parser.add_argument("--seeds", type=int, nargs="+", help="instead of its own")
    given = parser.parse_args(arguments)
    if given.name == "list":
        for name, module in known.items():
            question = (module.__doc__ or "").partition("\n")[0]
            print(f"{name:20} {question} ({module.COST})")
        return
    seeds = {"seeds": given.seeds} if given.seeds else {}
    known[given.name].main(given.limit, **seeds)


if __name__ == "__main__":
    main(sys.argv[1:])
