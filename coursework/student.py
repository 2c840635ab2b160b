"""A student's notebook in a sandbox: cells are run one by one, names asked for."""

import pickle
import time
from typing import Any

from coursework.process import Gone, Sandbox
from coursework.sandbox import Limits, Protection

START = 60  # seconds of work until torch is imported there
LOSSES = 2  # sandboxes that one question may bring down


class Unfit(Exception):
    """The sandbox did not start: the machine's fault, and not the student's."""


class Student:
    """A notebook's code cells by number, of which some have run.

    When a cell brings the sandbox down (its process ends, takes too long, …), a new one
    runs all cells but that. When a call does, that call fails, and the next finds a new
    sandbox. `failed` and `left_out` say in words what came of which cell.
    """

    def __init__(
        self,
        cells: dict[int, str],
        protection: Protection,
        limits: Limits,
        files: dict[str, bytes] | None = None,
    ) -> None:
        self._cells, self._protection, self._limits = cells, protection, limits
        self._files = files or {}
        self._end = time.monotonic() + limits.seconds
        self._sandbox: Sandbox | None = None
        self._ran: list[int] = []
        self._todo: list[int] = []
        self._losses = 0
        self.generation = -1  # which sandbox this is: the first is number 0
        self.left_out: dict[int, str] = {}
        self.failed: dict[int, str] = {}
        self.peak = 0  # megabytes

    def __enter__(self) -> "Student":
        return self

    def __exit__(self, *error: Any) -> None:
        self._close()

    def run(self, number: int) -> None:
        """Run one more cell: with it, another question begins."""
        self.next_question()
        self._ran.append(number)
        self._todo.append(number)
        try:
            self.alive()
        except Gone as error:
            self.left_out.setdefault(number, str(error))

    def next_question(self) -> None:
        """Forget what the last question has brought down."""
        self._losses = 0

    def ask(
        self, what: str, blob: bytes = b"", **head: Any
    ) -> tuple[dict[str, Any], bytes]:
        """Ask for something after the cells; the reply is as `Sandbox.ask` gives it.

        Raises `Gone` when there is none, or this question has cost too much already.
        """
        sandbox = self.alive()
        try:
            seconds = self._limits.seconds_call
            return sandbox.ask(what, seconds, blob, left=self._left(), **head)
        except Gone:
            self._losses += 1
            raise

    def alive(self) -> Sandbox:
        """Return a sandbox in which all cells so far have run.

        Raises `Gone` when nothing is left of the limits for another.
        """
        while True:
            sandbox = self._sandbox
            if sandbox is None or sandbox.gone:
                sandbox = self._fresh()
            if not self._todo:
                return sandbox
            number = self._todo.pop(0)
            source, seconds = self._cells[number], self._limits.seconds_cell
            try:
                reply, _ = sandbox.ask(
                    "cell", seconds, left=self._left(), source=source
                )
            except Gone as error:
                self.left_out[number] = str(error)
                continue
            self.failed.pop(number, None)
            if reply.get("failed"):
                self.failed[number] = in_words(reply["failed"])

    def _fresh(self) -> Sandbox:
        if self._losses >= LOSSES:
            raise Gone("brought the sandbox down twice in this question")
        if self.generation >= self._limits.restarts:
            raise Gone(f"brought the sandbox down {self._limits.restarts} times")
        self._left()
        self._close()
        self.generation += 1
        self._sandbox = Sandbox(self._protection, self._limits)
        self._todo = [number for number in self._ran if number not in self.left_out]
        try:
            self._sandbox.ask("files", START, pickle.dumps(self._files))
        except Gone as error:
            raise Unfit(f"The sandbox ({self._protection.name}) {error}.") from None
        return self._sandbox

    def _left(self) -> float:
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise Gone(f"took longer than {self._limits.seconds:.3g} s in all")
        return seconds

    def _close(self) -> None:
        if self._sandbox:
            self._sandbox.close()
            self.peak = max(self.peak, self._sandbox.peak)


def in_words(error: Any) -> str:
    """Return an error that a sandbox has told, in at most 300 characters.

    >>> in_words({"type": "ValueError", "known": "ValueError", "text": "no"})
    'ValueError: no'
    """
    if not isinstance(error, dict):
        return "an error"
    return f"{error.get('type')}: {error.get('text')}"[:300]
