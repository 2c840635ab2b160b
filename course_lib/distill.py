"""The experiment: a teacher, a student alone, and the same student with the teacher."""

import time
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import torch
from torch import Tensor, nn

from course_lib import metrics, records, reviews
from course_lib.batches import Examples
from course_lib.losses import DistillationLoss
from course_lib.models import (
    STUDENTS,
    TEACHERS,
    Recipe,
    count_parameters,
    file_bytes,
)
from course_lib.scale import Scale
from course_lib.soft_targets import predict_logits
from course_lib.text import build_vocabulary, encode
from course_lib.training import Distillation, train


@dataclass(frozen=True)
class Splits:
    """One data set, encoded, with the vocabulary of its training reviews."""

    data: str
    train: Examples
    validation: Examples
    test: Examples
    vocabulary_size: int
    label_names: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def multilabel(self) -> bool:
        """Whether several labels may be true of one review."""
        return self.train.labels.dim() == 2


def prepare(data: str, scale: Scale, seed: int, data_dir: Path | None = None) -> Splits:
    """Load a data set and turn its words into numbers.

    A smoke run takes a slice of every split. Any other reads the whole test set: an
    interval on a slice says little.
    """
    loaded = {
        split: reviews.load(
            data, split, data_dir=data_dir, limit=scale.run_limit, seed=seed
        )
        for split in ("train", "validation", "test")
    }
    vocabulary = build_vocabulary(loaded["train"].texts, scale.vocabulary_size)
    encoded = {
        split: Examples(
            encode(part.texts, vocabulary, scale.max_tokens),
            torch.tensor(part.labels),
        )
        for split, part in loaded.items()
    }
    return Splits(
        data=data,
        **encoded,
        vocabulary_size=len(vocabulary),
        label_names=loaded["train"].label_names,
        notes=loaded["train"].notes,
    )


def distill(
    splits: Splits,
    teacher_name: str,
    student_name: str,
    scale: Scale,
    *,
    seed: int = 0,
    temperature: float = 2.0,
    alpha: float = 0.5,
) -> records.Record:
    """Run the experiment and return its record.

    The two students start from the same weights and see the same batches in the same
    order for the same number of steps: the loss is all that differs. The test split is
    read once, at the end, by all three.
    """
    start = time.perf_counter()
    steps_per_epoch = ceil(len(splits.train) / scale.batch_size)
    # A small set is read more often, so that every run takes about as many steps.
    epochs = max(3, round(scale.run_steps / steps_per_epoch))

    def fit(
        row: str, recipe: Recipe, examples: Examples, loss: Distillation | None = None
    ) -> nn.Module:
        torch.manual_seed(seed)
        model = recipe.build(splits.vocabulary_size, len(splits.label_names))
        train(
            model,
            examples,
            splits.validation,
            epochs=epochs,
            batch_size=scale.batch_size,
            learning_rate=recipe.learning_rate,
            device=scale.device,
            seed=seed,
            distillation=loss,
            progress=records.ROWS[row],
        )
        return model

    teacher = fit("teacher", TEACHERS[teacher_name], splits.train)
    soft_targets = predict_logits(
        teacher, splits.train, device=scale.device, progress="soft targets"
    )
    student = STUDENTS[student_name]
    models = {
        "teacher": teacher,
        "baseline": fit("baseline", student, splits.train),
        "student": fit(
            "student",
            student,
            splits.train.with_soft_targets(soft_targets),
            DistillationLoss(temperature, alpha, multilabel=splits.multilabel),
        ),
    }
    record: records.Record = {
        "data": splits.data,
        "device": records.device_name(scale.device),
        "seed": seed,
        "versions": records.versions(),
        "scale": scale.name,
        "teacher_model": teacher_name,
        "student_model": student_name,
        "temperature": temperature,
        "alpha": alpha,
        "epochs": epochs,
        "batch_size": scale.batch_size,
        "max_tokens": scale.max_tokens,
        "vocabulary_size": splits.vocabulary_size,
        "labels": list(splits.label_names),
        "sizes": {
            name: len(getattr(splits, name)) for name in ("train", "validation", "test")
        },
        "notes": list(splits.notes),
    }
    record |= read_test_split(models, splits.test, scale.device)
    record["seconds"] = round(time.perf_counter() - start, 1)
    return record


def read_test_split(
    models: dict[str, nn.Module], test: Examples, device: torch.device
) -> records.Record:
    """Read the test split once with every model; return what the table shows."""
    logits: dict[str, Tensor] = {}
    speed: dict[str, float] = {}
    for name, model in models.items():
        begin = time.perf_counter()
        logits[name] = predict_logits(
            model, test, device=device, progress=f"test: {records.ROWS[name]}"
        )
        speed[name] = len(test) / (time.perf_counter() - begin)
    labels = test.labels.numpy()
    arrays = {name: value.numpy() for name, value in logits.items()}
    draws = metrics.bootstrap(arrays, labels)
    results: records.Record = {}
    for name, model in models.items():
        results[name] = {
            "metrics": metrics.evaluate(arrays[name], labels),
            "intervals": {
                metric: metrics.interval(values)
                for metric, values in draws[name].items()
            },
            "parameters": count_parameters(model),
            "bytes": file_bytes(model),
            "examples_per_second": round(speed[name], 1),
        }
    headline = next(iter(metrics.metrics_for(labels)))
    student, alone = (results[n]["metrics"][headline] for n in ("student", "baseline"))
    paired = draws["student"][headline] - draws["baseline"][headline]
    results["headline"] = headline
    results["distilled_minus_alone"] = {
        "value": student - alone,
        "interval": metrics.interval(paired),
    }
    return results
