"""What does a student gain by starting from its teacher's layers?

The teacher is an LSTM of two layers that learned IMDB's labels, anew with each seed.
Its student has one layer, as wide, and starts from random weights, from the teacher's
table of words alone, or from all that the two have in common: table, first layer and
head. Each then takes as many steps: on the labels; on what the teacher says of these
reviews and of the unlabelled ones; or half and half, the labels last. One more from
random weights takes as many steps on the labels as teacher and student together.
"""

from collections.abc import Sequence

import numpy as np
from torch import nn

from course_lib import records
from course_lib.batches import Examples
from course_lib.experiment import Experiment, Trained
from course_lib.losses import DistillationLoss
from course_lib.models import Recipe, start_from
from course_lib.recipes import new_model
from course_lib.splits import prepare
from course_lib.training import Distillation
from experiments import sized
from experiments.rivals import linear

COST = "five hours of one core"
SEEDS = (0, 1, 2, 3, 4)
STEPS = {"teacher": 3_000, "student": 1_500}
SIZES = {"embedding_size": 64, "hidden_size": 64}
TEACHER = Recipe("LSTMClassifier", {**SIZES, "num_layers": 2}, learning_rate=4e-3)
STUDENT = Recipe("LSTMClassifier", SIZES, learning_rate=4e-3)
TEMPERATURE = 2.0
TAUGHT = Distillation(DistillationLoss(TEMPERATURE, alpha=1.0))
OTHER = 1_000  # a random student's words are not those that its teacher began with
STARTS = {"random": [], "table": ["embedding"], "taken": [""]}
WAYS = ("labels", "answers", "both")


def repeated(examples: Examples, reviews: int, seed: int) -> Examples:
    """Return so many reviews, read in a new order as often as it takes."""
    random = np.random.default_rng(seed)
    passes = -(-reviews // len(examples))
    orders = [random.permutation(len(examples)) for _ in range(passes)]
    return examples.select(np.concatenate(orders)[:reviews])


def main(limit: int | None = None, seeds: Sequence[int] = SEEDS) -> records.Record:
    """Train what was not trained before, and write the record."""
    scale = sized(limit)
    splits = prepare("imdb", scale, seed=0)
    done = Experiment("starting-from-the-teacher-imdb", splits, seeds, scale)
    steps = STEPS if limit is None else {"teacher": 8, "student": 4}
    linear(done)

    def fit(
        row: str, run: int, model: nn.Module, given: Examples, steps: int
    ) -> Trained:
        # One epoch over rows that come again: no epoch is chosen on validation.
        seed = seeds[run]
        return done.fitted(
            row,
            model,
            repeated(given, steps * scale.batch_size, seed),
            None if given.soft_targets is None else TAUGHT,
            epochs=1,
            batch_size=scale.batch_size,
            learning_rate=TEACHER.learning_rate,
            seed=seed,
        )

    for run, seed in enumerate(seeds):

        def note(row: str, trained: Trained, run: int = run) -> None:
            done.runs[run][row] = trained.read(splits.test)

        first = new_model(TEACHER, splits, seed)
        teacher = fit("teacher", run, first, splits.train, steps["teacher"])
        note("teacher", teacher)
        said = splits.readable.with_soft_targets(teacher.soft_targets(splits.readable))
        budget, half = steps["student"], steps["student"] // 2
        for start, parts in STARTS.items():
            for way in WAYS:
                model = new_model(STUDENT, splits, OTHER + seed)
                start_from(model, teacher.model, parts)
                row = f"{start}-{way}"
                if way == "both":
                    warm = fit(row, run, model, said, half)
                    trained = fit(row, run, warm.model, splits.train, budget - half)
                else:
                    given = splits.train if way == "labels" else said
                    trained = fit(row, run, model, given, budget)
                note(row, trained)
        model = new_model(STUDENT, splits, OTHER + seed)
        note("longer", fit("longer", run, model, splits.train, sum(steps.values())))
    record = done.record(
        {
            f"{start}_minus_random_{way}": (f"{start}-{way}", f"random-{way}")
            for start in ("table", "taken")
            for way in WAYS
        }
        | {"taken_minus_longer": ("taken-labels", "longer")}
        | {
            f"{way}_minus_labels_{start}": (f"{start}-{way}", f"{start}-labels")
            for start in STARTS
            for way in ("answers", "both")
        },
        steps=steps,
        temperature=TEMPERATURE,
    )
    done.write(record)
    return record
