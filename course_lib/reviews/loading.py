"""One call for every data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from course_lib.reviews import goemotions, imdb, own, synthetic
from course_lib.reviews.imdb import genres
from course_lib.reviews.own.files import KINDS, is_table
from course_lib.reviews.table import SPLITS, Reviews

NAMES = ("synthetic", "imdb", "imdb-genres", "goemotions")


def load(
    name: str | Path,
    split: str,
    *,
    data_dir: str | Path | None = None,
    limit: int | None = None,
    seed: int = 0,
    text_column: str | None = None,
    label_column: str | None = None,
    separator: str | None = None,
    encoding: str | None = None,
) -> Reviews:
    """Load one split of a data set.

    Parameters
    ----------
    name
        "synthetic", "imdb", "imdb-genres" or "goemotions", or the path of a CSV, JSON
        Lines or Parquet table of one's own (see `course_lib.reviews.own`).
    split
        "train", "validation", "test" or "unlabelled", whose `labels` are None.
    data_dir
        A folder that already holds the published files; by default the environment
        variable `COURSE_DATA`. What is not there is looked for in the cache and then
        fetched.
    limit
        Keep at most so many reviews: the same ones each time, in random order, with
        the classes in proportion. A smaller limit keeps a part of a larger one's. Of
        the synthetic set, which is random already, the first so many are written.
        Without a limit, reviews stand as they were published: IMDB's class by class.
    seed
        Chooses the reviews that `limit` keeps, and the text of the synthetic set. The
        splits themselves never depend on it.
    text_column, label_column
        What those columns of one's own table are called, where that is not guessed.
    separator, encoding
        Of one's own file, where they are not guessed: ";" or "tab", "utf-16".

    Raises `ValueError` for an unknown name or split, and `DataError` (a `ValueError`
    too) for data that is missing, damaged or not what it should be.

    >>> reviews = load("synthetic", "test", limit=100)
    >>> len(reviews), reviews.labels.shape, reviews.label_names[0]
    (100, (100, 7), 'positive')
    >>> print(load("synthetic", "unlabelled", limit=100).labels)
    None
    """
    if split not in SPLITS:
        raise ValueError(f"no split {split!r}; choose one of {', '.join(SPLITS)}")
    if limit is not None and limit < 1:
        raise ValueError(f"limit is {limit}; give at least 1, or None for all reviews")
    table = {
        "text_column": text_column,
        "label_column": label_column,
        "separator": separator,
        "encoding": encoding,
    }
    given = [option for option, value in table.items() if value is not None]
    if name in NAMES and given:
        raise ValueError(
            f"{' and '.join(given)} is for a table of your own; leave it out for {name}"
        )
    if name == "synthetic":
        reviews = synthetic.load(split, seed=seed, limit=limit)
    elif name == "imdb":
        reviews = imdb.load(split, data_dir=data_dir)
    elif name == "imdb-genres":
        reviews = genres.load(split, data_dir=data_dir)
    elif name == "goemotions":
        reviews = goemotions.load(split, data_dir=data_dir)
    elif is_table(Path(name)):
        reviews = own.load(Path(name), split, **table)
    else:
        raise ValueError(
            f"no data set {str(name)!r}; choose one of {', '.join(NAMES)}, or give the "
            f"path of a {', '.join(KINDS)} file"
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
