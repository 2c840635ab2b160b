"""What are reviews without labels worth?

From 100 to 10,000 labelled reviews of IMDB, drawn anew with each seed, and the other
reviews without their labels. The teacher adds up two linear models: one reads which
words occur, the other the mean of word vectors that were counted in all texts. The
student is the course's bag of words. It learns from the labels alone, also with known
words, or from what the teacher says of all texts, softly or in verdicts, in as many
steps. All read the 25,000 test reviews.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from course_lib import records
from course_lib.batches import Examples
from course_lib.experiment import Experiment
from course_lib.losses import DistillationLoss
from course_lib.models import STUDENTS, Recipe
from course_lib.splits import prepare
from course_lib.training import Distillation
from experiments import sized
from experiments.linear import (
    STRENGTHS,
    VECTOR,
    TwoViews,
    descriptions,
    reading_of,
)

COST = "twenty minutes of one core"
SEEDS = (0, 1, 2)
LABELS = (100, 300, 1_000, 3_000, 10_000)
TEXTS = (1_000, 4_000, 16_000)  # of the transfer set, and all of it
OTHERS = {
    "alone": "alone",
    "known_words": "known-words",
    "teacher": "teacher",
    "verdicts": "verdicts",
}
AT = 300  # labels for that curve
TEMPERATURE = 2.0
STUDENT = STUDENTS["bag"]
KNOWS_WORDS = replace(STUDENT, from_word_vectors=True)
TAUGHT = Distillation(DistillationLoss(TEMPERATURE, alpha=1.0))


def main(limit: int | None = None, seeds: Sequence[int] = SEEDS) -> records.Record:
    """Train what was not trained before, and write the record."""
    scale = sized(limit)
    splits = prepare("imdb", scale, seed=0)
    texts = splits.readable_texts
    everything = splits.readable.tokens
    described = descriptions(splits)
    done = Experiment("few-labels-imdb", splits, seeds, scale)
    counts = [n for n in LABELS if n <= len(splits.train) // 2]
    sizes = [t for t in TEXTS if t < len(texts)]
    at = max(n for n in counts if n <= AT)

    def student(
        row: str,
        run: int,
        places: np.ndarray,
        labels: Tensor,
        soft: Tensor | None = None,
        recipe: Recipe = STUDENT,
    ) -> None:
        # One pass over as many rows as there are texts, however few are different:
        # every student takes as many steps.
        rows = np.resize(np.arange(len(places)), len(texts))
        examples = Examples(
            [everything[places[row]] for row in rows],
            labels[rows],
            None if soft is None else soft[rows],
        )
        done.train(
            row,
            run,
            recipe,
            examples,
            None if soft is None else TAUGHT,
            epochs=1,  # so that nothing is chosen on labels that nobody would have
        )

    for run, seed in enumerate(seeds):
        for n in counts:
            rows = drawn(splits.train.truth.numpy(), n, seed)
            labels = splits.train.truth[torch.from_numpy(rows)]
            teacher = TwoViews(described["all"], rows, labels.numpy())
            soft = teacher(described["all"])
            verdicts, all_places = soft.argmax(1), np.arange(len(texts))
            says = partial(
                reading_of, teacher, described["test"], splits.vocabulary_size
            )
            about = {"labels": rows.tolist(), "C": STRENGTHS, "vector": VECTOR}
            done.make(f"teacher-{n}", about, says, run)
            student(f"alone-{n}", run, rows, labels)
            student(f"known-words-{n}", run, rows, labels, recipe=KNOWS_WORDS)
            student(f"taught-{n}", run, all_places, verdicts, soft)
            student(f"verdicts-{n}", run, all_places, verdicts)
            if n == at:
                order = np.random.default_rng(seed).permutation(len(texts))
                for size in sizes:
                    some = order[:size]
                    student(f"texts-{size}", run, some, verdicts[some], soft[some])
    record = done.record(
        {
            f"taught_minus_{other.replace('-', '_')}_{n}": (
                f"taught-{n}",
                f"{other}-{n}",
            )
            for n in counts
            for other in ("alone", "known-words", "teacher", "verdicts")
        },
        labels=counts,
        texts=sizes,
        texts_at=at,
        transfer=len(texts),
        student="bag",
        temperature=TEMPERATURE,
    )
    done.write(record)
    return record


def drawn(labels: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Draw n training reviews, as many of each class; another draw for each seed."""
    random = np.random.default_rng([n, seed])
    return np.concatenate(
        [
            random.choice(np.flatnonzero(labels == c), n // 2, replace=False)
            for c in (0, 1)
        ]
    )
