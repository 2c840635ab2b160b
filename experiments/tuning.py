"""What is the best of forty trials worth? `python -m experiments.tuning`.

The course's smallest student learns IMDB from a fine-tuned MiniLM's soft targets
(`experiments.minilm` made them). Optuna searches temperature, alpha and
learning rate on validation, with a new seed for each trial; the student alone gets as
many trials for its learning rate; and a third search has nothing to find. The top
settings of the first two are tried again with fresh seeds. Then defaults and winners,
from fresh seeds, read the 25,000 test reviews. Writes book/records/tuning-imdb.json;
about twenty minutes of one core, and a run that was stopped goes on. `--limit 300`
shows in a minute that everything works.
"""

import argparse
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import torch
from torch import nn

from course_lib import comparison, metrics, records
from course_lib.batches import Examples
from course_lib.comparison import Reading
from course_lib.devices import accelerator
from course_lib.losses import DistillationLoss
from course_lib.models import STUDENTS
from course_lib.scale import current_scale
from course_lib.soft_target_files import SoftTargets
from course_lib.splits import prepare
from course_lib.training import Distillation, train
from experiments.kept import FOLDER, kept
from experiments.minilm import out

TRIALS, FINALISTS, FRESH = 40, 6, (1_000, 1_001, 1_002)
SEEDS = (2_000, 2_001, 2_002, 2_003, 2_004)  # no trial and no re-evaluation had these
STUDENT, EPOCHS, BATCH_SIZE, MAX_TOKENS = "bag", 2, 128, 128


@dataclass(frozen=True)
class Setting:
    """What a search may change; without a temperature, the student is alone."""

    learning_rate: float
    temperature: float | None = None
    alpha: float = 0.0


ALONE = Setting(STUDENTS[STUDENT].learning_rate)
DEFAULT = replace(ALONE, temperature=2.0, alpha=0.5)


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


def main(limit: int | None = None) -> None:
    """Train what was not trained before, and write the record."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    scale = replace(current_scale(), run_limit=limit, max_tokens=MAX_TOKENS)
    splits = prepare("imdb", scale, seed=0)
    said = SoftTargets.read(out("imdb"))
    soft = said.logits_for(splits.reviews["train"].texts, splits.label_names)
    taught = splits.train.with_soft_targets(soft)
    parts = {"validation": splits.validation, "test": splits.test}
    truth = {name: part.truth.numpy() for name, part in parts.items()}
    folder = FOLDER / f"tuning-{limit or 'all'}"

    @lru_cache(maxsize=1)  # who is asked about two splits is trained once
    def model(setting: Setting, seed: int) -> nn.Module:
        size = splits.vocabulary_size
        return trained(taught, splits.validation, setting, seed, size)

    def ask(setting: Setting, seed: int, split: str) -> Reading:
        name = f"{split}-{'-'.join(map(str, asdict(setting).values()))}-seed-{seed}"
        return kept(
            folder, name, lambda: comparison.read(model(setting, seed), parts[split])
        )

    def score(setting: Setting, seed: int) -> float:
        return metrics.accuracy(ask(setting, seed, "validation").logits, valid)

    def score_and_test(setting: Setting, seed: int) -> float:
        ask(setting, seed, "test")
        return score(setting, seed)

    valid = truth["validation"]
    found = {
        "distilled": search(distilled, score),
        "alone": search(alone, score),
        "nothing": search(nothing, score_and_test),
    }
    for name in ("distilled", "alone"):
        found[name]["again"] = again(found[name]["trials"], score)
        print(name, found[name]["again"][:3], flush=True)
    rows = {
        "alone": ALONE,
        "default": DEFAULT,
        "alone_tuned": chosen(found["alone"]),
        "tuned": chosen(found["distilled"]),
    }
    runs = [
        {name: ask(setting, seed, "test") for name, setting in rows.items()}
        for seed in SEEDS
    ]
    # Forty runs of one recipe: whoever chooses one by the test set chooses luck.
    same = np.stack(
        [
            ask(ALONE, seed, "test").logits.argmax(1) == truth["test"]
            for seed in range(TRIALS)
        ]
    )
    record: records.Record = {
        "data": splits.data,
        "device": records.device_name(accelerator().device),
        "precision": accelerator().mixed_precision,
        "scale": "smoke" if limit else scale.name,
        "seeds": list(SEEDS),
        "versions": records.versions() | {"optuna": version("optuna")},
        "sizes": {name: len(part) for name, part in splits.reviews.items()},
        "teacher_model": said.teacher["name"],
        "student": STUDENT,
        "epochs": EPOCHS,
        "batch_size": BATCH_SIZE,
        "max_tokens": splits.max_tokens,
        "vocabulary_size": splits.vocabulary_size,
        "settings": {name: asdict(setting) for name, setting in rows.items()},
        "searches": found,
        "fresh_seeds": list(FRESH),
        "chosen_on_test": chosen_on_test(same),
    }
    pairs = [
        ("default", "alone"),
        ("tuned", "default"),
        ("alone_tuned", "alone"),
        ("tuned", "alone"),
        ("tuned", "alone_tuned"),
    ]
    record |= comparison.compare(
        runs,
        truth["test"],
        differences={f"{a}_minus_{b}": (a, b) for a, b in pairs},
    )
    place = folder if limit else Path("book/records")
    records.write(place / "tuning-imdb.json", record)
    print(records.table(record, {name: name for name in rows}))


def trained(
    taught: Examples,
    validation: Examples,
    setting: Setting,
    seed: int,
    vocabulary_size: int,
) -> nn.Module:
    """Train the student with a setting from one seed."""
    torch.manual_seed(seed)
    model = STUDENTS[STUDENT].build(vocabulary_size, 2)
    objective = None
    if setting.temperature is not None:
        loss = DistillationLoss(setting.temperature, setting.alpha)
        objective = Distillation(loss)
    train(
        model,
        taught,
        validation,
        epochs=EPOCHS,
        batch_size=BATCH_SIZE,
        learning_rate=setting.learning_rate,
        seed=seed,
        objective=objective,
    )
    return model


def search(
    space: Callable[[optuna.Trial], Setting], score: Callable[[Setting, int], float]
) -> dict[str, Any]:
    """Return the trials of a search, each from a seed of its own, and importances."""
    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.TPESampler(seed=0)
    )
    trials: list[dict[str, Any]] = []

    def objective(trial: optuna.Trial) -> float:
        setting = space(trial)
        value = score(setting, trial.number)
        drawn = trial.params
        trials.append({"setting": asdict(setting), "drawn": drawn, "value": value})
        return value

    study.optimize(objective, n_trials=TRIALS)
    importances = optuna.importance.get_param_importances(study)
    return {
        "trials": trials,
        "importances": {name: float(value) for name, value in importances.items()},
    }


def again(
    trials: list[dict[str, Any]], score: Callable[[Setting, int], float]
) -> list[dict[str, Any]]:
    """Try the best trials with fresh seeds; best first, as the search had them."""
    ranked = sorted(trials, key=lambda trial: -trial["value"])[:FINALISTS]
    return [
        trial | {"fresh": [score(Setting(**trial["setting"]), s) for s in FRESH]}
        for trial in ranked
    ]


def chosen(found: dict[str, Any]) -> Setting:
    """Return the setting that was best with fresh seeds."""
    best = max(found["again"], key=lambda trial: np.mean(trial["fresh"]))
    return Setting(**best["setting"])


def chosen_on_test(right: np.ndarray, splits: int = 200) -> dict[str, list[float]]:
    """Choose a run on one half of the test set, and read it on the other.

    `right` is (runs, reviews) bool. Returns the winner's accuracy on both halves, once
    for each random split.
    """
    random = np.random.default_rng(0)
    halves: dict[str, list[float]] = {"chosen": [], "read": []}
    for _ in range(splits):
        order = random.permutation(right.shape[1])
        one, other = np.array_split(order, 2)
        best = right[:, one].mean(1).argmax()
        halves["chosen"].append(float(right[best, one].mean()))
        halves["read"].append(float(right[best, other].mean()))
    return halves


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, help="read so many reviews of each split")
    main(parser.parse_args().limit)
