"""How good can a teacher from scratch be on IMDB?

Three networks that know nothing but the course's reviews, and a bag of words that is
hard to beat, each read on all 25,000 test reviews.
"""

from collections.abc import Sequence
from functools import partial

from course_lib import records
from course_lib.experiment import Experiment
from course_lib.models import STUDENTS, TEACHERS
from course_lib.recipes import epochs_for
from course_lib.splits import prepare
from experiments import sized
from experiments.linear import bag_of_words, words_of

COST = "half an hour of one core"
SEEDS = (0, 1, 2)
NETWORKS = {
    "textcnn": STUDENTS["textcnn"],
    "lstm": TEACHERS["lstm"],
    "lstm-vectors": TEACHERS["lstm-vectors"],
}
STRENGTHS = (1.0, 10.0, 100.0)  # of the bag of words, chosen on validation
DIFFERENCES = {f"{row}_minus_bag_of_words": (row, "bag-of-words") for row in NETWORKS}
DIFFERENCES["vectors_minus_random"] = ("lstm-vectors", "lstm")


def main(limit: int | None = None, seeds: Sequence[int] = SEEDS) -> records.Record:
    """Train what was not trained before, and write the record."""
    scale = sized(limit)
    splits = prepare("imdb", scale, seed=0)
    done = Experiment("teachers-imdb", splits, seeds, scale)
    says = partial(bag_of_words, words_of(splits), splits, STRENGTHS)
    done.make("bag-of-words", {"C": STRENGTHS}, says)
    epochs = {row: epochs_for(r, splits, scale) for row, r in NETWORKS.items()}
    for run in range(len(seeds)):
        for row, recipe in NETWORKS.items():
            done.train(row, run, recipe)
    record = done.record(DIFFERENCES, epochs=epochs)
    done.write(record)
    return record
