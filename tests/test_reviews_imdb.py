"""The IMDB reviews: what a small copy of the archive, and the real one, become."""

import hashlib

import numpy as np
import pytest
from reviews_files import COUNTS, REAL, imdb_members, make_small_world, needs, write_tar

from course_lib.reviews import DataError, load
from course_lib.reviews.imdb import archive as official
from course_lib.reviews.imdb import cache as imdb_cache
from course_lib.reviews.imdb import hub
from course_lib.reviews.leaks import normalise
from course_lib.reviews.table import SPLITS


@pytest.fixture
def archive(monkeypatch, tmp_path):
    make_small_world(monkeypatch, tmp_path)
    (tmp_path / "data").mkdir()
    return write_tar(tmp_path / "data" / imdb_cache.FILE, imdb_members())


def test_texts_labels_stars_and_films_belong_together(archive):
    for split in ("train", "validation", "test"):
        reviews = load("imdb", split, data_dir=archive.parent)
        assert reviews.label_names == ("negative", "positive")
        assert reviews.labels.dtype == np.int64
        columns = (reviews.ids, reviews.texts, reviews.films)
        rows = zip(*columns, reviews.labels, reviews.extra["stars"], strict=True)
        for name, text, film, label, stars in rows:
            group, file = name.rsplit("/", 1)
            number, in_name = file.split("_")
            assert stars == int(in_name)
            assert label == (group[-3:] == "pos") == (stars > 5)
            assert film == imdb_film(group, int(number))
            if name != "train/pos/1_8":
                assert text == f"{group} review {number}\ncaf\u00e9 &amp; more"


def imdb_film(group, number):
    if (group, number) == ("train/neg", 11):
        group, number = "test/neg", 0
    return f"tt{list(COUNTS).index(group)}{number // 3:06d}"


def test_leaks_are_left_out_and_counted(archive):
    parts = {split: load("imdb", split, data_dir=archive.parent) for split in SPLITS}
    assert len(parts["test"]) == 12
    ids = [name for part in parts.values() for name in part.ids]
    assert len(ids) == len(set(ids))
    gone = {"train/pos/1_8", "train/neg/11_4", "train/unsup/2_0", "train/unsup/4_0"}
    everything = {name[8:-4] for name in imdb_members() if "urls" not in name}
    assert everything - set(ids) == gone
    notes = " ".join(note for part in parts.values() for note in part.notes)
    for reason in (
        "the text is in test",
        "the film is in test",
        "the text is repeated",
    ):
        assert reason in notes
    assert parts["unlabelled"].labels is None
    assert parts["unlabelled"].extra == {}
    assert parts["train"].labels.flags.writeable  # torch shares the memory, and warns


def test_the_environment_can_name_the_folder(archive, monkeypatch):
    named = load("imdb", "test", data_dir=archive.parent)
    monkeypatch.setenv("COURSE_DATA", str(archive.parent))
    assert load("imdb", "test").ids == named.ids


def test_the_cache_serves_where_the_archive_is_gone(archive):
    first = load("imdb", "validation", data_dir=archive.parent)
    archive.unlink()
    again = load("imdb", "validation", data_dir=archive.parent)
    assert again.ids == first.ids
    assert again.notes == first.notes
    np.testing.assert_array_equal(again.extra["stars"], first.extra["stars"])


def test_line_breaks_of_html_become_line_breaks():
    assert official.clean("a<br /><br />b<BR> c<br/>") == "a\nb\nc"
    assert official.clean("2 < 3 <i>really</i>") == "2 < 3 <i>really</i>"


# ------------------------------------------------------------------- the hub


def hub_copy(groups):
    """What the hub would hold, in an order of its own."""
    datasets = pytest.importorskip("datasets")
    members = imdb_members()

    def rows(*names):
        pairs = [
            (content.decode(), int("/pos/" in name))
            for name, content in members.items()
            if name.rsplit("/", 1)[0].removeprefix("aclImdb/") in names
            and "urls" not in name
        ]
        texts, labels = zip(*pairs[::-1], strict=True)
        return datasets.Dataset.from_dict({"text": texts, "label": labels})

    return datasets.DatasetDict(
        {split: rows(*names) for split, names in groups.items()}
    )


def test_the_hub_gives_the_same_splits_without_naming_a_film(archive, monkeypatch):
    known = {split: load("imdb", split, data_dir=archive.parent) for split in SPLITS}
    everything = official.read_archive(archive)
    training = [everything[split] for split in ("train", "validation")]
    keys = [[hub.text_key(text) for text in part.texts] for part in training]
    in_test = set(everything["test"].films)
    shared = [
        key
        for part, of_part in zip(training, keys, strict=True)
        for key, film in zip(of_part, part.films, strict=True)
        if film in in_test
    ]
    monkeypatch.setattr(hub, "SHARED_FILM", tuple(shared))
    packed = hub.pack(keys[0] + keys[1], keys[1])
    monkeypatch.setattr(hub, "validation_bits", lambda: packed)
    monkeypatch.setattr(hub, "FINGERPRINT", hub.fingerprint(keys[0] + keys[1]))
    copy = hub_copy(
        {
            "train": ("train/neg", "train/pos"),
            "test": ("test/neg", "test/pos"),
            "unsupervised": ("train/unsup",),
        }
    )
    monkeypatch.setattr(hub, "_from_hub", lambda: copy)
    monkeypatch.setenv("COURSE_CACHE", str(archive.parent / "another cache"))
    for split, reviews in known.items():
        from_hub = load("imdb", split)
        assert sorted(from_hub.texts) == sorted(reviews.texts)
        if split != "unlabelled":
            by_text = dict(zip(reviews.texts, reviews.labels, strict=True))
            assert [
                by_text[text] for text in from_hub.texts
            ] == from_hub.labels.tolist()
        assert from_hub.films is None
        assert "hub" in from_hub.notes[0]
    with pytest.raises(DataError, match="does not name the films"):
        imdb_cache.load_with_films("train")
    monkeypatch.setattr(hub, "FINGERPRINT", "of other texts")
    with pytest.raises(DataError, match="texts as published"):
        load("imdb", "train")


def test_packed_keys_are_those_that_come_out_again():
    keys = [hub.text_key(str(number)) for number in range(1003)]
    chosen = keys[::7]
    packed = hub.pack(keys + keys[:5], chosen)
    assert len(packed) == 126
    assert hub.unpack(keys[::-1], packed) == set(chosen)


def test_the_file_of_bits_is_the_one_made_from_the_archive():
    """Without the archive, its checksum and the number of reviews must do."""
    bits = hub.validation_bits()
    assert np.unpackbits(np.frombuffer(bits, dtype=np.uint8)).sum() == 2_563
    assert hashlib.sha256(bits).hexdigest() == (
        "1c4838efe6a8558821f92c93f9b78868fdbdf5ded315fd297042f0412a08e1b5"
    )


# ---------------------------------------------------------- the real archive


@pytest.fixture(scope="module")
def real():
    return {split: load("imdb", split, data_dir=REAL) for split in SPLITS}


@needs(imdb_cache.FILE)
def test_the_real_splits_share_no_text_and_no_film(real):
    texts = {split: {normalise(t) for t in real[split].texts} for split in SPLITS}
    films = {split: set(real[split].films) for split in SPLITS}
    for i, one in enumerate(SPLITS):
        for other in SPLITS[i + 1 :]:
            assert not texts[one] & texts[other]
            assert not films[one] & films[other]
        if one != "test":
            assert len(texts[one]) == len(real[one])


@needs(imdb_cache.FILE)
def test_the_real_splits_have_the_known_sizes_and_leaks(real):
    assert {split: len(real[split]) for split in SPLITS} == {
        "train": 22_221,
        "validation": 2_556,
        "test": 25_000,
        "unlabelled": 48_885,
    }
    assert real["test"].labels.sum() == 12_500
    assert real["test"].notes == ()
    gone = dict.fromkeys(("text is in test", "film is in test", "repeated"), 0)
    for split in ("train", "validation"):
        for note in real[split].notes:
            for reason in gone:
                gone[reason] += int(note.split()[0]) * (reason in note)
    assert gone == {"text is in test": 123, "film is in test": 2, "repeated": 91}
    assert any(note.startswith("270 of 50000") for note in real["unlabelled"].notes)
    share = len(real["validation"]) / (len(real["train"]) + len(real["validation"]))
    assert 0.1 < share < 0.12
    for split in ("train", "validation"):
        assert 0.48 < real[split].labels.mean() < 0.52
    for split in ("train", "validation", "test"):
        stars = real[split].extra["stars"]
        np.testing.assert_array_equal(stars > 5, real[split].labels == 1)
    assert not any("<br" in text for text in real["test"].texts)


@needs(imdb_cache.FILE)
def test_the_bits_for_the_hub_are_those_of_the_real_archive(real):
    """`hub.pack` made them from the films that the archive names."""
    unread = official.read_archive(REAL / imdb_cache.FILE)
    keys = {
        split: [hub.text_key(text) for text in unread[split].texts]
        for split in ("train", "validation")
    }
    training = keys["train"] + keys["validation"]
    assert hub.fingerprint(training) == hub.FINGERPRINT
    assert hub.validation_bits() == hub.pack(training, keys["validation"])
    in_test = set(unread["test"].films)
    shared = {
        key
        for split, of_split in keys.items()
        for key, film in zip(of_split, unread[split].films, strict=True)
        if film in in_test
    }
    assert shared == set(hub.SHARED_FILM)
