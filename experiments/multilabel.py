"""What does a BERT's word on many labels teach a small LSTM?

`python -m experiments multilabel_genres` and `... multilabel_emotions` run it. The
teacher is the MiniLM of `experiments.minilm`, whose soft targets are read from its
file. Beside it stands one logistic regression a label on TF-IDF; on genres, where that
is the better one, the student learns from both, mixed. The student has under two
million parameters. It learns alone, from the labels, and is taught, on all texts that
the teacher has read and no test knows, in as many steps. Three more have no teacher:
n-grams with naive Bayes's weights; on genres the student alone, for twice as many
passes where validation likes that; and the student that learns its own answers on the
other texts. All thresholds come from validation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import torch
from numpy.typing import NDArray

from course_lib import metrics, records
from course_lib.batches import Examples
from course_lib.comparison import Reading
from course_lib.experiment import Experiment, Trained
from course_lib.losses import DistillationLoss
from course_lib.models import Recipe
from course_lib.soft_target_files import SoftTargets, text_digests
from course_lib.splits import Splits, prepare
from course_lib.tensor_files import digest
from course_lib.text import encode
from course_lib.thresholds import at_thresholds, best_thresholds
from course_lib.training import Distillation
from experiments import minilm, rivals, sized
from experiments.augment import transfer_texts
from experiments.label_views import at_their_thresholds, by_label
from experiments.linear import STRENGTH, one_per_label
from experiments.ngrams import STRENGTHS, naive_bayes_by_label

SEEDS = (0, 1, 2, 3, 4)
DIFFERENCES = {
    f"distilled_minus_{other}": ("distilled", other)
    for other in ("alone", "longer", "pseudo", "words", "ngrams", "teacher", "both")
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
    times: tuple[int, ...] = ()  # as many passes for the student alone, if any more


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
        times=(1, 2),
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
        "words": done.once(
            "words", {**about, "C": STRENGTH}, partial(one_per_label, splits, texts)
        ),
        "ngrams": done.once(
            "ngrams", {**about, "C": STRENGTHS}, partial(naive_bayes_by_label, splits)
        ),
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
    taught, objective = Examples(tokens, soft_targets=soft), Distillation(loss)
    held_out = len(splits.validation)
    times = []
    before: list[dict[str, NDArray]] = []  # what was said of validation
    for run in range(len(seeds)):
        before.append({})
        for row, reading in fixed.items():
            before[run][row] = reading.logits[:held_out]
            test = reading.logits[held_out : len(told)]
            done.runs[run][row] = replace(reading, logits=test)
        size = plan.batch_size
        alone = done.train(
            "alone", run, plan.recipe, epochs=plan.epochs, batch_size=size
        )
        own = own_answers(alone, splits, tokens)
        # As many steps as the student alone takes, on more texts.
        epochs = max(1, round(plan.epochs * len(splits.train) / len(more)))
        reads = partial(done.train, epochs=epochs, batch_size=size)
        students = {
            "alone": alone,
            "pseudo": reads("pseudo", run, plan.recipe, own),
            "distilled": reads("distilled", run, plan.recipe, taught, objective),
        }
        if plan.times:
            students["longer"], chosen = rivals.longer(
                done,
                "longer",
                run,
                plan.recipe,
                plan.epochs,
                plan.times,
                batch_size=size,
            )
            times.append(chosen)
        for row, trained in students.items():
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
        longer_times=times,
        labels=list(splits.label_names),
        notes=list(splits.notes),
        thresholds="best F1 on validation, for each label, model and seed",
        macro_f1_at_half=at_half,
    )
    record |= by_label(done)
    done.write(record)
    return record


def own_answers(alone: Trained, splits: Splits, tokens: Sequence[Any]) -> Examples:
    """Return the transfer texts with the labels that a student itself gives the rest.

    It gives a label where its probability is above the threshold that is best on
    validation; the training texts, which come first, keep their own.
    """
    if len(tokens) == len(splits.train):  # there are no others
        return splits.train
    known = splits.validation.truth.numpy()
    cuts = best_thresholds(
        alone.read(splits.validation).logits, known, splits.label_names
    )
    rest = Examples(tokens[len(splits.train) :])
    said = torch.from_numpy(at_thresholds(alone.read(rest).logits, cuts) > 0)
    return Examples(tokens, torch.cat([splits.train.truth, said.float()]))


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


def asked(data: str, splits: Splits, said: SoftTargets, texts: list[str]) -> Reading:
    """Return what the teacher said of texts.

    If it has not read them all, it is made again and asked about all: answers of two
    teachers, side by side, would be of neither.
    """
    if not torch.isin(text_digests(texts), said.texts).all():
        said = minilm.ask(data, splits, texts)
    return Reading(
        logits=said.logits_for(texts, splits.label_names).numpy(),
        parameters=said.teacher["parameters"],
        bytes=said.teacher["bytes"],
        examples_per_second=None,
    )
