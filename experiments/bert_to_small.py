"""What does a BERT teach something small, on IMDB?

Three small students learn what a fine-tuned MiniLM said of the training and the
unlabelled reviews (`experiments.minilm` made its soft targets), each beside
its equal that had the labels and no teacher; the best of them beside all that does
without one (`experiments.rivals`); and article 002's student, a linear layer
on what a frozen BERT makes of a text. All read the 25,000 test reviews. The frozen BERT
needs six minutes of the time to read the ends of 32,000 reviews.
"""

from collections.abc import Sequence
from functools import partial

from course_lib import records
from course_lib.distill import ready_made
from course_lib.experiment import Experiment
from course_lib.losses import DistillationLoss
from course_lib.models import STUDENTS, find_pretrained
from course_lib.soft_target_files import SoftTargets
from course_lib.splits import prepare
from course_lib.training import Distillation
from experiments import sized
from experiments.frozen_bert import EVERY, STRENGTHS, TOKENS, latencies, linear_head
from experiments.minilm import PLANS, out
from experiments.rivals import from_vectors, labelled_by, linear, longer

COST = "an hour and a half of one core"
SEEDS = (0, 1, 2, 3, 4)
# The GRU is a student too, but on a CPU PyTorch trains it several times more slowly
# than the LSTM: add its name where there is a GPU.
NAMES = ("bag", "textcnn", "lstm")
TEMPERATURE = 2.0
TAUGHT = Distillation(DistillationLoss(TEMPERATURE, alpha=1.0))
#: Ways to do without a teacher, for the student that is the best of the three.
BEST = "lstm"
RIVALS = ("longer", "vectors", "pseudo")


def main(limit: int | None = None, seeds: Sequence[int] = SEEDS) -> records.Record:
    """Train what was not trained before, and write the record."""
    scale = sized(limit)
    splits = prepare("imdb", scale, seed=0)
    said = SoftTargets.read(out("imdb"))
    done = Experiment("bert-to-small-imdb", splits, seeds, scale)
    everything = splits.readable.with_soft_targets(ready_made(done, said))
    linear(done)
    for run in range(len(seeds)):
        alone = {n: done.train(f"{n}-alone", run, STUDENTS[n]) for n in NAMES}
        for name in NAMES:
            done.train(f"{name}-taught", run, STUDENTS[name], everything, TAUGHT)
        recipe = STUDENTS[BEST]
        done.train(f"{BEST}-vectors", run, from_vectors(recipe))
        done.train(f"{BEST}-pseudo", run, recipe, labelled_by(alone[BEST], splits))
        longer(done, f"{BEST}-longer", run, recipe, passes=3)
    about = {
        "every": EVERY,
        "tokens": TOKENS,
        "C": STRENGTHS,
        "pretrained": find_pretrained(),
    }
    done.make("head", about, partial(linear_head, splits))
    record = done.record(
        {f"{n}_taught_minus_alone": (f"{n}-taught", f"{n}-alone") for n in NAMES}
        | {f"{n}_taught_minus_teacher": (f"{n}-taught", "teacher") for n in NAMES}
        | {
            f"{BEST}_taught_minus_{rival}": (f"{BEST}-taught", f"{BEST}-{rival}")
            for rival in RIVALS
        }
        | {
            f"{BEST}_taught_minus_{row}": (f"{BEST}-taught", row)
            for row in ("bag-of-words", "ngrams")
        },
        teacher_model=said.teacher["name"],
        temperature=TEMPERATURE,
        transfer=len(everything),
        pieces={"teacher": PLANS["imdb"].max_tokens, "head": TOKENS},
        milliseconds=latencies(splits, PLANS["imdb"].max_tokens, NAMES),
    )
    done.write(record)
    return record
