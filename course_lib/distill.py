"""The experiment: a teacher, a student alone, and the same student with the teacher."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from course_lib import comparison, metrics, records
from course_lib.batches import Examples
from course_lib.comparison import Reading
from course_lib.experiment import Experiment, Trained
from course_lib.losses import DistillationLoss
from course_lib.models import STUDENTS, TEACHERS, Recipe, quantise
from course_lib.recipes import epochs_for
from course_lib.scale import Scale
from course_lib.soft_target_files import SoftTargets
from course_lib.soft_targets import predict_logits
from course_lib.splits import LABELLED, Splits
from course_lib.students import Student
from course_lib.tensor_files import digest
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

    With `checkpoint`, a folder, the same call goes on where an earlier one was stopped,
    and another one trains only what is not there yet.
    """
    start = time.perf_counter()
    for name in LABELLED:
        labels = getattr(splits, name).truth.numpy()
        metrics.check_positives(labels, name, splits.label_names)
    if not seeds:
        raise ValueError("no seed is given; give at least one")
    recipe = STUDENTS[student]
    teach = Distillation(DistillationLoss(temperature, alpha, splits.multilabel))
    transfer = with_unlabelled(splits, alpha) if unlabelled else splits.train
    notes = splits.notes
    if isinstance(teacher, str):
        notes += splits.reading_notes(TEACHERS[teacher])
    folder = Path(checkpoint) if checkpoint else None
    done = Experiment("distill", splits, seeds, scale, folder)
    found = []
    for run in range(len(seeds)):
        soft_targets = ask(done, run, teacher, unlabelled)
        alone = done.train("baseline", run, recipe)
        taught = transfer.with_soft_targets(soft_targets)
        distilled = done.train("student", run, recipe, taught, teach)
        quantised(done, run, distilled)
        found.append(students_of(done, run, recipe, alone, distilled))
    known_as = teacher if isinstance(teacher, str) else teacher.teacher["name"]
    record = done.record(
        comparison.DIFFERENCES,
        teacher_model=known_as,
        student_model=student,
        temperature=temperature,
        alpha=alpha,
        transfer=len(transfer),
        epochs=epochs_for(recipe, splits, scale),
        batch_size=scale.batch_size,
        labels=list(splits.label_names),
        notes=list(notes),
        seconds=round(time.perf_counter() - start, 1),
    )
    return record, max(found, key=lambda students: students.validation)


def ask(
    done: Experiment, run: int, teacher: str | SoftTargets, unlabelled: bool
) -> torch.Tensor:
    """Let the teacher read the test split, and what the student will read.

    Returns its logits for the latter, in half precision as a file keeps them.
    """
    splits = done.splits
    if isinstance(teacher, SoftTargets):
        return ready_made(done, teacher, unlabelled, run)
    recipe = TEACHERS[teacher]
    theirs = splits.read_by(recipe)
    trained = done.train("teacher", run, recipe, splits=theirs)
    read = theirs.readable if unlabelled else theirs.train
    return trained.soft_targets(read).half()


def quantised(done: Experiment, run: int, student: Trained) -> None:
    """Let the student read the test split in INT8."""

    def read() -> Reading:
        smaller = quantise(student.model)
        reading = comparison.read(
            smaller, done.splits.test, f"reading: {records.ROWS['int8']}"
        )
        # As many numbers, of which most are smaller.
        return replace(reading, parameters=done.runs[run]["student"].parameters)

    done.make("int8", {**student.about, "is": "INT8"}, read, run)


def students_of(
    done: Experiment, run: int, recipe: Recipe, alone: Trained, distilled: Trained
) -> Students:
    """Make two trained models ready for use, with what validation says of them."""
    splits = done.splits
    labels = splits.validation.truth.numpy()
    both = {"alone": alone.model, "distilled": distilled.model}
    logits = {
        name: predict_logits(model, splits.validation).numpy()
        for name, model in both.items()
    }

    def ready(name: str, model: nn.Module) -> Student:
        student = Student(
            model,
            recipe,
            splits.vocabulary,
            splits.max_tokens,
            splits.label_names,
            splits.multilabel,
        )
        return student.calibrated(logits[name], labels)

    score = next(iter(metrics.evaluate(logits["distilled"], labels).values()))
    students = {name: ready(name, model) for name, model in both.items()}
    return Students(done.seeds[run], **students, validation=score)


def with_unlabelled(splits: Splits, alpha: float) -> Examples:
    """Return the training reviews and those without labels; none has a label here."""
    if "unlabelled" not in splits.reviews:
        raise ValueError(f"the data set {splits.data!r} has no unlabelled reviews")
    if alpha != 1:
        raise ValueError(
            f"alpha is {alpha:g}, but unlabelled reviews have no labels to learn from: "
            "only the teacher's word counts there, so give alpha 1"
        )
    return splits.readable


def ready_made(
    done: Experiment, said: SoftTargets, unlabelled: bool = True, run: int | None = None
) -> torch.Tensor:
    """Make the row "teacher" of what one that is not here once said of the test split.

    Returns its logits for what the student will read, as `ask` does.
    """
    splits = done.splits
    reading = Reading(
        logits=said.logits_for(
            splits.reviews["test"].texts, splits.label_names
        ).numpy(),
        parameters=said.teacher.get("parameters"),
        bytes=said.teacher.get("bytes"),
        examples_per_second=None,
    )
    about = {"said": digest({"test": torch.from_numpy(reading.logits)})}
    done.make("teacher", about, lambda: reading, run)
    part = splits.readable_texts if unlabelled else splits.reviews["train"].texts
    return said.logits_for(part, splits.label_names)
