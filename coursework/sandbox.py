"""Where a student's code runs: what it may see, write and use, and what it may not.

Two tools make the same sandbox on Linux: `bwrap` (Debian's package bubblewrap) and
`unshare` (util-linux, which is everywhere). Both work for root, who then becomes a user
that owns nothing, and for ordinary users where the kernel lets them make namespaces.

| what | by what |
|---|---|
| other students' files, the tests, the home folder | a file system with Python alone |
| any change to the machine | all of it read-only; /tmp in memory, of limited size |
| the network | a network namespace without any device |
| other processes, and what would live on | a process namespace, ended as a whole |
| memory, processes, file sizes | limits that stay, and a watch over their sum |
| time, output | deadlines; nothing that is printed goes anywhere |
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from coursework.visible import environment, visible

#: Users that no machine has; each sandbox of root's has one of its own.
FIRST_USER = 2_000_000
DEVICES = ("null", "zero", "full", "random", "urandom")


@dataclass(frozen=True)
class Limits:
    """What one submission may use; seconds are those in which a processor works."""

    seconds_cell: float = 600  # the project may train for five minutes on two cores
    seconds_call: float = 30  # one call of a function by a test
    seconds: float = 1_800  # by the clock, from its first cell to its last test
    patience: float = 5  # by the clock, one that waits has so many times as long
    memory: int = 4_096  # megabytes, of all its processes together
    disk: int = 512  # megabytes in /tmp, and as many in /dev/shm
    processes: int = 32
    answer: int = 64  # megabytes that one call may return
    restarts: int = 5  # of the sandbox, after a cell or a call has brought it down

    def resources(self) -> dict[str, int]:
        """Return the limits that the kernel holds each single process to.

        Addresses are counted there, of which torch reserves more than it uses.
        """
        return {
            "AS": (self.memory + 4_096) << 20,
            "NPROC": 8 * self.processes,  # threads are counted too
            "FSIZE": self.disk << 20,
            "NOFILE": 512,
            "CORE": 0,
            "CPU": int(self.seconds) + 60,
        }


#: From what is run inside, and the limits, to what is run outside.
Command = Callable[[list[str], Limits], list[str]]


@dataclass(frozen=True)
class Protection:
    """A way to run a command in a sandbox."""

    name: str
    command: Command
    needs: str

    def problem(self) -> str | None:
        """Try it, and return why it does not work here, or None.

        >>> UNPROTECTED.problem()
        """
        code = "import coursework.worker; print(6 * 7)"
        command = self.command([sys.executable, "-c", code], Limits())
        try:
            run = subprocess.run(
                command, capture_output=True, text=True, timeout=300, env=environment()
            )
        except FileNotFoundError:
            return f"{command[0]} is not installed ({self.needs})"
        except subprocess.TimeoutExpired:
            return f"{command[0]} does not end"
        if run.stdout.strip() == "42":
            return None
        lines = (run.stderr.strip() or f"it ended with {run.returncode}").splitlines()
        return f"{command[0]}: {lines[-1]} ({self.needs})"


def choose(name: str | None = None) -> tuple[Protection | None, list[str]]:
    """Return the first protection that works here, and what is wrong with the others.

    With a name, only that one is tried.
    """
    problems: list[str] = []
    for protection in PROTECTIONS:
        if name in (None, protection.name):
            problem = protection.problem()
            if problem is None:
                return protection, problems
            problems.append(problem)
    return None, problems


def _user() -> str:
    return str(FIRST_USER + os.getpid())


def _drop() -> list[str]:
    """Become a user that owns nothing, for good; without root, stay who one is."""
    drop = ["setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]
    if os.getuid() == 0:
        drop += [f"--reuid={_user()}", f"--regid={_user()}", "--clear-groups"]
    return [*drop, "--"]


def _bwrap(inside: list[str], limits: Limits) -> list[str]:
    command = ["bwrap", "--die-with-parent", "--new-session", "--unshare-ipc"]
    command += ["--unshare-pid", "--unshare-net", "--unshare-uts"]
    command += ["--unshare-cgroup-try", "--hostname", "sandbox"]
    if os.getuid() == 0:
        command += ["--cap-drop", "ALL"]
        for cap in ("SETUID", "SETGID", "SETPCAP"):
            command += ["--cap-add", f"CAP_{cap}"]
    else:
        command += ["--unshare-user", "--disable-userns"]
    size = ["--size", str(limits.disk << 20), "--perms", "1777", "--tmpfs"]
    command += ["--proc", "/proc", "--dev", "/dev", *size, "/tmp", *size, "/dev/shm"]
    made: set[Path] = set()
    for path in visible():
        for parent in reversed(path.parents[:-1]):
            if parent not in made and parent != Path("/tmp"):
                command += ["--perms", "0755", "--dir", str(parent)]
                made.add(parent)
        if path.is_symlink():
            command += ["--symlink", os.readlink(path), str(path)]
        else:
            command += ["--ro-bind", str(path), str(path)]
    command += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"]
    inner = inside if os.getuid() else [*_drop(), *inside]
    return [*command, "--", *inner]


def _unshare(inside: list[str], limits: Limits) -> list[str]:
    command = ["setpriv", "--pdeathsig", "KILL", "--"]
    command += ["unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--fork"]
    command += ["--kill-child", "--propagation", "private"]
    if os.getuid() != 0:
        command += ["--user", "--map-root-user"]
    tmpfs = "mount -t tmpfs -o nosuid,nodev"
    # A new root is built, on a folder where nothing is that it needs; then the old one
    # goes away, and nothing of it is left to see.
    root = "/sys"
    lines = [
        "set -e; PATH=$PATH:/usr/sbin:/sbin",
        f"{tmpfs},mode=755,size=1m tmpfs {root}",
        f"mkdir {root}/old {root}/proc {root}/dev {root}/dev/shm {root}/tmp",
        f"mount -t proc -o nosuid,nodev,noexec proc {root}/proc",
        f"{tmpfs},mode=1777,size={limits.disk}m tmpfs {root}/dev/shm",
        f"{tmpfs},mode=1777,size={limits.disk}m tmpfs {root}/tmp",
    ]
    for device in DEVICES:
        lines.append(f"touch {root}/dev/{device}")
        lines.append(f"mount --bind /dev/{device} {root}/dev/{device}")
    for path in visible():
        source, place = shlex.quote(str(path)), shlex.quote(f"{root}{path}")
        lines.append(f"mkdir -p {shlex.quote(f'{root}{path.parent}')}")
        if path.is_symlink():
            lines.append(f"ln -s {shlex.quote(os.readlink(path))} {place}")
        else:
            lines.append(f"{'mkdir -p' if path.is_dir() else 'touch'} {place}")
            lines.append(f"mount --bind {source} {place}")
            lines.append(f"mount -o remount,bind,ro,nosuid,nodev {place}")
    lines += [
        f"cd {root}",
        "pivot_root . old",
        "umount -l /old",
        "rmdir /old",
        "mount -o remount,bind,ro /",
        "cd /tmp",
        f"exec {shlex.join([*_drop(), *inside])}",
    ]
    return [*command, "sh", "-c", "\n".join(lines)]


def _bare(inside: list[str], limits: Limits) -> list[str]:
    return inside


BWRAP = Protection("bwrap", _bwrap, "Debian: apt install bubblewrap")
UNSHARE = Protection(
    "unshare", _unshare, "a kernel that lets you make namespaces, or root"
)
PROTECTIONS = (BWRAP, UNSHARE)
#: Only the limits of each process, deadlines and the watch: for code that is trusted.
UNPROTECTED = Protection("unprotected", _bare, "nothing")
