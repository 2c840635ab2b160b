"""Does a teacher only save time? One student, from one pass to sixteen.

Beyer et al. (2022), *Knowledge distillation: a good teacher is patient and consistent*,
let students learn for very long. Here a student learns from labels or from what MiniLM
says, of few texts, of the training reviews, or of the unlabelled ones as well. Each
budget is a training of its own. How often student and teacher agree tells whether it
becomes its teacher, or only as good (Stanton et al. 2021, *Does knowledge distillation
really work?*).
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from course_lib import intervals, records
from course_lib.batches import Examples
from course_lib.distill import ready_made
from course_lib.experiment import Experiment
from course_lib.losses import DistillationLoss
from course_lib.models import STUDENTS
from course_lib.soft_target_files import SoftTargets
from course_lib.splits import prepare
from course_lib.training import Distillation
from experiments import sized
from experiments.minilm import out

COST = "three hours of one core"
SEEDS = (0, 1, 2, 3, 4)
PASSES = (1, 2, 4, 8, 16)  # over as many reviews as there are for training
EARLY = 4  # beside the most: is it worth to go on?
MOST = 32  # passes over the same texts
FEW = 4  # the few texts are a part of so many
STUDENT = STUDENTS["lstm"]
DRAWS = 300  # of other test reviews, for an interval of agreement
TEMPERATURE = 2.0
TAUGHT = Distillation(DistillationLoss(TEMPERATURE, alpha=1.0))


def main(limit: int | None = None, seeds: Sequence[int] = SEEDS) -> records.Record:
    """Train what was not trained before, and write the record."""
    scale = sized(limit, batch_size=64)
    splits = prepare("imdb", scale, seed=0)
    done = Experiment("patience-imdb", splits, seeds, scale)
    soft = ready_made(done, SoftTargets.read(out("imdb")))
    train, everything = splits.train, splits.readable.with_soft_targets(soft)
    arms = {
        "train": train.with_soft_targets(soft[: len(train)]),
        "all": everything,
    }
    read = {f"alone-{passes}": passes * len(train) for passes in PASSES}
    for run, seed in enumerate(seeds):
        arms["few"] = drawn(arms["train"], len(train) // FEW, seed)
        for passes in PASSES:
            done.train(f"alone-{passes}", run, STUDENT, epochs=passes)
            for name, examples in arms.items():
                budget = passes * len(train)
                epochs = round(budget / len(examples))
                row = f"{name}-{passes}"
                # Whole passes over more texts come near some budgets only.
                near = abs(epochs * len(examples) - budget) < budget / 3
                if near and epochs <= MOST:
                    read[row] = epochs * len(examples)
                    done.train(row, run, STUDENT, examples, TAUGHT, epochs=epochs)
    rows = [row for row in done.runs[0] if row != "teacher"]
    budgets = {
        name: [p for p in PASSES if f"{name}-{p}" in read] for name in ("alone", *arms)
    }
    last = {name: some[-1] for name, some in budgets.items() if some}
    record = done.record(
        {
            f"{one}_minus_{other}_{p}": (f"{one}-{p}", f"{other}-{p}")
            for one, other in (("train", "alone"), ("train", "few"), ("all", "train"))
            for p in budgets[one]
            if p in budgets[other]
        }
        | {
            f"{name}_{last[name]}_minus_{EARLY}": (
                f"{name}-{last[name]}",
                f"{name}-{EARLY}",
            )
            for name in last
            if EARLY in budgets[name]
        }
        | {
            f"{name}_{last[name]}_minus_teacher": (f"{name}-{last[name]}", "teacher")
            for name in last
        },
        passes=PASSES,
        reviews_read=read,  # whole passes come near a budget, and do not meet it
        transfer={name: len(examples) for name, examples in arms.items()},
        temperature=TEMPERATURE,
        agreement={row: agreement(done, row) for row in rows},
        last=last,
        closer={
            name: closer(done, f"{name}-{last[name]}", f"alone-{last[name]}")
            for name in last
            if name != "alone"
        },
    )
    done.write(record)
    return record


def drawn(examples: Examples, count: int, seed: int) -> Examples:
    """Draw so many reviews: in the archive one class stands before the other."""
    rows = np.random.default_rng(seed).permutation(len(examples))[:count]
    return replace(examples, labels=None).select(rows)


def agreement(done: Experiment, row: str) -> dict[str, list[float]]:
    """Return how often a model and the teacher say the same, one number a run.

    And how often they would if each erred independently of the other: that follows
    from how often each is right.
    """
    labels = done.splits.test.truth.numpy()
    found: dict[str, list[float]] = {"agree": [], "by_chance": []}
    for run in done.runs:
        said = [run[name].logits.argmax(1) for name in (row, "teacher")]
        one, other = (float(np.mean(verdicts == labels)) for verdicts in said)
        found["agree"].append(float(np.mean(said[0] == said[1])))
        found["by_chance"].append(float(by_chance(one, other)))
    return found


def by_chance(one: NDArray | float, other: NDArray | float) -> NDArray | float:
    """Return how often two agree on two classes who err independently.

    `one` and `other` are how often each is right; both are, or neither is.
    """
    return one * other + (1 - one) * (1 - other)


def closer(done: Experiment, one: str, other: str) -> records.Record:
    """Return by how much more one row agrees with the teacher than another does.

    Each beyond what follows from how often it is right; with interval and p value.
    """
    labels = done.splits.test.truth.numpy()

    def right(row: str) -> NDArray:  # (runs, reviews)
        return np.stack([run[row].logits.argmax(1) == labels for run in done.runs])

    ours, theirs, teacher = right(one), right(other), right("teacher")

    def beyond(row: NDArray, some: NDArray | slice) -> NDArray:
        # What is left is twice the covariance of being right.
        a, b = row[:, some], teacher[:, some]
        return (a == b).mean(1) - by_chance(a.mean(1), b.mean(1))

    def lead(some: NDArray | slice) -> NDArray:
        return beyond(ours, some) - beyond(theirs, some)

    values = lead(slice(None))
    draws = intervals.resampled(labels, None, DRAWS, seed=0)
    drawn = np.array([lead(some).mean() for some in draws])
    interval, p = intervals.interval_of(values, drawn, len(labels))
    return {"value": float(values.mean()), "interval": interval, "p": p}
