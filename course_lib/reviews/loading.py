"""One call for every data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from . import genres, goemotions, imdb, own, synthetic
from .own_files import READERS
from .table import SPLITS, Reviews

NAMES = ("synthetic", "imdb", "imdb-genres", "goemotions")


def load(
    name: str | Path,
    split: str,
    *,
    data_dir: str | Path | None = None,
    limit: int | None = None,
    seed: int = 0,
) -> Reviews:
    """Load one split of a data set.

    Parameters
    ----------
    name
        "synthetic", "imdb", "imdb-genres" or "goemotions", or the path of a CSV, JSON
        Lines or Parquet file of one's own (see `course_lib.reviews.own`).
    split
        "train", "validation", "test" or "unlabelled".
    data_dir
        A folder that already holds the published files; by default the environment
        variable `COURSE_DATA`. What is not there is looked for in the cache and then
        fetched.
    limit
        Keep at most so many reviews: the same ones each time, in random order, with
        the classes in proportion. A smaller limit keeps a part of a larger one's.
    seed
        Chooses the reviews that `limit` keeps, and the text of the synthetic set. The
        splits themselves never depend on it.

    Raises `ValueError` for an unknown name or split, and `DataError` (a `ValueError`
    too) for data that is missing, damaged or not what it should be.

    >>> reviews = load("synthetic", "test", limit=100)
    >>> len(reviews), reviews.labels.shape, reviews.label_names[0]
    (100, (100, 7), 'positive')
    """
    if split not in SPLITS:
        raise ValueError(f"no split {split!r}; choose one of {', '.join(SPLITS)}")
    if limit is not None and limit < 1:
        raise ValueError(f"limit is {limit}; give at least 1, or None for all reviews")
    if name == "synthetic":
        reviews = synthetic.load(split, seed=seed)
    elif name == "imdb":
        reviews = imdb.load(split, data_dir=data_dir)
    elif name == "imdb-genres":
        reviews = genres.load(split, data_dir=data_dir)
    elif name == "goemotions":
        reviews = goemotions.load(split, data_dir=data_dir)
    elif Path(name).suffix.lower() in READERS:
        reviews = own.load(Path(name), split)
    else:
        raise ValueError(
            f"no data set {str(name)!r}; choose one of {', '.join(NAMES)}, or give the "
            f"path of a {', '.join(READERS)} file"
        )
    if limit is None or limit >= len(reviews):
        return reviews
    return reviews.select(_sample(reviews, limit, seed))


def _sample(reviews: Reviews, limit: int, seed: int) -> np.ndarray:
    """Positions of a random part in which the classes keep their proportions."""
    # Raw output: of numpy's random numbers, only these never change with its version.
    random = np.random.PCG64(seed).random_raw(len(reviews))
    if reviews.labels is None or reviews.multilabel:
        return np.argsort(random, kind="stable")[:limit]
    share = np.empty(len(reviews))  # how far through its class a review stands
    for label in np.unique(reviews.labels):
        rows = np.flatnonzero(reviews.labels == label)
        order = np.argsort(random[rows], kind="stable")
        share[rows[order]] = (np.arange(len(rows)) + 0.5) / len(rows)
    return np.lexsort((random, share))[:limit]
