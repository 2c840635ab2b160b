"""Does a student that becomes the next teacher get better and better, on IMDB?

Born-again generations (Furlanello et al. 2018): an LSTM learns from the labels, the
next from what it said, and so on, all for as many steps. Beside each its equal alone,
from the same first weights on the same batches; generation 0 for as long as validation
likes; the mean of all generations beside that of as many equals alone; the generation
that validation chooses.

Then a teacher assistant (Mirzadeh et al. 2020): MiniLM teaches an LSTM, which teaches
one an eighth as big; MiniLM teaches that one itself; it has labels only.
"""

from collections.abc import Sequence

import numpy as np
import torch

from course_lib import records
from course_lib.comparison import Reading
from course_lib.distill import ready_made
from course_lib.experiment import Experiment, Trained
from course_lib.losses import DistillationLoss
from course_lib.models import STUDENTS, Recipe
from course_lib.recipes import new_model
from course_lib.soft_target_files import SoftTargets
from course_lib.splits import prepare
from course_lib.training import Distillation, Objective
from experiments import sized
from experiments.minilm import out
from experiments.rivals import headline, linear, longer

COST = "two hours of one core"
SEEDS = (0, 1, 2, 3, 4)
PLACES = 5  # generations 0 to 4, and as many equals alone
PASSES = 2
STUDENT = STUDENTS["lstm"]
TINY = Recipe("LSTMClassifier", {"embedding_size": 2, "hidden_size": 4}, 3e-2)
#: How much of its lesson a generation hears from the one before.
ALPHAS = {"pure": 1.0, "mixed": 0.5}


def main(limit: int | None = None, seeds: Sequence[int] = SEEDS) -> records.Record:
    """Train what was not trained before, and write the record."""
    scale = sized(limit, batch_size=64)
    splits = prepare("imdb", scale, seed=0)
    done = Experiment("generations-imdb", splits, seeds, scale)
    linear(done)
    chosen = {kind: [best_line(done, run, kind) for run in range(len(seeds))]
              for kind in ALPHAS}  # fmt: skip
    times = [
        longer(done, "longer", run, STUDENT, PASSES, times=(1, 2, 5))[1]
        for run in range(len(seeds))
    ]
    assistants(done)
    record = done.record(
        {
            f"{kind}_{place}_minus_alone": (f"{kind}-{place}", f"alone-{place}")
            for kind in ALPHAS
            for place in range(1, PLACES)
        }
        | {
            f"all_{kind}_minus_all_alone": (f"all-{kind}", "all-alone")
            for kind in ALPHAS
        }
        | {
            "chosen_minus_last": ("chosen-pure", f"pure-{PLACES - 1}"),
            "chosen_minus_longer": ("chosen-pure", "longer"),
            "all_alone_minus_alone": ("all-alone", "alone-0"),
            "all_alone_minus_longer": ("all-alone", "longer"),
            "assistant_minus_direct": ("tiny-by-assistant", "tiny-direct"),
            "direct_minus_tiny": ("tiny-direct", "tiny"),
        },
        passes=PASSES,
        chosen=chosen,
        longer_times=times,
    )
    done.write(record)
    return record


def born(
    done: Experiment,
    run: int,
    place: int,
    objective: Objective | None = None,
    said: torch.Tensor | None = None,
) -> Trained:
    """Return a student; of one place all begin alike and read the same batches."""
    train, seed = done.splits.train, 100 * done.seeds[run] + place
    return done.fitted(
        f"place {place}",
        new_model(STUDENT, done.splits, seed),
        train if said is None else train.with_soft_targets(said),
        objective,
        epochs=PASSES,
        batch_size=done.scale.batch_size,
        learning_rate=STUDENT.learning_rate,
        seed=seed,
    )


def best_line(done: Experiment, run: int, kind: str) -> int:
    """Train generations and their equals, and make rows; return which is chosen."""
    test, rows = done.splits.test, done.runs[run]
    teach = Distillation(DistillationLoss(temperature=1.0, alpha=ALPHAS[kind]))
    alone = [born(done, run, place) for place in range(PLACES)]
    line = alone[:1]
    for place in range(1, PLACES):
        said = line[-1].soft_targets(done.splits.train)
        line.append(born(done, run, place, teach, said))
    for name, models in (("alone", alone), (kind, line)):
        said_of = [model.read(test) for model in models]
        for place, reading in enumerate(said_of):
            if name == "alone" or place:
                rows[f"{name}-{place}"] = reading
        rows[f"all-{name}"] = together(said_of)
    best = max(range(PLACES), key=lambda place: headline(line[place], done.splits))
    rows[f"chosen-{kind}"] = line[best].read(test)
    return best


def assistants(done: Experiment) -> None:
    """Make the rows of the tiny student: alone, taught, and taught by an assistant."""
    train = done.splits.train
    teach = Distillation(DistillationLoss(temperature=1.0, alpha=1.0))
    minilm = ready_made(done, SoftTargets.read(out("imdb")), unlabelled=False)
    taught = train.with_soft_targets(minilm)
    for run in range(len(done.seeds)):
        middle = done.train("assistant", run, STUDENT, taught, teach, epochs=PASSES)
        relayed = train.with_soft_targets(middle.soft_targets(train))
        done.train("tiny", run, TINY, epochs=PASSES)
        done.train("tiny-direct", run, TINY, taught, teach, epochs=PASSES)
        done.train("tiny-by-assistant", run, TINY, relayed, teach, epochs=PASSES)


def together(readings: Sequence[Reading]) -> Reading:
    """Return what several models say together: the mean of their probabilities."""
    said = [torch.from_numpy(r.logits).double().softmax(1).numpy() for r in readings]
    logits = np.log(np.mean(said, axis=0).clip(1e-12)).astype(np.float32)
    return Reading(logits, sum(r.parameters or 0 for r in readings), None, None)
