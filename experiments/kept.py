"""Long experiments that may be stopped at any time: each model is trained once."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from course_lib.comparison import Reading

FOLDER = Path("_build/experiments")


def kept(folder: Path, name: str, make: Callable[[], Reading]) -> Reading:
    """Return what a model said of a split before, or ask it now and keep the answer.

    The name must say all that the answer depends on: "alone-100-labels-seed-2". Delete
    the folder to begin again.

    >>> from tempfile import mkdtemp
    >>> reading = Reading(np.zeros((3, 2), np.float32), 10, 40, None)
    >>> folder = Path(mkdtemp())
    >>> first = kept(folder, "lstm-seed-0", lambda: reading)
    >>> kept(folder, "lstm-seed-0", lambda: 1 / 0).parameters
    10
    """
    path = folder / f"{name}.npz"
    if path.exists():
        with np.load(path) as file:
            kept_speed = float(file["examples_per_second"])
            return Reading(
                logits=file["logits"],
                parameters=int(file["parameters"]),
                bytes=int(file["bytes"]),
                examples_per_second=None if np.isnan(kept_speed) else kept_speed,
            )
    reading = make()
    speed = reading.examples_per_second
    folder.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder, suffix=".part")
    with os.fdopen(handle, "wb") as file:
        np.savez(
            file,
            logits=reading.logits,
            parameters=reading.parameters or 0,
            bytes=reading.bytes or 0,
            examples_per_second=np.nan if speed is None else speed,
        )
    os.replace(temporary, path)  # whole or not at all
    return reading
