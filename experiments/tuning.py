"""What is the best of forty trials worth?

The course's smallest student learns IMDB from a fine-tuned MiniLM's soft targets
(`experiments.minilm` made them). Optuna searches temperature, alpha and
learning rate on validation, with a new seed for each trial; the student alone gets as
many trials for its learning rate; and a third search has nothing to find. The top
settings of the first two are tried again with fresh seeds. Then defaults and winners,
from fresh seeds, read the 25,000 test reviews.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib.metadata import version

import numpy as np
import optuna

from course_lib import metrics, records
from course_lib.experiment import Experiment, Trained
from course_lib.models import STUDENTS
from course_lib.recipes import new_model
from course_lib.soft_target_files import SoftTargets
from course_lib.splits import prepare
from experiments import sized
from experiments.minilm import out
from experiments.searching import (
    Setting,
    again,
    chosen,
    chosen_on_test,
    search,
)

COST = "twenty minutes of one core"
TRIALS, FINALISTS, FRESH = 40, 6, (1_000, 1_001, 1_002)
SEEDS = (2_000, 2_001, 2_002, 2_003, 2_004)  # no trial and no re-evaluation had these
STUDENT, EPOCHS, BATCH_SIZE, MAX_TOKENS = "bag", 2, 128, 128


ALONE = Setting(STUDENTS[STUDENT].learning_rate)
DEFAULT = replace(ALONE, temperature=2.0, alpha=0.5)
DIFFERENCES = {
    f"{one}_minus_{other}": (one, other)
    for one, other in (
        ("default", "alone"),
        ("tuned", "default"),
        ("alone_tuned", "alone"),
        ("tuned", "alone"),
        ("tuned", "alone_tuned"),
    )
}


def distilled(trial: optuna.Trial) -> Setting:
    """Draw a temperature, an alpha and a learning rate."""
    return Setting(
        temperature=trial.suggest_float("temperature", 0.5, 20, log=True),
        alpha=trial.suggest_float("alpha", 0, 1),
        learning_rate=trial.suggest_float("learning_rate", 3e-3, 3e-1, log=True),
    )


def alone(trial: optuna.Trial) -> Setting:
    """Draw a learning rate."""
    return Setting(trial.suggest_float("learning_rate", 3e-3, 3e-1, log=True))


def nothing(trial: optuna.Trial) -> Setting:
    """Draw two numbers that nobody uses."""
    trial.suggest_float("temperature", 0.5, 20, log=True)
    trial.suggest_float("lucky_number", 0, 1)
    return ALONE


def main(limit: int | None = None, seeds: Sequence[int] = SEEDS) -> records.Record:
    """Train what was not trained before, and write the record."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    scale = sized(limit, max_tokens=MAX_TOKENS)
    splits = prepare("imdb", scale, seed=0)
    said = SoftTargets.read(out("imdb"))
    soft = said.logits_for(splits.reviews["train"].texts, splits.label_names)
    taught = splits.train.with_soft_targets(soft)
    valid, truth = splits.validation.truth.numpy(), splits.test.truth.numpy()
    done = Experiment("tuning-imdb", splits, seeds, scale)

    def trained(setting: Setting, seed: int) -> Trained:
        return done.fitted(
            "trial",
            new_model(STUDENTS[STUDENT], splits, seed),
            taught,
            setting.objective,
            seed=seed,
            epochs=EPOCHS,
            batch_size=BATCH_SIZE,
            learning_rate=setting.learning_rate,
        )

    def score(setting: Setting, seed: int) -> float:
        said = trained(setting, seed).read(splits.validation)
        return metrics.accuracy(said.logits, valid)

    found = {
        "distilled": search(distilled, score, TRIALS),
        "alone": search(alone, score, TRIALS),
        "nothing": search(nothing, score, TRIALS),
    }
    for name in ("distilled", "alone"):
        # Best first, as the search had them.
        best = sorted(found[name]["trials"], key=lambda trial: -trial["value"])
        found[name]["again"] = again(best[:FINALISTS], score, FRESH)
        print(name, found[name]["again"][:3], flush=True)
    rows = {
        "alone": ALONE,
        "default": DEFAULT,
        "alone_tuned": chosen(found["alone"]),
        "tuned": chosen(found["distilled"]),
    }
    for run, seed in enumerate(seeds):
        for row, setting in rows.items():
            done.runs[run][row] = trained(setting, seed).read(splits.test)
    # Forty runs of one recipe: whoever chooses one by the test set chooses luck.
    same = np.stack(
        [
            trained(ALONE, seed).read(splits.test).logits.argmax(1) == truth
            for seed in range(TRIALS)
        ]
    )
    record = done.record(
        DIFFERENCES,
        teacher_model=said.teacher["name"],
        student=STUDENT,
        epochs=EPOCHS,
        batch_size=BATCH_SIZE,
        settings={name: asdict(setting) for name, setting in rows.items()},
        searches=found,
        fresh_seeds=list(FRESH),
        chosen_on_test=chosen_on_test(same),
    )
    record["versions"]["optuna"] = version("optuna")
    done.write(record)
    return record
