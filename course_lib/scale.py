"""How big to think: the sizes that a laptop, a GPU or a quick check can afford.

Every notebook and every command asks this one object, and none decides on its own.
`COURSE_SCALE=smoke|cpu|full` overrides what the device suggests.
"""

import os
import platform
import sys
from dataclasses import dataclass, replace
from importlib.metadata import version

import torch

from course_lib.devices import accelerator

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Scale:
    """Sizes for one setting of the course.

    `limit` is how many training reviews a page trains on, `None` for all of them, and
    `epochs` how often. The command `distill` has more time than a page: `run_limit` and
    `run_steps` (batches) are its sizes. Lengths are in tokens.
    """

    name: str
    limit: int | None
    run_limit: int | None
    run_steps: int
    vocabulary_size: int
    max_tokens: int
    batch_size: int
    epochs: int
    seeds: tuple[int, ...]
    device: torch.device = CPU

    @property
    def data(self) -> str:
        """The reviews that the sentiment pages read: real ones where there are any.

        A smoke run and a laptop without data use the embedded synthetic set; a folder
        named by COURSE_DATA, or full size, means the Large Movie Review Dataset.
        """
        if self.name == "smoke":
            return "synthetic"
        has_folder = bool(os.environ.get("COURSE_DATA"))
        return "imdb" if has_folder or self.name == "full" else "synthetic"

    def __str__(self) -> str:
        size = "all" if self.limit is None else f"{self.limit:,}"
        return (
            f"Scale {self.name!r} on {self.device}: {size} {self.data} reviews, "
            f"at most {self.max_tokens} tokens each, {self.epochs} epochs."
        )


SCALES = {
    # Seconds a page. It shows that everything runs, and supports no claim.
    "smoke": Scale(
        name="smoke",
        limit=400,
        run_limit=800,
        run_steps=50,
        vocabulary_size=2_000,
        max_tokens=64,
        batch_size=32,
        epochs=1,
        seeds=(0,),
    ),
    # About a minute a page on two cores.
    "cpu": Scale(
        name="cpu",
        limit=6_000,
        run_limit=None,
        run_steps=1_500,
        vocabulary_size=20_000,
        max_tokens=256,
        batch_size=32,
        epochs=4,
        seeds=(0, 1, 2, 3, 4),
    ),
    # A GPU, all reviews.
    "full": Scale(
        name="full",
        limit=None,
        run_limit=None,
        run_steps=1_500,
        vocabulary_size=20_000,
        max_tokens=512,
        batch_size=32,
        epochs=4,
        seeds=(0, 1, 2, 3, 4),
    ),
}


def current_scale() -> Scale:
    """Return the scale for this machine, or the one that COURSE_SCALE names.

    A CUDA device means `full`, none means `cpu`. Raises `ValueError` for an unknown
    name.

    >>> from unittest.mock import patch
    >>> with patch.dict(os.environ, COURSE_SCALE="smoke"):
    ...     current_scale().limit
    400
    """
    device = accelerator().device
    suggested = "full" if device.type == "cuda" else "cpu"
    name = os.environ.get("COURSE_SCALE") or suggested
    if name not in SCALES:
        valid = ", ".join(SCALES)
        raise ValueError(
            f"COURSE_SCALE is {name!r}, which is no scale: use one of {valid}, "
            "or unset it to let the device decide"
        )
    return replace(SCALES[name], device=device)


def surroundings(scale: Scale) -> str:
    """Say what a page runs on: versions, the device, its sizes, and what is missing.

    >>> print(surroundings(SCALES["smoke"]))
    course_lib ... on Python 3..., torch ..., transformers ...; no GPU.
    Scale 'smoke' on cpu: 400 synthetic reviews, at most 64 tokens each, 1 epochs.
    """
    packages = ("torch", "transformers")
    found = ", ".join(f"{name} {version(name)}" for name in packages)
    on = f"course_lib {version('course-lib')} on Python {platform.python_version()}"
    has_gpu = scale.device.type == "cuda"
    gpu = torch.cuda.get_device_name(scale.device) if has_gpu else "no GPU"
    lines = [f"{on}, {found}; {gpu}.", str(scale)]
    if "google.colab" in sys.modules and not has_gpu:
        lines.append(
            "This is the small version. For the full one, on a GPU: Runtime, Change "
            "runtime type, T4 GPU; then Runtime, Run all."
        )
    return "\n".join(lines)
