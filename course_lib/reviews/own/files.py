"""The table in a file: how it is written, packed and encoded."""

from __future__ import annotations

import bz2
import codecs
import gzip
import json
import lzma
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from course_lib.reviews.own import separated
from course_lib.reviews.own.table import Table
from course_lib.reviews.table import DataError

KINDS = (".csv", ".tsv", ".jsonl", ".parquet")
UNPACK: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".xz": lzma.decompress,
}
PACKED = (*UNPACK, ".zip")
# How a file begins that is something else than its name says.
BEGINNINGS = {
    b"\x1f\x8b": "compressed; its name should end in .gz",
    b"BZh": "compressed; its name should end in .bz2",
    b"\xfd7zXZ": "compressed; its name should end in .xz",
    b"PK\x03\x04": "a .zip archive, or a spreadsheet: save that as CSV",
    b"PAR1": "a Parquet file; its name should end in .parquet",
}
MARKS = {  # the longer ones first, since one begins with another
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
BROKEN = (OSError, EOFError, RuntimeError, ValueError, zlib.error, lzma.LZMAError)


def is_table(path: Path) -> bool:
    """Whether a file's name says that it holds a table."""
    return path.suffix.lower() == ".zip" or _kind(path.name) in KINDS


def stem(path: Path) -> str:
    """A table's name without what says how it is written.

    >>> stem(Path("data/IMDB Dataset.csv.gz"))
    'IMDB Dataset'
    """
    return Path(path.stem).stem if path.suffix.lower() in PACKED else path.stem


def read(
    path: Path,
    *,
    separator: str | None = None,
    encoding: str | None = None,
    known: Collection[str] = (),
) -> Table:
    """The table in a file; `separator` and `encoding` are guessed where not given.

    `known` are lower-case names of which a header has one. Raises `DataError`, naming
    the line and the likely cause, if the file is not what its name says.
    """
    if not path.is_file():
        raise DataError(f"no file {str(path)!r}")
    name, content = _unpacked(path)
    kind = _kind(name)
    for beginning, found in BEGINNINGS.items():
        if content.startswith(beginning) and kind != ".parquet":
            raise DataError(f"{path} is no {kind} file: it is {found}")
    options = {"separator": separator, "encoding": encoding}
    for option, value in options.items():
        takes = {"separator": (".csv", ".tsv"), "encoding": KINDS[:3]}[option]
        if value is not None and kind not in takes:
            raise DataError(f"{path} has no {option} to name; leave out {value!r}")
    if kind == ".parquet":
        table = _parquet(path, content)
    else:
        text, notes = _decoded(path, content, encoding)
        if kind == ".jsonl":
            table = _jsonl(path, text)
        else:
            usual = "\t" if kind == ".tsv" else ","
            mark = None if separator is None else one_mark(separator)
            table = separated.read(path, text, usual, mark, known)
        table = Table(path, table.columns, notes + table.notes)
    if not len(table):
        raise DataError(f"{path} has no rows")
    return table


def _kind(name: str) -> str:
    suffixes = [suffix.lower() for suffix in PurePosixPath(name).suffixes]
    if suffixes and suffixes[-1] in PACKED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def _unpacked(path: Path) -> tuple[str, bytes]:
    """The name that says what a file holds, and its content, decompressed."""
    try:
        if path.suffix.lower() == ".zip":
            with zipfile.ZipFile(path) as archive:
                names = [name for name in archive.namelist() if _kind(name) in KINDS]
                names = [name for name in names if not name.startswith("__MACOSX")]
                if len(names) != 1:
                    raise DataError(
                        f"{path} holds {len(names)} tables "
                        f"({', '.join(names) or 'no ' + ', '.join(KINDS)}); unpack it, "
                        "and name the one to read"
                    )
                return names[0], archive.read(names[0])
        content = path.read_bytes()
        return path.name, UNPACK.get(path.suffix.lower(), bytes)(content)
    except DataError:
        raise
    except (*BROKEN, zipfile.BadZipFile) as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def _decoded(
    path: Path, content: bytes, encoding: str | None
) -> tuple[str, tuple[str, ...]]:
    """The text of a file, and a note if its encoding was guessed."""
    marked = [name for mark, name in MARKS.items() if content.startswith(mark)]
    start = content[:1000]
    if not (encoding or marked) and start.count(0) > len(start) / 4:
        raise DataError(f"{path} looks like UTF-16 without its mark; name its encoding")
    try:
        if encoding is not None:
            return content.decode(encoding).removeprefix("\ufeff"), ()
        if marked:
            return content.decode(marked[0]), (f"read as {marked[0].upper()}",)
        return content.decode("utf-8-sig"), ()
    except LookupError as error:
        raise DataError(
            f"no encoding {encoding!r}; expected utf-8 or the like"
        ) from error
    except (UnicodeError, ValueError) as error:
        if encoding is not None or marked:
            name = encoding or marked[0]
            raise DataError(
                f"{path} is not {name} ({error}); name another encoding"
            ) from error
        return _western(path, content, error), ("not UTF-8: read as Windows-1252",)


def _western(path: Path, content: bytes, error: ValueError) -> str:
    """The text as Windows-1252, if it may well be that: a Western European language.

    Every file can be read so, Russian and Chinese ones as nonsense; but those have more
    than a few letters outside of ASCII, and damaged UTF-8 has others that are whole.
    """
    outside = len(content.translate(None, bytes(range(128))))
    whole = sum(
        c > "\x7f" and c != "\ufffd" for c in content.decode("utf-8", "replace")
    )
    if whole == 0 and outside <= len(content) / 8:
        try:
            return content.decode("windows-1252")
        except UnicodeDecodeError:
            pass
    raise DataError(
        f"{path} is not UTF-8 ({error}); save it as UTF-8, or name its encoding"
    ) from error


def one_mark(separator: str) -> str:
    """The character that a separator stands for; raises `DataError` if it is none."""
    mark = {"tab": "\t", "\\t": "\t"}.get(separator, separator)
    if len(mark) != 1 or mark in '"\r\n\0':
        raise DataError(
            f"the separator is {separator!r}; expected one character, or tab"
        )
    return mark


def json_rows(path: Path, lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The rows of JSON Lines, one after another; raises `DataError` naming the line."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"line {number} of {path} is not JSON: {error}") from error
        if not isinstance(row, dict):
            raise DataError(
                f"line {number} of {path} is {line[:40]!r}; expected {{...}}"
            )
        yield row


def _jsonl(path: Path, text: str) -> Table:
    rows = list(json_rows(path, text.split("\n")))
    names = dict.fromkeys(name for row in rows for name in row)
    return Table(path, {name: [row.get(name) for row in rows] for name in names})


def _parquet(path: Path, content: bytes) -> Table:
    try:
        table = pq.read_table(pa.BufferReader(content))
        names = table.column_names
        if repeated := {name for name in names if names.count(name) > 1}:
            raise DataError(f"{path} has two columns called {sorted(repeated)[0]!r}")
        return Table(path, table.to_pydict())
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} is not a Parquet file: {error}") from error
