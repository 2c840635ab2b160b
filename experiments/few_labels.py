"""What are reviews without labels worth?

From 100 to 10,000 labelled reviews of IMDB, drawn anew with each seed, and the other
reviews without their labels. The teacher adds up two linear models: one reads which
words occur, the other the mean of word vectors that were counted in all texts. The
student is the course's bag of words. It learns from what the teacher says of all texts,
in one pass: softly, sharply (T below 1), or in verdicts. Or it learns from the labels
alone, in as many steps, or for as long as cross-validation on these labels likes, then
also with known words; or from labels that the one with known words gives to all texts.
All read the 25,000 test reviews.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from sklearn.model_selection import StratifiedKFold

from course_lib import records
from course_lib.batches import Examples
from course_lib.experiment import Experiment, Trained
from course_lib.losses import DistillationLoss
from course_lib.metrics import evaluate
from course_lib.models import STUDENTS, Recipe
from course_lib.splits import prepare
from course_lib.training import Distillation
from experiments import sized
from experiments.counted import FITS, Counted
from experiments.counted import FOLDS as LINEAR_FOLDS
from experiments.linear import STRENGTHS, VECTOR, TwoViews, descriptions, reading_of
from experiments.sentences import Sentences

COST = "three hours of one core"
SEEDS = tuple(range(10))
LABELS = (100, 300, 1_000, 3_000, 10_000)
TEXTS = (1_000, 4_000, 16_000)  # of the transfer set, and all of it
AT = 300  # labels for that curve
#: Of a taught student's steps: as many are tried for a student of labels.
SHARES = (1 / 64, 1 / 16, 1 / 4, 1)
FOLDS = 3
STUDENT = STUDENTS["bag"]
KNOWS_WORDS = replace(STUDENT, from_word_vectors=True)
SOFT, SHARP = 2.0, 0.5  # temperatures
OBJECTIVES = {
    "taught": Distillation(DistillationLoss(SOFT, alpha=1.0)),
    "sharper": Distillation(DistillationLoss(SHARP, alpha=1.0)),
}
#: What the taught student is held against.
OTHERS = (
    "as-long",
    "alone",
    "known-words",
    "pseudo",
    "teacher",
    "verdicts",
    "sharper",
    "bag-of-words",
    "ngrams",
    "sentences",
)
#: And what others are held against.
PAIRS = (
    ("sharper", "verdicts"),
    ("verdicts", "pseudo"),
    ("pseudo", "known-words"),
    ("sentences", "bag-of-words"),
)


def main(limit: int | None = None, seeds: Sequence[int] = SEEDS) -> records.Record:
    """Train what was not trained before, and write the record."""
    scale = sized(limit)
    splits = prepare("imdb", scale, seed=0)
    texts = splits.readable_texts
    everything = splits.readable.tokens
    described, counted = descriptions(splits), Counted(splits)
    done = Experiment("few-labels-imdb", splits, seeds, scale)
    sentences = Sentences(done)
    counts = [n for n in LABELS if n <= len(splits.train) // 2]
    sizes = [t for t in TEXTS if t < len(texts)]
    at = max(n for n in counts if n <= AT)
    passes: dict[str, list[float]] = {}

    def fit(
        row: str,
        run: int,
        examples: Examples,
        *,
        recipe: Recipe = STUDENT,
        reads: int = len(texts),  # a pass over all texts
    ) -> Trained:
        # In one epoch, over rows that come again: so nothing is chosen on validation
        # reviews, whose labels nobody would have.
        again = examples.select(np.resize(np.arange(len(examples)), reads))
        objective = OBJECTIVES.get(row.partition("-")[0])
        return done.prepared(row, run, recipe, again, objective, epochs=1)

    def student(row: str, run: int, examples: Examples) -> None:
        done.runs[run][row] = fit(row, run, examples).read(splits.test)

    def from_labels(row: str, run: int, few: Examples, recipe: Recipe) -> Trained:
        """Train for as long as cross-validation on these labels likes."""
        n = len(few)
        tried = [int(share * len(texts)) for share in SHARES]
        tried = [reads for reads in tried if reads >= n]  # a pass at least
        right = dict.fromkeys(tried, (0.0, 0.0))
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
        for rest, out in folds.split(few.tokens, few.truth):
            held = few.select(out)
            for reads in tried:
                part = few.select(rest)
                trained = fit(
                    row, run, part, recipe=recipe, reads=reads * len(part) // n
                )
                scores = evaluate(trained.read(held).logits, held.truth.numpy())
                # By what the record asks; the surer decides between equals.
                found = np.array([scores["accuracy"], -scores["cross_entropy"]])
                right[reads] = tuple(right[reads] + found * len(held))
        chosen = max(tried, key=lambda reads: right[reads])
        passes.setdefault(row, []).append(round(chosen / n, 1))
        trained = fit(row, run, few, recipe=recipe, reads=chosen)
        done.runs[run][row] = trained.read(splits.test)
        return trained

    for run, seed in enumerate(seeds):
        for n in counts:
            rows = drawn(splits.train.truth.numpy(), n, seed)
            few = splits.train.select(rows)
            labels = few.truth
            about = {"labels": rows.tolist(), "C": STRENGTHS, "vector": VECTOR}
            for name in FITS:
                says = partial(counted.reading, name, rows, labels.numpy())
                of = {
                    "labels": rows.tolist(),
                    "C": FITS[name][1],
                    "folds": LINEAR_FOLDS,
                }
                done.make(f"{name}-{n}", of, says, run)
            teacher = TwoViews(described["all"], rows, labels.numpy())
            soft = teacher(described["all"])
            says = partial(
                reading_of, teacher, described["test"], splits.vocabulary_size
            )
            done.make(f"teacher-{n}", about, says, run)
            student(f"as-long-{n}", run, few)
            from_labels(f"alone-{n}", run, few, STUDENT)
            known = from_labels(f"known-words-{n}", run, few, KNOWS_WORDS)
            own = known.soft_targets(splits.readable).argmax(1)
            own[torch.from_numpy(rows)] = labels
            student(f"pseudo-{n}", run, Examples(everything, own))
            taught = Examples(everything, soft.argmax(1), soft)
            student(f"taught-{n}", run, taught)
            student(f"sharper-{n}", run, taught)
            student(f"verdicts-{n}", run, replace(taught, soft_targets=None))
            sentences.frozen(f"sentences-{n}", run, rows, labels)
            if n == at:
                order = np.random.default_rng(seed).permutation(len(texts))
                for size in sizes:
                    student(f"taught-by-{size}", run, taught.select(order[:size]))
    pairs = [*(("taught", other) for other in OTHERS), *PAIRS]
    record = done.record(
        {
            f"{one}_minus_{other}_{n}".replace("-", "_"): (f"{one}-{n}", f"{other}-{n}")
            for n in counts
            for one, other in pairs
        },
        labels=counts,
        passes=passes,
        texts=sizes,
        texts_at=at,
        transfer=len(texts),
        student="bag",
        temperatures={"taught": SOFT, "sharper": SHARP},
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
