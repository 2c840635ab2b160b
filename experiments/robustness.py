"""Does a teacher make a student robust against typos, on whole reviews?

A bag of words learns from 2,500 reviews of IMDB: from their labels, from what a linear
teacher says that has learnt from the other training reviews, and from either with three
misspelt copies of each; the teacher is asked about the clean text, or about the copy.
One more has labels of all training reviews: who taught the student knew as many. All
take as many steps, that one a tenth more, and each has a list of the words that it
reads. Measured is the share that they keep of their lead over guessing as test reviews
are misspelt.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from course_lib import records
from course_lib.batches import Examples
from course_lib.comparison import Reading
from course_lib.experiment import Experiment
from course_lib.losses import DistillationLoss
from course_lib.models import STUDENTS
from course_lib.reviews.corruptions import typos
from course_lib.reviews.table import Reviews
from course_lib.robustness import kept_share, measured
from course_lib.splits import numbered_in_words, prepare
from course_lib.tensor_files import digest
from course_lib.text import cut
from course_lib.training import Distillation
from experiments import sized
from experiments.linear import two_logits

COST = "half an hour of one core"
SEEDS = (0, 1, 2, 3, 4)
LABELLED = 2_500
COPIES, SEEN = 3, 0.3  # misspelt copies of each review, and how many of their words
RATES = (0.2, 0.4)  # of the test reviews' words
PASSES = 24  # over the labelled reviews; over more of them fewer
STUDENT = STUDENTS["bag"]
SOFT = Distillation(DistillationLoss(temperature=2.0, alpha=1.0))
#: Which rows are compared, by what they keep.
QUESTIONS = {
    "taught_minus_alone": ("taught", "alone"),
    "taught_minus_alone_all": ("taught", "alone-all"),
    "alone_typos_minus_alone": ("alone-typos", "alone"),
    "taught_typos_minus_alone_typos": ("taught-typos", "alone-typos"),
    "asked_late_minus_taught_typos": ("asked-late", "taught-typos"),
}


def main(limit: int | None = None, seeds: Sequence[int] = SEEDS) -> records.Record:
    """Train what was not trained before, and write the record."""
    scale = sized(limit)
    splits = prepare("imdb", scale, seed=0)
    train, test = (splits.reviews[name] for name in ("train", "test"))
    # They come by label, so they are shuffled once, the same for all seeds.
    rows = np.random.default_rng(0).permutation(len(train))
    labelled = rows[: min(LABELLED, len(train) // 4)]
    ours, theirs = train.select(labelled), train.select(rows[len(labelled) :])
    broken = {rate: [typos(text, rate) for text in test.texts] for rate in RATES}
    misspelt = train.select(np.tile(labelled, COPIES + 1))
    copies = [typos(t, SEEN, seed=1 + c) for c in range(COPIES) for t in ours.texts]
    misspelt = replace(misspelt, texts=ours.texts + copies)
    teacher = make_pipeline(
        TfidfVectorizer(min_df=2, ngram_range=(1, 2), sublinear_tf=True),
        LogisticRegression(C=10.0, solver="liblinear"),
    ).fit(theirs.texts, theirs.require_labels())

    def says(texts: Sequence[str]) -> NDArray[np.float32]:
        return two_logits(teacher.decision_function(texts))

    first = torch.from_numpy(says(ours.texts))
    lessons: dict[str, tuple[Reviews, torch.Tensor | None]] = {
        "alone": (ours, None),
        "alone-all": (train, None),
        "taught": (ours, first),
        "alone-typos": (misspelt, None),
        "taught-typos": (misspelt, first.repeat(COPIES + 1, 1)),
        "asked-late": (misspelt, torch.from_numpy(says(misspelt.texts))),
    }
    done = Experiment("robustness-imdb", splits, seeds, scale)
    of_teacher = [right(test, says(texts)) for texts in (test.texts, *broken.values())]
    hits = {"teacher": np.array(of_teacher)[None]}  # (runs, rates, texts) of each row
    weights = len(teacher[0].vocabulary_) + 1
    known = Reading(says(test.texts), weights, None, None)
    about = {"said": digest({"test": torch.from_numpy(known.logits)})}
    done.make("teacher", about, lambda: known)
    for row, (part, answers) in lessons.items():
        words, longest = scale.vocabulary_size, scale.max_tokens
        reads = {**splits.reviews, "train": part}
        own = numbered_in_words("imdb", reads, words, max_tokens=longest)
        soft = own.train if answers is None else own.train.with_soft_targets(answers)
        seen = [
            Examples([cut(text, own.max_tokens) for text in own.number(texts)])
            for texts in broken.values()
        ]
        found = []
        for run in range(len(seeds)):
            trained = done.train(
                row,
                run,
                STUDENT,
                soft,
                None if answers is None else SOFT,
                splits=own,
                epochs=max(1, round(PASSES * len(labelled) / len(part))),
            )
            said = [done.runs[run][row], *(trained.read(x) for x in seen)]
            found.append([right(test, reading.logits) for reading in said])
        hits[row] = np.array(found)  # (runs, rates, texts)
    record = done.record(
        QUESTIONS,
        deterministic=["teacher"],
        labelled=len(labelled),
        copies=COPIES,
        seen=SEEN,
        kept=kept(hits),
    )
    done.write(record)
    return record


def right(test: Reviews, logits: NDArray) -> NDArray[np.bool_]:
    """Return which test reviews were read rightly, (texts,)."""
    return np.asarray(logits.argmax(1) == test.require_labels())


def kept(hits: dict[str, NDArray]) -> dict[str, dict[str, object]]:
    """Return what share of its lead each row keeps, and how far these differ."""
    texts = hits["teacher"].shape[2]

    def share(row: str, rate: int, rows: NDArray | slice = slice(None)) -> NDArray:
        accuracy = hits[row][:, :, rows].mean(2)  # (runs, rates)
        return kept_share(accuracy[:, 0], accuracy[:, rate])

    def less(one: str, other: str, rate: int) -> dict[str, object]:
        return measured(
            lambda rows: share(one, rate, rows) - share(other, rate, rows), texts
        )

    return {
        str(rate): {
            "accuracy": {row: h[:, place].mean(1).tolist() for row, h in hits.items()},
            "share": {row: share(row, place).tolist() for row in hits},
            "comparisons": {
                name: less(*rows, place) for name, rows in QUESTIONS.items()
            },
        }
        for place, rate in enumerate(RATES, start=1)
    }
