"""GoEmotions: what Reddit comments express, 28 labels, any number to a comment.

Demszky et al. (2020), *GoEmotions: a dataset of fine-grained emotions*. The splits are
the published ones, less the training and validation comments that stand, word for word,
in another split too. The hub's copy is not used: its loader took the quotation marks in
1,383 comments for those of a table, and dropped them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from course_lib.reviews.archives import cache_folder, data_folder, download
from course_lib.reviews.leaks import without_leaks
from course_lib.reviews.table import DataError, Reviews

FOLDER = "goemotions"
URL = (
    "https://raw.githubusercontent.com/google-research/google-research/master/"
    "goemotions/data/"
)
FILES = {
    "train": (
        "train.tsv",
        "1c254a142be5c00e80d819b9ae1bbd36d94b2eeb8f4b1271846508d57e57d9c5",
    ),
    "validation": (
        "dev.tsv",
        "575489c079c9de1097062a01738f998590d6b7ead66dd1c9fd1d2ba01fd8bc62",
    ),
    "test": (
        "test.tsv",
        "0587b2dd8b27b97352adbfc3fb083d46005c8946657fdc2b1ca8b1cc7f1f8be4",
    ),
}
EMOTIONS = (
    *("admiration", "amusement", "anger", "annoyance", "approval", "caring"),
    *("confusion", "curiosity", "desire", "disappointment", "disapproval", "disgust"),
    *("embarrassment", "excitement", "fear", "gratitude", "grief", "joy", "love"),
    *("nervousness", "optimism", "pride", "realization", "relief", "remorse"),
    *("sadness", "surprise", "neutral"),
)


def load(split: str, *, data_dir: str | Path | None = None) -> Reviews:
    """One split: float32 (comments, 28) labels, 27 emotions and `neutral`.

    Read from `data_dir/goemotions`, the cache or the official address.
    """
    if split not in FILES:
        raise ValueError(f"goemotions has no {split} split; it has {', '.join(FILES)}")
    return without_leaks(_published(data_dir))[split]


def _published(data_dir: str | Path | None) -> dict[str, Reviews]:
    own, cached = data_folder(data_dir), cache_folder() / FOLDER
    if own and (own / FOLDER).is_dir():
        paths = {split: own / FOLDER / file for split, (file, _) in FILES.items()}
        if missing := [str(path) for path in paths.values() if not path.is_file()]:
            raise DataError(
                f"no file {missing[0]}; expected it beside the other splits"
            )
    else:
        paths = {
            split: download(URL + file, cached / file, f"sha256:{checksum}")
            for split, (file, checksum) in FILES.items()
        }
    return {split: read_tsv(path, split) for split, path in paths.items()}


def read_tsv(path: Path, split: str) -> Reviews:
    """Read one published file: text, comma-separated label numbers, comment id.

    Raises `DataError`, naming the line, for a wrong number of fields or a label that is
    not in the list.
    """
    texts, labels, ids = [], [], []
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        fields = line.split("\t")
        if len(fields) != 3:
            raise DataError(
                f"line {number} of {path} has {len(fields)} fields; expected 3 with "
                "tabs between them: text, label numbers, id"
            )
        texts.append(fields[0])
        labels.append(_label_numbers(fields[1], f"line {number} of {path}"))
        ids.append(fields[2])
    return _reviews(split, texts, labels, ids)


def _label_numbers(field: str, where: str) -> list[int]:
    numbers = [int(part) if part.isdigit() else -1 for part in field.split(",")]
    if not all(0 <= number < len(EMOTIONS) for number in numbers):
        raise DataError(
            f"{where} has the labels {field!r}; expected numbers from 0 to "
            f"{len(EMOTIONS) - 1} with commas between them"
        )
    return numbers


def _reviews(
    split: str, texts: list[str], labels: Sequence[Sequence[int]], ids: list[str]
) -> Reviews:
    hot = np.zeros((len(texts), len(EMOTIONS)), dtype=np.float32)
    for row, numbers in zip(hot, labels, strict=True):
        row[list(numbers)] = 1
    return Reviews("goemotions", split, texts, hot, EMOTIONS, ids)
