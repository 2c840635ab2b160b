"""What crosses between the judge and a student's sandbox: plain data, never a pickle.

A message is a JSON head and a blob. Towards the sandbox the blob may be a pickle, for
only the sandbox opens it. What comes back is opened by the judge: its blob is in
safetensors' format, and its head names the few types below and no others.
"""

import collections
import json
import socket
import struct
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from safetensors.torch import load, save
from torch import Tensor

LENGTHS = struct.Struct(">QQ")
MOST_HEAD = 4_000_000
MOST_DEPTH = 40
#: From an object of no plain type to what stands for it in a head.
Keep = Callable[[Any], dict[str, Any]]
#: The way back.
Make = Callable[[dict[str, Any]], Any]


#: What reading a message that makes no sense can raise.
WRONG = (LookupError, TypeError, ValueError, RuntimeError, MemoryError, OverflowError)


class Broken(Exception):
    """What came is no message, or a larger one than may come."""


def send(channel: socket.socket, head: dict[str, Any], blob: bytes = b"") -> None:
    """Write one message."""
    text = json.dumps(head).encode()
    channel.sendall(LENGTHS.pack(len(text), len(blob)) + text)
    channel.sendall(blob)


def receive(
    read: Callable[[int], bytes], most: int = sys.maxsize
) -> tuple[dict[str, Any], bytes]:
    """Read one message whose blob has at most `most` bytes by a socket's `recv`.

    Raises `Broken` for anything else, and `EOFError` if the other side is gone.
    """
    text_length, blob_length = LENGTHS.unpack(_exactly(read, LENGTHS.size))
    if text_length > MOST_HEAD or blob_length > most:
        raise Broken(f"an answer of {text_length + blob_length:,} bytes")
    try:
        head = json.loads(_exactly(read, text_length))
    except (ValueError, RecursionError):
        raise Broken("an answer that is no JSON") from None
    if not isinstance(head, dict):
        raise Broken("an answer that is no JSON object")
    return head, _exactly(read, blob_length)


def _exactly(read: Callable[[int], bytes], length: int) -> bytes:
    received = bytearray()
    while len(received) < length:
        piece = read(min(length - len(received), 1 << 20))
        if not piece:
            raise EOFError
        received += piece
    return bytes(received)


class Packer:
    """Turn values into a tree for the head and tensors for the blob.

    >>> packer = Packer(keep=lambda value: {"object": 0})
    >>> packer.tree([1, (2.5, "two")])
    {'list': [1, {'tuple': [2.5, 'two']}]}
    >>> unpack(packer.tree(torch.arange(3)), packer.blob(), make=lambda node: node)
    tensor([0, 1, 2])
    """

    def __init__(self, keep: Keep) -> None:
        self.tensors: dict[str, Tensor] = {}
        self.given: list[Tensor] = []  # by their numbers, which are their names
        self._keep = keep

    def tree(self, value: Any, depth: int = 0) -> Any:
        """Return what stands for a value in the head of a message."""
        kind = type(value)
        if depth > MOST_DEPTH:
            raise ValueError(f"The answer is nested more than {MOST_DEPTH} deep.")
        if value is None or kind in (bool, int, float):
            return value
        if isinstance(value, str):
            return str(value)
        if value is ...:
            return {"dots": True}
        if kind is complex:
            return {"complex": [value.real, value.imag]}
        if kind in (list, set, frozenset, torch.Size) or isinstance(value, tuple):
            names: dict[Any, str] = {list: "list", set: "set", frozenset: "set"}
            name = names.get(kind, "tuple")
            return {name: [self.tree(x, depth + 1) for x in value]}
        if kind in (dict, collections.OrderedDict, collections.Counter):
            pairs = [(k, v) for k, v in value.items()]
            return {"dict": [[self.tree(x, depth + 1) for x in p] for p in pairs]}
        if isinstance(value, torch.dtype):
            return {"dtype": str(value).removeprefix("torch.")}
        if isinstance(value, torch.nn.Parameter):  # with what `backward` left there
            grad = None if value.grad is None else self._tensor(value.grad)
            return {"parameter": [self._tensor(value), grad, value.requires_grad]}
        if isinstance(value, Tensor) and value.layout == torch.strided:
            return {"tensor": self._tensor(value)}
        if isinstance(value, np.ndarray | np.generic):
            if value.dtype.kind == "U":
                return {"texts": [self.tree(value.tolist(), depth + 1)]}
            if value.dtype.kind in "biuf":
                name = "array" if isinstance(value, np.ndarray) else "number"
                return {name: self._tensor(torch.from_numpy(np.array(value)))}
        return self._keep(value)

    def _tensor(self, value: Tensor) -> str:
        name = str(len(self.given))
        self.given.append(value)
        self.tensors[name] = value.detach().cpu().contiguous().clone()
        return name

    def blob(self) -> bytes:
        """Return the tensors of all trees so far."""
        return save(self.tensors) if self.tensors else b""


def tensors_in(blob: bytes) -> dict[str, Tensor]:
    """Return a blob's tensors by name.

    Raises `Broken` if it is not in safetensors' format.
    """
    try:
        return load(blob) if blob else {}
    except Exception as error:
        raise Broken(f"tensors that cannot be read ({error})") from None


def unpack(tree: Any, tensors: bytes | dict[str, Tensor], make: Make) -> Any:
    """Return the value that a tree and its tensors stand for, of plain types only.

    `make` is called for what stands for an object that stayed where it is. Raises
    `Broken` for anything that `Packer` does not write.

    >>> unpack({"tuple": [1, {"dots": True}]}, b"", make=lambda node: node)
    (1, Ellipsis)
    >>> unpack({"code": "print(1)"}, b"", make=lambda node: node)
    Traceback (most recent call last):
    coursework.wire.Broken: an answer of an unknown type: 'code'
    """
    found = tensors_in(tensors) if isinstance(tensors, bytes) else tensors
    try:
        return _unpacked(tree, found, make, 0)
    except (*WRONG, AttributeError) as error:
        raise Broken(f"an answer that is not plain data ({error!r:.200})") from None


def _unpacked(tree: Any, tensors: dict[str, Tensor], make: Make, depth: int) -> Any:
    if tree is None or isinstance(tree, bool | int | float | str):
        return tree
    if depth > 2 * MOST_DEPTH:
        raise Broken("an answer that is nested too deep")
    if "object" in tree:
        return make(tree)
    [(kind, content)] = tree.items()
    if kind in ("list", "tuple", "set"):
        items = [_unpacked(x, tensors, make, depth + 1) for x in content]
        return {"list": list, "tuple": tuple, "set": set}[kind](items)
    if kind == "dict":
        return dict(
            [_unpacked(x, tensors, make, depth + 1) for x in pair] for pair in content
        )
    if kind == "texts":
        nested = np.array(_unpacked(content[0], tensors, make, depth + 1), dtype=object)
        lengths = [len(text) for text in nested.flat]
        if (
            len(lengths) * max(lengths, default=0) > MOST_HEAD
        ):  # numpy makes all as long
            raise Broken("an array of long texts")
        return nested.astype(str)
    if kind == "dots":
        return ...
    if kind == "complex":
        return complex(float(content[0]), float(content[1]))
    if kind == "dtype":
        if not isinstance(found := getattr(torch, content), torch.dtype):
            raise ValueError(content)
        return found
    if kind == "tensor":
        return tensors[content]
    if kind == "parameter":
        parameter = torch.nn.Parameter(tensors[content[0]], content[2])
        parameter.grad = None if content[1] is None else tensors[content[1]]
        return parameter
    if kind == "array":
        return tensors[content].numpy()
    if kind == "number":
        return tensors[content].numpy()[()]
    raise Broken(f"an answer of an unknown type: {kind!r:.40}")
