"""Genres joined to reviews: what small copies, and the real files, become."""

import numpy as np
import pytest
from reviews_files import (
    REAL,
    imdb_members,
    make_small_world,
    needs,
    write_tar,
    write_zip,
)

from course_lib.reviews import DataError, load
from course_lib.reviews.imdb import cache as imdb_cache
from course_lib.reviews.imdb import genres


@pytest.fixture
def folder(monkeypatch, tmp_path):
    make_small_world(monkeypatch, tmp_path)
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
