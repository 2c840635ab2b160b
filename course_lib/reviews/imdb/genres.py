"""IMDB's reviews with the genres of their films, as MovieLens lists them.

A real task with many labels: 18 genres, about two a review, films never shared between
splits. The genres say what kind of film it is, not what the review is about, so no
reader could get them all right.
"""

from __future__ import annotations

import csv
import functools
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from course_lib.reviews.archives import cache_folder, data_folder, download, zip_member
from course_lib.reviews.imdb.cache import load_with_films
from course_lib.reviews.table import DataError, Reviews

FILES = ("ml-25m.zip", "ml-latest-small.zip")  # the first that is there is used
URL = "https://files.grouplens.org/datasets/movielens/ml-25m.zip"
CHECKSUM = "md5:6b51fb2759a8657d3bfcbfc42b592ada"
GENRES = (
    *("Action", "Adventure", "Animation", "Children", "Comedy", "Crime"),
    *("Documentary", "Drama", "Fantasy", "Film-Noir", "Horror", "Musical"),
    *("Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
)
# In the file too, but not genres of a film.
NOT_GENRES = ("IMAX", "(no genres listed)")
LICENCE = (
    "MovieLens (Harper and Konstan 2015, doi:10.1145/2827872) may be used for "
    "research; it may not be redistributed without permission, nor used commercially"
)


def load(split: str, *, data_dir: str | Path | None = None) -> Reviews:
    """The reviews of one split whose film has a genre: float32 (reviews, 18) labels.

    The splits are those of `imdb`, leaks left out. The films of the unlabelled split
    have genres too, which it does not give: it is for a teacher to label.
    """
    _show_licence()
    path = _archive(data_dir)
    genres = read_genres(path)
    reviews = load_with_films(split, data_dir=data_dir)
    films = reviews.films or []
    known = reviews.select([row for row, film in enumerate(films) if film in genres])
    left_out = len(reviews) - len(known)
    labels = np.array([genres[film] for film in known.films or []], dtype=np.float32)
    return replace(
        known,
        name="imdb-genres",
        labels=None if split == "unlabelled" else labels.reshape(-1, len(GENRES)),
        label_names=GENRES,
        notes=(
            *reviews.notes,
            f"{left_out} of {len(reviews)} left out: no genre in {path.name}",
            LICENCE,
        ),
    )


def _archive(data_dir: str | Path | None) -> Path:
    if folder := data_folder(data_dir):
        for file in FILES:
            if (folder / file).is_file():
                return folder / file
    return download(URL, cache_folder() / FILES[0], CHECKSUM)


@functools.cache
def _show_licence() -> None:
    print(LICENCE, file=sys.stderr)


def read_genres(path: Path) -> dict[str, np.ndarray]:
    """IMDb number of a film -> its genres, float32 (18,); films without one are absent.

    Raises `DataError` for a damaged archive, a missing column or an unknown genre.
    """
    names: dict[str, str] = {}
    for row in _rows(path, "movies.csv", "genres"):
        names[row["movieId"]] = row["genres"]
    found: dict[str, np.ndarray] = {}
    for row in _rows(path, "links.csv", "imdbId"):
        listed = set(names.get(row["movieId"], "").split("|")) - {"", *NOT_GENRES}
        if unknown := listed - set(GENRES):
            raise DataError(
                f"{path} gives film {row['movieId']} the genre {sorted(unknown)[0]!r}; "
                f"expected some of {', '.join(GENRES)}"
            )
        if listed and row["imdbId"].isdigit():
            hot = np.array([genre in listed for genre in GENRES], dtype=np.float32)
            found[f"tt{int(row['imdbId']):07d}"] = hot
    return found


def _rows(path: Path, file: str, column: str) -> list[dict[str, str]]:
    try:
        lines = zip_member(path, file).decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"{file} in {path} is not UTF-8: {error}") from error
    table = csv.DictReader(lines)
    if not {"movieId", column} <= set(table.fieldnames or ()):
        raise DataError(
            f"{file} in {path} has the columns {table.fieldnames}; expected movieId "
            f"and {column}"
        )
    return list(table)
