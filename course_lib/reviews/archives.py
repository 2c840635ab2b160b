"""Files that arrive whole or not at all: downloads, checksums, locks, safe reading."""

from __future__ import annotations

import gzip
import hashlib
import os
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import pooch
from filelock import FileLock

from course_lib.reviews.table import DataError

RETRIES = 2  # a dropped connection is common, and each retry starts afresh
TIMEOUT = 30  # seconds without an answer
BLOCK = 1 << 20


def cache_folder() -> Path:
    """Where prepared data is kept: `COURSE_CACHE`, or the system's cache folder."""
    return Path(os.environ.get("COURSE_CACHE") or pooch.os_cache("course_lib"))


def data_folder(data_dir: str | Path | None) -> Path | None:
    """The folder of data files: `data_dir`, or `COURSE_DATA`, or None.

    Raises `DataError` if there is a name but no such folder: a misspelt one would
    otherwise start a long download.
    """
    name = data_dir or os.environ.get("COURSE_DATA")
    if not name:
        return None
    folder = Path(name).expanduser()
    if not folder.is_dir():
        where = "data_dir" if data_dir else "COURSE_DATA"
        raise DataError(f"{where} is {str(name)!r}, which is not a folder")
    return folder


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock beside `path`, so that two processes do not prepare it at once."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(f"{path}.lock")
        lock.acquire()
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def landing(path: Path) -> Iterator[Path]:
    """A temporary file that takes the place of `path` only once it is complete.

    It is flushed to the disk first. After an error nothing is left behind, and
    whatever stood at `path` before still does.
    """
    try:
        handle, name = tempfile.mkstemp(".part", f".{path.stem}-", path.parent)
        os.close(handle)
    except OSError as error:
        raise _unwritable(path, error) from error
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def _unwritable(path: Path, error: OSError) -> DataError:
    return DataError(
        f"could not write {path} ({error}); make room there, or name another folder in "
        "the environment variable COURSE_CACHE"
    )


def sha256(path: Path) -> str:
    """The SHA-256 checksum of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def download(url: str, target: Path, checksum: str) -> Path:
    """Fetch `url` to `target` with a progress bar, unless it is there already.

    `checksum` is "sha256:..." or "md5:...". A file with any other content never takes
    its place at `target`, and one that is damaged there is fetched again. Raises
    `DataError` saying what failed and how to supply the file by hand.
    """
    fetcher = pooch.create(
        path=target.parent,
        base_url="",
        registry={target.name: checksum},
        urls={target.name: url},
        retry_if_failed=RETRIES,
    )
    downloader = pooch.HTTPDownloader(progressbar=True, timeout=TIMEOUT)
    try:
        with locked(target):
            fetcher.fetch(target.name, downloader=downloader)
    except (OSError, ValueError) as error:  # of requests, of the disk, of the checksum
        if isinstance(error, DataError):
            raise
        raise DataError(
            f"could not fetch {url}: {error}. Fetch it in another way, put it into a "
            f"folder as {target.name}, and name the folder in data_dir or in the "
            "environment variable COURSE_DATA"
        ) from error
    return target


def tar_members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of every file in a `.tar.gz`, straight from the stream.

    Nothing is unpacked to the disk. Raises `DataError` if the archive is truncated,
    corrupted, or holds a link or a name that would leave its folder.
    """
    try:
        with gzip.open(path) as stream:
            with tarfile.open(fileobj=stream, mode="r|") as archive:
                for member in archive:
                    _check_name(path, member.name, member.issym() or member.islnk())
                    file = archive.extractfile(member)
                    if file is not None:
                        yield member.name, file.read()
            while stream.read(BLOCK):  # to the end, where gzip compares its checksum
                pass
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise _damaged(path, error) from error


def zip_member(path: Path, name: str) -> bytes:
    """The content of the one file called `name`, in whatever folder, of a `.zip`."""
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                _check_name(path, member, link=False)
            found = [m for m in archive.namelist() if PurePosixPath(m).name == name]
            if len(found) != 1:
                raise DataError(f"{path} holds {len(found)} files called {name}, not 1")
            return archive.read(found[0])
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise _damaged(path, error) from error


def _check_name(path: Path, name: str, link: bool) -> None:
    parts = name.replace("\\", "/").split("/")
    if link or ".." in parts or not parts[0] or ":" in parts[0]:
        raise DataError(
            f"{path} holds {name!r}, which points out of its folder: this is not the "
            "published archive; delete it and fetch it again"
        )


def _damaged(path: Path, error: Exception) -> DataError:
    return DataError(
        f"{path} is truncated, corrupted or no such archive ({error}); delete it and "
        "fetch it again"
    )
