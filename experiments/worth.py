"""What is a teacher worth, what are more texts worth, and what word vectors?

One student, trained eight times from each seed: from labels or from what MiniLM says,
on the training reviews or on the unlabelled ones as well, with random words or with
vectors counted in all of these texts. Where there is no teacher, unlabelled reviews
have the labels that the student itself gives them (Lee 2013, *Pseudo-label*).
"""

from collections.abc import Sequence
from itertools import product

from course_lib import records
from course_lib.distill import ready_made
from course_lib.experiment import Experiment
from course_lib.losses import DistillationLoss
from course_lib.models import STUDENTS
from course_lib.soft_target_files import SoftTargets
from course_lib.splits import prepare
from course_lib.training import Distillation
from experiments import sized
from experiments.minilm import out
from experiments.rivals import from_vectors, labelled_by, linear, longer

COST = "two hours of one core"
SEEDS = (0, 1, 2, 3, 4)
STUDENT = STUDENTS["lstm"]
WORDS = {"random": STUDENT, "vectors": from_vectors(STUDENT)}
TEXTS = ("train", "all")
TEMPERATURE = 2.0
TAUGHT = Distillation(DistillationLoss(TEMPERATURE, alpha=1.0))
#: What differs in one respect only: (with, without).
QUESTIONS = (
    {
        f"teacher_on_{texts}_{words}": (
            f"teacher-{texts}-{words}",
            f"labels-{texts}-{words}",
        )
        for texts, words in product(TEXTS, WORDS)
    }
    | {
        f"texts_for_{source}_{words}": (
            f"{source}-all-{words}",
            f"{source}-train-{words}",
        )
        for source, words in product(("labels", "teacher"), WORDS)
    }
    | {
        f"vectors_for_{source}_{texts}": (
            f"{source}-{texts}-vectors",
            f"{source}-{texts}-random",
        )
        for source, texts in product(("labels", "teacher"), TEXTS)
    }
    | {"teacher_minus_longer": ("teacher-all-random", "longer")}
    | {
        f"everything_minus_{rival}": ("teacher-all-vectors", rival)
        for rival in ("teacher", "bag-of-words", "ngrams")
    }
)


def main(limit: int | None = None, seeds: Sequence[int] = SEEDS) -> records.Record:
    """Train what was not trained before, and write the record."""
    scale = sized(limit)
    splits = prepare("imdb", scale, seed=0)
    done = Experiment("worth-imdb", splits, seeds, scale)
    said = SoftTargets.read(out("imdb"))
    soft = ready_made(done, said)
    linear(done)
    train = splits.train.with_soft_targets(soft[: len(splits.train)])
    everything, times = splits.readable.with_soft_targets(soft), []
    for run in range(len(seeds)):
        for name, recipe in WORDS.items():
            alone = done.train(f"labels-train-{name}", run, recipe)
            own = labelled_by(alone, splits)
            done.train(f"labels-all-{name}", run, recipe, own)
            done.train(f"teacher-train-{name}", run, recipe, train, TAUGHT)
            done.train(f"teacher-all-{name}", run, recipe, everything, TAUGHT)
        times.append(longer(done, "longer", run, STUDENT, passes=3)[1])
    record = done.record(
        QUESTIONS,
        teacher_model=said.teacher["name"],
        temperature=TEMPERATURE,
        transfer={"train": len(train), "all": len(everything)},
        longer_times=times,
    )
    done.write(record)
    return record
