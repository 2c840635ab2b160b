"""Experiments: rows by seeds, each read once, and kept under all that it depends on.

A model that took an hour is not trained again because another row changed. But what is
kept must not outlive what it was made of: the logits of yesterday's temperature beside
today's. So nothing is found by a name. A trained row is found by what `train` would be
given: the model's first weights, the reviews and soft targets that it reads, its
objective, every setting; and any row by the splits, the versions and the work of this
code (`SCHEMA`).
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from course_lib import comparison, records, tensor_files
from course_lib.batches import Examples
from course_lib.comparison import Reading
from course_lib.devices import accelerator, asked_in_one_process
from course_lib.models import Recipe
from course_lib.recipes import epochs_for, new_model
from course_lib.scale import Scale
from course_lib.soft_target_files import text_digests, tokenizer_digest
from course_lib.splits import Splits
from course_lib.tensor_files import digest
from course_lib.training import LabelLoss, Objective, train
from course_lib.training.runs import describe

#: Raise it when the same settings begin to mean another training or another reading.
SCHEMA = 1
KIND = "course_lib reading, format 1"
FOLDER = Path("_build/experiments")
MADE_WITH = ("torch", "numpy", "scikit-learn", "transformers")


class Experiment:
    """One record: its rows are read on the test split, from each of some seeds."""

    def __init__(
        self,
        name: str,
        splits: Splits,
        seeds: Sequence[int],
        scale: Scale,
        folder: Path | None = FOLDER,  # None: nothing is kept
    ) -> None:
        self.name, self.splits, self.seeds = name, splits, list(seeds)
        self.scale = scale
        self.folder = folder  # of all experiments: none trains what another has trained
        self.runs: list[dict[str, Reading]] = [{} for _ in self.seeds]
        self.data = describe_splits(splits)

    def train(
        self,
        row: str,
        run: int,
        recipe: Recipe,
        examples: Examples | None = None,
        objective: Objective | None = None,
        *,
        splits: Splits | None = None,
        **settings: Any,
    ) -> "Trained":
        """Train a model for one run, or find what it said of the test split before.

        `run` is a place in `seeds`. `splits` are those that the model reads, if not the
        experiment's own, and `examples` what it learns from, if not their training
        reviews. `settings` are those of `training.train`; unless they say otherwise,
        the rate is the recipe's, and all models of a recipe take as many steps, as
        nearly as whole epochs allow.
        """
        splits = splits or self.splits
        trained = self.prepared(
            row, run, recipe, examples, objective, splits=splits, **settings
        )
        self.runs[run][row] = trained.read(splits.test)
        return trained

    def prepared(
        self,
        name: str,
        run: int,
        recipe: Recipe,
        examples: Examples | None = None,
        objective: Objective | None = None,
        *,
        splits: Splits | None = None,
        **settings: Any,
    ) -> "Trained":
        """Return what `train` would train, for other questions than the test split."""
        splits, seed = splits or self.splits, self.seeds[run]
        examples = examples or splits.train
        epochs = epochs_for(recipe, splits, self.scale)
        given = {
            "epochs": max(1, round(epochs * len(splits.train) / len(examples))),
            "batch_size": self.scale.batch_size,
            "learning_rate": recipe.learning_rate,
        }
        model, held_out = new_model(recipe, splits, seed), splits.validation
        settings = {**given, **settings, "seed": seed}
        return self.fitted(name, model, examples, objective, held_out, **settings)

    def fitted(
        self,
        name: str,
        model: nn.Module,
        examples: Examples,
        objective: Objective | None = None,
        validation: Examples | None = None,
        **settings: Any,
    ) -> "Trained":
        """Return a model to ask, which is no row of the record by itself.

        What was stopped goes on from its checkpoint. The model is trained only when it
        is asked something that was not kept.
        """
        return Trained(
            self,
            name,
            model,
            examples,
            validation or self.splits.validation,
            objective or LabelLoss(),
            settings,
        )

    def make(
        self,
        row: str,
        depends: Mapping[str, Any],
        make: Callable[[], Reading],
        run: int | None = None,
    ) -> Reading:
        """Read the test split in any other way, or find what was read before.

        `depends` says in JSON's types what the answer depends on besides the splits.
        Without a `run`, the row has no seed: its one reading stands in all of them.
        """
        reading = self.once(row, depends, make)
        for place in range(len(self.seeds)) if run is None else [run]:
            self.runs[place][row] = reading
        return reading

    def once(
        self, name: str, depends: Mapping[str, Any], make: Callable[[], Reading]
    ) -> Reading:
        """Make a reading of anything, or find it; it is no row of the record."""
        return self.found({"experiment": self.name, "name": name, **depends}, make)

    def found(self, depends: Mapping[str, Any], make: Callable[[], Reading]) -> Reading:
        """Find what any experiment has made of the very same, or make it."""
        path = self.place(f"{self.key(depends)}.safetensors")
        if path is None:
            return make()
        reading = asked_in_one_process(
            lambda: read_kept(path) if path.exists() else None
        )
        if reading is None:
            reading = make()
            if accelerator().is_main_process:
                keep(path, reading)
        return reading

    def place(self, name: str) -> Path | None:
        """Return where a file is kept, if any is."""
        return self.folder / name if self.folder else None

    def key(self, depends: Mapping[str, Any]) -> str:
        """Return a name for a reading: a digest of all that it depends on."""
        everything = {
            "depends": depends,
            "data": self.data,
            "device": accelerator().device.type,
            "precision": accelerator().mixed_precision,
            "versions": {name: version(name) for name in MADE_WITH},
            "schema": SCHEMA,
        }
        text = json.dumps(everything, sort_keys=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def record(
        self, differences: Mapping[str, tuple[str, str]], **about: Any
    ) -> records.Record:
        """Return the record of all rows; `about` is what else it should say."""
        splits = self.splits
        block: records.Record = {
            "data": splits.data,
            "device": records.device_name(accelerator().device),
            "precision": accelerator().mixed_precision,
            "scale": self.scale.name,
            "seeds": self.seeds,
            "versions": records.versions(),
            "sizes": {name: len(part) for name, part in splits.reviews.items()},
            "max_tokens": splits.max_tokens,
            "vocabulary_size": splits.vocabulary_size,
            **about,
        }
        labels = splits.test.truth.numpy()
        return block | comparison.compare(
            self.runs,
            labels,
            differences=differences,
            groups=comparison.films_of(splits.reviews["test"]),
        )

    def write(self, record: records.Record) -> Path:
        """Write a record among those of the book, or a smoke run's beside its rows."""
        place = Path("book/records")
        if self.scale.name == "smoke":
            place = self.folder or Path()
        path = place / f"{self.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        records.write(path, record)
        print(records.table(record, {row: row for row in self.runs[0]}))
        return path


def describe_splits(splits: Splits) -> dict[str, Any]:
    """Return what an answer depends on that was made of the splits in any way.

    The texts themselves, since not all that reads them stops where the tokens do.
    """
    parts = {}
    for name, part in splits.reviews.items():
        tensors = {"texts": text_digests(part.texts)}
        if part.labels is not None:
            tensors["labels"] = torch.from_numpy(part.labels)
        parts[name] = digest(tensors)
    words = tokenizer_digest(splits.vocabulary)
    return {"vocabulary": words, "max_tokens": splits.max_tokens, **parts}


class Trained:
    """A model that an experiment trains, if it is asked something new."""

    def __init__(
        self,
        experiment: Experiment,
        row: str,
        model: nn.Module,
        examples: Examples,
        validation: Examples,
        objective: Objective,
        settings: dict[str, Any],
    ) -> None:
        self.experiment, self.row, self.untrained = experiment, row, model
        self.examples, self.validation = examples, validation
        self.objective, self.settings = objective, settings
        self.title = records.ROWS.get(row, row)
        self.about = describe(model, examples, validation, objective, **settings)

    @cached_property
    def model(self) -> nn.Module:
        """The model, trained now or read from the checkpoint of a finished training."""
        key = self.experiment.key(self.about)
        train(
            self.untrained,
            self.examples,
            self.validation,
            objective=self.objective,
            checkpoint=self.experiment.place(f"checkpoints/{key}.safetensors"),
            progress=f"{self.title}, seed {self.settings.get('seed', 0)}",
            **self.settings,
        )
        return self.untrained

    def read(self, examples: Examples) -> Reading:
        """Return what it says of some reviews, or said before."""
        depends = {**self.about, "read": digest(examples.tensors())}
        return self.experiment.found(
            depends,
            lambda: comparison.read(self.model, examples, f"reading: {self.title}"),
        )

    def soft_targets(self, examples: Examples) -> Tensor:
        """Return its logits for some reviews, as a student's soft targets."""
        return torch.from_numpy(self.read(examples).logits)


def keep(path: Path, reading: Reading) -> None:
    """Write what a model said, whole or not at all.

    >>> from tempfile import mkdtemp
    >>> path = Path(mkdtemp()) / "row.safetensors"
    >>> keep(path, Reading(torch.zeros(3, 2).numpy(), 10, None, None))
    >>> read_kept(path).parameters, read_kept(path).bytes
    (10, None)
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    about = {
        "parameters": reading.parameters,
        "bytes": reading.bytes,
        "examples_per_second": reading.examples_per_second,
    }
    logits = torch.from_numpy(reading.logits).contiguous()
    tensor_files.write(path, KIND, {"logits": logits}, about)


def read_kept(path: Path) -> Reading:
    """Return what `keep` wrote. Raises `TensorFileError` for anything else."""
    tensors, about = tensor_files.read(path, KIND)
    return Reading(tensors["logits"].numpy(), **about)
