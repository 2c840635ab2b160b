"""An LSTM teaches one half as wide, on IMDB: `python -m experiments.lstm_to_lstm`.

The sizes are those of the chapter's article: 100 features a word and 256 hidden units a
direction for the teacher, 50 and 128 for the student. The student is trained alone,
alone for twice as long, and with the teacher, from three seeds, and all are read on the
25,000 test reviews. Writes book/records/lstm-to-lstm-imdb.json, or with `--limit` a
trial of it in the experiment's folder. A run that was stopped goes on;
ACCELERATE_MIXED_PRECISION=bf16 makes it faster where the processor has it.
"""

import argparse
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import torch
from torch import nn

from course_lib import comparison, records
from course_lib.batches import Examples
from course_lib.comparison import Reading
from course_lib.devices import accelerator
from course_lib.losses import DistillationLoss
from course_lib.models import LSTMClassifier
from course_lib.scale import current_scale
from course_lib.splits import prepare
from course_lib.training import Distillation, Objective, train
from experiments.kept import FOLDER, kept

SEEDS = (0, 1, 2)
SIZES = {"teacher": (100, 256), "student": (50, 128)}
RATES = {"teacher": 2e-3, "student": 4e-3}
EPOCHS = {"teacher": 2, "alone": 2, "longer": 4, "distilled": 2}
MAX_TOKENS = 96  # the first and the last 48, which keeps it under an hour
TEMPERATURE, ALPHA = 2.0, 0.5


def main(limit: int | None = None) -> None:
    """Train what was not trained before, and write the record."""
    scale = replace(current_scale(), run_limit=limit, max_tokens=MAX_TOKENS)
    splits = prepare("imdb", scale, seed=0)
    folder = FOLDER / f"lstm-to-lstm-{limit or 'all'}"

    def fit(
        name: str,
        seed: int,
        examples: Examples,
        objective: Objective | None = None,
    ) -> nn.Module:
        role = "teacher" if name == "teacher" else "student"
        torch.manual_seed(seed)  # all students of a seed start from the same weights
        model = LSTMClassifier(splits.vocabulary_size, 2, *SIZES[role])
        place = folder / f"{name}-{seed}.safetensors"
        place.parent.mkdir(parents=True, exist_ok=True)
        train(
            model,
            examples,
            splits.validation,
            epochs=EPOCHS[name],
            batch_size=scale.batch_size,
            learning_rate=RATES[role],
            seed=seed,
            objective=objective,
            checkpoint=place,
            progress=f"{name} {seed}",
        )
        return model

    @cache
    def teacher(seed: int) -> nn.Module:
        return fit("teacher", seed, splits.train)

    def reading(name: str, seed: int) -> Reading:
        if name == "teacher":
            model = teacher(seed)
        elif name == "distilled":
            said = kept(
                folder,
                f"said-of-train-seed-{seed}",
                lambda: comparison.read(teacher(seed), splits.train, "soft targets"),
            )
            taught = splits.train.with_soft_targets(torch.from_numpy(said.logits))
            model = fit(
                name, seed, taught, Distillation(DistillationLoss(TEMPERATURE, ALPHA))
            )
        else:
            model = fit(name, seed, splits.train)
        return comparison.read(model, splits.test, f"test: {name} {seed}")

    runs = [
        {
            name: kept(folder, f"{name}-seed-{seed}", partial(reading, name, seed))
            for name in EPOCHS
        }
        for seed in SEEDS
    ]

    record: records.Record = {
        "data": splits.data,
        "device": records.device_name(accelerator().device),
        "precision": accelerator().mixed_precision,
        "scale": "smoke" if limit else scale.name,
        "seeds": list(SEEDS),
        "versions": records.versions(),
        "sizes": {name: len(part) for name, part in splits.reviews.items()},
        "max_tokens": splits.max_tokens,
        "vocabulary_size": splits.vocabulary_size,
        "epochs": EPOCHS,
        "temperature": TEMPERATURE,
        "alpha": ALPHA,
    }
    record |= comparison.compare(
        runs,
        splits.test.truth.numpy(),
        differences={
            "distilled_minus_alone": ("distilled", "alone"),
            "distilled_minus_longer": ("distilled", "longer"),
            "longer_minus_alone": ("longer", "alone"),
            "distilled_minus_teacher": ("distilled", "teacher"),
        },
    )
    place = folder if limit else Path("book/records")
    records.write(place / "lstm-to-lstm-imdb.json", record)
    print(records.table(record, {name: name for name in EPOCHS}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, help="read so many reviews of each split")
    main(parser.parse_args().limit)
