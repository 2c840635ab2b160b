"""What installing the course does on Colab, from a recorded list of what is there.

Nothing is downloaded. A requirement that the recorded version satisfies changes
nothing; one that is not there at all is added. What that needs in turn is read from the
version installed here.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, distributions, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

#: Names, their versions on Colab.
RECORDED = {
    canonicalize_name(name): version
    for name, version in re.findall(
        r"^([\w.-]+)==(\S+)$",
        (HERE / "preinstalled.txt").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
}

#: For the markers of requirements.
COLAB = {
    "python_version": "3.12",
    "python_full_version": "3.12.13",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "extra": "",
}


@cache
def asked() -> tuple[str, ...]:
    """Return what the wheel of the course asks for."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = re.search(r"^dependencies = \[\n(.*?)^\]", text, re.DOTALL | re.MULTILINE)
    assert block
    return tuple(re.findall(r'^    "(.+)",', block.group(1), re.MULTILINE))


def steps(wanted: Iterable[str]) -> Iterator[tuple[Requirement, str | None]]:
    """Yield each requirement that pip would look at, and the version Colab has of it.

    What Colab brings is taken to fit together, so only what is added is looked into.
    """
    todo, seen = [Requirement(text) for text in wanted], set()
    while todo:
        need = todo.pop()
        if need.marker and not need.marker.evaluate(COLAB):
            continue
        name = canonicalize_name(need.name)
        yield need, RECORDED.get(name)
        if name not in RECORDED and name not in seen:
            seen.add(name)
            todo += [Requirement(text) for text in requires(name) or []]


def changed(wanted: Iterable[str]) -> list[str]:
    """Return the requirements for which pip would replace what Colab brings."""
    return [
        f"{need} (Colab has {version})"
        for need, version in steps(wanted)
        if version and not need.specifier.contains(version, prereleases=True)
    ]


def added(wanted: Iterable[str]) -> set[str]:
    """Return the names of what pip would add to what Colab brings."""
    return {canonicalize_name(n.name) for n, version in steps(wanted) if not version}


@cache
def lacking(*extra: str) -> frozenset[str]:
    """Return the modules that are here, and would not be on Colab with the course.

    `extra` are packages that a notebook installs besides.
    """
    there = set()
    todo = [
        "course-lib",
        *RECORDED,
        *(Requirement(text).name for text in asked()),
        *extra,
    ]
    while todo:  # newer versions than Colab's may need what Colab lacks
        name = canonicalize_name(todo.pop())
        if name in there:
            continue
        there.add(name)
        try:
            needs = map(Requirement, requires(name) or [])
        except PackageNotFoundError:
            continue
        todo += [n.name for n in needs if not n.marker or n.marker.evaluate()]
    modules: dict[bool, set[str]] = {True: set(), False: set()}
    for package in distributions():
        is_there = canonicalize_name(package.metadata["Name"]) in there
        # Not by `package.files`, which looks for each of them on the disk.
        for line in (package.read_text("RECORD") or "").splitlines():
            top, _, inside = line.partition(",")[0].partition("/")
            if inside or top.endswith(".py"):
                modules[is_there].add(top.removesuffix(".py"))
    return frozenset(n for n in modules[False] - modules[True] if n.isidentifier())
