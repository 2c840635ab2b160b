"""Files and folders that appear whole or not at all, and never over what is not ours.

A path that a command writes to may be the reader's data, a link or a device. So what
stands there is looked at first: it is replaced only if `ours` knows it as something
that the course wrote. Links are followed.
"""

import glob
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

Ours = Callable[[Path], bool]


class WriteError(OSError):
    """A disk is full, or a folder went away: what stood at the place still does."""


def check_place(path: str | Path, ours: Ours, *, inputs: Sequence[Path] = ()) -> None:
    """Raise `OSError` now if a file could not be written there after hours of work.

    `inputs` are files that are read meanwhile: none may be written over. A file that is
    there must be empty, or one of `ours`.
    """
    place = target(path)
    if place.is_dir():
        raise IsADirectoryError(f"{path} is a folder: give the name of a file in it")
    if any(same(place, there) for there in inputs):
        raise FileExistsError(
            f"{path} is also what is read: give the result another name"
        )
    refuse_foreign(path, place, ours)
    check_folder(place.parent)


def check_folder_place(path: str | Path, ours: Ours) -> None:
    """The same for a folder that is written as a whole."""
    place = target(path)
    if place.exists() and not place.is_dir():
        raise FileExistsError(f"{path} is a file: give the name of a folder")
    refuse_foreign(path, place, ours)
    check_folder(place.parent)


@contextmanager
def whole_file(path: str | Path, ours: Ours) -> Iterator[Path]:
    """Yield a file to write to, beside `path`; when the block ends, it becomes `path`.

    It is on the disk before it takes its place. After an error nothing is left behind.
    Raises `FileExistsError` for what is not `ours`, and `WriteError` for a full disk.

    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp()) / "greeting.txt"
    >>> with whole_file(place, ours=lambda _: True) as unfinished:
    ...     _ = unfinished.write_text("hello")
    >>> place.read_text()
    'hello'
    """
    place = target(path)
    refuse_foreign(path, place, ours)
    unfinished = beside(place)
    try:
        yield unfinished
        to_disk(unfinished)
        # Libraries make files that no one else may read; others follow the umask.
        os.chmod(unfinished, place.stat().st_mode if place.exists() else usual_mode())
        os.replace(unfinished, place)
    except OSError as error:
        raise could_not_write(path, error) from error
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: str | Path, ours: Ours) -> Iterator[Path]:
    """Yield a new folder to fill, beside `path`; it becomes `path` when the block ends.

    A folder of `ours` that stood there is deleted once the new one is in its place.
    """
    place = target(path)
    refuse_foreign(path, place, ours)
    unfinished, former = beside(place), beside(place)
    try:
        unfinished.mkdir()
        yield unfinished
        for file in unfinished.rglob("*"):
            if file.is_file():
                to_disk(file)
        if place.exists():
            os.replace(place, former)
        try:
            os.replace(unfinished, place)
        except OSError:
            if former.exists():
                os.replace(former, place)
            raise
    except OSError as error:
        raise could_not_write(path, error) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    shutil.rmtree(former, ignore_errors=True)


def sweep(path: str | Path) -> None:
    """Delete what a process killed while writing this file left beside it.

    Only for who knows that no other process is writing it now.
    """
    place = target(path)
    for left in place.parent.glob(f".{glob.escape(place.name[:40])}.*.part"):
        left.unlink(missing_ok=True)


def target(path: str | Path) -> Path:
    """Return where a path leads, links followed, whether anything is there or not."""
    return Path(os.path.realpath(Path(path).expanduser()))


def same(one: Path, other: Path) -> bool:
    """Whether two paths are one file."""
    return one.exists() and other.exists() and one.samefile(other)


def refuse_foreign(path: str | Path, place: Path, ours: Ours) -> None:
    """Raise `FileExistsError` if something stands there that may not be replaced."""
    if not place.exists():
        return
    if place.is_dir():
        empty = not any(place.iterdir())
    elif stat.S_ISREG(place.stat().st_mode):
        empty = place.stat().st_size == 0
    else:
        raise FileExistsError(
            f"{path} is no ordinary file (a device, a pipe or a socket): give the name "
            "of a new file"
        )
    if not empty and not ours(place):
        raise FileExistsError(
            f"{path} is there already, and was not written by this command: it was "
            "left as it is. Give another name, or delete it first"
        )


def check_folder(folder: Path) -> None:
    """Raise `OSError` unless a file can be made in the folder."""
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is no folder: make it first")
    attempt = beside(folder / "attempt")
    try:
        attempt.touch(exist_ok=False)
        attempt.unlink()
    except OSError as error:
        raise PermissionError(
            f"cannot write in the folder {folder}: {error.strerror}"
        ) from error


def beside(place: Path) -> Path:
    """Return a name in the same folder that no other process has."""
    # Short, whatever the name: a file name has 255 bytes at most.
    return place.with_name(f".{place.name[:40]}.{secrets.token_hex(6)}.part")


def to_disk(file: Path) -> None:
    """Wait until a file's content is on the disk, where a power cut leaves it."""
    with open(file, "rb+") as opened:
        os.fsync(opened.fileno())


def usual_mode() -> int:
    """Return the permissions that a new file gets here."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def could_not_write(path: str | Path, error: OSError) -> OSError:
    """Say what stopped the writing, and that nothing was spoilt."""
    if isinstance(error, WriteError):
        return error
    return WriteError(
        f"could not write {path}: {error.strerror or error}. What stood there before "
        "is untouched; make room or name another place, and run the same again"
    )
