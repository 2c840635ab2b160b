"""Can a committee that no GPU has seen teach as well as a large model?

Three teachers who are wrong about different reviews: n-grams weighted by naive Bayes
(Wang and Manning 2012), the MiniLM of `experiments.minilm`, and five LSTMs from word
vectors. They are mixed; then two more learn from the mix on the unlabelled reviews as
well, and join. How much each counts is fitted on the validation reviews.

What is said of a training review comes from models that have not seen its label, but
for the MiniLM, which has read each once. Writes the committee's soft targets too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from course_lib import records
from course_lib.batches import Examples
from course_lib.comparison import Reading
from course_lib.experiment import FOLDER, Experiment
from course_lib.losses import DistillationLoss
from course_lib.models import TEACHERS
from course_lib.recipes import epochs_for, new_model
from course_lib.scale import Scale
from course_lib.soft_target_files import SoftTargets, text_digests
from course_lib.splits import Splits, prepare
from course_lib.tensor_files import digest
from course_lib.text import tokenize
from course_lib.training import Distillation, LabelLoss, Objective
from experiments import minilm, sized
from experiments.linear import two_logits
from experiments.ngrams import STRENGTHS, best, counter, fit_taught, fit_weighted

COST = "an hour and a half of one core"
FOLDS = 5
PARTS = ("train", "validation", "test", "unlabelled")
TOKENS = 512  # longer than elsewhere: the verdict may stand in the middle
RECIPE = TEACHERS["lstm-vectors"]
TAUGHT = Distillation(DistillationLoss(temperature=2.0, alpha=1.0))
NAME = "committee-imdb"
OUT = Path("book/records/soft-targets-imdb-committee.safetensors")
#: (texts of all PARTS in turn,) log-odds of the second class.
Answers = NDArray[np.float32]


def main(limit: int | None = None, seeds: Sequence[int] = (0,)) -> records.Record:
    """Train what was not trained before, and write the record and the soft targets.

    Only the first of `seeds` counts: of each member there is one.
    """
    scale = sized(limit)
    room = Committee(prepare("imdb", scale, seed=0), seeds[:1], scale)
    committee = room.answers()["committee"]
    record = room.done.record(
        {
            f"committee_minus_{name}": ("committee", name)
            for name in room.done.runs[0]
            if name != "committee"
        },
        folds=FOLDS,
        weights=room.weights,
        validation=room.validation,
    )
    room.done.write(record)
    place = FOLDER / OUT.name if scale.name == "smoke" else OUT
    room.soft_targets(committee, record).write(place)
    return record


class Committee:
    """What each member says of every text, and the mixes of what they say."""

    def __init__(self, splits: Splits, seeds: Sequence[int], scale: Scale) -> None:
        self.splits = replace(splits, max_tokens=TOKENS)
        self.done = Experiment(NAME, self.splits, seeds, scale)
        reviews = self.splits.reviews
        self.texts = [text for name in PARTS for text in reviews[name].texts]
        ends = np.cumsum([0, *(len(reviews[name]) for name in PARTS)]).tolist()
        parts = [slice(*pair) for pair in pairwise(ends)]
        self.rows = dict(zip(PARTS, parts, strict=True))
        #: Those that anything may be learnt from, in the order of `splits.readable`.
        self.readable = np.r_[self.rows["train"], self.rows["unlabelled"]]
        self.labels, self.known = (
            reviews[name].require_labels() for name in ("train", "validation")
        )
        self.folds = np.random.default_rng(0).permutation(len(self.labels)) % FOLDS
        self.weights: dict[str, dict[str, float]] = {}
        self.validation: dict[str, float] = {}

    def answers(self) -> dict[str, Answers]:
        """Return what each member says of every text, and each mix; rows of all."""
        labels = {
            "ngrams": self.ngrams_from_labels(),
            "minilm": self.minilm(),
            "lstms": self.lstms_from_labels(),
        }
        two = {name: labels[name] for name in ("ngrams", "minilm")}
        said = labels | {"mix": self.mix("mix", two)}
        said["committee-of-labels"] = three = self.mix("committee-of-labels", labels)
        taught = {
            "ngrams-taught": self.ngrams_taught_by(three),
            "lstm-taught": self.lstm_taught_by(three),
        }
        return said | taught | {"committee": self.mix("committee", labels | taught)}

    @cached_property
    def ngrams(self) -> sparse.csr_matrix:
        """Which n-grams each text has, of those in two training reviews or more."""
        features = counter()
        tokens = [tokenize(text) for text in self.texts]
        features.fit(tokens[self.rows["train"]])
        return features.transform(tokens)

    @cached_property
    def strength(self) -> float:
        """That of a regression on n-grams which is best on validation."""
        x, held_out = (self.ngrams[self.rows[n]] for n in ("train", "validation"))
        fits = [fit_weighted(x, self.labels, strength) for strength in STRENGTHS]
        said = [held_out @ weights + bias for weights, bias in fits]
        return STRENGTHS[best(said, self.known)]

    def ngrams_that_saw(self) -> Answers:
        """Return what n-grams with naive Bayes say, also of reviews they learnt from.

        This is no member: what is said of a text whose label was seen is too sure.
        """

        def fit() -> Answers:
            train = self.ngrams[self.rows["train"]]
            weights, bias = fit_weighted(train, self.labels, self.strength)
            return self.ngrams @ weights + bias

        return self.kept("ngrams-that-saw", {"C": STRENGTHS}, fit)[0]

    def ngrams_from_labels(self) -> Answers:
        """Return what they say, of each training review those who have not seen it."""

        def fit() -> Answers:
            said = self.ngrams_that_saw().copy()
            train = self.ngrams[self.rows["train"]]
            for fold in range(FOLDS):
                rest, held = self.folds != fold, np.flatnonzero(self.folds == fold)
                labels = self.labels[rest]
                weights, bias = fit_weighted(train[rest], labels, self.strength)
                said[held] = train[held] @ weights + bias
            return said

        about = {"C": STRENGTHS, "folds": FOLDS}
        return self.row("ngrams", *self.kept("ngrams", about, fit))

    def ngrams_taught_by(self, teacher: Answers) -> Answers:
        """Return what n-grams say after learning from a teacher, and no label."""
        wanted = teacher[self.readable]

        def fit() -> Answers:
            x = self.ngrams[self.readable]
            fits = [fit_taught(x, wanted, c) for c in STRENGTHS]
            said = [self.ngrams @ weights + bias for weights, bias in fits]
            return said[best([z[self.rows["validation"]] for z in said], self.known)]

        about = {"C": STRENGTHS, "said": digest({"z": torch.from_numpy(wanted)})}
        return self.row("ngrams-taught", *self.kept("ngrams-taught", about, fit))

    def minilm(self) -> Answers:
        """Return what the fine-tuned MiniLM said, which has read each label once."""
        file = SoftTargets.read(minilm.out("imdb"))
        said = file.logits_for(self.texts, self.splits.label_names).numpy()
        return self.row("minilm", said[:, 1] - said[:, 0], file.teacher["parameters"])

    def lstms_from_labels(self) -> Answers:
        """Return the mean of LSTMs, each of which has not read one fold.

        Of a training review, the one that has not read it speaks alone.
        """
        train, said = self.splits.train, []
        for fold in range(FOLDS):
            examples = train.select(np.flatnonzero(self.folds != fold))
            said.append(self.lstm(examples, LabelLoss(), seed=fold))
        mean: Answers = np.stack(said).mean(axis=0)
        for fold, answers in enumerate(said):
            held = np.flatnonzero(self.folds == fold)
            mean[held] = answers[held]
        return self.row("lstms", mean)

    def lstm_taught_by(self, teacher: Answers) -> Answers:
        """Return what an LSTM says after learning from a teacher, and no label."""
        soft = torch.from_numpy(two_logits(teacher[self.readable]))
        examples = self.splits.readable.with_soft_targets(soft)
        return self.row("lstm-taught", self.lstm(examples, TAUGHT, seed=FOLDS))

    def lstm(self, examples: Examples, objective: Objective, seed: int) -> Answers:
        """Train an LSTM from word vectors, and ask it about every text."""
        trained = self.done.fitted(
            "lstm",
            new_model(RECIPE, self.splits, seed),
            examples,
            objective,
            epochs=epochs_for(RECIPE, self.splits, self.done.scale),
            batch_size=self.done.scale.batch_size,
            learning_rate=RECIPE.learning_rate,
            seed=seed,
        )
        logits = np.concatenate(
            [trained.read(self.splits.examples(name)).logits for name in PARTS]
        )
        return logits[:, 1] - logits[:, 0]

    def mix(self, name: str, members: Mapping[str, Answers]) -> Answers:
        """Weigh members as the validation reviews say: a logistic regression on them.

        The sum is calibrated by that as well, as soft targets have to be.
        """
        x = np.stack(list(members.values()), axis=1)  # (texts, members)
        model = LogisticRegression(C=100.0).fit(x[self.rows["validation"]], self.known)
        weights = model.coef_[0].tolist()
        self.weights[name] = dict(zip(members, weights, strict=True))
        return self.row(name, model.decision_function(x).astype(np.float32))

    def kept(
        self, name: str, depends: Mapping[str, Any], make: Callable[[], Answers]
    ) -> tuple[Answers, int | None]:
        """Make answers of n-grams, or find them; and say how many weights gave them."""

        def read() -> Reading:
            return Reading(two_logits(make()), self.ngrams.shape[1] + 1, None, None)

        reading = self.done.once(f"{name}-of-all", depends, read)
        return reading.logits[:, 1] - reading.logits[:, 0], reading.parameters

    def row(self, name: str, said: Answers, parameters: int | None = None) -> Answers:
        """Make a row of the record of what was said of the test reviews."""
        right = (said[self.rows["validation"]] > 0) == self.known
        self.validation[name] = float(right.mean())
        logits = two_logits(said[self.rows["test"]])
        for run in self.done.runs:
            run[name] = Reading(logits, parameters, None, None)
        return said

    def soft_targets(self, said: Answers, record: records.Record) -> SoftTargets:
        """Return a file of what the committee said of every text."""
        card = {
            "name": "a committee of n-grams, MiniLM and LSTMs",
            "weights": self.weights["committee"],
            "accuracy": record["committee"]["metrics"]["accuracy"],
            "made_by": "python -m experiments committee",
            "versions": record["versions"],
        }
        logits = torch.from_numpy(two_logits(said)).half()
        keys, names = text_digests(self.texts), self.splits.label_names
        return SoftTargets(logits, keys, names, card)
