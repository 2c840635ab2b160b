"""Stand-ins for what lies in a student's sandbox, which tests call like itself.

A call sends its arguments over and brings back plain data: numbers, texts, lists,
tensors, arrays. So a test is ordinary Python, and none of it, nor torch, nor `==`, is
the student's.

What crosses as if it were in one process: what a function does to tensors, lists,
models and optimizers that it was given; first gradients, with respect to tensors, to
the parameters of a module that the test passes and to those in the sandbox;
`torch.no_grad` and `inference_mode`; the random generators once a test has set them;
built-in exceptions; the counting of `course_lib.checks`. What does not: gradients of
gradients. An object of no plain type stays where it is and has a stand-in too, whose
attributes, methods, indices, `len` and loops work.
"""

import builtins
import io
import random
from typing import Any

import cloudpickle
import numpy as np
import torch
from torch import Tensor

from coursework.changes import parts, write
from coursework.process import Gone
from coursework.standin import Module, Remote
from coursework.student import Student, in_words
from coursework.wire import WRONG, Broken, tensors_in, unpack

#: Raised in a test, the first three would end a loop of its own without a word; the
#: last says less than the student's own name for it.
NEVER = ("StopIteration", "StopAsyncIteration", "GeneratorExit", "Exception")


class StudentError(RuntimeError):
    """A student's code failed in a way for which Python has no exception."""


class Link:
    """The way from tests to one student's sandbox."""

    def __init__(self, student: Student) -> None:
        self.student = student
        self.lost: list[str] = []  # what calls brought down, in words
        self._seeds: Any = None

    def name(self, name: str) -> Any:
        """Return what a name of the notebook stands for.

        Raises `NameError` if it has none, or that of a module: tests import their own.
        """
        reply, data = self._ask(name, "name", name=name)
        if "value" in reply:
            value = self._read(self._value, reply, data, name)
            if not isinstance(value, Module):
                return value
        raise NameError(f"name {name!r} is not defined")

    def operate(self, operation: str, *args: Any, **kwargs: Any) -> Any:
        """Let the sandbox do something with what is there; return what came of it."""
        mode = _at_work("_Counted")
        with torch._C.DisableTorchFunction():
            given = parts((args, kwargs))
            name = str(args[0].__dict__["__name__"])
            try:
                self.student.alive()
            except Gone as error:
                raise StudentError(f"{name} {error}.") from None
            asked = {"args": args, "kwargs": kwargs, "parts": given}
            blob = self._pickled(asked | {"random": self._random()})
            reply, data = self._ask(
                name,
                "operate",
                blob,
                operation=operation,
                grad=torch.is_grad_enabled(),
                inference=torch.is_inference_mode_enabled(),
                count=mode is not None,
                formula=_at_work("WithoutAutograd") is not None,
            )
            if mode is not None:
                mode.number += self._read(float, reply.get("counted"))
            return self._read(self._value, reply, data, "", given)

    def backward(self, graph: int, grads: list[Any]) -> list[Any]:
        """Return the gradients of the inputs of a former call."""
        reply, data = self._ask(
            "backward", "backward", cloudpickle.dumps(grads), graph=graph
        )
        found = self._read(self._value, reply, data)
        if not isinstance(found, list):
            raise StudentError("backward sent no gradients.")
        return found

    def _ask(
        self, who: str, what: str, blob: bytes = b"", **head: Any
    ) -> tuple[dict[str, Any], bytes]:
        try:
            reply, data = self.student.ask(what, blob, **head)
        except Gone as error:
            self.lost.append(f"{who} {error}")
            raise StudentError(f"{who} {error}.") from None
        if "error" in reply:
            raise _exception(reply["error"])
        return reply, data

    def _read(self, how: Any, *arguments: Any) -> Any:
        """Read a part of a reply; whatever is wrong with it is the student's error."""
        try:
            return how(*arguments)
        except (*WRONG, Broken) as error:
            raise StudentError(f"The sandbox sent {error}.") from None

    def _value(
        self, reply: dict[str, Any], data: bytes, root: str = "", given: Any = ()
    ) -> Any:
        tensors = tensors_in(data)
        if "graph" in reply:
            names = [str(name) for name in reply["results"]]
            results = [tensors[name] for name in names]
            inputs = [x for x in given if isinstance(x, Tensor) and x.requires_grad]
            # So that gradients reach what is only there, even if no input has any.
            inputs = inputs or [torch.zeros((), requires_grad=True)]
            graph = int(reply["graph"])
            joined = _Across.apply(self, graph, results, *inputs)
            tensors.update(zip(names, joined, strict=True))

        def made(about: dict[str, Any]) -> Any:
            named = root if about is reply["value"] else ""
            return Module() if about.get("module") else Remote(self, about, named)

        for index, tree in reply.get("changed", []):
            write(given[index], unpack(tree, tensors, made))
        return unpack(reply["value"], tensors, made)

    def _pickled(self, value: Any) -> bytes:
        generation = self.student.generation
        file = io.BytesIO()

        class Pickler(cloudpickle.Pickler):
            def persistent_id(self, thing: Any) -> Any:
                if type(thing) is not Remote:
                    return None
                if thing._root:
                    return "name", thing._root
                if thing._generation != generation:
                    raise StudentError(f"{thing!r} went with the sandbox it was in.")
                return "object", thing._key

        Pickler(file).dump(value)
        return file.getvalue()

    def _random(self) -> Any:
        """Return the generators' states, if they are not as they were last sent."""
        states: dict[str, Any] = {
            "torch": torch.get_rng_state(),
            "numpy": np.random.get_state(),  # noqa: NPY002
            "python": random.getstate(),
        }
        seen = [
            self.student.generation,
            states["torch"].numpy().tobytes(),
            repr([states["numpy"][1].tobytes(), states["numpy"][2:]]),
            states["python"],
        ]
        changed, self._seeds = seen != self._seeds, seen
        return states if changed else None


class _Across(torch.autograd.Function):
    """Results that have come over, joined to the inputs that went."""

    @staticmethod
    def forward(
        ctx: Any, link: Link, graph: int, results: list[Tensor], *inputs: Tensor
    ) -> tuple[Tensor, ...]:
        ctx.link, ctx.graph = link, graph
        ctx.shapes = [x.shape for x in inputs]
        return tuple(results)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Any) -> Any:
        found = ctx.link.backward(ctx.graph, list(grads))
        found += [None] * (len(ctx.shapes) - len(found))
        return None, None, None, *found


def _at_work(kind: str) -> Any:
    """Return the mode of `course_lib.checks` of this kind that is at work, if any."""
    from course_lib.checks import expect

    for mode in torch.overrides._get_current_function_mode_stack():
        if isinstance(mode, getattr(expect, kind)):
            return mode
    return None


def _exception(error: Any) -> Exception:
    """Return the exception that a student's function raised, if Python has it."""
    known = str(error.get("known")) if isinstance(error, dict) else ""
    found = getattr(builtins, known, None)
    if isinstance(found, type) and issubclass(found, Exception) and known not in NEVER:
        try:
            return found(str(error.get("text")))
        except Exception:
            pass
    return StudentError(in_words(error))
