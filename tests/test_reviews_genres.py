"""Genres joined to reviews, and GoEmotions: real files where there are any."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from reviews_files import (
    COUNTS,
    block_network,
    imdb_members,
    serving,
    write_tar,
    write_zip,
)

from course_lib.reviews import DataError, archives, goemotions, load
from course_lib.reviews.imdb import archive as official
from course_lib.reviews.imdb import cache as imdb_cache
from course_lib.reviews.imdb import genres
from course_lib.reviews.leaks import normalise

REAL = Path(
    os.environ.get("COURSE_DATA") or Path(__file__).parents[2] / "shared" / "data"
)


def needs(*files):
    missing = [file for file in files if not (REAL / file).exists()]
    return pytest.mark.skipif(bool(missing), reason=f"{missing} not in COURSE_DATA")


@pytest.fixture
def folder(monkeypatch, tmp_path):
    block_network(monkeypatch)
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(archives, "RETRIES", 0)
    for group, count in COUNTS.items():
        monkeypatch.setitem(official.EXPECTED, group, count)
    (tmp_path / "data").mkdir()
    write_tar(tmp_path / "data" / imdb_cache.FILE, imdb_members())
    return tmp_path / "data"


# Films 0 and 1 of the negative training reviews, film 0 of the positive test reviews.
LINKS = "movieId,imdbId,tmdbId\n1,0000000,\n2,0000001,9\n3,4000000,\n4,4000001,\n5,,\n"
MOVIES = """movieId,title,genres
1,"Red, a Film (1999)",Comedy|Drama
2,Blue (2000),IMAX|Western
3,Green (2001),Sci-Fi
4,Grey (2002),(no genres listed)
5,Black (2003),Drama
"""


def movielens(movies=MOVIES, links=LINKS):
    return {"ml-25m/movies.csv": movies, "ml-25m/links.csv": links}


def test_reviews_get_the_genres_of_their_films(folder, capsys):
    write_zip(folder / "ml-25m.zip", movielens())
    genres._show_licence.cache_clear()
    train = load("imdb-genres", "train", data_dir=folder)
    validation = load("imdb-genres", "validation", data_dir=folder)
    named = {}
    for part in (train, validation):
        assert part.labels.shape == (len(part), 18)
        assert part.labels.dtype == np.float32
        for film, row in zip(part.films, part.labels, strict=True):
            named[film] = {genres.GENRES[column] for column in np.flatnonzero(row)}
    assert named == {"tt0000000": {"Comedy", "Drama"}, "tt0000001": {"Western"}}
    assert len(train) + len(validation) == 6
    test = load("imdb-genres", "test", data_dir=folder)
    assert (set(test.films), len(test)) == ({"tt4000000"}, 3)
    assert "9 of 12 left out: no genre in ml-25m.zip" in test.notes
    # The licence goes with the data, and is shown once.
    assert genres.LICENCE in test.notes
    assert capsys.readouterr().err.count("redistributed") == 1


@pytest.mark.parametrize(
    "members, message",
    [
        (movielens(movies=MOVIES.replace("Sci-Fi", "Noir")), "film 3 the genre 'Noir'"),
        (
            movielens(links=LINKS.replace("imdbId", "imdb")),
            "expected movieId and imdbId",
        ),
        ({"ml-25m/movies.csv": MOVIES}, "0 files called links.csv"),
        (movielens(movies=MOVIES.encode("utf-16")), "movies.csv in .* is not UTF-8"),
    ],
)
def test_a_wrong_movielens_archive_is_refused(folder, members, message):
    write_zip(folder / "ml-25m.zip", members)
    with pytest.raises(DataError, match=message):
        load("imdb-genres", "train", data_dir=folder)


def test_a_damaged_movielens_archive_is_refused(folder):
    path = write_zip(folder / "ml-25m.zip", movielens())
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match=r"ml-25m.zip is truncated"):
        load("imdb-genres", "train", data_dir=folder)


def test_without_movielens_the_error_names_its_address(folder):
    with pytest.raises(DataError, match=r"files.grouplens.org.*COURSE_DATA"):
        load("imdb-genres", "train", data_dir=folder)


def test_goemotions_files_are_read_as_published(folder):
    (folder / "goemotions").mkdir()
    rows = {
        "train.tsv": 'He said "no".\t2\tid1\nSame\t0,27\tid2\nNew\u2028line\t3\tid3\n',
        "dev.tsv": "Other\t27\tid4\n",
        "test.tsv": "same\t1\tid5\n",
    }
    for name, content in rows.items():
        path = folder / "goemotions" / name
        path.write_text(content, encoding="utf-8", newline="")
    train = load("goemotions", "train", data_dir=folder)
    assert train.texts == ['He said "no".', "New\u2028line"]
    assert train.ids == ["id1", "id3"]
    assert train.labels.shape == (2, 28)
    assert [train.label_names[c] for c in train.labels.argmax(1)] == [
        "anger",
        "annoyance",
    ]
    assert train.notes == ("1 of 3 left out: the text is in test too",)
    with pytest.raises(ValueError, match="no unlabelled split"):
        load("goemotions", "unlabelled", data_dir=folder)
    for line, message in (
        ("text\t28\tid", "line 1 .* the labels '28'"),
        ("text\t\tid", "the labels ''"),
        ("text\t3", "line 1 .* 2 fields"),
    ):
        (folder / "goemotions" / "dev.tsv").write_text(line)
        with pytest.raises(DataError, match=message):
            load("goemotions", "test", data_dir=folder)


def test_goemotions_come_from_the_official_address_once(folder, monkeypatch):
    content = b"text\t3\tid\n"
    checksum = hashlib.sha256(content).hexdigest()
    files = {split: (name, checksum) for split, (name, _) in goemotions.FILES.items()}
    monkeypatch.setattr(goemotions, "FILES", files)
    with serving((200, content, len(content))) as (url, asked):
        monkeypatch.setattr(goemotions, "URL", url.removesuffix("file"))
        assert load("goemotions", "test", data_dir=folder).texts == ["text"]
        load("goemotions", "test", data_dir=folder)
    assert asked == ["/train.tsv", "/dev.tsv", "/test.tsv"]


def test_half_of_goemotions_is_not_enough(folder):
    (folder / "goemotions").mkdir()
    (folder / "goemotions" / "train.tsv").write_text("text\t3\tid\n")
    with pytest.raises(DataError, match=r"no file .*dev.tsv"):
        load("goemotions", "train", data_dir=folder)


def test_goemotions_without_a_network_says_where_it_looked(folder):
    with pytest.raises(DataError) as raised:
        load("goemotions", "train", data_dir=folder)
    for part in (goemotions.URL, "COURSE_DATA"):
        assert part in str(raised.value)


# ------------------------------------------------------------- the real files


@needs("ml-25m.zip", "ml-latest-small.zip", imdb_cache.FILE)
@pytest.mark.parametrize(
    "archive, test_reviews", [("ml-25m.zip", 16_432), ("ml-latest-small.zip", 7_475)]
)
def test_the_real_genres_cover_the_known_reviews(archive, test_reviews):
    listed = genres.read_genres(REAL / archive)
    test = load("imdb", "test", data_dir=REAL)
    covered = [film for film in test.films if film in listed]
    assert len(covered) == test_reviews
    labels = np.stack([listed[film] for film in covered])
    assert labels.any(0).all()
    assert 2.0 < labels.sum(1).mean() < 2.4


@needs("goemotions")
def test_the_real_goemotions_are_the_published_ones():
    parts = {s: load("goemotions", s, data_dir=REAL) for s in goemotions.FILES}
    published = {"train": 43_410, "validation": 5_426, "test": 5_427}
    for split, part in parts.items():
        gone = sum(int(note.split()[0]) for note in part.notes)
        assert len(part) + gone == published[split]
        assert part.labels.any(0).all()
        assert part.labels.any(1).all()
    assert parts["test"].notes == ()
    texts = {split: {normalise(t) for t in part.texts} for split, part in parts.items()}
    assert not texts["train"] & (texts["validation"] | texts["test"])
    assert not texts["validation"] & texts["test"]
    names = (REAL / "goemotions" / "emotions.txt").read_text().split()
    assert tuple(names) == goemotions.EMOTIONS
