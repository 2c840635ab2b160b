"""The official archive of IMDB reviews, as four splits with their films and stars."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from course_lib.reviews.archives import tar_members
from course_lib.reviews.table import DataError, Reviews

LABELS = ("negative", "positive")
EXPECTED = {
    "train/neg": 12_500,
    "train/pos": 12_500,
    "train/unsup": 50_000,
    "test/neg": 12_500,
    "test/pos": 12_500,
}
REVIEW = re.compile(r"aclImdb/(train/neg|train/pos|train/unsup|test/neg|test/pos)/(.+)")
NUMBERS = re.compile(r"(\d+)_(\d+)\.txt")
FILM_LIST = re.compile(r"aclImdb/(train|test)/urls_(neg|pos|unsup)\.txt")
FILM = re.compile(r"tt\d+")
# Begins with a fixed letter, which makes the search ten times faster.
BREAKS = re.compile(r"(?:<[bB][rR]\s*/?>\s*)+")

LABEL_OF = {"neg": 0, "pos": 1, "unsup": None}

Row = tuple[str, str, int | None, int, str]  # id, text, label, stars, film


def clean(text: str) -> str:
    r"""HTML line breaks as line breaks.

    >>> clean("Slow.<br /><br />But good.")
    'Slow.\nBut good.'
    """
    return BREAKS.sub("\n", text).strip()


def is_validation(film: str) -> bool:
    """Whether a training film is kept for validation; about one in nine is."""
    digest = hashlib.sha256(film.encode()).digest()
    return int.from_bytes(digest[:8], "big") % 100 < 11


def read_archive(path: Path) -> dict[str, Reviews]:
    """The four splits, leaks and all, in the order of their file numbers.

    Raises `DataError` unless the archive holds exactly the reviews it should.
    """
    found: dict[str, dict[int, tuple[int, str]]] = {group: {} for group in EXPECTED}
    films: dict[str, list[str]] = {group: [] for group in EXPECTED}
    for name, content in tar_members(path):
        if listed := FILM_LIST.fullmatch(name):
            lines = _decoded(path, name, content).splitlines()
            films["/".join(listed.groups())] = [
                _film(path, name, line) for line in lines
            ]
        elif member := REVIEW.fullmatch(name):
            group, file = member.groups()
            if not (numbers := NUMBERS.fullmatch(file)):
                raise DataError(f"{path} holds {name!r}; expected a name like 0_9.txt")
            number, stars = map(int, numbers.groups())
            found[group][number] = (stars, clean(_decoded(path, name, content)))
    for group, expected in EXPECTED.items():
        if (
            sorted(found[group]) != list(range(expected))
            or len(films[group]) != expected
        ):
            raise DataError(
                f"{path} is not the whole archive: {group} should have {expected} "
                "reviews, numbered from 0, and as many films in urls_*.txt; there are "
                f"{len(found[group])} reviews and {len(films[group])} films; delete it "
                "and fetch it again"
            )
    rows = {group: _rows(group, found[group], films[group]) for group in EXPECTED}
    training = rows["train/neg"] + rows["train/pos"]
    return {
        "train": _reviews(
            "train", [row for row in training if not is_validation(row[4])]
        ),
        "validation": _reviews(
            "validation", [r for r in training if is_validation(r[4])]
        ),
        "test": _reviews("test", rows["test/neg"] + rows["test/pos"]),
        "unlabelled": _reviews("unlabelled", rows["train/unsup"]),
    }


def _rows(group: str, found: dict[int, tuple[int, str]], films: list[str]) -> list[Row]:
    label = LABEL_OF[group.partition("/")[2]]
    return [
        (f"{group}/{number}_{stars}", text, label, stars, films[number])
        for number, (stars, text) in sorted(found.items())
    ]


def _reviews(split: str, rows: Sequence[Row]) -> Reviews:
    labelled = split != "unlabelled"
    stars = np.array([row[3] for row in rows], dtype=np.int64)
    return Reviews(
        name="imdb",
        split=split,
        texts=[row[1] for row in rows],
        labels=np.array([r[2] for r in rows], dtype=np.int64) if labelled else None,
        label_names=LABELS,
        ids=[row[0] for row in rows],
        films=[row[4] for row in rows],
        extra={"stars": stars} if labelled else {},
    )


def _decoded(path: Path, name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{name} in {path} is not UTF-8: {error}") from error


def _film(path: Path, name: str, line: str) -> str:
    if not (film := FILM.search(line)):
        raise DataError(f"{name} in {path} holds {line!r}; expected an IMDb address")
    return film.group()
