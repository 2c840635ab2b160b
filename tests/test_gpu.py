"""The training code on a GPU. Without one, every test here is skipped."""

import os
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from course_lib.devices import accelerator, precision
from course_lib.losses import DistillationLoss
from course_lib.soft_targets import predict_logits
from course_lib.training import Distillation, train
from course_lib.training.loop import Loop
from tests.tasks import make_model, make_task

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here"),
]
OPTIONS = {"epochs": 2, "batch_size": 16, "learning_rate": 1e-2}

SCRIPT = """
import sys
from safetensors.torch import save_file
from course_lib.devices import accelerator
from course_lib.losses import DistillationLoss
from course_lib.soft_targets import predict_logits
from course_lib.training import Distillation, train
from tests.tasks import make_model, make_task
import torch
task, model = make_task(70), make_model(dropout=0.0)
soft = predict_logits(make_model(seed=1), task)
train(model, task.with_soft_targets(soft), make_task(33, 1), epochs=2, batch_size=16,
      learning_rate=1e-2, objective=Distillation(DistillationLoss(2.0, 0.7)))
weights = {name: w.cpu() for name, w in model.state_dict().items()}
save_file({"soft": soft, "on_gpu": torch.tensor(accelerator().device.type == "cuda"),
           **weights}, sys.argv[1])
"""


@pytest.mark.parametrize(("bits", "near"), [("no", 1e-3), ("bf16", 5e-2)])
def test_a_gpu_trains_to_the_weights_of_a_cpu(bits, near, tmp_path):
    def run(name, **settings):
        place = tmp_path / name
        subprocess.run(
            [sys.executable, "-c", SCRIPT, str(place)],
            env={**os.environ, **settings},
            check=True,
        )
        return load_file(place)

    cpu = run("cpu", ACCELERATE_USE_CPU="true", ACCELERATE_MIXED_PRECISION="no")
    gpu = run("gpu", ACCELERATE_MIXED_PRECISION=bits)
    assert (cpu.pop("on_gpu"), gpu.pop("on_gpu")) == (False, True)
    for name, expected in cpu.items():
        torch.testing.assert_close(gpu[name], expected, atol=near, rtol=near)


def test_the_precision_is_what_the_chip_is_good_at():
    chosen, why = precision(has_gpu=True)
    assert chosen == accelerator().mixed_precision
    assert torch.cuda.get_device_name() in why
    if torch.cuda.get_device_capability() >= (8, 0):
        assert chosen == "bf16"


def test_a_training_step_never_waits_for_the_gpu():
    task = make_task(160).with_soft_targets(torch.randn(160, 2))
    loop = Loop(
        make_model().cuda(),
        task,
        16,
        1,
        1e-2,
        0,
        Distillation(DistillationLoss(2.0, 0.7)),
        None,
    )
    order = task.batch_order(16, 0, 0)
    loop.step(order[0])  # cuDNN and the allocator wake up
    torch.cuda.set_sync_debug_mode("error")
    try:
        for places in order[1:]:
            loop.step(places)
    finally:
        torch.cuda.set_sync_debug_mode("default")
        loop.leave()


def test_the_memory_of_a_run_is_given_back():
    task, validation = make_task(160), make_task(33, 1)
    model = make_model().cuda()
    train(model, task, validation, **OPTIONS)  # what stays for good is there now
    before = torch.cuda.memory_allocated()
    for _ in range(3):
        train(model, task, validation, **OPTIONS)
    # The weights of the last run's gradients may remain, and nothing that grows.
    assert torch.cuda.memory_allocated() <= before


def test_soft_targets_leave_no_memory_behind():
    model, task = make_model().cuda(), make_task(160)
    predict_logits(model, task)
    before = torch.cuda.memory_allocated()
    predict_logits(model, task)
    assert torch.cuda.memory_allocated() == before
