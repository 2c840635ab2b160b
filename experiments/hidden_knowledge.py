"""What is a teacher's inside worth to a student, beside what it says?

A two-layer LSTM teaches a narrow one on IMDB: by soft targets alone; with its hidden
states behind a projection that is trained, and behind one that the optimizer was never
given; and with the relations among the words of a text. All students of a seed begin
alike and take the same steps on the same reviews, and each seed has a teacher of its
own. `readable` is what share of the variance of the teacher's last layer a new linear
reader of the student's states makes out on test reviews.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from course_lib import records
from course_lib.batches import Examples
from course_lib.experiment import Experiment, Trained
from course_lib.losses import DistillationLoss
from course_lib.models import STUDENTS, Recipe
from course_lib.recipes import new_model
from course_lib.similarity import floors, readable_share, states_of
from course_lib.splits import prepare
from course_lib.training import Distillation, HiddenStates, Relations, TeacherInside
from experiments import sized
from experiments.linear import TF_IDF_STRENGTHS, bag_of_words, words_of

COST = "three hours of one core"
SEEDS = (0, 1, 2, 3, 4)
SIZES = {"embedding_size": 100, "hidden_size": 64, "num_layers": 2}
TEACHER = Recipe("LSTMClassifier", SIZES, 4e-3, from_word_vectors=True, least_epochs=2)
STUDENT = STUDENTS["lstm"]
LAYERS = {0: 1}  # the student's only one reads what the teacher's last one does
TEMPERATURE, WEIGHT = 2.0, 1.0
SOFT = DistillationLoss(TEMPERATURE, alpha=1.0)
READ = 400  # texts that similarity is measured on, for fitting and for judging


def main(limit: int | None = None, seeds: Sequence[int] = SEEDS) -> records.Record:
    """Train what was not trained before, and write the record."""
    splits = prepare("imdb", sized(limit), seed=0)
    done = Experiment("hidden-knowledge-imdb", splits, seeds, sized(limit))
    done.make(
        "words",
        {"C": TF_IDF_STRENGTHS},
        lambda: bag_of_words(words_of(splits), splits, TF_IDF_STRENGTHS),
    )
    fitted, judged = (part(x, READ) for x in (splits.train, splits.test))
    readable: dict[str, list[float]] = {}
    left: dict[str, list[float]] = {"trained": [], "random": []}
    for run, seed in enumerate(seeds):
        teacher = done.train("teacher", run, TEACHER)
        taught = splits.train.with_soft_targets(teacher.soft_targets(splits.train))
        students = {"alone": done.train("alone", run, STUDENT)}
        like = new_model(STUDENT, splits, seed)
        for row, objective in objectives(like, teacher.model, seed).items():
            students[row] = done.train(row, run, STUDENT, taught, objective)
        theirs = [states_of(teacher.model, x, 1) for x in (fitted, judged)]
        width = states_of(like, part(judged, 1), 0).shape[1]
        for name, share in zip(left, floors(theirs[1], width), strict=True):
            left[name].append(share)
        for row, student in students.items():
            readable.setdefault(row, []).append(read(student, fitted, judged, theirs))
    record = done.record(
        {f"{row}_minus_soft": (row, "soft") for row in students if row != "soft"}
        | {"soft_minus_words": ("soft", "words")},
        layers=str(LAYERS),
        weight=WEIGHT,
        temperature=TEMPERATURE,
        readable=readable,
        floors=left,
    )
    done.write(record)
    return record


def objectives(
    student: nn.Module, teacher: nn.Module, seed: int
) -> dict[str, Distillation]:
    """Return what the four taught students reach for, by row."""
    inside = TeacherInside(teacher)
    torch.manual_seed(seed)
    trained, frozen = (
        HiddenStates(SOFT, student, inside, LAYERS, WEIGHT) for _ in range(2)
    )
    frozen.projections.requires_grad_(False)
    return {
        "soft": Distillation(SOFT),
        "hidden": trained,
        "frozen": frozen,
        "relations": Relations(SOFT, student, inside, LAYERS, WEIGHT),
    }


def part(examples: Examples, count: int) -> Examples:
    """Return so many reviews, spread evenly, as one class stands before another."""
    return examples.select(np.linspace(0, len(examples) - 1, count).astype(np.int64))


def read(
    student: Trained, fitted: Examples, judged: Examples, theirs: list[torch.Tensor]
) -> float:
    """Return what share of the teacher's states can be read from a student's."""
    own = [states_of(student.model, x, 0) for x in (fitted, judged)]
    return float(np.round(readable_share(own[0], theirs[0], own[1], theirs[1]), 4))
