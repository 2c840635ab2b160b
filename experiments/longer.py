"""A student alone, with all the time it wants: the rival that is easily forgotten."""

from dataclasses import dataclass

from course_lib.experiment import Experiment, Trained
from course_lib.metrics import evaluate
from course_lib.models import Recipe
from course_lib.splits import Splits

#: How many times as many passes.
TIMES = (1, 2, 4, 8)


@dataclass(frozen=True)
class Longer:
    """The best of several trainings of one student, by validation."""

    times: int
    trained: Trained
    validation: dict[int, float]  # by times


def longer(done: Experiment, row: str, run: int, recipe: Recipe, passes: int) -> Longer:
    """Train a student from labels for as long as validation likes; make a row of it.

    That is `passes` over the training reviews, or twice, or more times as many. Each is
    a training of its own, since the learning rate has to end at zero.
    """
    splits = done.splits
    tried = {
        times: done.prepared(f"{row}-{times}", run, recipe, epochs=times * passes)
        for times in TIMES
    }
    validation = {times: headline(each, splits) for times, each in tried.items()}
    best = max(TIMES, key=lambda times: validation[times])
    done.runs[run][row] = tried[best].read(splits.test)
    return Longer(best, tried[best], validation)


def headline(trained: Trained, splits: Splits) -> float:
    """Return the metric that counts, on the validation reviews."""
    logits = trained.read(splits.validation).logits
    return next(iter(evaluate(logits, splits.validation.truth.numpy()).values()))
