"""How good can a teacher from scratch be on IMDB?

Three networks that know nothing but the course's reviews, and two linear models that
are hard to beat, each read on all 25,000 test reviews.
"""

from collections.abc import Sequence

from course_lib import records
from course_lib.experiment import Experiment
from course_lib.models import STUDENTS, TEACHERS
from course_lib.recipes import epochs_for
from course_lib.splits import prepare
from experiments import sized
from experiments.rivals import linear

COST = "an hour of one core"
SEEDS = (0, 1, 2, 3, 4)
NETWORKS = {
    "textcnn": STUDENTS["textcnn"],
    "lstm": TEACHERS["lstm"],
    "lstm-vectors": TEACHERS["lstm-vectors"],
}
DIFFERENCES = {
    f"{row}_minus_{rival.replace('-', '_')}": (row, rival)
    for row in NETWORKS
    for rival in ("bag-of-words", "ngrams")
}
DIFFERENCES["vectors_minus_random"] = ("lstm-vectors", "lstm")


def main(limit: int | None = None, seeds: Sequence[int] = SEEDS) -> records.Record:
    """Train what was not trained before, and write the record."""
    scale = sized(limit)
    splits = prepare("imdb", scale, seed=0)
    done = Experiment("teachers-imdb", splits, seeds, scale)
    linear(done)
    epochs = {row: epochs_for(r, splits, scale) for row, r in NETWORKS.items()}
    for run in range(len(seeds)):
        for row, recipe in NETWORKS.items():
            done.train(row, run, recipe)
    record = done.record(DIFFERENCES, epochs=epochs)
    done.write(record)
    return record
