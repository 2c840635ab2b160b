"""Tensors and JSON in one file: whole, undamaged and of the right kind, or refused.

A file is safetensors with JSON in its header: reading one runs no code, as unpickling
would. It is written beside its place and moved there when it is whole, so that a
process killed while writing leaves what was there before.
"""

import json
import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

Tensors = dict[str, Tensor]


class TensorFileError(ValueError):
    """A file is damaged or of another kind; it has been left as it was."""


def write(
    path: Path, kind: str, tensors: Mapping[str, Tensor], about: Mapping[str, Any]
) -> None:
    """Write a file, whole or not at all. `about` is of JSON's types."""
    on_cpu = {name: t.detach().cpu().clone() for name, t in tensors.items()}
    header = {"format": kind, "about": json.dumps(about)}
    header["digest"] = digest(on_cpu, header["about"])
    part = path.with_name(path.name + ".part")
    save_file(on_cpu, part, metadata=header)
    with open(part, "rb+") as file:
        os.fsync(file.fileno())
    os.chmod(part, 0o644)  # safetensors lets no one else read it
    os.replace(part, path)


def read(path: Path, kind: str) -> tuple[Tensors, dict[str, Any]]:
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
    if header["digest"] != digest(tensors, header["about"]):
        raise refused(path, "is damaged: its content does not match its digest")
    return tensors, json.loads(header["about"])


def refused(path: Path, why: str) -> TensorFileError:
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
