"""Ways to teach many labels, on the embedded set, where the best possible is known.

`python -m experiments.multilabel_methods` writes the record multilabel-synthetic.
First, 1,000 reviews whose labels are given, or whose exact posterior an oracle gives:
how much of the way to the Bayes-optimal score does that close? Then a teacher of two
layers learns from 2,000 labels, and a student from what it says of all 24,000 texts, in
several ways and in as many steps. Half an hour of one core; a run that was stopped goes
on. `--limit 300` shows in a minute that everything works.
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from course_lib import comparison, records
from course_lib.batches import Examples
from course_lib.comparison import Reading
from course_lib.devices import accelerator
from course_lib.losses import (
    DistillationLoss,
    logit_matching_loss,
    soft_target_loss,
)
from course_lib.metrics import interval
from course_lib.models import LabelwiseLSTM
from course_lib.reviews.synthetic import oracle_logits
from course_lib.scale import current_scale
from course_lib.soft_targets import logits_and_embeddings
from course_lib.splits import Splits, prepare
from course_lib.text import encode
from course_lib.training import Distillation, LabelEmbeddings, Objective, train
from experiments.kept import FOLDER, kept

SEEDS = (0, 1, 2)
FEW = 1_000  # labels, and texts, beside the oracle
LABELLED = 2_000
STEPS = 1_500
BATCH_SIZE = 32
# Embedding and hidden size, layers, learning rate.
TEACHER = (64, 64, 2, 4e-3)
STUDENT = (24, 24, 1, 1e-2)
WEIGHT, LIGHT = 1.0, 0.1  # of what is seen, beside what is said
DIFFERENCES = {
    "oracle_minus_alone_1000": ("oracle-1000", "alone-1000"),
    "kd_minus_alone": ("kd-T1", "alone"),
    "T2_minus_T1": ("kd-T2", "kd-T1"),
    "T4_minus_T1": ("kd-T4", "kd-T1"),
    "softmax_minus_alone": ("softmax", "alone"),
    "logits_minus_kd": ("logits", "kd-T1"),
    "embeddings_minus_kd": ("embeddings", "kd-T1"),
    "embeddings_light_minus_kd": ("embeddings-light", "kd-T1"),
    "stages_minus_all_at_once": ("stages", "kd-T1"),
}


def by_logits(student: Tensor, teacher: Tensor, labels: Tensor) -> Tensor:
    """Match the teacher's logits, whatever the labels are."""
    return logit_matching_loss(student, teacher, multilabel=True)


def by_softmax(student: Tensor, teacher: Tensor, labels: Tensor) -> Tensor:
    """Distil as if exactly one label were true of each review: wrong here."""
    return soft_target_loss(student, teacher, 1.0)


def soft(temperature: float, alpha: float = 1.0) -> Distillation:
    """Return the course's loss for many labels."""
    return Distillation(DistillationLoss(temperature, alpha, multilabel=True))


def main(limit: int | None = None) -> None:
    """Train what was not trained before, and write the record."""
    scale = replace(current_scale(), run_limit=limit)
    splits = prepare("synthetic", scale, seed=0)
    folder = FOLDER / f"multilabel-methods-{limit or 'all'}"
    runs = []
    for seed in SEEDS:
        run = with_oracle(splits, seed, folder)
        run |= with_teacher(splits, seed, folder)
        runs.append(run)
    labels = splits.test.truth.numpy()
    record: records.Record = {
        "data": splits.data,
        "device": records.device_name(accelerator().device),
        "scale": "smoke" if limit else current_scale().name,
        "seeds": list(SEEDS),
        "versions": records.versions(),
        "labelled": {"oracle": FEW, "teacher": LABELLED},
        "transfer": len(splits.readable_texts),
        "steps": STEPS,
        "batch_size": BATCH_SIZE,
        "teacher_model": describe(TEACHER),
        "student_model": describe(STUDENT),
        "vocabulary_size": splits.vocabulary_size,
        "labels": list(splits.label_names),
        "sizes": {name: len(part) for name, part in splits.reviews.items()},
        "gap_closed": gap_closed(runs, labels),
    }
    record |= comparison.compare(runs, labels, differences=DIFFERENCES)
    name = "multilabel-synthetic.json"
    path = FOLDER / f"smoke-{name}" if limit else Path("book/records") / name
    records.write(path, record)
    print(records.table(record, {key: key for key in runs[0]}))
    print(
        record["gap_closed"], *(f"{k}: {records.lead(record, k)}" for k in DIFFERENCES)
    )


def describe(shape: tuple[int, int, int, float]) -> str:
    """Say a model in short."""
    return f"LabelwiseLSTM {shape[0]}/{shape[1]}, layers: {shape[2]}"


def with_oracle(splits: Splits, seed: int, folder: Path) -> dict[str, Reading]:
    """Learn from few reviews, by their labels or by the oracle's word on them."""
    texts = splits.reviews["train"].texts[:FEW]
    few = Examples(splits.train.tokens[:FEW], splits.train.truth[:FEW])
    told = few.with_soft_targets(torch.tensor(oracle_logits(texts)))
    best = oracle_logits(splits.reviews["test"].texts).astype(np.float32)
    jobs: Mapping[str, Callable[[], Reading]] = {
        "alone-1000": lambda: read(taught(splits, few, STUDENT, seed, None), splits),
        "oracle-1000": lambda: read(
            taught(splits, told, STUDENT, seed, soft(1.0)), splits
        ),
    }
    return {"bayes": Reading(best, 0, 0, None)} | {
        name: kept(folder, f"{name}-seed-{seed}", job) for name, job in jobs.items()
    }


def with_teacher(splits: Splits, seed: int, folder: Path) -> dict[str, Reading]:
    """Train a teacher on some labels, and its student in several ways."""
    labels = splits.train.truth[:LABELLED]
    labelled = Examples(splits.train.tokens[:LABELLED], labels)
    texts = splits.readable_texts
    tokens = encode(texts, splits.vocabulary, splits.max_tokens)
    everything = Examples(tokens)

    torch.manual_seed(seed)
    teacher = LabelwiseLSTM(splits.vocabulary_size, labels.shape[1], *TEACHER[:3])
    fit(teacher, labelled, splits, TEACHER[3], seed, None, STEPS, folder / f"t-{seed}")
    both = logits_and_embeddings(teacher, everything)
    said = everything.with_soft_targets(both[..., 0])
    decided = (both[..., 0] > 0).float()  # whose rows are pairs worth comparing
    seen = replace(everything.with_soft_targets(both), labels=decided)

    def student(
        examples: Examples, objective: Objective | None
    ) -> Callable[[], Reading]:
        return lambda: read(taught(splits, examples, STUDENT, seed, objective), splits)

    def with_embeddings(weight: float) -> Reading:
        model = new_student(splits, seed)
        objective = LabelEmbeddings(temperature=1.0, weight=weight)
        fit(model, seen, splits, STUDENT[3], seed, objective, STEPS)
        return read(model, splits)

    def in_stages() -> Reading:
        model = new_student(splits, seed)
        count = len(labels)
        rest = Examples(tokens[count:], soft_targets=both[count:, :, 0])
        own = labelled.with_soft_targets(both[:count, :, 0])
        third = STEPS // 3
        fit(model, rest, splits, STUDENT[3], seed, soft(1.0), third)
        fit(model, own, splits, STUDENT[3] / 2, seed, soft(1.0, alpha=0.5), third)
        fit(model, own, splits, STUDENT[3] / 4, seed, None, third)
        return read(model, splits)

    jobs: dict[str, Callable[[], Reading]] = {
        "teacher": lambda: read(teacher, splits),
        "alone": student(labelled, None),
        "kd-T1": student(said, soft(1.0)),
        "kd-T2": student(said, soft(2.0)),
        "kd-T4": student(said, soft(4.0)),
        "logits": student(said, Distillation(by_logits)),
        "softmax": student(said, Distillation(by_softmax)),
        "embeddings": partial(with_embeddings, WEIGHT),
        "embeddings-light": partial(with_embeddings, LIGHT),
        "stages": in_stages,
    }
    return {
        name: kept(folder, f"{name}-seed-{seed}", job) for name, job in jobs.items()
    }


def new_student(splits: Splits, seed: int) -> LabelwiseLSTM:
    """Return the student before its first step; all of one seed begin alike."""
    torch.manual_seed(seed)
    return LabelwiseLSTM(splits.vocabulary_size, len(splits.label_names), *STUDENT[:3])


def taught(
    splits: Splits,
    examples: Examples,
    shape: tuple[int, int, int, float],
    seed: int,
    objective: Objective | None,
) -> LabelwiseLSTM:
    """Train a new student for all its steps."""
    model = new_student(splits, seed)
    fit(model, examples, splits, shape[3], seed, objective, STEPS)
    return model


def fit(
    model: nn.Module,
    examples: Examples,
    splits: Splits,
    learning_rate: float,
    seed: int,
    objective: Objective | None,
    steps: int,
    checkpoint: Path | None = None,
) -> None:
    """Train for so many steps, as nearly as whole epochs allow."""
    epochs = max(1, round(steps * BATCH_SIZE / len(examples)))
    if checkpoint:
        checkpoint.mkdir(parents=True, exist_ok=True)
    train(
        model,
        examples,
        splits.validation,
        epochs=epochs,
        batch_size=BATCH_SIZE,
        learning_rate=learning_rate,
        seed=seed,
        objective=objective,
        checkpoint=checkpoint / "teacher.safetensors" if checkpoint else None,
        progress=type(objective).__name__,
    )


def read(model: nn.Module, splits: Splits) -> Reading:
    """Read the test split."""
    return comparison.read(model, splits.test)


def gap_closed(
    runs: list[dict[str, Reading]], labels: np.ndarray
) -> dict[str, float | tuple[float, float]]:
    """Say what share of the way from the labels' score to Bayes' the oracle goes."""
    names = ("bayes", "alone-1000", "oracle-1000")
    some = [{name: run[name] for name in names} for run in runs]
    draws = comparison.draws_over_runs(some, labels, seed=0)
    metric = "macro_average_precision"
    best, alone, told = (draws[name][metric] for name in names)
    points = comparison.compare(some, labels, differences={})
    b, a, t = (points[name]["metrics"][metric] for name in names)
    return {
        "value": (t - a) / (b - a),
        "interval": interval((told - alone) / (best - alone)),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--limit", type=int, help="so many reviews a split")
    main(**vars(parser.parse_args()))
