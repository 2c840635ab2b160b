"""One sandbox at work: requests with deadlines, and a watch over what it uses."""

import contextlib
import itertools
import math
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any

import psutil

from coursework.sandbox import Limits, Protection
from coursework.visible import ROOT, environment
from coursework.wire import Broken, receive, send

EVERY = 0.1  # seconds between two looks at what is used


class Gone(Exception):
    """The sandbox is no more, with the reason in words."""


class Sandbox:
    """A process that answers requests, until it breaks a limit or is closed.

    Whatever it does, `ask` returns in time: with a reply, or by raising `Gone`.
    Deadlines count a processor's seconds, so that a busy machine costs nobody points;
    what waits instead of working has `limits.patience` times as long.
    """

    def __init__(self, protection: Protection, limits: Limits) -> None:
        self.limits = limits
        self.gone: str | None = None
        self.peak = 0  # megabytes, as the watch has seen them
        self.worked = 0.0  # seconds of a processor, likewise
        self._numbers = itertools.count()
        inside = protection.name != "unprotected"
        self._home = None if inside else tempfile.mkdtemp(prefix="coursework-")
        kernel = [f"{name}={most}" for name, most in limits.resources().items()]
        worker = [sys.executable, "-m", "coursework.worker", self._home or "/tmp"]
        self._channel, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                protection.command([*worker, *kernel], limits),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment(),
                cwd=self._home or ROOT,
                start_new_session=True,
            )
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()

    def ask(
        self,
        what: str,
        seconds: float,
        blob: bytes = b"",
        *,
        left: float = math.inf,
        **head: Any,
    ) -> tuple[dict[str, Any], bytes]:
        """Send a request and return the reply, after `seconds` of work at the latest,
        and in any case when nothing is `left` by the clock.

        Raises `Gone`, and ends the sandbox, if none comes or it makes no sense.
        """
        if self.gone:
            raise Gone(self.gone)
        number, start = next(self._numbers), time.monotonic()
        patience = min(self.limits.patience * seconds, left)
        worked = self.worked

        def read(most: int) -> bytes:
            while True:
                if self.worked - worked > seconds:
                    raise TimeoutError
                if time.monotonic() - start > patience:
                    raise TimeoutError
                try:
                    return self._channel.recv(most)
                except TimeoutError:
                    pass

        try:
            self._channel.settimeout(patience)
            send(self._channel, {"do": what, "id": number, **head}, blob)
            self._channel.settimeout(EVERY)
            reply, data = receive(read, self.limits.answer << 20)
            if reply.get("id") != number:
                raise Broken("an answer that nobody asked for")
        except TimeoutError:
            self._end(f"took longer than {min(seconds, left):.3g} s")
        except Broken as error:
            self._end(f"sent {error}")
        except (EOFError, OSError):
            self._end("ended its process")
        else:
            return reply, data
        raise Gone(self.gone)

    def close(self) -> None:
        """End the sandbox and everything in it."""
        self._end("closed")

    def _end(self, reason: str) -> None:
        self.gone = self.gone or reason
        kill(self._family())
        self._process.wait()
        self._channel.close()
        if self._home:
            shutil.rmtree(self._home, ignore_errors=True)

    def _family(self) -> list[psutil.Process]:
        try:
            parent = psutil.Process(self._process.pid)
            return [*parent.children(recursive=True), parent]
        except psutil.Error:
            return []

    def _look(self) -> None:
        """End the sandbox when all its processes together use too much."""
        while self._process.poll() is None:
            family = self._family()
            used = sum(map(memory, family)) >> 20
            if used > self.limits.memory:  # pages that several share were counted twice
                used = sum(map(own_memory, family)) >> 20
            self.peak = max(self.peak, used)
            self.worked = max(self.worked, sum(map(work, family)))
            if used > self.limits.memory:
                self.gone = f"used more than {self.limits.memory:,} MB of memory"
            elif len(family) > self.limits.processes + 3:  # and the sandbox's own
                self.gone = f"started more than {self.limits.processes} processes"
            if self.gone:
                kill(family)
            time.sleep(EVERY)


def kill(family: list[psutil.Process]) -> None:
    """End processes, the first of all last: a sandbox ends with its first process."""
    for process in family:
        with contextlib.suppress(psutil.Error):
            process.kill()


def memory(process: psutil.Process) -> int:
    """Return the bytes that a process has in memory, pages shared with others too."""
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def work(process: psutil.Process) -> float:
    """Return for how long a process and its former children have worked."""
    try:
        return float(sum(process.cpu_times()[:4]))
    except psutil.Error:
        return 0.0


def own_memory(process: psutil.Process) -> int:
    """Return the bytes of a process, its share alone of what it shares."""
    try:
        return int(process.memory_full_info().pss)
    except (psutil.Error, AttributeError, OSError):
        return memory(process)
