"""Give every library the same job, in turn, and say how much longer each one takes.

    python -m benchmarks.peers.compare out.json [tiny]

This runs in `.venv-peers`, which `make bench` makes; without it, only what `.venv`
holds takes part, and the record says who is missing and why.
"""

import importlib
import json
import logging
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import torch
from torch import nn

from benchmarks.peers import with_course_lib
from benchmarks.peers.job import ALPHA, TEMPERATURE, Job
from benchmarks.sample import (
    VOCABULARY_SIZE,
    RandomBatches,
    Sample,
    load_sample,
    padding_share,
    shape_of,
)
from benchmarks.sizes import SIZES, Sizes
from benchmarks.timing import in_turn, spread, versus
from course_lib.losses import DistillationLoss
from course_lib.models import STUDENTS, TEACHERS
from course_lib.records import Record
from course_lib.soft_targets import predict_logits

PEERS = ("textbrewer", "torchdistill", "trainer")
STUDENT = STUDENTS["lstm"]
Way = Callable[[Job, nn.Module], None]


def find_peers() -> tuple[dict[str, Way], dict[str, str], dict[str, str]]:
    """Return the ways to do the job, the versions used, and who is missing and why."""
    ways: dict[str, Way] = {}
    versions, missing = {}, {}
    for peer in PEERS:
        try:
            module = importlib.import_module(f"benchmarks.peers.with_{peer}")
        except Exception as error:  # whatever a library does when it is imported
            missing[peer] = f"{type(error).__name__}: {error}"
            continue
        versions[module.PACKAGE] = version(module.PACKAGE)
        for switch, way in module.WAYS.items():
            ways[f"{peer}, {switch}".removesuffix(", ")] = way
    return ways, versions, missing


def new_student() -> nn.Module:
    """Return the student that every library starts from, the same weights each time."""
    torch.manual_seed(0)
    return STUDENT.build(VOCABULARY_SIZE, 2)


def compare(sample: Sample, sizes: Sizes) -> Record:
    """Time the job in every library; a library that does not learn is no comparison."""
    logging.disable(logging.WARNING)
    ways, versions, missing = find_peers()
    torch.manual_seed(0)
    teacher = TEACHERS["lstm"].build(VOCABULARY_SIZE, 2).eval()
    examples = sample.examples(sizes.peer_tokens)
    documented = Job(
        teacher,
        examples,
        epochs=sizes.peer_epochs,
        batch_size=32,
        learning_rate=STUDENT.learning_rate,
    )
    alike = Job(**vars(documented) | {"like_for_like": True})
    losses: dict[str, list[float]] = {}
    check = DistillationLoss(TEMPERATURE, ALPHA)
    soft_targets = predict_logits(teacher, examples)

    def loss_of(student: nn.Module) -> float:
        said = predict_logits(student, examples)
        return round(float(check(said, soft_targets, examples.labels)), 4)

    def run(name: str, way: Way, job: Job) -> Callable[[], None]:
        def once() -> None:
            student = new_student()
            way(job, student)
            trained[name] = student

        return once

    trained: dict[str, nn.Module] = {}
    ours = {"ours": with_course_lib.distil, **ways}
    jobs = {name: run(name, way, documented) for name, way in ours.items()}
    equal = {name: way for name, way in ours.items() if "," not in name}
    jobs |= {
        f"{name} (alike)": run(f"{name} (alike)", way, alike)
        for name, way in equal.items()
    }
    seconds = in_turn(jobs, sizes.repeats)

    before = loss_of(new_student())
    for name, student in trained.items():
        losses[name] = [before, loss_of(student)]
        if losses[name][1] >= before:
            raise RuntimeError(f"{name} did not lower the loss: {losses[name]}")

    found: Record = {"missing": missing, "versions": versions}
    for peer in PEERS:
        if peer in missing:
            continue
        entry = versus(seconds["ours"], seconds[peer]) | {
            "ours": "soft targets made once in the job; batches of like lengths",
            "theirs": "the teacher asked at every batch; random batches",
            "like_for_like": versus(
                seconds["ours (alike)"], seconds[f"{peer} (alike)"]
            ),
            "loss": {"before": before, "ours": losses["ours"][1]}
            | {"theirs": losses[peer][1]},
            "steps": documented.steps,
            "epochs": documented.epochs,
            "batch_size": documented.batch_size,
            "padding": {
                "ours": padding_share(examples, 32),
                "theirs": padding_share(
                    RandomBatches(examples.tokens, examples.labels), 32
                ),
            },
            **shape_of(examples),
        }
        for name in ways:
            if name.startswith(f"{peer}, "):
                switch = name.removeprefix(f"{peer}, ")
                entry["with_switch"] = {
                    "switch": switch,
                    **versus(seconds["ours"], seconds[name]),
                }
        found[f"engine_vs_{peer}"] = entry
    found["seconds"] = {name: spread(s) for name, s in seconds.items()}
    return found


def main() -> None:
    """Write what was found as JSON."""
    path, size = Path(sys.argv[1]), (sys.argv[2:] or ["full"])[0]
    sizes = SIZES[size]
    torch.set_num_threads(1)
    found = compare(load_sample(sizes.peer_reviews), sizes)
    path.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
