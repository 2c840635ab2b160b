"""A BERT's answers on many labels, taught to a small LSTM.

`python -m experiments.multilabel imdb-genres` (or `goemotions`) writes
book/records/multilabel-imdb-genres.json. The teacher is the MiniLM of
`experiments.minilm`, whose soft targets are read from its file. Beside it stands
one logistic regression a label on TF-IDF; on genres, where that is the better one, the
student learns from both, mixed. The student has under two million parameters. It learns
alone, from the labels, and is taught, on all texts that the teacher has read and no
test knows, in as many steps. All thresholds come from validation. Up to an hour of one
core; a run that was stopped goes on. `--limit 800` shows in a minute that everything
works.
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from torch import Tensor, nn

from course_lib import comparison, metrics, records
from course_lib.batches import Examples
from course_lib.comparison import Reading
from course_lib.devices import accelerator
from course_lib.losses import DistillationLoss
from course_lib.models import LabelwiseLSTM, WideLabelwiseLSTM
from course_lib.scale import current_scale
from course_lib.soft_target_files import SoftTargets, text_digests
from course_lib.soft_targets import predict_logits
from course_lib.splits import Splits, prepare
from course_lib.teachers import start_from_word_vectors
from course_lib.text import encode
from course_lib.thresholds import at_thresholds, best_thresholds
from course_lib.training import Distillation, Objective, train
from experiments import minilm
from experiments.augment import more_comments
from experiments.kept import FOLDER, kept

SEEDS = (0, 1, 2)
MADE = 1  # comments out of each, where there are none without labels
DIFFERENCES = {
    f"distilled_minus_{other}": ("distilled", other)
    for other in ("alone", "words", "teacher", "both")
}


@dataclass(frozen=True)
class Plan:
    """What a data set's student is, and how it learns."""

    max_tokens: int
    embedding_size: int
    hidden_size: int
    epochs: int  # over the labelled texts; the taught student takes as many steps
    batch_size: int
    learning_rate: float
    temperature: float
    with_words: bool = False  # the student learns from BERT and the words, mixed

    @property
    def model(self) -> type[LabelwiseLSTM]:
        """What a linear teacher knows of words has its own place in the student."""
        return WideLabelwiseLSTM if self.with_words else LabelwiseLSTM


PLANS = {
    "imdb-genres": Plan(256, 64, 64, 13, 32, 4e-3, 1.0, with_words=True),
    "goemotions": Plan(64, 64, 64, 24, 64, 4e-3, 1.0),
}


def main(data: str, limit: int | None = None) -> None:
    """Train what was not trained before, and write the record."""
    plan = PLANS[data]
    scale = replace(current_scale(), run_limit=limit, max_tokens=plan.max_tokens)
    splits = prepare(data, scale, seed=0)
    folder = FOLDER / f"multilabel-{data}-{limit or 'all'}"
    said = SoftTargets.read(minilm.out(data))
    told = ["validation", "test"]
    texts = [text for part in told for text in splits.reviews[part].texts]
    more = transfer_texts(splits)
    fixed = {
        "words": kept(folder, "words", partial(words, splits, [*texts, *more])),
        "teacher": asked(data, splits, said, [*texts, *more]),
    }
    weight = 0.0
    if plan.with_words:
        weight = best_weight(fixed, splits.validation.truth.numpy())
        fixed["both"] = mixed(fixed["teacher"], fixed["words"], weight)
    best = fixed["both" if plan.with_words else "teacher"]
    soft = torch.from_numpy(best.logits[len(texts) :])
    loss = Distillation(DistillationLoss(plan.temperature, 1.0, multilabel=True))
    runs: list[dict[str, Reading]] = []
    for seed in SEEDS:
        jobs = {
            "alone": partial(student, plan, splits, splits.train, seed, None),
            "distilled": partial(
                student, plan, splits, transfer(splits, more, soft), seed, loss
            ),
        }
        runs.append(fixed.copy())
        for name, job in jobs.items():
            runs[-1][name] = kept(folder, f"{name}-seed-{seed}", job)
    for run in runs:
        for name, reading in run.items():
            run[name] = replace(reading, logits=reading.logits[: len(texts)])
    write(data, limit, plan, splits, runs, {"transfer": len(more), "weight": weight})


def best_weight(readings: Mapping[str, Reading], labels: NDArray) -> float:
    """Return how much the words should count beside BERT, by validation."""
    scores = {
        weight: metrics.macro_average_precision(
            mixed(readings["teacher"], readings["words"], weight).logits[: len(labels)],
            labels,
        )
        for weight in (0.0, 0.25, 0.5, 0.75, 1.0)
    }
    return max(scores, key=scores.__getitem__)


def mixed(one: Reading, other: Reading, weight: float) -> Reading:
    """Return two models' logits, mixed: the other's counts for `weight`."""
    return Reading(
        logits=(1 - weight) * one.logits + weight * other.logits,
        parameters=(one.parameters or 0) + (other.parameters or 0),
        bytes=(one.bytes or 0) + (other.bytes or 0),
        examples_per_second=None,
    )


def student(
    plan: Plan,
    splits: Splits,
    examples: Examples,
    seed: int,
    objective: Objective | None,
) -> Reading:
    """Train a student; it learns as many steps, whatever it learns from."""
    torch.manual_seed(seed)
    model = plan.model(
        splits.vocabulary_size,
        len(splits.label_names),
        plan.embedding_size,
        plan.hidden_size,
    )
    start_from_word_vectors(model, splits)
    train(
        model,
        examples,
        splits.validation,
        epochs=max(1, round(plan.epochs * len(splits.train) / len(examples))),
        batch_size=plan.batch_size,
        learning_rate=plan.learning_rate,
        seed=seed,
        objective=objective,
        progress="taught" if objective else "alone",
    )
    return read_both(model, splits)


def read_both(model: nn.Module, splits: Splits) -> Reading:
    """Read the test split, timed, with what is said of validation before it."""
    before = predict_logits(model, splits.validation).numpy()
    reading = comparison.read(model, splits.test)
    return replace(reading, logits=np.concatenate([before, reading.logits]))


def transfer_texts(splits: Splits) -> list[str]:
    """Return what the taught student reads; the training texts come first."""
    parts = {name: part.texts for name, part in splits.reviews.items()}
    if "unlabelled" in parts:
        return [*parts["train"], *parts["unlabelled"]]
    # A short comment that is made may be one that somebody has written.
    asked_later = {*parts["validation"], *parts["test"]}
    made = more_comments(parts["train"], each=MADE)
    return [*parts["train"], *(text for text in made if text not in asked_later)]


def transfer(splits: Splits, texts: list[str], soft: Tensor) -> Examples:
    """Return texts with a teacher's answers, and no labels."""
    tokens = encode(texts, splits.vocabulary, splits.max_tokens)
    return Examples(tokens, soft_targets=soft)


def asked(data: str, splits: Splits, said: SoftTargets, texts: list[str]) -> Reading:
    """Return what the teacher said of texts, or says now of those it has not read."""
    names = splits.label_names
    known = torch.isin(text_digests(texts), said.texts).numpy()
    logits = np.empty((len(texts), len(names)), np.float32)
    old = [text for text, is_known in zip(texts, known, strict=True) if is_known]
    logits[known] = said.logits_for(old, names).numpy()
    if not known.all():
        new = [
            text for text, is_known in zip(texts, known, strict=True) if not is_known
        ]
        logits[~known] = minilm.ask(data, splits, new).logits_for(new, names).numpy()
    return Reading(
        logits=logits,
        parameters=said.teacher["parameters"],
        bytes=said.teacher["bytes"],
        examples_per_second=None,
    )


def words(splits: Splits, texts: list[str]) -> Reading:
    """Return what one logistic regression a label says, on words and pairs of words."""
    vectorizer = TfidfVectorizer(
        ngram_range=(1, 2), min_df=3, sublinear_tf=True, dtype=np.float32
    )
    features = vectorizer.fit_transform(splits.reviews["train"].texts)
    wanted = vectorizer.transform(texts)
    columns, weights = [], 0
    for labels in splits.train.truth.T.numpy():
        # Scaled, or this solver would hold the intercept down with the weights.
        model = LogisticRegression(C=10.0, solver="liblinear", intercept_scaling=10.0)
        model.fit(features, labels)
        columns.append(model.decision_function(wanted))
        weights += model.coef_.size + 1
    logits = np.stack(columns, axis=1).astype(np.float32)
    return Reading(logits, weights, 4 * weights, None)


def write(
    data: str,
    limit: int | None,
    plan: Plan,
    splits: Splits,
    both: list[dict[str, Reading]],
    about: Mapping[str, float],
) -> None:
    """Compare the models on the test split, and write the record."""
    count = len(splits.validation)
    known = splits.validation.truth.numpy()
    labels = splits.test.truth.numpy()
    runs: list[dict[str, Reading]] = []
    at_half: dict[str, list[float]] = {}
    for run in both:
        runs.append({})
        for name, reading in run.items():
            # Chosen on validation, for each model from each seed by itself.
            cuts = best_thresholds(reading.logits[:count], known, splits.label_names)
            test = reading.logits[count:]
            at_half.setdefault(name, []).append(metrics.macro_f1(test, labels))
            runs[-1][name] = replace(
                reading, logits=at_thresholds(test, cuts).astype(np.float32)
            )
    name = plan.model.__name__
    record: records.Record = {
        "data": splits.data,
        "device": records.device_name(accelerator().device),
        "scale": "smoke" if limit else current_scale().name,
        "seeds": list(SEEDS),
        "versions": records.versions(),
        "student_model": f"{name} {plan.embedding_size}/{plan.hidden_size}",
        **asdict(plan),
        **about,
        "vocabulary_size": splits.vocabulary_size,
        "labels": list(splits.label_names),
        "sizes": {name: len(part) for name, part in splits.reviews.items()},
        "notes": list(splits.notes),
        "thresholds": "best F1 on validation, for each label, model and seed",
    }
    record |= comparison.compare(runs, labels, differences=DIFFERENCES)
    record["macro_f1_at_half"] = {n: comparison.mean(v) for n, v in at_half.items()}
    record["per_label"] = {
        "train_positives": splits.train.truth.sum(0).int().tolist(),
        "test_positives": labels.sum(0).astype(int).tolist(),
        "average_precision": {
            name: mean_over(
                runs, name, lambda z: average_precision_score(labels, z, average=None)
            )
            for name in runs[0]
        },
    }
    record["fidelity"] = {
        name: fidelity([run[name] for run in runs], runs[0]["teacher"], labels)
        for name in ("alone", "distilled")
    }
    record["dependence"] = {
        "truth": correlations(labels).tolist(),
        **{
            name: mean_over(runs, name, lambda z: correlations(z > 0))
            for name in runs[0]
        },
    }
    file = f"multilabel-{data}.json"
    path = FOLDER / f"smoke-{file}" if limit else Path("book/records") / file
    records.write(path, record)
    print(records.table(record, {name: name for name in runs[0]}))


def mean_over(
    runs: list[dict[str, Reading]], name: str, f: Callable[[NDArray], NDArray]
) -> list[Any]:
    """Return the mean over seeds of what a function makes of a model's logits."""
    rounded: list[Any] = (
        np.mean([f(run[name].logits) for run in runs], 0).round(4).tolist()
    )
    return rounded


def fidelity(
    students: list[Reading], teacher: Reading, labels: NDArray
) -> dict[str, float]:
    """Say how often a student decides as its teacher does, right or wrong.

    `agreement` is over all pairs of a text and a label; `shared_mistakes` over those
    that the teacher gets wrong.
    """
    theirs = teacher.logits > 0
    wrong = theirs != (labels > 0)
    same = [(student.logits > 0) == theirs for student in students]
    return {
        "agreement": float(np.mean([s.mean() for s in same])),
        "shared_mistakes": float(np.mean([s[wrong].mean() for s in same])),
    }


def correlations(said: NDArray) -> NDArray[np.float64]:
    """Return the correlation of every two columns of yes and no; 0 if constant."""
    centred = said - said.mean(0)
    scale = np.sqrt((centred**2).sum(0))
    outer = np.outer(scale, scale)
    return np.divide(
        centred.T @ centred, outer, out=np.zeros_like(outer), where=outer > 0
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", choices=PLANS)
    parser.add_argument("--limit", type=int, help="so many texts a split, for a trial")
    main(**vars(parser.parse_args()))
