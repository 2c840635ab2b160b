"""How good can a student of a million numbers be, made on a laptop?

`NgramLSTM`, an LSTM with a table of n-grams beside it, learns what the committee
(`experiments.committee`) says of the training and the unlabelled reviews; beside it its
equal that has labels and no teacher, for as long as validation likes; two linear
models, of which the n-grams have about as many numbers; and the student in INT8.
"""

from collections.abc import Sequence

import torch

from course_lib import records
from course_lib.distill import quantised, read_ready_made
from course_lib.experiment import Experiment
from course_lib.losses import DistillationLoss
from course_lib.models import STUDENTS
from course_lib.soft_target_files import SoftTargets
from course_lib.splits import prepare
from course_lib.tensor_files import digest
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
    said = SoftTargets.read(OUT)
    everything = splits.readable.with_soft_targets(
        said.logits_for(splits.readable_texts, splits.label_names)
    )
    done = Experiment("small-student-imdb", splits, seeds, scale)
    teacher = read_ready_made(said, splits)
    asked = {"said": digest({"test": torch.from_numpy(teacher.logits)})}
    done.make("teacher", asked, lambda: teacher)
    linear(done)
    for run in range(len(seeds)):
        student = done.train("student", run, STUDENT, everything, TAUGHT, epochs=PASSES)
        quantised(done, run, student)
    # It starts from word vectors, and is at its best early.
    times = [
        longer(done, "longer", run, STUDENT, passes=2, times=(1, 2, 4))
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
        transfer=len(everything),
        longer_times=times,
    )
    done.write(record)
    return record
