"""What are reviews without labels worth? `python -m experiments.few_labels`.

From 100 to 10,000 labelled reviews of IMDB, drawn anew with each seed, and the other
reviews without their labels. The teacher adds up two linear models: one reads which
words occur, the other the mean of word vectors that were counted in all texts. The
student is the course's bag of words. It learns from the labels alone, also with known
words, or from what the teacher says of all texts, softly or in verdicts, in as many
steps. All read the 25,000 test reviews. Writes book/records/few-labels-imdb.json;
twenty minutes of one core, and a run that was stopped goes on. `--limit 700` shows in
a minute that everything works.
"""

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import sparse
from sklearn.linear_model import LogisticRegressionCV
from sklearn.preprocessing import normalize
from torch import Tensor

from course_lib import comparison, records
from course_lib.batches import Examples
from course_lib.comparison import Reading
from course_lib.devices import accelerator
from course_lib.losses import DistillationLoss
from course_lib.models import STUDENTS
from course_lib.scale import current_scale
from course_lib.splits import Splits, prepare
from course_lib.teachers import start_from_word_vectors
from course_lib.text import encode
from course_lib.training import Distillation, train
from course_lib.word_vectors import word_vectors
from experiments.kept import FOLDER, kept

SEEDS = (0, 1, 2)
LABELS = (100, 300, 1_000, 3_000, 10_000)
TEXTS = (1_000, 4_000, 16_000)  # of the transfer set, and all of it
AT = 300  # labels for that curve
TEMPERATURE = 2.0
STRENGTHS = ((1.0, 10.0, 100.0), (0.001, 0.01, 0.1))  # of words, and of vectors
VECTOR = 100
STUDENT = "bag"


def main(limit: int | None = None) -> None:
    """Train what was not trained before, and write the record."""
    scale = replace(current_scale(), run_limit=limit)
    splits = prepare("imdb", scale, seed=0)
    texts = splits.readable_texts
    everything = encode(texts, splits.vocabulary, scale.max_tokens)
    described = descriptions(splits)
    folder = FOLDER / f"few-labels-{limit or 'all'}"
    counts = [n for n in LABELS if n <= len(splits.train) // 2]
    at = max(n for n in counts if n <= AT)

    def student(
        tokens: list[np.ndarray],
        labels: Tensor,
        soft: Tensor | None,
        seed: int,
        known_words: bool = False,
    ) -> Reading:
        # One pass over as many rows as there are texts, however few are different:
        # every student takes as many steps.
        rows = np.resize(np.arange(len(tokens)), len(texts))
        examples = Examples(
            [tokens[row] for row in rows],
            labels[rows],
            None if soft is None else soft[rows],
        )
        recipe = STUDENTS[STUDENT]
        torch.manual_seed(seed)
        model = recipe.build(splits.vocabulary_size, 2)
        if known_words:
            start_from_word_vectors(model, splits)
        train(
            model,
            examples,
            splits.validation,
            epochs=1,  # so that nothing is chosen on labels that nobody would have
            batch_size=scale.batch_size,
            learning_rate=recipe.learning_rate,
            seed=seed,
            objective=None
            if soft is None
            else Distillation(DistillationLoss(TEMPERATURE, 1.0)),
        )
        return comparison.read(model, splits.test)

    runs = []
    for seed in SEEDS:
        run: dict[str, Reading] = {}
        for n in counts:
            rows = drawn(splits.train.truth.numpy(), n, seed)
            labels = splits.train.truth[torch.from_numpy(rows)]
            few = [everything[row] for row in rows]
            teacher = Linear(described["all"], rows, labels.numpy())
            soft = teacher(described["all"])
            verdicts = soft.argmax(1)
            jobs = {
                "teacher": partial(
                    linear_reading, teacher(described["test"]), splits.vocabulary_size
                ),
                "alone": partial(student, few, labels, None, seed),
                "known-words": partial(student, few, labels, None, seed, True),
                "taught": partial(student, everything, verdicts, soft, seed),
                "verdicts": partial(student, everything, verdicts, None, seed),
            }
            for name, job in jobs.items():
                key = f"{name}-{n}"
                run[key] = kept(folder, f"{key}-seed-{seed}", job)
            if n == at:
                order = np.random.default_rng(seed).permutation(len(texts))
                for size in [t for t in TEXTS if t < len(texts)]:
                    some = torch.from_numpy(order[:size])
                    run[f"texts-{size}"] = kept(
                        folder,
                        f"texts-{size}-seed-{seed}",
                        partial(
                            student,
                            [everything[i] for i in some],
                            verdicts[some],
                            soft[some],
                            seed,
                        ),
                    )
        runs.append(run)

    pairs = {}
    for n in counts:
        pairs[f"taught_minus_alone_{n}"] = (f"taught-{n}", f"alone-{n}")
        pairs[f"taught_minus_known_words_{n}"] = (f"taught-{n}", f"known-words-{n}")
        pairs[f"taught_minus_teacher_{n}"] = (f"taught-{n}", f"teacher-{n}")
        pairs[f"taught_minus_verdicts_{n}"] = (f"taught-{n}", f"verdicts-{n}")
    record: records.Record = {
        "data": splits.data,
        "device": records.device_name(accelerator().device),
        "precision": accelerator().mixed_precision,
        "scale": "smoke" if limit else scale.name,
        "seeds": list(SEEDS),
        "versions": records.versions(),
        "sizes": {name: len(part) for name, part in splits.reviews.items()},
        "labels": counts,
        "texts": [t for t in TEXTS if t < len(texts)],
        "texts_at": at,
        "transfer": len(texts),
        "student": STUDENT,
        "temperature": TEMPERATURE,
        "max_tokens": splits.max_tokens,
        "vocabulary_size": splits.vocabulary_size,
    }
    test = splits.test.truth.numpy()
    record |= comparison.compare(runs, test, differences=pairs)
    place = folder if limit else Path("book/records")
    records.write(place / "few-labels-imdb.json", record)
    print(records.table(record, {name: name for name in runs[0]}))


def taught_by(temperature: float) -> Distillation:
    """Return what a student learns from its teacher alone."""
    return Distillation(DistillationLoss(temperature, alpha=1.0))


def drawn(labels: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Draw n training reviews, as many of each class; another draw for each seed."""
    random = np.random.default_rng([n, seed])
    return np.concatenate(
        [
            random.choice(np.flatnonzero(labels == c), n // 2, replace=False)
            for c in (0, 1)
        ]
    )


def descriptions(splits: Splits) -> dict[str, list[Any]]:
    """Describe each text twice, without a label; rare words count more (TF-IDF).

    By the words that occur in it, (texts, words) sparse, rows of length 1; and by the
    mean of their vectors, (texts, VECTOR), columns of mean 0 and standard deviation 1.
    Returns both for all readable texts, the training reviews first, and for the test.
    """
    words = splits.vocabulary_size
    vectors = word_vectors(splits.readable_texts, splits.vocabulary, VECTOR).numpy()

    def present(texts: list[str]) -> sparse.csr_matrix:
        rows = [np.unique(row) for row in encode(texts, splits.vocabulary, 10**9)]
        ends = np.cumsum([0, *map(len, rows)])
        ones = np.ones(ends[-1], np.float32)
        return sparse.csr_matrix((ones, np.concatenate(rows), ends), (len(rows), words))

    texts = {"all": splits.readable_texts, "test": splits.reviews["test"].texts}
    here = {name: present(part) for name, part in texts.items()}
    seen = np.asarray(here["all"].sum(0)).ravel()
    weights = np.log(len(texts["all"]) / np.maximum(seen, 1)).astype(np.float32)
    weights[:2] = 0  # padding and unknown words
    means = {}
    for name, table in here.items():
        total = np.maximum(table @ weights, 1e-6)[:, None]
        means[name] = (table @ (weights[:, None] * vectors)) / total
    center, spread = means["all"].mean(0), means["all"].std(0)
    return {
        name: [
            normalize(table.multiply(weights).tocsr()),
            (means[name] - center) / spread,
        ]
        for name, table in here.items()
    }


class Linear:
    """The sum of two logistic regressions: from descriptions to (texts, 2) logits."""

    def __init__(self, x: list[Any], rows: np.ndarray, labels: np.ndarray) -> None:
        # Each finds its strength by cross-validation on the same few labels.
        self.models = [
            LogisticRegressionCV(
                Cs=strengths, cv=5, max_iter=500, scoring="neg_log_loss"
            ).fit(part[rows], labels)
            for part, strengths in zip(x, STRENGTHS, strict=True)
        ]

    def __call__(self, x: list[Any]) -> Tensor:
        """Return (texts, 2) logits."""
        pairs = zip(self.models, x, strict=True)
        z = torch.from_numpy(sum(m.decision_function(part) for m, part in pairs))
        return torch.stack([-z / 2, z / 2], dim=1).float()


def linear_reading(logits: Tensor, words: int) -> Reading:
    """Return what the teacher said; nearly all of it are the word vectors."""
    parameters = VECTOR * words + words + VECTOR + 2
    return Reading(logits.numpy(), parameters, 4 * parameters, None)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, help="read so many reviews of each split")
    main(parser.parse_args().limit)
