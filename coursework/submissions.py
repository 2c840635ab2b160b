"""Find notebooks in a folder as Moodle, Canvas or a person has filled it.

Nothing is ever unpacked to disk: a name in an archive is text, and no path. Two
patterns of names are known, each for a file and, with Moodle, for a folder around it:

    Moodle   Ada Lovelace_123456_assignsubmission_file_answers.ipynb
             Ada Lovelace_123456_assignsubmission_file_/answers.ipynb
    Canvas   lovelaceada_12345_67890_answers.ipynb
             lovelaceada_LATE_12345_67890_answers.ipynb

The number is the student's in that system (with Canvas, the first of the two).
Elsewhere the student is called as the file, or as the folder that it lies in alone.
"""

import io
import re
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

MOST = 100 << 20  # bytes of a notebook
MOST_IN_ARCHIVE = 4 << 30  # of all that one archive says to hold
MOST_DEPTH = 3  # archives in archives
MOST_FILES = 20_000

MOODLE = re.compile(r"^(?P<name>.+?)_(?P<id>\d+)_assignsubmission_\w+?(?:_|$)")
CANVAS = re.compile(r"^(?P<name>[^_]+)_(?:LATE_)?(?P<id>\d+)_\d+_")
SKIPPED = (".", "__MACOSX")


@dataclass(frozen=True)
class Submission:
    """One file that a student handed in: a notebook's bytes, or why there are none."""

    student: str
    number: str  # in the learning management system; empty where there is none
    source: str  # where it lay
    data: bytes = b""
    problem: str = ""

    @property
    def key(self) -> str:
        """A name for this student's page, whatever characters the student's has.

        >>> Submission("Ada/../O'Hara Ærø", "7", "x.ipynb").key
        'Ada_O_Hara_Ærø_7'
        """
        text = unicodedata.normalize("NFC", f"{self.student}_{self.number}")
        return re.sub(r"\W+", "_", text).strip("_")[:60] or "student"


def find(folder: Path) -> Iterator[Submission]:
    """Yield what a folder holds, or one file, by name; each is read in its turn.

    Raises `FileNotFoundError` if nothing is there.
    """
    if not folder.exists():
        raise FileNotFoundError(f"there is no folder {folder}")
    files = [folder] if folder.is_file() else sorted(folder.rglob("*"))
    root = folder.parent if folder.is_file() else folder
    files = [f for f in files if not f.is_symlink() and f.is_file()]
    alone = Counter(f.parent for f in files if f.suffix.lower() == ".ipynb")
    for file in files:
        name = file.relative_to(root).as_posix()
        if any(part.startswith(SKIPPED) for part in PurePosixPath(name).parts):
            continue
        if file.suffix.lower() == ".zip":
            yield from _in_archive(file, name, 1)
        elif file.suffix.lower() == ".ipynb":
            own = alone[file.parent] == 1 and file.parent != root
            found = _named(name, "", own)
            size = file.stat().st_size
            if size > MOST:
                yield replace(found, problem=_too_large(size))
            else:
                yield replace(found, data=file.read_bytes())


def _in_archive(
    archive: Path | io.BytesIO, name: str, depth: int
) -> Iterator[Submission]:
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [m for m in opened.infolist() if not m.is_dir()][:MOST_FILES]
            if sum(m.file_size for m in members) > MOST_IN_ARCHIVE:
                yield replace(_named(name, ""), problem="an archive of more than 4 GB")
                return
            inside = [PurePosixPath(m.filename.replace("\\", "/")) for m in members]
            notebooks = [p for p in inside if p.suffix.lower() == ".ipynb"]
            alone = Counter(p.parent for p in notebooks)
            for member, path in zip(members, inside, strict=True):
                if any(p.startswith(SKIPPED) and p != ".." for p in path.parts):
                    continue
                own = alone[path.parent] == 1 and len(path.parts) > 1
                suffix = path.suffix.lower()
                found = _named(str(path), name, own, len(notebooks) == 1)
                if suffix not in (".ipynb", ".zip"):
                    continue
                if member.file_size > MOST:
                    yield replace(found, problem=_too_large(member.file_size))
                    continue
                with opened.open(member) as file:
                    data = file.read(MOST + 1)
                if len(data) > MOST:
                    yield replace(found, problem=_too_large(len(data)))
                elif suffix == ".ipynb":
                    yield replace(found, data=data)
                elif depth < MOST_DEPTH:
                    yield from _in_archive(io.BytesIO(data), found.source, depth + 1)
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        OSError,
        EOFError,
    ) as e:
        yield replace(_named(name, ""), problem=f"an archive that cannot be read ({e})")


def _too_large(size: int) -> str:
    return f"{size / 1e6:,.0f} MB: clear the outputs and hand it in again"


def _named(
    path: str, archive: str, own_folder: bool = False, only: bool = False
) -> Submission:
    """Return whose a file is, by the innermost name that says so.

    >>> _named("Ada Lovelace_17_assignsubmission_file_/a.ipynb", "all.zip").student
    'Ada Lovelace'
    >>> _named("a.ipynb", "lovelaceada_LATE_12_34_work.zip").number
    '12'
    >>> _named("group 1/ada.ipynb", "").student
    'ada'
    >>> _named("ada/a.ipynb", "", own_folder=True).student
    'ada'
    >>> _named("a.ipynb", "ada.zip", only=True).student
    'ada'
    """
    source = f"{archive}/{path}" if archive else path
    for part in reversed(PurePosixPath(source).parts):
        for pattern in (MOODLE, CANVAS):
            if match := pattern.match(part):
                return Submission(match["name"], match["id"], source)
    parts = [part for part in PurePosixPath(path).parts if part != ".."]
    if archive and only:
        return Submission(PurePosixPath(archive).stem, "", source)
    if own_folder and len(parts) > 1:
        return Submission(parts[-2], "", source)
    return Submission(PurePosixPath(path).stem, "", source)
