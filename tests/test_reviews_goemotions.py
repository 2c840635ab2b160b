"""GoEmotions: what small copies, and the real files, become."""

import hashlib

import pytest
from reviews_files import REAL, make_small_world, needs, serving

from course_lib.reviews import DataError, goemotions, load
from course_lib.reviews.leaks import normalise


@pytest.fixture
def folder(monkeypatch, tmp_path):
    make_small_world(monkeypatch, tmp_path)
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


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
