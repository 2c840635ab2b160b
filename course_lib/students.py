"""A student to take home: from texts to labels in two lines, without its teacher."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torchtext.vocab import Vocab

from course_lib import student_folders
from course_lib.batches import Examples
from course_lib.calibration import calibration_temperature
from course_lib.models import OnnxModel, Recipe
from course_lib.soft_targets import predict_logits
from course_lib.student_folders import StudentError
from course_lib.text import encode
from course_lib.thresholds import at_thresholds, best_thresholds


@dataclass(frozen=True)
class Student:
    """A trained model, how it reads, and what its logits mean.

    >>> import tempfile
    >>> from course_lib.models import STUDENTS
    >>> from course_lib.text import build_vocabulary
    >>> words = build_vocabulary(["a good film", "a bad film"], 10)
    >>> model = STUDENTS["bag"].build(len(words), 2)
    >>> student = Student(model, STUDENTS["bag"], words, 256, ("bad", "good"), False)
    >>> folder = Path(tempfile.mkdtemp()) / "student"
    >>> student.save(folder, card="# An untrained student")
    >>> again = Student.load(folder)
    >>> again.predict(["a good film"]) == student.predict(["a good film"])
    True
    """

    model: nn.Module
    recipe: Recipe
    vocabulary: Vocab
    max_tokens: int
    label_names: tuple[str, ...]
    multilabel: bool
    temperature: float = 1.0  # that the logits are divided by: see `calibration`
    #: A label is said from this probability on, a number a label; None for one label.
    thresholds: tuple[float, ...] | None = None

    def logits(
        self, texts: Sequence[str], progress: str | None = None
    ) -> NDArray[np.float32]:
        """Return (texts, labels), as training and evaluation see them."""
        if not texts:
            return np.empty((0, len(self.label_names)), np.float32)
        tokens = encode(texts, self.vocabulary, self.max_tokens)
        return predict_logits(self.model, Examples(tokens), progress=progress).numpy()

    def predict_proba(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return (texts, labels) calibrated probabilities.

        Each row sums to 1; or, if several labels may be true, each is on its own.
        """
        return self.probabilities(self.logits(texts))

    def predict(self, texts: Sequence[str]) -> list[str] | list[list[str]]:
        """Return each text's label; or a list of them, if several may be true."""
        return self.verdicts(self.predict_proba(texts))

    def probabilities(self, logits: NDArray[np.floating]) -> NDArray[np.float64]:
        """Turn logits into calibrated probabilities of the same shape."""
        z = torch.from_numpy(logits).double() / self.temperature
        return (z.sigmoid() if self.multilabel else z.softmax(-1)).numpy()

    def verdicts(self, p: NDArray[np.floating]) -> list[str] | list[list[str]]:
        """Return what `predict` does, from probabilities."""
        if self.thresholds is None:
            return [self.label_names[place] for place in p.argmax(1)]
        said = p >= np.array(self.thresholds)
        return [
            [name for name, yes in zip(self.label_names, row, strict=True) if yes]
            for row in said
        ]

    def at_its_thresholds(self, logits: NDArray[np.floating]) -> NDArray[np.float64]:
        """Shift logits so that its own thresholds lie at 0, where metrics cut."""
        z = logits.astype(np.float64) / self.temperature
        return at_thresholds(z, np.array(self.thresholds))

    def calibrated(self, logits: NDArray[np.floating], labels: NDArray) -> "Student":
        """Return this student with a temperature and thresholds from validation.

        `logits` are what it says of the validation split, and `labels` its truth. A
        label that is never true there keeps its threshold at one half.
        """
        temperature = calibration_temperature(logits, labels)
        if not self.multilabel:
            return replace(self, temperature=temperature)
        cuts, seen = np.full(labels.shape[1], 0.5), (labels > 0).any(0)
        z = logits.astype(np.float64) / temperature
        if seen.any():
            cuts[seen] = best_thresholds(z[:, seen], labels[:, seen])
        return replace(self, temperature=temperature, thresholds=tuple(cuts.tolist()))

    def save(self, folder: str | Path, card: str) -> None:
        """Write the folder, whole or not at all; an older student there is replaced.

        Raises `FileExistsError` if anything else stands there.
        """
        about = {
            "recipe": asdict(self.recipe),
            "labels": list(self.label_names),
            "multilabel": self.multilabel,
            "temperature": self.temperature,
            "thresholds": self.thresholds,
            "max_tokens": self.max_tokens,
        }
        weights = self.model.state_dict()
        student_folders.write(folder, weights, about, self.vocabulary.itos, card)

    @classmethod
    def load(cls, name: str | Path, onnx: bool = False) -> "Student":
        """Read a student from a folder, or by its id from the Hugging Face hub.

        With `onnx`, it reads texts with the file that `export` wrote there.

        Raises `StudentError`, and says why, for a folder that holds none, or one that
        is damaged or of another version of the course.
        """
        folder = student_folders.find(name)
        weights, config, words = student_folders.read(folder)
        try:
            recipe = Recipe(**config["recipe"])
            model = recipe.build(len(words), len(config["labels"]))
            model.load_state_dict(weights)
            if onnx:
                model = OnnxModel(folder / student_folders.ONNX)
            cuts = config["thresholds"]
            return cls(
                model.eval(),
                recipe,
                vocabulary_of(words),
                config["tokenizer"]["max_tokens"],
                tuple(config["labels"]),
                config["multilabel"],
                config["temperature"],
                None if cuts is None else tuple(cuts),
            )
        except (KeyError, TypeError, RuntimeError) as error:
            raise StudentError(
                f"the files in {folder} do not fit together, or belong to another "
                f"version of the course ({type(error).__name__}: {error})"
            ) from error


def vocabulary_of(words: Sequence[str]) -> Vocab:
    """Return the vocabulary that numbers these words in this order, specials first."""
    rest = words[2:]
    # Vocab sorts by counts.
    counts = Counter({word: len(rest) - place for place, word in enumerate(rest)})
    return Vocab(counts, specials=list(words[:2]))
