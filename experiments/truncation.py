"""What does it cost to cut a review?

A bag of words (TF-IDF of words and pairs, with logistic regression) reads the first,
the last, or the first and last tokens of IMDB's reviews, and so does the course's
smallest student. The bag of words is deterministic: it has no seed, and its one reading
stands in each run. Also counts how many words cover how much of the text.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from course_lib import records
from course_lib.experiment import Experiment
from course_lib.models import STUDENTS
from course_lib.recipes import epochs_for
from course_lib.splits import prepare
from course_lib.text import first_and_last
from experiments import sized
from experiments.linear import bag_of_words, words_of
from experiments.word_counts import coverage, cut_lengths, lengths, padding, pieces

COST = "ten minutes of one core"
SEEDS = (0, 1, 2)
SIZES = (64, 128, 256, 512)
CUTS: dict[str, Callable[[list[str], int], list[str]]] = {
    "first": lambda tokens, size: tokens[:size],
    "last": lambda tokens, size: tokens[-size:],
    "both": first_and_last,
}
STRENGTHS = (3.0, 10.0, 30.0)  # chosen on validation, for each cut by itself
STUDENT, STUDENT_SIZES = STUDENTS["bag"], (64, 256, 512)
BATCH_SIZE = 32
CUT_AT = (256, 100_000)  # tokens; the second cuts nothing


def main(limit: int | None = None, seeds: Sequence[int] = SEEDS) -> records.Record:
    """Train what was not trained before, and write the record."""
    scale = sized(limit)
    splits = prepare("imdb", scale, seed=0)
    words = words_of(splits)
    done = Experiment("truncation-imdb", splits, seeds, scale)
    about = {"C": STRENGTHS}
    done.make("all", about, partial(bag_of_words, words, splits, STRENGTHS))
    bags = ["all"]
    for size in SIZES:
        for name, cut in CUTS.items():
            short = {s: [cut(t, size) for t in part] for s, part in words.items()}
            bags.append(f"{name}-{size}")
            says = partial(bag_of_words, short, splits, STRENGTHS)
            done.make(bags[-1], {**about, "cut": bags[-1]}, says)
    for size in STUDENT_SIZES:
        cut_splits = replace(splits, max_tokens=size)  # the same words, fewer of each
        for run in range(len(seeds)):
            done.train(f"student-{size}", run, STUDENT, splits=cut_splits)
    record = done.record(
        differences(bags),
        deterministic=bags,
        student="bag",
        epochs=epochs_for(STUDENT, splits, scale),
        lengths=lengths(words["test"], SIZES),
        words=coverage(words),
        padding={
            str(n): padding(cut_lengths(words["train"], n), BATCH_SIZE) for n in CUT_AT
        },
        pieces=pieces(splits.reviews["test"].texts, words["test"], SIZES),
    )
    done.write(record)
    return record


def differences(bags: list[str]) -> dict[str, tuple[str, str]]:
    """Return which rows are compared."""
    pairs = {f"{row}_minus_all": (row, "all") for row in bags if row != "all"}
    for size in SIZES:
        pairs[f"both_minus_first_{size}"] = (f"both-{size}", f"first-{size}")
        pairs[f"both_minus_last_{size}"] = (f"both-{size}", f"last-{size}")
        pairs[f"last_minus_first_{size}"] = (f"last-{size}", f"first-{size}")
    pairs["both_512_minus_256"] = ("both-512", "both-256")
    pairs["student_256_minus_64"] = ("student-256", "student-64")
    pairs["student_512_minus_256"] = ("student-512", "student-256")
    return pairs
