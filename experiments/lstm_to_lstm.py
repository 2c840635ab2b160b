"""Does an LSTM teach another, half as wide, on IMDB?

The sizes are those of the chapter's article: 100 features a word and 256 hidden units a
direction for the teacher, 50 and 128 for the student. The student is trained alone,
alone for twice as long, and with the teacher; all are read on the 25,000 test reviews.
ACCELERATE_MIXED_PRECISION=bf16 makes it faster where the processor has it.
"""

from collections.abc import Sequence

from course_lib import records
from course_lib.experiment import Experiment
from course_lib.losses import DistillationLoss
from course_lib.models import Recipe
from course_lib.splits import prepare
from course_lib.training import Distillation
from experiments import sized

COST = "an hour of one core"
SEEDS = (0, 1, 2)
TEACHER = Recipe("LSTMClassifier", {"embedding_size": 100, "hidden_size": 256}, 2e-3)
STUDENT = Recipe("LSTMClassifier", {"embedding_size": 50, "hidden_size": 128}, 4e-3)
EPOCHS = {"teacher": 2, "alone": 2, "longer": 4, "distilled": 2}
MAX_TOKENS = 96  # the first and the last 48, which keeps it under an hour
TEMPERATURE, ALPHA = 2.0, 0.5
DIFFERENCES = {
    "distilled_minus_alone": ("distilled", "alone"),
    "distilled_minus_longer": ("distilled", "longer"),
    "longer_minus_alone": ("longer", "alone"),
    "distilled_minus_teacher": ("distilled", "teacher"),
}


def main(limit: int | None = None, seeds: Sequence[int] = SEEDS) -> records.Record:
    """Train what was not trained before, and write the record."""
    scale = sized(limit, max_tokens=MAX_TOKENS)
    splits = prepare("imdb", scale, seed=0)
    done = Experiment("lstm-to-lstm-imdb", splits, seeds, scale)
    teach = Distillation(DistillationLoss(TEMPERATURE, ALPHA))
    for run in range(len(seeds)):
        teacher = done.train("teacher", run, TEACHER, epochs=EPOCHS["teacher"])
        taught = splits.train.with_soft_targets(teacher.soft_targets(splits.train))
        done.train("alone", run, STUDENT, epochs=EPOCHS["alone"])
        done.train("longer", run, STUDENT, epochs=EPOCHS["longer"])
        epochs = EPOCHS["distilled"]
        done.train("distilled", run, STUDENT, taught, teach, epochs=epochs)
    record = done.record(
        DIFFERENCES, epochs=EPOCHS, temperature=TEMPERATURE, alpha=ALPHA
    )
    done.write(record)
    return record
