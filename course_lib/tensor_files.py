"""Tensors and JSON in one file: whole, undamaged and of the right kind, or refused.

A file is safetensors with JSON in its header: reading one runs no code, as unpickling
would. A process killed while writing leaves what was there before.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from course_lib.files import whole_file

Tensors = dict[str, Tensor]


class TensorFileError(ValueError):
    """A file is damaged or of another kind; it has been left as it was."""


def write(
    path: str | Path, kind: str, tensors: Mapping[str, Tensor], about: Mapping[str, Any]
) -> None:
    """Write a file, whole or not at all. `about` is of JSON's types.

    Raises `FileExistsError` if something else stands there: see `course_lib.files`.
    """
    on_cpu = {name: t.detach().cpu().clone() for name, t in tensors.items()}
    header = {"format": kind, "about": json.dumps(about)}
    header["digest"] = digest(on_cpu, header["about"])
    with whole_file(path, ours=is_ours) as unfinished:
        try:
            save_file(on_cpu, unfinished, metadata=header)
        except SafetensorError as error:  # so it calls a full disk
            raise OSError(str(error)) from error


def is_ours(path: Path) -> bool:
    """Whether a file is one of those that `write` makes, damaged or not."""
    try:
        with safe_open(path, framework="pt") as file:
            return (file.metadata() or {}).get("format", "").startswith("course_lib ")
    except (SafetensorError, OSError):
        return False


def read(path: str | Path, kind: str) -> tuple[Tensors, dict[str, Any]]:
    """Return what was written. Raises `TensorFileError` if it is not `kind`, or whole.

    Files are compared with the digest of their content that they carry.
    """
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise refused(path, f"is damaged, or no {kind} ({error})") from error
    if header.get("format") != kind:
        found = header.get("format", "a safetensors file of another kind")
        raise refused(path, f"is {found}; expected {kind}")
    if header.get("digest") != digest(tensors, header.get("about", "")):
        raise refused(path, "is damaged: its content does not match its digest")
    return tensors, json.loads(header["about"])


def refused(path: str | Path, why: str) -> TensorFileError:
    """Say what is wrong with a file, and what to do."""
    return TensorFileError(
        f"{path} {why}. It was left alone: delete it to have it made anew, or name "
        "another place"
    )


def digest(tensors: Mapping[str, Tensor], *texts: str) -> str:
    """Return the SHA-256 of some tensors, their names, types and shapes, and texts."""
    total = sha256(json.dumps(texts).encode())
    for name, tensor in sorted(tensors.items()):
        total.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        total.update(flat.view(torch.uint8).numpy().data)
    return total.hexdigest()
