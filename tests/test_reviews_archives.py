"""Archives that arrive broken, or not at all, and what is left behind: nothing."""

import errno
import gzip
import hashlib
import os
import subprocess
import sys
import tarfile

import pytest
from reviews_files import (
    COUNTS,
    imdb_members,
    make_small_world,
    serving,
    write_tar,
    write_zip,
)

from course_lib.reviews import DataError, archives, load
from course_lib.reviews.imdb import cache as imdb_cache


@pytest.fixture(autouse=True)
def small_world(monkeypatch, tmp_path):
    make_small_world(monkeypatch, tmp_path)


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def archive(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    return write_tar(folder / imdb_cache.FILE, imdb_members())


def left_in(folder):
    """What is in a folder, but for the locks."""
    names = sorted(os.listdir(folder)) if folder.is_dir() else []
    return [name for name in names if not name.endswith(".lock")]


def fetch(url, target, content):
    return archives.download(
        url, target, f"sha256:{hashlib.sha256(content).hexdigest()}"
    )


def full(content):
    return (200, content, len(content))


def cut(content):
    return (200, content[: len(content) // 2], len(content))


CONTENT = bytes(range(256)) * 1000


def test_a_download_lands_whole_and_only_once(cache, capfd):
    with serving(full(CONTENT)) as (url, asked):
        assert fetch(url, cache / "file", CONTENT).read_bytes() == CONTENT
        fetch(url, cache / "file", CONTENT)
    assert len(asked) == 1
    assert left_in(cache) == ["file"]
    assert "100%" in capfd.readouterr().err  # a progress bar was seen


def test_a_dropped_connection_is_tried_again(cache, monkeypatch):
    monkeypatch.setattr(archives, "RETRIES", 1)
    with serving(cut(CONTENT), full(CONTENT)) as (url, asked):
        assert fetch(url, cache / "file", CONTENT).read_bytes() == CONTENT
    assert len(asked) == 2


@pytest.mark.parametrize(
    "answer",
    [
        cut(CONTENT),
        (200, CONTENT[:1000], 1000),  # truncated, and the server does not know
        full(CONTENT[:-1] + b"x"),
        full(b"<html>Please log in</html>"),
        (404, b"gone", 4),
        (503, b"busy", 4),
    ],
    ids=["dropped", "truncated", "corrupted", "another file", "gone", "busy"],
)
def test_a_failed_download_says_what_to_do_and_leaves_nothing(cache, answer):
    with serving(answer) as (url, _), pytest.raises(DataError) as raised:
        fetch(url, cache / "file", CONTENT)
    message = str(raised.value)
    assert url in message
    assert "COURSE_DATA" in message
    assert left_in(cache) == []


def test_a_damaged_file_in_the_cache_is_fetched_again(cache):
    cache.mkdir()
    (cache / "file").write_bytes(CONTENT[:100])
    with serving(full(CONTENT)) as (url, asked):
        assert fetch(url, cache / "file", CONTENT).read_bytes() == CONTENT
    assert len(asked) == 1


def test_no_network_names_the_address_and_the_way_round():
    with pytest.raises(DataError) as raised:
        load("imdb", "train")
    message = str(raised.value)
    for part in (imdb_cache.URL, imdb_cache.FILE, "COURSE_DATA", "data_dir", "hub"):
        assert part in message


def test_a_misspelt_folder_does_not_start_a_download(monkeypatch, tmp_path):
    with pytest.raises(
        DataError, match=r"data_dir is '.*nowhere', which is not a folder"
    ):
        load("imdb", "train", data_dir=tmp_path / "nowhere")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match="COURSE_DATA is"):
        load("imdb", "train")


def test_the_official_address_is_the_last_resort(archive, cache, monkeypatch):
    content = archive.read_bytes()
    monkeypatch.setattr(imdb_cache, "CHECKSUM", hashlib.sha256(content).hexdigest())
    with serving(full(content)) as (url, asked):
        monkeypatch.setattr(imdb_cache, "URL", url)
        downloaded = load("imdb", "test")
        load("imdb", "train")
    assert len(asked) == 1
    assert downloaded.texts == load("imdb", "test", data_dir=archive.parent).texts


def truncate(path):
    path.write_bytes(path.read_bytes()[:-200])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def flip_checksum(path):
    """Damage that only gzip's own checksum, at the very end, can tell."""
    content = bytearray(path.read_bytes())
    content[-6] ^= 0xFF
    path.write_bytes(content)


def not_gzip(path):
    path.write_bytes(b"<html>Please log in</html>")


def not_tar(path):
    path.write_bytes(gzip.compress(b"nothing of the kind" * 1000))


@pytest.mark.parametrize("damage", [truncate, flip, flip_checksum, not_gzip, not_tar])
def test_a_damaged_archive_is_refused(archive, cache, damage):
    damage(archive)
    with pytest.raises(
        DataError, match=r"aclImdb_v1.tar.gz is (truncated|not the whole)"
    ):
        load("imdb", "train", data_dir=archive.parent)
    assert left_in(cache) == []


@pytest.mark.parametrize(
    "name",
    ["../outside.txt", "/outside.txt", "aclImdb/../../outside.txt", "..\\outside"],
)
def test_a_member_that_would_leave_its_folder_is_refused(archive, tmp_path, name):
    write_tar(archive, {**imdb_members(), name: b"surprise"})
    with pytest.raises(DataError, match="points out of its folder"):
        load("imdb", "train", data_dir=archive.parent)
    evil = write_zip(tmp_path / "evil.zip", {name: b"surprise", "a/movies.csv": b""})
    with pytest.raises(DataError, match="points out of its folder"):
        archives.zip_member(evil, "movies.csv")
    assert not list(tmp_path.rglob("outside*"))


def test_a_link_in_an_archive_is_refused(archive):
    link = tarfile.TarInfo("aclImdb/train/pos/0_9.txt")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    write_tar(archive, {**imdb_members(), "link": link})
    with pytest.raises(DataError, match="points out of its folder"):
        load("imdb", "train", data_dir=archive.parent)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"aclImdb/train/neg/3_4.txt": None}, "train/neg should have 12 reviews.*11"),
        ({"aclImdb/train/urls_pos.txt": None}, "train/pos should have.*0 films"),
        ({"aclImdb/test/neg/99_1.txt": b"more"}, "test/neg should have 6"),
        ({"aclImdb/test/neg/notes.txt": b"?"}, "expected a name like"),
        ({"aclImdb/train/pos/2_9.txt": b"caf\xe9"}, "2_9.txt in .* is not UTF-8"),
        ({"aclImdb/train/urls_neg.txt": b"no film\n" * 12}, "'no film'"),
    ],
)
def test_an_archive_with_other_contents_is_refused(archive, cache, change, message):
    members = {**imdb_members(), **change}
    write_tar(archive, {name: c for name, c in members.items() if c is not None})
    with pytest.raises(DataError, match=message):
        load("imdb", "train", data_dir=archive.parent)
    assert left_in(cache) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file size limit")
def test_a_full_disk_leaves_no_half_written_cache(archive, cache):
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # bytes, of any one file
    try:
        with pytest.raises(DataError, match="COURSE_CACHE"):
            load("imdb", "train", data_dir=archive.parent)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert left_in(cache) == []
    assert len(load("imdb", "train", data_dir=archive.parent)) > 0


def test_a_full_disk_during_a_download_leaves_nothing(cache, monkeypatch):
    def no_space(*args, **kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("pooch.core.shutil.move", no_space)
    served, refused = serving(full(CONTENT)), pytest.raises(DataError, match="No space")
    with served as (url, _), refused:
        fetch(url, cache / "file", CONTENT)
    assert left_in(cache) == []


def test_a_crash_while_writing_keeps_what_was_there(cache):
    cache.mkdir()
    target = cache / "kept"
    target.write_text("old")
    with pytest.raises(KeyboardInterrupt), archives.landing(target) as temporary:
        temporary.write_text("half of the new")
        raise KeyboardInterrupt
    assert target.read_text() == "old"
    assert left_in(cache) == ["kept"]


@pytest.mark.parametrize("damage", [truncate, flip])
def test_a_damaged_cache_is_made_again(archive, cache, damage):
    whole = load("imdb", "train", data_dir=archive.parent)
    (cached,) = cache.glob("*.parquet")
    damage(cached)
    again = load("imdb", "train", data_dir=archive.parent)
    assert again.texts == whole.texts
    assert again.notes == whole.notes


def test_a_changed_archive_is_read_anew(archive, cache):
    before = load("imdb", "test", data_dir=archive.parent)
    write_tar(archive, {**imdb_members(), "aclImdb/test/pos/0_7.txt": b"Quite new."})
    after = load("imdb", "test", data_dir=archive.parent)
    assert len(list(cache.glob("*.parquet"))) == 2
    assert "Quite new." in after.texts
    assert "Quite new." not in before.texts


PROCESS = """
import sys, time
from course_lib.reviews import load
from course_lib.reviews.imdb import archive, cache
archive.EXPECTED.update({counts})
read = cache.read_archive
def read_slowly(path):
    print("read", flush=True)
    time.sleep(0.5)
    return read(path)
cache.read_archive = read_slowly
sys.stdin.readline()  # wait for the other process
print(len(load("imdb", "train", data_dir={folder!r})))
"""


def test_two_processes_may_ask_at_once(archive, cache):
    code = PROCESS.format(counts=COUNTS, folder=str(archive.parent))
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in both:
        process.stdin.write("go\n")
        process.stdin.flush()
    outputs = [process.communicate(timeout=60)[0].split() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert outputs[0][-1] == outputs[1][-1]
    assert sum(output.count("read") for output in outputs) == 1
    assert len(left_in(cache)) == 1
