"""Processes that a test looks at from outside: stopped, killed, or two at once.

They are forks of this one where that is safe, and so have everything imported and start
in milliseconds. Where it is not, with a GPU or on a Mac, they start from nothing.
"""

import multiprocessing
import os
import signal
import sys
import tempfile
import warnings
from pathlib import Path

import torch
from accelerate.state import AcceleratorState

from course_lib.devices import accelerator

SAFE = sys.platform == "linux" and not torch.cuda.is_available()
CONTEXT = multiprocessing.get_context("fork" if SAFE else "spawn")


class Forked:
    """A function of a module at work in a process of its own."""

    def __init__(self, function, *arguments):
        self.folder = tempfile.TemporaryDirectory()
        self.process = CONTEXT.Process(
            target=captured, args=(self.folder.name, function, arguments)
        )
        with warnings.catch_warnings():
            # Other threads are lost in a fork: here those of pytest-xdist alone.
            warnings.filterwarnings("ignore", "This process .* is multi-threaded")
            self.process.start()

    def end(self, seconds=120):
        """Wait until it ends; return its exit status and all that it printed."""
        self.process.join(seconds)
        status = self.process.exitcode
        if status is None:
            self.process.kill()
            self.process.join()
        out, err = (
            Path(self.folder.name, name).read_text(encoding="utf-8")
            for name in ("out", "err")
        )
        self.folder.cleanup()
        assert status is not None, f"after {seconds} seconds still at work:\n{err}"
        return status, out, err


def captured(folder, function, arguments):
    """Do the work of a `Forked`, whose prints go into files."""
    # Where tests run in the background of a script, Ctrl-C is ignored from birth.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, name in ((1, "out"), (2, "err")):
        file = open(Path(folder, name), "w", encoding="utf-8")  # noqa: SIM115
        os.dup2(file.fileno(), number)
        setattr(sys, f"std{name}", file)
    function(*arguments)


def forget_devices():
    """Let this process look for devices, processes and precision anew."""
    AcceleratorState._reset_state(reset_partial_state=True)
    accelerator.cache_clear()
