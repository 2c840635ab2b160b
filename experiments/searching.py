"""Searches of a student's settings, and how lucky their winners are."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import optuna

from course_lib.losses import DistillationLoss
from course_lib.training import Distillation


@dataclass(frozen=True)
class Setting:
    """What a search may change; without a temperature, the student is alone."""

    learning_rate: float
    temperature: float | None = None
    alpha: float = 0.0

    @property
    def objective(self) -> Distillation | None:
        """What the student is trained to reach."""
        if self.temperature is None:
            return None
        return Distillation(DistillationLoss(self.temperature, self.alpha))


def search(
    space: Callable[[optuna.Trial], Setting],
    score: Callable[[Setting, int], float],
    count: int,
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

    study.optimize(objective, n_trials=count)
    importances = optuna.importance.get_param_importances(study)
    return {
        "trials": trials,
        "importances": {name: float(value) for name, value in importances.items()},
    }


def again(
    trials: list[dict[str, Any]],
    score: Callable[[Setting, int], float],
    seeds: Sequence[int],
) -> list[dict[str, Any]]:
    """Try trials again, each with some fresh seeds."""
    return [
        trial | {"fresh": [score(Setting(**trial["setting"]), s) for s in seeds]}
        for trial in trials
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
