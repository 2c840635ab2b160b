import os
import re
import subprocess
import sys

import pytest
import torch

from course_lib.__main__ import main
from course_lib.devices import (
    accelerator,
    choose_precision,
    gpu_precision,
    has_kernels,
    new_accelerator,
    precision,
    trains,
)

SCRIPT = """
import torch
from course_lib.devices import accelerator
from course_lib.training import train
from tests.tasks import make_model, make_task
model = make_model(dropout=0.0)
seen = []
def note(module, given, logits):
    if len(logits) > 1:  # not one review, which only tells how many logits there are
        seen.append(logits.dtype)
model.head.register_forward_hook(note)
train(model, make_task(), make_task(9, 1), epochs=1, batch_size=16, learning_rate=1e-2)
kept = {str(p.dtype) for p in model.parameters()}
print(accelerator().mixed_precision, {str(d) for d in seen}, kept)
task = make_task()
batch = task.collate([0, 1])
print(model(batch.tokens, batch.lengths).dtype)
"""


def test_the_process_has_one_accelerator_and_a_run_its_own():
    assert accelerator() is accelerator()
    assert new_accelerator() is not accelerator()
    assert new_accelerator().device == accelerator().device


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_a_cpu_trains_in_float32():
    assert accelerator().device.type == "cpu"
    assert accelerator().mixed_precision == "no"


def test_every_choice_of_precision_has_its_reason():
    cases = {
        precision(has_gpu=False): ("no", "float32: not every CPU"),
        gpu_precision("A", (9, 0), has_bf16=True): ("bf16", r"A \(.* 9\.0\)"),
        gpu_precision("B", (7, 5), has_bf16=False): ("fp16", r"B \(.* 7\.5\)"),
        gpu_precision("C", (6, 1), has_bf16=False): ("no", r"C \(.* 6\.1\)"),
    }
    for (name, why), (expected, reason) in cases.items():
        assert name == expected
        assert re.search(reason, why)


ABLE = {"an old CPU": [], "a CPU": ["bf16"], "a GPU": ["fp16", "bf16"]}


@pytest.mark.parametrize("chip", ABLE)
def test_what_was_asked_for_is_given_or_refused_in_words(chip):
    def choose(asked, default="no"):
        return choose_precision(asked, default, chip, lambda name: name in ABLE[chip])

    assert choose("", "fp16") == choose(" ", "fp16") == "fp16"
    assert choose("no", "bf16") == choose("No", "bf16") == "no"
    for asked in ("fp16", "bf16", "BF16"):
        if asked.lower() in ABLE[chip]:
            assert choose(asked) == asked.lower()
            continue
        can = ", ".join(["no (float32)", *ABLE[chip]])
        with pytest.raises(ValueError) as error:
            choose(asked)
        assert str(error.value) == (
            f"ACCELERATE_MIXED_PRECISION is {asked!r}, in which {chip} cannot train an "
            f"LSTM; it can in: {can}. Set one of these, or unset it for 'no'"
        )
    for asked in ("bf-16", "fp8", "float32", "16"):
        with pytest.raises(ValueError, match=f"{asked}'; expected one of no, fp16, bf"):
            choose(asked)


@pytest.mark.parametrize(
    ("capability", "built_for", "runs"),
    [
        ((9, 0), "sm_75 sm_80 sm_86 sm_90", True),
        ((8, 9), "sm_75 sm_80 sm_86 sm_90", True),  # a later one of its generation
        ((7, 0), "sm_75 sm_80 sm_86 sm_90", False),  # an earlier one
        ((3, 7), "sm_50 sm_60 sm_70", False),
        ((6, 1), "sm_75 sm_80 compute_90", False),
        ((12, 0), "sm_80 sm_90 compute_90", True),  # compiled when it is first used
        ((12, 0), "sm_80 sm_90", False),
        ((12, 0), "sm_100 sm_120", True),
        ((9, 0), "sm_90a", True),
        ((9, 4), "gfx90a gfx942", True),  # AMD: not for us to judge
        ((9, 0), "", True),
    ],
)
def test_a_gpu_needs_a_torch_that_is_built_for_it(capability, built_for, runs):
    assert has_kernels(capability, built_for.split()) == runs


def test_trying_a_precision_leaves_the_random_numbers_alone():
    trains.cache_clear()
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    trains("cpu", "bf16")
    assert not trains("cpu", "fp16")
    assert torch.rand(3).equal(expected)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("ACCELERATE_MIXED_PRECISION", "bf-16", "'bf-16'; expected one of no, fp16"),
        ("ACCELERATE_MIXED_PRECISION", "fp16", "'fp16', in which this CPU cannot"),
        ("ACCELERATE_USE_CPU", "maybe", "'maybe': set it to true or false"),
        ("ACCELERATE_USE_CPU", "", "'': set it to true or false"),
    ],
)
def test_settings_that_cannot_be_are_refused(monkeypatch, name, value, message):
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=f"^{name} is {message}"):
        new_accelerator()


def test_the_command_line_says_so_in_one_line(monkeypatch, capsys):
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "bf-16")
    accelerator.cache_clear()  # as in a process of its own
    assert main(["distill"]) == 2
    said = capsys.readouterr().err
    assert re.fullmatch("distill: ACCELERATE_MIXED_PRECISION is .*\n", said)


def test_mixed_precision_computes_in_few_bits_and_keeps_float32_weights():
    """bf16 on a CPU is slow and real. Afterwards the model is a plain one again."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={
            **os.environ,
            "ACCELERATE_MIXED_PRECISION": "bf16",
            "ACCELERATE_USE_CPU": "true",
        },
        capture_output=True,
        text=True,
    )
    if not trains("cpu", "bf16"):
        last = done.stderr.splitlines()[-1]
        assert "ValueError: ACCELERATE_MIXED_PRECISION is 'bf16', in which" in last
        return
    said, after = done.stdout.splitlines()
    assert said == "bf16 {'torch.bfloat16'} {'torch.float32'}"
    assert after == "torch.float32"
