"""The reviews in the cache, prepared first from the nearest source that has them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from course_lib.reviews.archives import (
    cache_folder,
    data_folder,
    download,
    landing,
    locked,
    sha256,
)
from course_lib.reviews.imdb import hub
from course_lib.reviews.imdb.archive import LABELS, read_archive
from course_lib.reviews.leaks import without_leaks
from course_lib.reviews.table import SPLITS, DataError, Reviews

FILE = "aclImdb_v1.tar.gz"
URL = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
CHECKSUM = "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe"
FORMAT = 2  # of the cached file: raise it whenever its content would change
SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "text": pa.string(),
        "label": pa.int64(),
        "stars": pa.int64(),
        "film": pa.string(),
    }
)


def load(split: str, *, data_dir: str | Path | None = None) -> Reviews:
    """One split, from `data_dir`, the cache, the hub or the official address.

    `labels` are 0 (negative) and 1 (positive). `extra["stars"]` holds the stars and
    `films` the film's IMDb number, unless the reviews came from the hub, which has
    neither.
    """
    return _load(split, data_dir, films_needed=False)


def load_with_films(split: str, *, data_dir: str | Path | None = None) -> Reviews:
    """As `load`, but never from the hub, whose copy does not name the films."""
    return _load(split, data_dir, films_needed=True)


def _load(split: str, data_dir: str | Path | None, films_needed: bool) -> Reviews:
    for _ in range(2):
        cached = _prepared(data_dir, films_needed)
        try:
            return _read(cached, split)
        except (OSError, ValueError, KeyError) as error:  # Arrow's are ValueErrors
            damage = error
            cached.unlink(missing_ok=True)  # prepare it again, once
    raise DataError(f"cannot read the cached reviews in {cached}: {damage}") from damage


def _prepared(data_dir: str | Path | None, films_needed: bool) -> Path:
    """The cached file, made first from the nearest source if need be."""
    folder = data_folder(data_dir)
    if folder and (folder / FILE).is_file():
        return _from_archive(folder / FILE)
    found = sorted(cache_folder().glob(f"imdb-*-v{FORMAT}.parquet"))
    if archives := [path for path in found if not path.name.startswith("imdb-hub-")]:
        return archives[0]
    hub_error = "it does not name the films, which this needs"
    if not films_needed:
        try:
            stamp = f"hub-{hub.FINGERPRINT[:16]}"
            return _cached(stamp, hub.splits)
        except DataError as error:
            hub_error = str(error)
    try:
        archive = download(URL, cache_folder() / FILE, f"sha256:{CHECKSUM}")
    except DataError as error:
        raise DataError(
            f"no IMDB reviews: {FILE} is not in {folder or 'COURSE_DATA, unset'}"
            f"; nothing is cached in {cache_folder()}; the hub: {hub_error}; {error}"
        ) from error
    return _from_archive(archive)


def _from_archive(archive: Path) -> Path:
    stamp = f"{archive.stat().st_size}-{sha256(archive)[:16]}"
    return _cached(stamp, lambda: read_archive(archive))


def _cached(stamp: str, make: Callable[[], dict[str, Reviews]]) -> Path:
    """The cached file with that stamp, holding what `make` returns."""
    path = cache_folder() / f"imdb-{stamp}-v{FORMAT}.parquet"
    if path.exists():  # it landed whole, so there is nothing to wait for
        return path
    with locked(path):
        if path.exists():
            return path
        splits = without_leaks(make())
        notes = {split: reviews.notes for split, reviews in splits.items()}
        schema = SCHEMA.with_metadata({"notes": json.dumps(notes)})
        with (
            landing(path) as temporary,
            pq.ParquetWriter(temporary, schema, write_page_checksum=True) as writer,
        ):
            for split in SPLITS:
                rows = _to_arrow(splits[split], schema)
                writer.write_table(rows, row_group_size=max(1, len(rows)))
    return path


def _to_arrow(reviews: Reviews, schema: pa.Schema) -> pa.Table:
    blank = [None] * len(reviews)
    columns = {
        "id": reviews.ids,
        "text": reviews.texts,
        "label": blank if reviews.labels is None else reviews.labels,
        "stars": reviews.extra.get("stars", blank),
        "film": reviews.films or blank,
    }
    return pa.table(columns, schema=schema)


def _read(path: Path, split: str) -> Reviews:
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        rows = file.read_row_group(SPLITS.index(split))
        notes = json.loads(file.schema_arrow.metadata[b"notes"])[split]
    labels = None if split == "unlabelled" else rows["label"].to_numpy().copy()
    stars, films = rows["stars"], rows["film"]
    return Reviews(
        name="imdb",
        split=split,
        texts=rows["text"].to_pylist(),
        labels=labels,
        label_names=LABELS,
        ids=rows["id"].to_pylist(),
        films=None if films.null_count else films.to_pylist(),
        notes=tuple(notes),
        extra={} if stars.null_count else {"stars": stars.to_numpy().copy()},
    )
