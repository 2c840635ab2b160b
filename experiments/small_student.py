"""How good can a student of a million numbers be, made on a laptop?

`NgramLSTM`, an LSTM with a table of n-grams beside it, learns what the committee
(`experiments.committee`) says of the training and the unlabelled reviews; beside it its
equal that has labels and no teacher, for as long as validation likes; two linear
models, of which the n-grams have about as many numbers; and the student in INT8.
"""

from collections.abc import Sequence

from course_lib import records
from course_lib.batches import Examples
from course_lib.distill import quantised, ready_made
from course_lib.experiment import Experiment
from course_lib.losses import DistillationLoss
from course_lib.models import STUDENTS
from course_lib.soft_target_files import SoftTargets
from course_lib.splits import prepare
from course_lib.training import Distillation
from experiments import sized
from experiments.committee import OUT, TOKENS
from experiments.rivals import linear, longer

COST = "two hours of one core"
SEEDS = (0, 1, 2, 3, 4)
STUDENT = STUDENTS["ngram-lstm"]
PASSES = 4  # over all texts that may be read
TEMPERATURE = 1.0
TAUGHT = Distillation(DistillationLoss(TEMPERATURE, alpha=1.0))


def main(limit: int | None = None, seeds: Sequence[int] = SEEDS) -> records.Record:
    """Train what was not trained before, and write the record."""
    scale = sized(limit, max_tokens=TOKENS, batch_size=64)
    splits = prepare("imdb", scale, seed=0)
    done = Experiment("small-student-imdb", splits, seeds, scale)
    soft = ready_made(done, SoftTargets.read(OUT))
    # In one epoch, so that its last weights count: they are better than those of the
    # epoch that is luckiest on a few validation reviews.
    texts = list(splits.readable.tokens) * PASSES
    everything = Examples(texts, soft_targets=soft.repeat(PASSES, 1))
    linear(done)
    for run in range(len(seeds)):
        student = done.train("student", run, STUDENT, everything, TAUGHT, epochs=1)
        quantised(done, run, student)
    # It starts from word vectors, and is at its best early.
    times = [
        longer(done, "longer", run, STUDENT, passes=2, times=(1, 2, 4))[1]
        for run in range(len(seeds))
    ]
    record = done.record(
        {
            "student_minus_longer": ("student", "longer"),
            "student_minus_teacher": ("student", "teacher"),
            "student_minus_ngrams": ("student", "ngrams"),
            "int8_minus_student": ("int8", "student"),
        },
        recipe=dict(STUDENT.sizes),
        passes=PASSES,
        temperature=TEMPERATURE,
        transfer=len(soft),
        longer_times=times,
    )
    done.write(record)
    return record
