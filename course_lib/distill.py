"""The experiment: a teacher, a student alone, and the same student with the teacher."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from torch import nn

from course_lib import comparison, metrics, records
from course_lib.batches import Examples
from course_lib.comparison import Reading
from course_lib.devices import accelerator
from course_lib.losses import DistillationLoss
from course_lib.models import STUDENTS, TEACHERS, Recipe, quantise
from course_lib.scale import Scale
from course_lib.soft_target_files import SoftTargets
from course_lib.soft_targets import predict_logits
from course_lib.splits import LABELLED, Splits
from course_lib.students import Student
from course_lib.teachers import epochs_for, fit, reading_notes, train_teacher
from course_lib.text import encode
from course_lib.training import Distillation


@dataclass(frozen=True)
class Students:
    """What one seed brought: the two students, and the distilled one's worth."""

    seed: int
    alone: Student
    distilled: Student
    validation: float  # the distilled one's headline metric


def distill(
    splits: Splits,
    teacher: str | SoftTargets,
    student: str,
    scale: Scale,
    *,
    seeds: Sequence[int] = (0,),
    temperature: float = 2.0,
    alpha: float = 0.5,
    unlabelled: bool = False,
    checkpoint: str | Path | None = None,
) -> tuple[records.Record, Students]:
    """Run the experiment, once for each seed.

    Returns its record, and the students of the seed whose distilled one did best on
    validation.

    `teacher` is the name of one to train, or the soft targets of one that was trained
    elsewhere. The two students start from the same weights and see the same batches in
    the same order for the same number of steps: the loss is all that differs. The test
    split is read once, at the end, by all three, and by the student in INT8.

    With `unlabelled`, the distilled student also reads the reviews without labels, in
    as many steps. It then learns from the teacher alone, and `alpha` must be 1: there
    is `ValueError` if it is not, or if the data set has no such reviews.

    With `checkpoint`, a folder, the same call goes on where an earlier one was stopped.
    """
    start = time.perf_counter()
    for name in LABELLED:
        labels = getattr(splits, name).truth.numpy()
        metrics.check_positives(labels, name, splits.label_names)
    loss = DistillationLoss(temperature, alpha, multilabel=splits.multilabel)
    transfer = with_unlabelled(splits, alpha) if unlabelled else splits.train
    notes = splits.notes
    if isinstance(teacher, str):
        notes += reading_notes(TEACHERS[teacher], splits)
    runs, best = [], None
    for seed in seeds:
        readings, students = run_once(
            splits,
            teacher,
            STUDENTS[student],
            scale,
            seed,
            loss,
            transfer,
            Path(checkpoint) / f"seed-{seed}" if checkpoint else None,
        )
        runs.append(readings)
        if best is None or students.validation > best.validation:
            best = students
    if best is None:
        raise ValueError("no seed is given; give at least one")
    known_as = teacher if isinstance(teacher, str) else teacher.teacher["name"]
    record: records.Record = {
        "data": splits.data,
        "device": records.device_name(accelerator().device),
        "precision": accelerator().mixed_precision,
        "seeds": list(seeds),
        "versions": records.versions(),
        "scale": scale.name,
        "teacher_model": known_as,
        "student_model": student,
        "temperature": temperature,
        "alpha": alpha,
        "transfer": len(transfer),
        "epochs": epochs_for(STUDENTS[student], splits, scale),
        "batch_size": scale.batch_size,
        "max_tokens": splits.max_tokens,
        "vocabulary_size": splits.vocabulary_size,
        "labels": list(splits.label_names),
        "sizes": {name: len(part) for name, part in splits.reviews.items()},
        "notes": list(notes),
    }
    record |= comparison.compare(runs, splits.test.truth.numpy())
    record["seconds"] = round(time.perf_counter() - start, 1)
    return record, best


def run_once(
    splits: Splits,
    teacher: str | SoftTargets,
    recipe: Recipe,
    scale: Scale,
    seed: int,
    loss: DistillationLoss,
    transfer: Examples,
    folder: Path | None,
) -> tuple[dict[str, Reading], Students]:
    """Train the three models from one seed.

    Returns what each says of the test split, and the two students.
    """
    words = {"train": splits.train, "validation": splits.validation}
    names = splits.label_names
    texts = splits.readable_texts[: len(transfer)]  # training reviews come first
    if isinstance(teacher, SoftTargets):
        reading = read_ready_made(teacher, splits)
        said = teacher
    else:
        trained = train_teacher(splits, teacher, scale, seed, folder)
        encoded = trained.encode(splits.reviews["test"].texts)
        test = Examples(encoded, splits.test.labels)
        reading = comparison.read(trained.model, test, "test: teacher")
        place = folder / "soft-targets" if folder else None
        said = trained.soft_targets(texts, names, place)
    alone = fit(recipe, words, splits, scale, seed, "baseline", folder)
    soft_targets = said.logits_for(texts, names)
    taught = words | {"train": transfer.with_soft_targets(soft_targets)}
    # As many steps as its equal has, as nearly as whole epochs allow.
    epochs = epochs_for(recipe, splits, scale) * len(splits.train) / len(transfer)
    student = fit(
        recipe,
        taught,
        splits,
        scale,
        seed,
        "student",
        folder,
        Distillation(loss),
        max(1, round(epochs)),
    )
    test = splits.test
    distilled = comparison.read(student, test, "test: student distilled")
    int8 = comparison.read(quantise(student), test, "test: the same in INT8")
    readings = {
        "teacher": reading,
        "baseline": comparison.read(alone, test, "test: student alone"),
        "student": distilled,
        # As many numbers, of which most are smaller.
        "int8": replace(int8, parameters=distilled.parameters),
    }
    return readings, students_of(splits, recipe, seed, alone, student)


def students_of(
    splits: Splits, recipe: Recipe, seed: int, alone: nn.Module, distilled: nn.Module
) -> Students:
    """Make two trained models ready for use, with what validation says of them."""
    labels = splits.validation.truth.numpy()
    logits = {
        m: predict_logits(m, splits.validation).numpy() for m in (alone, distilled)
    }

    def ready(model: nn.Module) -> Student:
        student = Student(
            model,
            recipe,
            splits.vocabulary,
            splits.max_tokens,
            splits.label_names,
            splits.multilabel,
        )
        return student.calibrated(logits[model], labels)

    score = next(iter(metrics.evaluate(logits[distilled], labels).values()))
    return Students(seed, ready(alone), ready(distilled), score)


def with_unlabelled(splits: Splits, alpha: float) -> Examples:
    """Return the training reviews and those without labels; none has a label here."""
    if "unlabelled" not in splits.reviews:
        raise ValueError(f"the data set {splits.data!r} has no unlabelled reviews")
    if alpha != 1:
        raise ValueError(
            f"alpha is {alpha:g}, but unlabelled reviews have no labels to learn from: "
            "only the teacher's word counts there, so give alpha 1"
        )
    texts = splits.reviews["unlabelled"].texts
    more = encode(texts, splits.vocabulary, splits.max_tokens)
    return Examples([*splits.train.tokens, *more])


def read_ready_made(soft_targets: SoftTargets, splits: Splits) -> Reading:
    """Return what a teacher that is not here once said of the test split."""
    return Reading(
        logits=soft_targets.logits_for(
            splits.reviews["test"].texts, splits.label_names
        ).numpy(),
        parameters=soft_targets.teacher.get("parameters"),
        bytes=soft_targets.teacher.get("bytes"),
        examples_per_second=None,
    )
