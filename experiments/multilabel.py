"""What does a BERT's word on many labels teach a small LSTM?

`python -m experiments multilabel_genres` and `... multilabel_emotions` run it. The
teacher is the MiniLM of `experiments.minilm`, whose soft targets are read from its
file. Beside it stands one logistic regression a label on TF-IDF; on genres, where that
is the better one, the student learns from both, mixed. The student has under two
million parameters. It learns alone, from the labels, and is taught, on all texts that
the teacher has read and no test knows, in as many steps. All thresholds come from
validation.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score

from course_lib import comparison, metrics, records
from course_lib.batches import Examples
from course_lib.comparison import Reading
from course_lib.experiment import Experiment
from course_lib.losses import DistillationLoss
from course_lib.models import Recipe
from course_lib.soft_target_files import SoftTargets, text_digests
from course_lib.splits import Splits, prepare
from course_lib.tensor_files import digest
from course_lib.text import encode
from course_lib.thresholds import at_thresholds, best_thresholds
from course_lib.training import Distillation
from experiments import minilm, sized
from experiments.augment import more_comments

SEEDS = (0, 1, 2)
MADE = 1  # comments out of each, where there are none without labels
DIFFERENCES = {
    f"distilled_minus_{other}": ("distilled", other)
    for other in ("alone", "words", "teacher", "both")
}


@dataclass(frozen=True)
class Plan:
    """What a data set's student is, and how it learns."""

    recipe: Recipe
    max_tokens: int
    epochs: int  # over the labelled texts; the taught student takes as many steps
    batch_size: int
    temperature: float
    with_words: bool = False  # the student learns from BERT and the words, mixed


SIZES = {"embedding_size": 64, "hidden_size": 64}
PLANS = {
    # What a linear teacher knows of words has its own place in this student.
    "imdb-genres": Plan(
        Recipe("WideLabelwiseLSTM", SIZES, 4e-3, from_word_vectors=True),
        max_tokens=256,
        epochs=13,
        batch_size=32,
        temperature=1.0,
        with_words=True,
    ),
    "goemotions": Plan(
        Recipe("LabelwiseLSTM", SIZES, 4e-3, from_word_vectors=True),
        max_tokens=64,
        epochs=24,
        batch_size=64,
        temperature=1.0,
    ),
}


def make(
    data: str, limit: int | None = None, seeds: Sequence[int] = SEEDS
) -> records.Record:
    """Train what was not trained before, and write the record of a data set."""
    plan = PLANS[data]
    scale = sized(limit, max_tokens=plan.max_tokens)
    splits = prepare(data, scale, seed=0)
    done = Experiment(f"multilabel-{data}", splits, seeds, scale)
    said = SoftTargets.read(minilm.out(data))
    told = [*splits.reviews["validation"].texts, *splits.reviews["test"].texts]
    more = transfer_texts(splits)
    texts = [*told, *more]
    about = {"texts": digest({"texts": text_digests(texts)})}
    fixed = {
        "words": done.once("words", about, partial(words, splits, texts)),
        "teacher": asked(data, splits, said, texts),
    }
    weight = 0.0
    if plan.with_words:
        weight = best_weight(fixed, splits.validation.truth.numpy())
        fixed["both"] = mixed(fixed["teacher"], fixed["words"], weight)
    best = fixed["both" if plan.with_words else "teacher"]
    tokens = encode(more, splits.vocabulary, splits.max_tokens)
    soft = torch.from_numpy(best.logits[len(told) :])
    loss = DistillationLoss(plan.temperature, 1.0, multilabel=True)
    lessons = {
        "alone": (splits.train, None),
        "distilled": (Examples(tokens, soft_targets=soft), Distillation(loss)),
    }
    held_out = len(splits.validation)
    before: list[dict[str, NDArray]] = []  # what was said of validation
    for run in range(len(seeds)):
        before.append({})
        for row, reading in fixed.items():
            before[run][row] = reading.logits[:held_out]
            test = reading.logits[held_out : len(told)]
            done.runs[run][row] = replace(reading, logits=test)
        for row, (examples, objective) in lessons.items():
            trained = done.train(
                row,
                run,
                plan.recipe,
                examples,
                objective,
                epochs=max(1, round(plan.epochs * len(splits.train) / len(examples))),
                batch_size=plan.batch_size,
            )
            before[run][row] = trained.read(splits.validation).logits
    at_half = at_their_thresholds(done, before)
    sizes = plan.recipe.sizes
    record = done.record(
        DIFFERENCES,
        student_model=f"{plan.recipe.architecture} {sizes['embedding_size']}/"
        f"{sizes['hidden_size']}",
        **sizes,
        learning_rate=plan.recipe.learning_rate,
        **{k: v for k, v in asdict(plan).items() if k != "recipe"},
        transfer=len(more),
        weight=weight,
        labels=list(splits.label_names),
        notes=list(splits.notes),
        thresholds="best F1 on validation, for each label, model and seed",
        macro_f1_at_half=at_half,
    )
    record |= by_label(done)
    done.write(record)
    return record


def at_their_thresholds(
    done: Experiment, before: Sequence[Mapping[str, NDArray]]
) -> dict[str, float]:
    """Shift logits so that each model's own thresholds lie at 0, where metrics cut.

    They are chosen on validation, for each model from each seed by itself. Returns the
    macro F1 that one half would give, by model.
    """
    splits = done.splits
    known, labels = splits.validation.truth.numpy(), splits.test.truth.numpy()
    at_half: dict[str, list[float]] = {}
    for run, said in zip(done.runs, before, strict=True):
        for row, reading in run.items():
            cuts = best_thresholds(said[row], known, splits.label_names)
            at_half.setdefault(row, []).append(metrics.macro_f1(reading.logits, labels))
            shifted = at_thresholds(reading.logits, cuts).astype(np.float32)
            run[row] = replace(reading, logits=shifted)
    return {row: comparison.mean(values) for row, values in at_half.items()}


def by_label(done: Experiment) -> records.Record:
    """Return what a record says label by label, of fidelity, and of dependence."""
    runs, labels = done.runs, done.splits.test.truth.numpy()
    return {
        "per_label": {
            "train_positives": done.splits.train.truth.sum(0).int().tolist(),
            "test_positives": labels.sum(0).astype(int).tolist(),
            "average_precision": {
                row: mean_over(
                    runs,
                    row,
                    lambda z: average_precision_score(labels, z, average=None),
                )
                for row in runs[0]
            },
        },
        "fidelity": {
            row: fidelity([run[row] for run in runs], runs[0]["teacher"], labels)
            for row in ("alone", "distilled")
        },
        "dependence": {
            "truth": correlations(labels).tolist(),
            **{
                row: mean_over(runs, row, lambda z: correlations(z > 0))
                for row in runs[0]
            },
        },
    }


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


def transfer_texts(splits: Splits) -> list[str]:
    """Return what the taught student reads; the training texts come first."""
    parts = {name: part.texts for name, part in splits.reviews.items()}
    if "unlabelled" in parts:
        return [*parts["train"], *parts["unlabelled"]]
    # A short comment that is made may be one that somebody has written.
    asked_later = {*parts["validation"], *parts["test"]}
    made = more_comments(parts["train"], each=MADE)
    return [*parts["train"], *(text for text in made if text not in asked_later)]


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
