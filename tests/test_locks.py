"""One run at a time, whatever the file system knows of locks."""

import errno
import os
import re
import socket
import subprocess
import sys

import pytest

from course_lib import locks
from course_lib.locks import InUseError, acquire
from course_lib.training.checkpoints import Checkpoint, CheckpointError

fcntl = pytest.importorskip("fcntl")


def holder(path):
    """A process of this host that holds a lock until it is told to end."""
    script = (
        "import sys; from pathlib import Path; from course_lib.locks import acquire; "
        "lock = acquire(Path(sys.argv[1])); print('held', flush=True); input()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    return process


@pytest.fixture(params=["ENOSYS", "ENOLCK", "EOPNOTSUPP"])
def no_locks(request, monkeypatch):
    """A file system without locks, as some network shares are."""

    def flock(*_):
        code = getattr(errno, request.param)
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", flock)
    monkeypatch.setattr(locks, "SECONDS_TO_TAKE_OVER", 0.2)


def test_who_holds_it_and_since_when_is_said(tmp_path):
    place = tmp_path / "run.safetensors"
    process = holder(place)
    said = (
        rf"run\.safetensors is in use by another run: \S+run\.safetensors\.lock is "
        rf"held by process {process.pid} on {re.escape(socket.gethostname())} since "
        r"\d{4}-\d\d-\d\d \d\d:\d\d\S+\. Wait for it, or name another place; if that "
        r"run is no more, delete \S+run\.safetensors\.lock$"
    )
    for _ in range(2):  # the first refusal did not wipe it out
        with pytest.raises(InUseError, match=said):
            acquire(place)
    with (
        pytest.raises(CheckpointError, match=said),
        Checkpoint(str(place), {}).in_use(),
    ):
        pass
    process.communicate("\n")


def test_a_holder_that_was_killed_holds_nothing(tmp_path):
    place = tmp_path / "run.safetensors"
    process = holder(place)
    process.kill()
    process.communicate()
    acquire(place).release()


@pytest.mark.filterwarnings("ignore:flock not supported")
def test_without_locks_a_file_is_the_lock(no_locks, tmp_path):
    place = tmp_path / "run.safetensors"
    lock = acquire(place)
    with pytest.raises(InUseError, match=rf"is held by process {os.getpid()} on "):
        acquire(place)
    lock.release()
    acquire(place).release()


@pytest.mark.filterwarnings("ignore:flock not supported")
def test_without_locks_a_dead_holder_on_another_host_is_named(no_locks, tmp_path):
    place = tmp_path / "run.safetensors"
    lock = acquire(place)
    file = lock.lock_file
    lock.release()
    with open(file, "w", encoding="utf-8") as written:
        written.write("4711\nnode-7\n")
    said = rf"{re.escape(file)} is held by process 4711 on node-7 since .*, delete "
    with pytest.raises(InUseError, match=said + re.escape(file)):
        acquire(place)
    os.unlink(file)  # as the message says
    acquire(place).release()


@pytest.mark.filterwarnings("ignore:flock not supported")
def test_without_locks_a_dead_holder_on_this_host_is_in_nobodys_way(
    no_locks, tmp_path, monkeypatch
):
    place = tmp_path / "run.safetensors"
    lock = acquire(place)
    file = lock.lock_file
    with open(file, encoding="utf-8") as written:
        _, host, *_ = written.read().splitlines()
    lock.release()
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    with open(file, "w", encoding="utf-8") as written:
        written.write(f"{dead.pid}\n{host}\n")
    acquire(place).release()


def test_a_lock_file_that_names_nobody_is_still_respected(tmp_path):
    place = tmp_path / "run.safetensors"
    lock = acquire(place)
    with open(lock.lock_file, "w", encoding="utf-8"):
        pass
    with pytest.raises(InUseError, match=r"\.lock is held since \d{4}"):
        acquire(place)
    lock.release()


def test_other_errors_of_a_file_system_come_through(tmp_path, monkeypatch):
    def flock(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(OSError, match="Input/output error"):
        acquire(tmp_path / "run.safetensors")
