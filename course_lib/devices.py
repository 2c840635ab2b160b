"""Where training runs, and in which precision: one CPU, one GPU, or many of them.

Hugging Face `accelerate` finds the devices. `python -m course_lib …` uses what this
machine has; `accelerate launch -m course_lib …` starts the same program on several GPUs
or machines, and nothing else changes.
"""

import os
from functools import cache

import torch
from accelerate import Accelerator


@cache
def accelerator() -> Accelerator:
    """Return the `Accelerator` of this process; `.device` is where models live."""
    return new_accelerator()


def new_accelerator() -> Accelerator:
    """Return an `Accelerator` of its own, for a run that prepares a model with it.

    It holds on to the model for as long as it lives. All share the process's state.
    ACCELERATE_USE_CPU=true keeps a machine's GPU out of it, and
    ACCELERATE_MIXED_PRECISION=no|fp16|bf16 overrules `precision`.
    """
    use_cpu = os.environ.get("ACCELERATE_USE_CPU", "").lower() in ("1", "true", "yes")
    has_gpu = torch.cuda.is_available() and not use_cpu
    chosen = os.environ.get("ACCELERATE_MIXED_PRECISION") or precision(has_gpu)[0]
    return Accelerator(mixed_precision=chosen, cpu=not has_gpu)


def precision(has_gpu: bool) -> tuple[str, str]:
    """Return the precision to train in, as accelerate spells it, and the reason.

    >>> precision(has_gpu=False)
    ('no', 'float32: not every CPU is faster with fewer bits')
    """
    if not has_gpu:
        return "no", "float32: not every CPU is faster with fewer bits"
    major, minor = torch.cuda.get_device_capability()
    chip = f"{torch.cuda.get_device_name()} (compute capability {major}.{minor})"
    if torch.cuda.is_bf16_supported(including_emulation=False):
        return "bf16", f"bf16: {chip} multiplies it fast, and it has float32's range"
    if major >= 7:
        return "fp16", f"fp16 with a scaled loss: {chip} has tensor cores but no bf16"
    return "no", f"float32: {chip} has no tensor cores"
