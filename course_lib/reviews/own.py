"""Your own reviews, from a CSV, JSON Lines or Parquet file.

The columns say what the file holds:

    text                  (or `review`) what to classify
    label                 one label a row, by name or number; or
    labels                any number, with | or ; between them (or a list); or
    several 0/1 columns   one a label
    split                 train, validation (dev, val), test or unlabelled; without it,
                          four fifths train and a tenth each validate and test
    id, film              optional

Rows are dealt to the splits by their film if there is one, else by their text, so that
neither is ever in two splits; a row that shares one with another split is left out, as
it is for IMDB. A row whose label is empty belongs to the unlabelled split.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from .leaks import normalise, without_leaks
from .own_files import as_text, read
from .own_labels import Rows, find_labels, to_array
from .table import SPLITS, DataError, Reviews

TEXT = ("text", "review")
OTHER_NAMES = {"dev": "validation", "val": "validation", "unlabeled": "unlabelled"}


def load(path: Path, split: str) -> Reviews:
    """One split of a file: int64 labels with a `label` column, else float32 multi-hot.

    Raises `DataError` if the file or a column is missing, cannot be understood, or may
    be understood in two ways, and says what was found.
    """
    frame = read(path)
    texts = [as_text(value) for value in frame[_text_column(path, frame)]]
    films = [as_text(film) for film in frame["film"]] if "film" in frame else None
    labels, names, single = find_labels(path, frame)
    where = _dealt([f or t for f, t in zip(films or texts, texts, strict=True)], labels)
    if "split" in frame:
        where = _given(path, [as_text(value) for value in frame["split"]], labels)
    full = [row for row, text in enumerate(texts) if text]
    everything = Reviews(
        name=str(path),
        split=split,
        texts=texts,
        labels=to_array(labels, names, single),
        label_names=names,
        ids=_ids(path, frame),
        films=films,
        notes=_notes(where, texts, labels, names),
    )
    parts = {}
    for name in SPLITS:
        part = everything.select([row for row in full if where[row] == name])
        hidden = None if name == "unlabelled" else part.labels
        parts[name] = replace(part, split=name, labels=hidden)
    chosen = without_leaks(parts)[split]
    if not len(chosen):
        raise DataError(
            f"{path} has no rows for {split}; its rows are dealt {dict(Counter(where))}"
        )
    return chosen


def _text_column(path: Path, frame: pd.DataFrame) -> str:
    found = [column for column in TEXT if column in frame]
    if len(found) != 1:
        raise DataError(
            f"{path} needs one column called {' or '.join(TEXT)}, and has "
            f"{' and '.join(found) or 'neither'}; its columns: "
            f"{', '.join(map(str, frame.columns))}"
        )
    return found[0]


def _dealt(keys: Sequence[str], labels: Rows) -> list[str]:
    """A split for each row, the same for equal keys whatever else the file holds."""
    where = []
    for key, given in zip(keys, labels, strict=True):
        digest = hashlib.sha256(
            normalise(key).encode("utf-8", "surrogatepass")
        ).digest()
        tenth = int.from_bytes(digest[:8], "big") % 10
        dealt = "test" if tenth == 9 else "validation" if tenth == 8 else "train"
        where.append("unlabelled" if given is None else dealt)
    return where


def _given(path: Path, cells: Sequence[str], labels: Rows) -> list[str]:
    """The split column, read; a row to learn from or test on must have a label."""
    where = []
    for row, (cell, given) in enumerate(zip(cells, labels, strict=True), start=1):
        name = OTHER_NAMES.get(cell.lower(), cell.lower())
        if name not in SPLITS:
            raise DataError(
                f"row {row} of {path} has the split {cell!r}; expected one of "
                f"{', '.join(SPLITS)}"
            )
        if given is None and name in ("validation", "test"):
            raise DataError(f"row {row} of {path} is in {name} but has no label")
        where.append("unlabelled" if given is None else name)
    return where


def _ids(path: Path, frame: pd.DataFrame) -> list[str]:
    if "id" not in frame:
        return [f"{path.stem}/{row}" for row in range(len(frame))]
    ids = [as_text(value) for value in frame["id"]]
    name, count = Counter(ids).most_common(1)[0]
    if count > 1:
        raise DataError(
            f"{path} has the id {name!r} {count} times; each must be unique"
        )
    return ids


def _notes(
    where: Sequence[str], texts: Sequence[str], labels: Rows, names: Sequence[str]
) -> tuple[str, ...]:
    empty = sum(not text for text in texts)
    notes = [f"{empty} of {len(texts)} left out: the text is empty"] if empty else []
    train = [
        row or [] for row, split in zip(labels, where, strict=True) if split == "train"
    ]
    taught = {name for row in train for name in row}
    missing = [name for name in names if name not in taught]
    if missing:
        notes.append(f"no row to train on has the label {', '.join(missing)}")
    return tuple(notes)
