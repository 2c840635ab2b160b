"""What runs a notebook's cells in the sandbox: IPython, without history, and with
nothing where pip and otter-grader would be.
"""

import contextlib
import importlib.machinery
import sys
import types
from typing import Any


def shell() -> Any:
    """Return an IPython shell as a notebook has it, without history, pip and otter."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class Shell(InteractiveShell):
        """One that has no window to draw in, and keeps no copy of what is printed."""

        def enable_gui(self, gui: Any = None) -> None: ...

        def _tee(self, channel: str) -> Any:
            return contextlib.nullcontext()

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    made = Shell.instance(config=config)
    made.magics_manager.register_function(nothing, magic_name="pip")

    class Notebook:
        """Tests are run by the judge, so that `grader.check` has nothing to do here."""

        def __init__(self, *args: Any, **kwargs: Any) -> None: ...

        def __getattr__(self, name: str) -> Any:
            return lambda *args, **kwargs: None

    otter = types.ModuleType("otter")
    otter.Notebook = Notebook  # type: ignore[attr-defined]
    otter.__spec__ = importlib.machinery.ModuleSpec("otter", None)
    sys.modules["otter"] = otter
    return made


def nothing(line: str) -> None:
    """Do nothing, where a notebook asks for packages: there is no network."""
