"""The command line: `python -m course_lib --help`.

On several GPUs or machines: `accelerate launch -m course_lib …`.
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import FrameType, ModuleType
from typing import NoReturn

from course_lib.files import WriteError

#: Each command, a module of `course_lib.commands`, and what it is for.
COMMANDS = {
    "distill": "train a teacher, and a student without and with it",
    "soft-targets": "train a teacher, and write down what it says of every review",
    "predict": "read texts with a saved student",
    "evaluate": "see how good a saved student is on labelled texts",
    "export": "write a saved student as ONNX, and compare it with PyTorch",
}


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Exit with status 2 and the message alone, without the usage."""
        self.exit(2, f"{self.prog}: {message}\n")


class Terminated(BaseException):
    """The process was asked to end (SIGTERM)."""


def module_of(command: str) -> ModuleType:
    """Import a command's module, and no other's: they take seconds."""
    return import_module(f"course_lib.commands.{command.replace('-', '_')}")


def build_parser(command: str | None) -> Parser:
    """Describe every command, and the options of one of them; `--help` prints it."""
    parser = Parser(
        prog="python -m course_lib",
        description="Knowledge distillation for text, from the command line.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, purpose in COMMANDS.items():
        described = commands.add_parser(name, help=purpose)
        if name == command:
            module = module_of(name)
            described.description = module.ABOUT
            module.add(described)
    return parser


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line; texts may stand behind options too."""
    parser = build_parser(arguments[0] if arguments else None)
    options, rest = parser.parse_known_args(arguments)
    if rest and ("texts" not in options or any(word[:1] == "-" for word in rest)):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        options.texts += rest
    return options


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return its exit status.

    0 if all is well, also where the reader of a pipe has read enough; 1 for a run that
    failed; 2 for bad input; 130 and 143 for one that was stopped.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a notebook's has no such thing
            # A dash that an old code page lacks must not cost the whole table.
            stream.reconfigure(errors="backslashreplace")
    options = argparse.Namespace(command="course_lib")
    try:
        with termination_raises():
            options = parse(sys.argv[1:] if arguments is None else arguments)
            status: int = module_of(options.command).run(options)
            sys.stdout.flush()
            return status
    except BrokenPipeError:
        # Python flushes once more at its end, into nothing now.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return fail(options, f"stopped by Ctrl-C. {what_is_kept(options)}", 130)
    except Terminated:
        return fail(options, f"asked to end. {what_is_kept(options)}", 143)
    except MemoryError as error:
        return fail(options, str(error) or "the memory is full", 1)
    except (ValueError, OSError, RuntimeError) as error:
        from course_lib.training.errors import TrainingError

        if isinstance(error, WriteError | TrainingError):
            return fail(options, str(error), 1)
        if isinstance(error, RuntimeError):
            raise
        return fail(options, str(error), 2)


@contextmanager
def termination_raises() -> Iterator[None]:
    """Turn SIGTERM into an exception, so that half-written files are cleared away."""

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        raise Terminated

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set what a signal does
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def what_is_kept(options: argparse.Namespace) -> str:
    """Say what a stopped command leaves behind."""
    checkpoint = getattr(options, "checkpoint", None)
    if checkpoint:
        return (
            f"Its checkpoints are in {checkpoint}: the same command goes on from "
            "there, and loses a minute at most"
        )
    if "checkpoint" in options:
        return "Nothing was written: with --checkpoint FOLDER, it could go on later"
    return "What was written whole is kept"


def fail(options: argparse.Namespace, why: str, status: int) -> int:
    """Say what went wrong on one line; return the exit status."""
    print(f"{options.command}: " + " ".join(why.split()), file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
