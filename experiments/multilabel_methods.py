"""Which ways to teach many labels are worth it, where the best possible is known?

First, 1,000 reviews of the embedded set whose labels are given, or whose exact
posterior an oracle gives: how much of the way to the Bayes-optimal score does that
close? Then a teacher of two layers learns from 2,000 labels, and a student from what it
says of all 24,000 texts, in several ways and in as many steps.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from course_lib import comparison, records
from course_lib.batches import Examples
from course_lib.comparison import Reading
from course_lib.experiment import Experiment, Trained
from course_lib.losses import (
    DistillationLoss,
    logit_matching_loss,
    soft_target_loss,
)
from course_lib.models import LabelwiseLSTM, Recipe
from course_lib.recipes import new_model
from course_lib.reviews.synthetic import oracle_logits
from course_lib.soft_targets import logits_and_embeddings
from course_lib.splits import prepare
from course_lib.tensor_files import digest
from course_lib.training import Distillation, LabelEmbeddings, Objective
from experiments import sized

COST = "half an hour of one core"
SEEDS = (0, 1, 2)
FEW = 1_000  # labels, and texts, beside the oracle
LABELLED = 2_000
STEPS = 1_500
BATCH_SIZE = 32
TEACHER = Recipe(
    "LabelwiseLSTM", {"embedding_size": 64, "hidden_size": 64, "num_layers": 2}, 4e-3
)
STUDENT = Recipe(
    "LabelwiseLSTM", {"embedding_size": 24, "hidden_size": 24, "num_layers": 1}, 1e-2
)
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


def main(limit: int | None = None, seeds: Sequence[int] = SEEDS) -> records.Record:
    """Train what was not trained before, and write the record."""
    scale = sized(limit)
    splits = prepare("synthetic", scale, seed=0)
    done = Experiment("multilabel-synthetic", splits, seeds, scale)
    asked = splits.reviews["test"].texts
    best = oracle_logits(asked).astype(np.float32)
    done.make("bayes", {"is": "the oracle"}, lambda: Reading(best, 0, 0, None))
    for run in range(len(seeds)):
        with_oracle(done, run)
        with_teacher(done, run)
    labels = splits.test.truth.numpy()
    record = done.record(
        DIFFERENCES,
        labelled={"oracle": FEW, "teacher": LABELLED},
        transfer=len(splits.readable_texts),
        steps=STEPS,
        batch_size=BATCH_SIZE,
        teacher_model=describe(TEACHER),
        student_model=describe(STUDENT),
        labels=list(splits.label_names),
        gap_closed=comparison.gap_closed(
            done.runs, labels, start="alone-1000", goal="bayes", reached="oracle-1000"
        ),
    )
    done.write(record)
    print(
        record["gap_closed"], *(f"{k}: {records.lead(record, k)}" for k in DIFFERENCES)
    )
    return record


def describe(recipe: Recipe) -> str:
    """Say a model in short."""
    width, hidden, layers = recipe.sizes.values()
    return f"{recipe.architecture} {width}/{hidden}, layers: {layers}"


def with_oracle(done: Experiment, run: int) -> None:
    """Learn from few reviews, by their labels or by the oracle's word on them."""
    splits = done.splits
    texts = splits.reviews["train"].texts[:FEW]
    few = Examples(splits.train.tokens[:FEW], splits.train.truth[:FEW])
    told = few.with_soft_targets(torch.tensor(oracle_logits(texts)))
    learn(done, "alone-1000", run, few)
    learn(done, "oracle-1000", run, told, soft(1.0))


def with_teacher(done: Experiment, run: int) -> None:
    """Train a teacher on some labels, and its student in several ways."""
    splits = done.splits
    labelled = Examples(splits.train.tokens[:LABELLED], splits.train.truth[:LABELLED])
    everything = splits.readable
    teacher = learn(done, "teacher", run, labelled, recipe=TEACHER)
    both = done.once(
        "seen",
        {**teacher.about, "read": digest(everything.tensors())},
        lambda: answers(teacher, everything),
    ).logits
    seen = everything.with_soft_targets(torch.from_numpy(both))
    said = everything.with_soft_targets(torch.from_numpy(both[..., 0]))
    # Whose rows are pairs worth comparing.
    decided = replace(seen, labels=torch.from_numpy(both[..., 0] > 0).float())
    learn(done, "alone", run, labelled)
    for temperature in (1, 2, 4):
        learn(done, f"kd-T{temperature}", run, said, soft(temperature))
    learn(done, "logits", run, said, Distillation(by_logits))
    learn(done, "softmax", run, said, Distillation(by_softmax))
    learn(done, "embeddings", run, decided, LabelEmbeddings(1.0, WEIGHT))
    learn(done, "embeddings-light", run, decided, LabelEmbeddings(1.0, LIGHT))
    in_stages(done, run, labelled, said)


def answers(teacher: Trained, examples: Examples) -> Reading:
    """Ask a teacher for logits and label embeddings of some reviews."""
    assert isinstance(teacher.model, LabelwiseLSTM)
    both = logits_and_embeddings(teacher.model, examples)
    return Reading(both.numpy(), None, None, None)


def learn(
    done: Experiment,
    row: str,
    run: int,
    examples: Examples,
    objective: Objective | None = None,
    recipe: Recipe = STUDENT,
) -> Trained:
    """Train a model for all its steps, as nearly as whole epochs allow."""
    return done.train(
        row,
        run,
        recipe,
        examples,
        objective,
        epochs=passes_for(STEPS, examples),
        batch_size=BATCH_SIZE,
    )


def passes_for(steps: int, examples: Examples) -> int:
    """Return how many passes come nearest to so many steps."""
    return max(1, round(steps * BATCH_SIZE / len(examples)))


def in_stages(done: Experiment, run: int, labelled: Examples, said: Examples) -> None:
    """Learn from the teacher, then from both, then from labels, ever more slowly."""
    seed, count = done.seeds[run], len(labelled)
    assert said.soft_targets is not None
    rest = Examples(said.tokens[count:], soft_targets=said.soft_targets[count:])
    own = labelled.with_soft_targets(said.soft_targets[:count])
    model = new_model(STUDENT, done.splits, seed)
    for examples, objective, slower in (
        (rest, soft(1.0), 1),
        (own, soft(1.0, alpha=0.5), 2),
        (own, None, 4),
    ):
        stage = done.fitted(
            "stages",
            model,
            examples,
            objective,
            seed=seed,
            epochs=passes_for(STEPS // 3, examples),
            batch_size=BATCH_SIZE,
            learning_rate=STUDENT.learning_rate / slower,
        )
        model = stage.model
    done.runs[run]["stages"] = stage.read(done.splits.test)
