"""Does a better teacher make a better student?

One small LSTM learns from each member of the committee (`experiments.committee`) that
learned from labels, from the mixes, and from the committee, always on the same texts
for the same steps. And from answers that the n-grams gave on texts whose labels they
had seen, beside those that they gave unseen: is a teacher's word on its own training
texts worth less? (Who has not seen a fifth of the labels has also learnt from fewer:
the two differ in that as well.)
"""

from collections.abc import Sequence

import torch

from course_lib import records
from course_lib.experiment import Experiment
from course_lib.losses import DistillationLoss
from course_lib.models import STUDENTS
from course_lib.splits import prepare
from course_lib.training import Distillation
from experiments import sized
from experiments.committee import Answers, Committee
from experiments.linear import two_logits

COST = "an hour of one core, after that of the committee"
SEEDS = (0, 1, 2, 3, 4)
TEACHERS = ("ngrams", "minilm", "lstms", "mix", "committee-of-labels", "committee")
STUDENT = STUDENTS["lstm"]
TEMPERATURE = 2.0
TAUGHT = Distillation(DistillationLoss(TEMPERATURE, alpha=1.0))


def main(limit: int | None = None, seeds: Sequence[int] = SEEDS) -> records.Record:
    """Train what was not trained before, and write the record."""
    scale = sized(limit)
    splits = prepare("imdb", scale, seed=0)
    room = Committee(splits, (0,), scale)
    said = room.answers()
    done = Experiment("which-teacher-imdb", splits, seeds, scale)
    train = splits.train

    def soft(answers: Answers) -> torch.Tensor:
        return torch.from_numpy(two_logits(answers))

    for name in TEACHERS:
        for each in done.runs:
            each[name] = room.done.runs[0][name]
    seen = soft(room.ngrams_that_saw()[room.rows["train"]])
    unseen = soft(said["ngrams"][room.rows["train"]])
    for run in range(len(seeds)):
        done.train("alone", run, STUDENT)
        for name in TEACHERS:
            targets = soft(said[name][room.readable])
            examples = splits.readable.with_soft_targets(targets)
            done.train(f"of-{name}", run, STUDENT, examples, TAUGHT)
        for name, targets in {"seen": seen, "unseen": unseen}.items():
            examples = train.with_soft_targets(targets)
            done.train(f"of-{name}", run, STUDENT, examples, TAUGHT)
    record = done.record(
        {f"of_{name}_minus_alone": (f"of-{name}", "alone") for name in TEACHERS}
        | {
            f"of_{name}_minus_minilm": (f"of-{name}", "of-minilm")
            for name in TEACHERS
            if name != "minilm"
        }
        | {"unseen_minus_seen": ("of-unseen", "of-seen")}
        | {"seen_minus_alone": ("of-seen", "alone")},
        temperature=TEMPERATURE,
        transfer=len(splits.readable),
    )
    done.write(record)
    return record
