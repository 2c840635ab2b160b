"""One run at a time: a lock file that says who holds it.

A lock of the kernel ends with the process that holds it, however it ends. Where the
file system knows none, as on some network shares, that a file is there is the lock, and
it stays when its holder is killed. If that was on this host, it is taken over; if it
was on another, nobody can know here, and a person has to.
"""

import os
import socket
from contextlib import suppress
from datetime import datetime
from errno import ENOLCK, ENOSYS, ENOTSUP, EOPNOTSUPP
from pathlib import Path

from filelock import BaseFileLock, FileLock, SoftFileLock, Timeout

#: How a file system says that it has no locks.
NO_LOCKS = (ENOSYS, ENOLCK, ENOTSUP, EOPNOTSUPP)
# Long enough to see that a file without a name in it is not just being written.
SECONDS_TO_TAKE_OVER = 3.0


class InUseError(RuntimeError):
    """Another process holds the lock; the message says which, and what to do."""


def acquire(path: Path) -> BaseFileLock:
    """Return a lock on `path` that this process now holds, and must release.

    Raises `InUseError` if another one holds it.
    """
    lock: BaseFileLock = FileLock(f"{path}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        if not isinstance(lock, SoftFileLock):  # filelock may have turned it into one
            raise in_use(path, lock) from error
        return taken_over(path, lock)
    except (NotImplementedError, OSError) as error:
        if isinstance(error, OSError) and error.errno not in NO_LOCKS:
            raise
        # Another name: the attempt may have left an empty file under the first.
        return taken_over(path, SoftFileLock(f"{path}.held"))
    if not isinstance(lock, SoftFileLock):  # which writes the same itself
        with suppress(OSError):  # Windows keeps the holder, too, from a locked file
            Path(lock.lock_file).write_text(f"{os.getpid()}\n{socket.gethostname()}\n")
    return lock


def taken_over(path: Path, lock: SoftFileLock) -> SoftFileLock:
    """Take a lock that is a file, also from a holder that died on this host."""
    try:
        lock.acquire(timeout=SECONDS_TO_TAKE_OVER)
    except Timeout as error:
        raise in_use(path, lock) from error
    return lock


def in_use(path: Path, lock: BaseFileLock) -> InUseError:
    """Say who holds a lock, since when, and when its file may be deleted."""
    file = Path(lock.lock_file)
    holder = since = ""
    with suppress(OSError, ValueError):
        pid, host, *_ = file.read_text(encoding="utf-8").splitlines()
        holder = f" by process {int(pid)} on {host.partition('?')[0]}"
    with suppress(OSError):
        when = datetime.fromtimestamp(file.stat().st_mtime).astimezone()
        since = f" since {when.isoformat(' ', 'minutes')}"
    return InUseError(
        f"{path} is in use by another run: {file} is held{holder}{since}. Wait for "
        f"it, or name another place; if that run is no more, delete {file}"
    )
