"""Checkpoints: one file from which a run goes on as if it had never been stopped."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from course_lib import tensor_files
from course_lib.files import sweep
from course_lib.locks import InUseError, acquire
from course_lib.tensor_files import TensorFileError, Tensors

KIND = "course_lib checkpoint, format 2"


class CheckpointError(TensorFileError):
    """A checkpoint is another run's, or in use; it has been left as it was."""


class Checkpoint:
    """The file of one run. `run` describes the run, in JSON's types.

    >>> import tempfile, torch
    >>> folder = Path(tempfile.mkdtemp())
    >>> saved = Checkpoint(folder / "run.safetensors", {"seed": 0})
    >>> saved.write({"weight": torch.ones(2)}, {"step": 7})
    >>> saved.read()
    ({'weight': tensor([1., 1.])}, {'step': 7})
    """

    def __init__(self, path: Path | str, run: Mapping[str, Any]) -> None:
        self.path = Path(path)
        self.run = json.loads(json.dumps(run))  # as it will be read back
        self._written = time.monotonic()

    def age(self) -> float:
        """Return the seconds since this process last wrote it, or started."""
        return time.monotonic() - self._written

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep every other process from this file for as long as the block lasts.

        Raises `CheckpointError` if one is there already: who, since when, what to do.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock = acquire(self.path)
        except InUseError as error:
            raise CheckpointError(str(error)) from error
        try:
            sweep(self.path)
            yield
        finally:
            lock.release()

    def write(self, tensors: Tensors, state: Mapping[str, Any]) -> None:
        """Replace the checkpoint by this one, whole or not at all."""
        tensor_files.write(
            self.path, KIND, tensors, {"run": self.run, "state": dict(state)}
        )
        self._written = time.monotonic()

    def read(self) -> tuple[Tensors, dict[str, Any]] | None:
        """Return the tensors and the state last written, or None if there are none.

        Raises `TensorFileError` if the file is damaged or no checkpoint, and
        `CheckpointError` if it is another run's; that names the first difference.
        """
        if not self.path.exists():
            return None
        tensors, about = tensor_files.read(self.path, KIND)
        theirs = about["run"]
        for name in sorted(theirs.keys() | self.run.keys()):
            there, here = theirs.get(name), self.run.get(name)
            if there != here:
                raise CheckpointError(
                    f"{self.path} was made by another run: its {name} is {there}, this "
                    f"one's is {here}. Repeat the run that it belongs to, or name "
                    "another place"
                )
        return tensors, about["state"]
