import os
import subprocess
import sys

import pytest
import torch

from course_lib.devices import accelerator, new_accelerator, precision

SCRIPT = """
import torch
from course_lib.devices import accelerator
from course_lib.training import train
from tests.tasks import make_model, make_task
model = make_model(dropout=0.0)
seen = []
model.head.register_forward_hook(lambda m, i, output: seen.append(output.dtype))
train(model, make_task(), make_task(9, 1), epochs=1, batch_size=16, learning_rate=1e-2)
kept = {str(p.dtype) for p in model.parameters()}
print(accelerator().mixed_precision, {str(d) for d in seen[1:-1]}, kept)
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
    name, why = precision(has_gpu=False)
    assert (name, "float32" in why) == ("no", True)


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
        check=True,
    )
    said, after = done.stdout.splitlines()
    assert said == "bf16 {'torch.bfloat16'} {'torch.float32'}"
    assert after == "torch.float32"
