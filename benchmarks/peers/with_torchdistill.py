"""The job with torchdistill (Matsubara 2021): a configuration and a `DistillationBox`.

On import torchdistill reaches for torchvision, whose builds on PyPI go with the CUDA
torch alone. Where there is none, empty modules stand in for it while torchdistill is
imported and go away afterwards. They hold the few names of image models that it asks
for, and no text job calls one of them.
"""

import contextlib
import importlib
import sys
from collections.abc import Iterator
from types import ModuleType

import torch
from torch import nn
from torch.utils.data import RandomSampler

from benchmarks.peers.job import ALPHA, MAX_NORM, TEMPERATURE, Job, Places

PACKAGE = "torchdistill"
STAND_INS = {
    "torchvision": (),
    "torchvision.datasets": (),
    "torchvision.models": (),
    "torchvision.models.densenet": ("_DenseBlock", "_Transition"),
    "torchvision.models.resnet": ("BasicBlock", "conv1x1"),
}


@contextlib.contextmanager
def torchvision_or_stand_in() -> Iterator[None]:
    """Let `import torchvision` work for a while; its functions are never called."""
    try:
        importlib.import_module("torchvision")
    except (ImportError, RuntimeError):  # "operator torchvision::nms does not exist"
        left = [name for name in sys.modules if name.split(".")[0] == "torchvision"]
        for name in left:
            del sys.modules[name]
    else:
        yield
        return
    for name, classes in STAND_INS.items():
        module = ModuleType(name)
        module.__dict__.update({one: type(one, (nn.Module,), {}) for one in classes})
        sys.modules[name] = module
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, module)
    try:
        yield
    finally:
        for name in STAND_INS:
            del sys.modules[name]


with torchvision_or_stand_in():
    from torchdistill.core.distillation import DistillationBox
    from torchdistill.datasets.registry import register_collate_func
    from torchdistill.misc.log import MetricLogger, SmoothedValue


def configuration(job: Job) -> dict:
    """Return what torchdistill's examples keep in a YAML file."""
    frozen = {"forward_proc": "forward_batch_only_as_kwargs", "requires_grad": False}
    learning = {"forward_proc": "forward_batch_only_as_kwargs", "requires_grad": True}
    logits = {  # "." is the model itself
        "student_module_path": ".",
        "student_module_io": "output",
        "teacher_module_path": ".",
        "teacher_module_io": "output",
    }
    # torchdistill's alpha weighs the labels, so it is one minus ours.
    kd = {
        "key": "KDLoss",
        "kwargs": {**logits, "temperature": TEMPERATURE, "alpha": 1 - ALPHA},
    }
    return {
        "num_epochs": job.epochs,
        "train_data_loader": {
            "dataset_id": "train",
            "sampler": {"class_or_func": RandomSampler},
            "collate_fn": "pad",
            "requires_supp": False,
            "kwargs": {"batch_size": job.batch_size, "num_workers": 0},
        },
        "teacher": frozen,
        "student": learning,
        "optimizer": {
            "key": "AdamW",
            "kwargs": {"lr": job.learning_rate, "fused": True},
            "max_grad_norm": MAX_NORM,
        },
        "scheduler": {
            "key": "OneCycleLR",
            "kwargs": job.schedule,
            "scheduling_step": 1,
        },
        "criterion": {
            "key": "WeightedSumLoss",
            "kwargs": {"sub_terms": {"kd": {"criterion": kd, "weight": 1.0}}},
        },
    }


def distil(job: Job, student: nn.Module) -> None:
    """Train the student with the loop of torchdistill's text example."""
    register_collate_func(job.collate, key="pad")
    data = {"train": Places(len(job.examples))}
    settings = configuration(job)
    cpu = torch.device("cpu")
    box = DistillationBox(job.teacher, student, data, settings, cpu, None, False, 1)
    if job.like_for_like:
        box.train_data_loader = job.loader()
    for epoch in range(box.num_epochs):
        box.pre_epoch_process(epoch=epoch)
        log = MetricLogger(delimiter="  ")
        log.add_meter("lr", SmoothedValue(window_size=1, fmt="{value}"))
        for batch in log.log_every(box.train_data_loader, 500, f"Epoch: [{epoch}]"):
            targets = batch.pop("labels")
            loss = box.forward_process(batch, targets=targets, supp_dict=None)
            box.post_forward_process(loss=loss)
            log.update(loss=loss.item(), lr=box.optimizer.param_groups[0]["lr"])
        box.post_epoch_process()
    box.clean_modules()


WAYS = {"": distil}
