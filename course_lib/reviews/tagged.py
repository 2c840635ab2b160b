"""Sentences with a tag a word, and the files that CoNLL's tasks made usual."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from course_lib.reviews.table import DataError
from course_lib.spans import spans_of, tags_of


@dataclass(frozen=True)
class Sentence:
    """Words, and a tag for each; no tags if nobody knows them."""

    words: list[str]
    tags: list[str] = field(default_factory=list)


def read_conll(path: Path | str, *, older: bool = False) -> list[Sentence]:
    """Read a file with a word and its tag a line, and an empty line between sentences.

    A line's first column is the word and its last the tag, parted by spaces or tabs;
    what stands between, and lines that begin with -DOCSTART-, are left out. Tags are
    BIO: a name begins with B-. With `older`, an I- may begin one, as in the files of
    2003, and comes out as B-. Raises `DataError`, a `ValueError`, that quotes the line.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "two.conll")
    ...     _ = path.write_text("Anna B-PER\\nsmiled O\\n\\nOslo B-LOC\\n")
    ...     read_conll(path)
    [Sentence(words=['Anna', 'smiled'], tags=['B-PER', 'O']),
     Sentence(words=['Oslo'], tags=['B-LOC'])]
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not in UTF-8: save it so ({error})") from error
    found: list[Sentence] = []
    words: list[str] = []
    tags: list[str] = []
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        columns = line.split()
        if not columns or columns[0] == "-DOCSTART-":
            if words:
                found.append(Sentence(words, tags))
            words, tags = [], []
            continue
        where = f"line {number} of {path}, {line.strip()!r}"
        if len(columns) < 2:
            raise DataError(
                f"{where}: expected a word and its tag, such as 'Oslo B-LOC'"
            )
        _check(columns[-1], tags, where, older)
        words.append(columns[0])
        tags.append(columns[-1])
    if not found:
        raise DataError(f"{path} has no sentence: expected a word and its tag a line")
    if not older:
        return found
    return [Sentence(s.words, begun_with_b(s.tags)) for s in found]


def begun_with_b(tags: Sequence[str]) -> list[str]:
    """Return the same names in BIO, whether or not a B- began them.

    >>> begun_with_b(["I-PER", "I-PER", "O", "I-LOC", "B-LOC"])
    ['B-PER', 'I-PER', 'O', 'B-LOC', 'B-LOC']
    """
    return tags_of(spans_of(tags), len(tags))


def _check(tag: str, before: list[str], where: str, older: bool) -> None:
    """Raise `DataError` unless a tag may stand behind those before it."""
    letter, _, kind = tag.partition("-")
    if tag != "O" and (letter not in ("B", "I") or not kind):
        raise DataError(
            f"{where}: {tag!r} is no tag of BIO; expected O, or B- or I- and a kind, "
            "such as B-PER"
        )
    goes_on = before and before[-1] in (f"B-{kind}", f"I-{kind}")
    if letter == "I" and not goes_on and not older:
        raise DataError(
            f"{where}: a name does not start with B-; write B-{kind}, or read the file "
            "with older=True if an I- may begin a name there"
        )
