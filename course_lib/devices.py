"""Where training runs, and in which precision: one CPU, one GPU, or many of them.

Hugging Face `accelerate` finds the devices. `python -m course_lib …` uses what this
machine has; `accelerate launch -m course_lib …` starts the same program on several GPUs
or machines, and nothing else changes. A Mac's GPU (MPS) is left alone.
"""

import os
import re
import warnings
from collections.abc import Callable, Sequence
from functools import cache
from typing import TypeVar, cast

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list, parse_flag_from_env
from torch import nn

T = TypeVar("T")
ASKED = "ACCELERATE_MIXED_PRECISION"
#: The precisions to train in, as accelerate spells them.
DTYPES = {"no": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


@cache
def accelerator() -> Accelerator:
    """Return the `Accelerator` of this process; `.device` is where models live.

    >>> accelerator() is accelerator()
    True
    """
    return new_accelerator()


def asked_in_one_process(ask: Callable[[], T]) -> T:
    """Ask in the main process alone, and return what it said in all of them.

    The others may see another disk. What is raised there, of `ValueError` or
    `OSError`, is raised in all: none may wait for one that has stopped.

    >>> asked_in_one_process(lambda: 6 * 7)
    42
    """
    said: list[T | Exception | None] = [None]
    if accelerator().is_main_process:
        try:
            said = [ask()]
        except (ValueError, OSError) as error:
            said = [error]
    (found,) = broadcast_object_list(said)
    if isinstance(found, Exception):
        raise found
    return cast(T, found)


def new_accelerator() -> Accelerator:
    """Return an `Accelerator` of its own, for a run that prepares a model with it.

    It holds on to the model for as long as it lives. All share the process's state.
    ACCELERATE_USE_CPU=true keeps a machine's GPU out of it, and
    ACCELERATE_MIXED_PRECISION=no|fp16|bf16 overrules `precision`. Raises `ValueError`
    if one of them holds anything else, or a precision that is not to be had here.
    """
    try:
        use_cpu = parse_flag_from_env("ACCELERATE_USE_CPU")
    except ValueError:
        value = os.environ["ACCELERATE_USE_CPU"]
        raise ValueError(
            f"ACCELERATE_USE_CPU is {value!r}: set it to true or false, or unset it"
        ) from None
    has_gpu = not use_cpu and usable_gpu()
    device = "cuda" if has_gpu else "cpu"
    chosen = choose_precision(
        os.environ.get(ASKED, ""),
        precision(has_gpu)[0],
        torch.cuda.get_device_name() if has_gpu else "this CPU",
        lambda name: trains(device, name),
    )
    return Accelerator(mixed_precision=chosen, cpu=not has_gpu)


def choose_precision(
    asked: str, default: str, chip: str, trains: Callable[[str], bool]
) -> str:
    """Return the precision that was asked for, or the default if it was none.

    `trains` says whether the chip can train in a precision. Raises `ValueError` if it
    cannot in the one asked for, or if that is the name of none.

    >>> choose_precision("", "no", "this CPU", lambda name: False)
    'no'
    >>> choose_precision("bf16", "no", "this CPU", lambda name: False)
    Traceback (most recent call last):
    ValueError: ACCELERATE_MIXED_PRECISION is 'bf16', in which this CPU cannot train an
    LSTM; it can in: no (float32). Set one of these, or unset it for 'no'
    """
    name = asked.strip().lower()
    if not name:
        return default
    if name not in DTYPES:
        raise ValueError(
            f"{ASKED} is {asked!r}; expected one of {', '.join(DTYPES)} (no is "
            f"float32). Unset it for {default!r}"
        )
    if name != "no" and not trains(name):
        can = [
            "no (float32)",
            *(n for n in DTYPES if n not in ("no", name) and trains(n)),
        ]
        raise ValueError(
            f"{ASKED} is {asked!r}, in which {chip} cannot train an LSTM; it can in: "
            f"{', '.join(can)}. Set one of these, or unset it for {default!r}"
        )
    return name


@cache
def trains(device: str, precision: str) -> bool:
    """Whether an LSTM takes a training step there, found out by letting it.

    A CPU needs instructions that no list of them tells for sure: without AVX-512,
    oneDNN has no LSTM in bf16. fp16 is for GPUs: its loss must be scaled.
    """
    if (device, precision) == ("cpu", "fp16"):
        return False
    with torch.random.fork_rng(devices=[]):  # the weights are drawn on the CPU
        lstm = nn.LSTM(4, 4).to(device)
    try:
        with torch.autocast(device, DTYPES[precision]):
            states, _ = lstm(torch.zeros(2, 1, 4, device=device))
        states.float().sum().backward()
    except torch.OutOfMemoryError:
        raise
    except RuntimeError:
        return False
    return True


def precision(has_gpu: bool) -> tuple[str, str]:
    """Return the precision to train in, as accelerate spells it, and the reason.

    >>> precision(has_gpu=False)
    ('no', 'float32: not every CPU is faster with fewer bits')
    """
    if not has_gpu:
        return "no", "float32: not every CPU is faster with fewer bits"
    has_bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
    name = torch.cuda.get_device_name()
    return gpu_precision(name, torch.cuda.get_device_capability(), has_bf16)


def gpu_precision(
    name: str, capability: tuple[int, int], has_bf16: bool
) -> tuple[str, str]:
    """Return the precision that a GPU is good at, and the reason.

    >>> gpu_precision("Tesla P100", (6, 0), has_bf16=False)
    ('no', 'float32: Tesla P100 (compute capability 6.0) has no tensor cores')
    """
    major, minor = capability
    chip = f"{name} (compute capability {major}.{minor})"
    if has_bf16:
        return "bf16", f"bf16: {chip} multiplies it fast, and it has float32's range"
    if major >= 7:
        return "fp16", f"fp16 with a scaled loss: {chip} has tensor cores but no bf16"
    return "no", f"float32: {chip} has no tensor cores"


@cache
def usable_gpu() -> bool:
    """Whether there is a CUDA device that this build of torch can run on."""
    if not torch.cuda.is_available():
        return False
    capability, built_for = (
        torch.cuda.get_device_capability(),
        torch.cuda.get_arch_list(),
    )
    if has_kernels(capability, built_for):
        return True
    warnings.warn(
        f"{torch.cuda.get_device_name()} has compute capability "
        f"{capability[0]}.{capability[1]}, and this torch is built for "
        f"{' '.join(built_for)}: training runs on the CPU. Install a torch that is "
        "built for this GPU, or set ACCELERATE_USE_CPU=true to have this said no more",
        stacklevel=2,
    )
    return False


def has_kernels(capability: tuple[int, int], built_for: Sequence[str]) -> bool:
    """Whether a build of torch, by its `get_arch_list`, has code for a GPU.

    Machine code (sm_86) runs on its own generation from its version on; an intermediate
    one (compute_86) is compiled for all later GPUs. AMD's GPUs have other names.

    >>> has_kernels((8, 9), ["sm_80", "sm_90"]), has_kernels((6, 1), ["sm_75", "sm_80"])
    (True, False)
    """
    codes = [re.match(r"(sm|compute)_(\d+)(\d)", name) for name in built_for]
    if None in codes or not codes:
        return True
    for kind, *version in (code.groups() for code in codes if code):
        major, minor = map(int, version)
        if kind == "compute" and (major, minor) <= capability:
            return True
        if kind == "sm" and major == capability[0] and minor <= capability[1]:
            return True
    return False
