"""The hub's copy of the IMDB reviews, which names neither films nor stars.

Validation is chosen by film, so this copy cannot say which reviews belong there. The
answer is kept in a file instead, one bit for each distinct training text in the order
of their hashes, so that every source gives the very same split. The bits mean something
only for the very same texts, and the fingerprint says whether they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from course_lib.reviews.imdb.archive import EXPECTED, LABELS, clean
from course_lib.reviews.leaks import normalise
from course_lib.reviews.table import DataError, Reviews

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

REPOSITORY = "stanfordnlp/imdb"
HUB_SPLITS = {"train": "train", "test": "test", "unsupervised": "unlabelled"}
# Two training reviews are of a film that the test split reviews too.
SHARED_FILM = ("030b61ffa5f116d6", "ff15d99790a4ec91")
FINGERPRINT = "18c5f5e1e10d9dbf4df20b35d463127ec7658e3e2e6a72b17ee50ba29af6a9ba"


def text_key(text: str) -> str:
    """A short name for a text; texts that count as the same share it."""
    return hashlib.sha256(normalise(text).encode()).hexdigest()[:16]


def fingerprint(keys: Sequence[str]) -> str:
    """One checksum for a set of texts, whatever their order."""
    return hashlib.sha256("".join(sorted(set(keys))).encode()).hexdigest()


def pack(keys: Iterable[str], chosen: Iterable[str]) -> bytes:
    """Which keys are `chosen`: one bit for each distinct key in order.

    >>> format(pack(["b", "a", "c", "a"], ["c"])[0], "08b")  # a, b, c, and no more
    '00100000'
    """
    wanted = set(chosen)
    return np.packbits([key in wanted for key in sorted(set(keys))]).tobytes()


def unpack(keys: Iterable[str], packed: bytes) -> set[str]:
    """The keys that were chosen: the inverse of `pack`.

    >>> unpack(["b", "a", "c"], pack(["b", "a", "c"], ["c"]))
    {'c'}
    """
    ordered = sorted(set(keys))
    bits = np.unpackbits(np.frombuffer(packed, dtype=np.uint8), count=len(ordered))
    return {key for key, bit in zip(ordered, bits, strict=True) if bit}


def validation_bits() -> bytes:
    """What `pack` made of the training texts of the official archive.

    >>> len(validation_bits())
    3113
    """
    return (files(__package__) / "validation.bits").read_bytes()


def splits() -> dict[str, Reviews]:
    """The four splits as the hub has them, leaks between texts included.

    Raises `DataError` if the hub cannot be reached or its texts are not the published
    ones.
    """
    data = _from_hub()
    found = {name: _reviews(data[hub], hub, name) for hub, name in HUB_SPLITS.items()}
    expected = {"train": 0, "test": 0, "unlabelled": EXPECTED["train/unsup"]}
    for group in ("train", "test"):
        expected[group] = EXPECTED[f"{group}/neg"] + EXPECTED[f"{group}/pos"]
    counts = {name: len(reviews) for name, reviews in found.items()}
    keys = [text_key(text) for text in found["train"].texts]
    if counts != expected or fingerprint(keys) != FINGERPRINT:
        raise DataError(
            f"{REPOSITORY} on the hub holds {counts} reviews; expected {expected}, and "
            "the texts as published"
        )
    validation = unpack(keys, validation_bits())
    kept = np.array([key not in SHARED_FILM for key in keys])
    chosen = np.array([key in validation for key in keys])
    training = found.pop("train")
    found["train"] = training.select(kept & ~chosen)
    found["validation"] = replace(training.select(kept & chosen), split="validation")
    return found


def _from_hub() -> DatasetDict:
    import datasets  # slow to import, and most runs never need it
    from huggingface_hub import HfApi

    try:
        # Asked first since load_dataset would try a dead network for half a minute.
        HfApi().dataset_info(REPOSITORY, timeout=10)
        return datasets.load_dataset(REPOSITORY)
    except Exception as error:  # whatever the hub's libraries raise
        raise DataError(
            f"could not load {REPOSITORY} from the hub: {type(error).__name__}: {error}"
        ) from error


def _reviews(rows: Dataset, hub_split: str, split: str) -> Reviews:
    labels = (
        None if split == "unlabelled" else np.array(list(rows["label"]), dtype=np.int64)
    )
    return Reviews(
        name="imdb",
        split=split,
        texts=[clean(text) for text in rows["text"]],
        labels=labels,
        label_names=LABELS,
        ids=[f"hub/{hub_split}/{row}" for row in range(len(rows))],
        notes=("from the hub, whose copy names neither films nor stars",),
    )
