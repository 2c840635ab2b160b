"""The student's side, inside the sandbox: run cells, and do what the judge asks.

Nothing here is trusted by the judge. Whoever patches this module, torch or Python from
a notebook changes what comes back, which is no more than the notebook's own functions
could do. No test is ever here: only the inputs with which it calls a function.
"""

import io
import itertools
import operator
import os
import pickle
import random
import resource
import signal
import socket
import sys
import threading
import types
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch

from coursework.changes import content, state
from coursework.shell import shell
from coursework.wire import Broken, Packer, receive, send

MOST_ITEMS = 100_000
MOST_TEXT = 2_000
MOST_GRAPHS = 64


class Unpickler(pickle.Unpickler):
    """Put the student's own objects where the judge's stand-ins were."""

    def __init__(self, blob: bytes, objects: list[Any], names: dict[str, Any]) -> None:
        super().__init__(io.BytesIO(blob))
        self._objects, self._names = objects, names

    def persistent_load(self, pid: Any) -> Any:
        """Return the student's object for a stand-in."""
        kind, key = pid
        if kind == "object":
            return self._objects[key]
        if key not in self._names:
            raise NameError(f"name {key!r} is not defined")
        return self._names[key]


class Worker:
    """One notebook's names, and the objects that the judge holds stand-ins for."""

    def __init__(self, channel: socket.socket) -> None:
        self.channel = channel
        self.objects: list[Any] = []
        self.graphs: dict[int, tuple[list[Any], list[Any]]] = {}
        self.shell = shell()
        self.process = os.getpid()

    def serve(self) -> None:
        """Answer requests until the judge hangs up."""
        while True:
            try:
                head, blob = receive(self.channel.recv)
            except (EOFError, OSError, Broken):
                return
            packer = Packer(self.keep)
            try:
                reply = getattr(self, f"do_{head['do']}")(head, blob, packer)
                data = packer.blob()
            except BaseException as error:
                reply, data = {"error": described(error)}, b""
            if os.getpid() != self.process:
                os._exit(0)  # a fork that came back from a cell
            send(self.channel, reply | {"id": head["id"]}, data)

    def do_files(self, head: dict[str, Any], blob: bytes, packer: Packer) -> Any:
        """Write the files that the assignment comes with."""
        for name, data in pickle.loads(blob).items():
            place = Path.cwd() / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        return {}

    def do_cell(self, head: dict[str, Any], blob: bytes, packer: Packer) -> Any:
        """Run one cell; an error in it is told, and ends nothing."""
        result = self.shell.run_cell(head["source"], store_history=False)
        error = result.error_before_exec or result.error_in_exec
        return {"failed": described(error) if error is not None else None}

    def do_name(self, head: dict[str, Any], blob: bytes, packer: Packer) -> Any:
        """Say what a name of the notebook stands for."""
        names = self.shell.user_ns
        if head["name"] not in names:
            return {"missing": True}
        return {"value": packer.tree(names[head["name"]])}

    def do_operate(self, head: dict[str, Any], blob: bytes, packer: Packer) -> Any:
        """Call a function, read an attribute, … and say what came of it."""
        with (
            torch.inference_mode(head["inference"]),
            torch.set_grad_enabled(head["grad"]),
        ):
            asked = Unpickler(blob, self.objects, self.shell.user_ns).load()
            seed(asked["random"])
            given, before = asked["parts"], [state(x) for x in asked["parts"]]
            operation = OPERATIONS[head["operation"]]
            counted = mode("_Counted") if head["count"] else None
            formula = mode("WithoutAutograd") if head["formula"] else None
            with counted or nullcontext(), formula or nullcontext():
                value = operation(*asked["args"], **asked["kwargs"])
            reply: dict[str, Any] = {"value": packer.tree(value)}
            results = {
                str(i): x
                for i, x in enumerate(packer.given)
                if x.requires_grad and not isinstance(x, torch.nn.Parameter)
            }
            if results:
                reply["graph"] = self.remember(given, list(results.values()))
                reply["results"] = list(results)
            changed = [i for i, x in enumerate(given) if state(x) != before[i]]
            reply["changed"] = [[i, packer.tree(content(given[i]))] for i in changed]
            reply["counted"] = counted.number if counted is not None else 0
            return reply

    def remember(self, given: list[Any], results: list[Any]) -> int:
        """Keep what a gradient needs; the oldest goes when there are many."""
        number = max(self.graphs, default=-1) + 1
        tensors = [x for x in given if isinstance(x, torch.Tensor)]
        wanted = [x for x in tensors if x.requires_grad]
        self.graphs[number] = (wanted, results)
        self.graphs.pop(number - MOST_GRAPHS, None)
        return number

    def do_backward(self, head: dict[str, Any], blob: bytes, packer: Packer) -> Any:
        """Carry gradients from results back to the inputs, and to what is in here."""
        inputs, results = self.graphs[head["graph"]]
        for x in inputs:
            x.grad = None
        pairs = zip(results, pickle.loads(blob), strict=True)
        known = [(x, grad) for x, grad in pairs if grad is not None]
        torch.autograd.backward(
            [x for x, _ in known], [grad for _, grad in known], retain_graph=True
        )
        return {"value": packer.tree([x.grad for x in inputs])}

    def keep(self, value: Any) -> dict[str, Any]:
        """Keep an object here, and return what stands for it."""
        self.objects.append(value)
        name = getattr(value, "__name__", type(value).__name__)
        return {
            "object": len(self.objects) - 1,
            "type": str(type(value).__name__)[:80],
            "name": str(name)[:80],
            "module": isinstance(value, types.ModuleType),
        }


OPERATIONS: dict[str, Callable[..., Any]] = {
    "call": lambda function, *args, **kwargs: function(*args, **kwargs),
    "attribute": getattr,
    "set": setattr,
    "item": operator.getitem,
    "length": len,
    "items": lambda many: list(itertools.islice(many, MOST_ITEMS)),
}


def mode(kind: str) -> Any:
    """Return what counts the calls of torch, or stops autograd, as checks do."""
    from course_lib.checks import expect

    return getattr(expect, kind)()


def seed(states: dict[str, Any] | None) -> None:
    """Go on from where the judge's random numbers are, if it set them."""
    if states is not None:
        torch.set_rng_state(states["torch"])
        np.random.set_state(states["numpy"])  # noqa: NPY002
        random.setstate(states["python"])


def described(error: BaseException) -> dict[str, str]:
    """Return an error as text: its type, the nearest built-in one, its message."""
    known = [c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins"]
    try:
        text = str(error)
    except BaseException:
        text = "(its message cannot be read)"
    name = str(type(error).__name__)
    return {"type": name[:80], "known": known[0], "text": text[:MOST_TEXT]}


def limit(limits: dict[str, int]) -> None:
    """Set limits that no code in here can raise again."""
    for name, most in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}", None)
        if kind is not None:
            hard = resource.getrlimit(kind)[1]
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (most, most))


def quiet() -> socket.socket:
    """Return the channel to the judge, and let all else be read from and written to
    nowhere: an output of gigabytes costs time alone."""
    channel = socket.socket(fileno=os.dup(0))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    return channel


def main(home: str, *limits: str) -> None:
    """Set limits, go to an empty folder, serve: `worker.py HOME NAME=NUMBER …`."""
    for folder in ("home", "work"):
        (Path(home) / folder).mkdir(exist_ok=True)
    os.environ["HOME"] = os.path.join(home, "home")
    os.chdir(os.path.join(home, "work"))
    sys.path.insert(0, os.getcwd())
    limit({name: int(number) for name, _, number in (x.partition("=") for x in limits)})
    channel = quiet()
    torch.set_num_threads(1)
    # A thread must be possible: otherwise libraries die in the middle of a notebook.
    threading.Thread(target=signal.Signals, args=(2,)).start()
    Worker(channel).serve()
    os._exit(0)  # whatever the notebook left running


if __name__ == "__main__":
    main(*sys.argv[1:])
