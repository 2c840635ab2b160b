"""News stories with the summaries that somebody wrote of them, and their files.

The stories of CNN and the Daily Mail (Hermann et al. 2015; See et al. 2017) come in two
forms: one `.story` file each, with the summary's sentences behind `@highlight` lines;
or tables with the columns `article` and `highlights`, as CSV or Parquet.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from course_lib.reviews.table import DataError

#: What the columns of a table of stories are called.
COLUMNS = ("article", "highlights")
MARK = "@highlight"


@dataclass(frozen=True)
class Story:
    """A text and its summary, and what it is called where somebody must look it up.

    Raises `DataError`, a `ValueError`, if either is empty or the summary is longer
    than the text.

    >>> Story("It rained.", "It rained all day in the north of the country.", "rain")
    Traceback (most recent call last):
    course_lib.reviews.table.DataError: rain: the summary has 10 words and its text 2;
    ...
    """

    text: str
    summary: str
    name: str = "a story"

    def __post_init__(self) -> None:
        words = {"text": len(self.text.split()), "summary": len(self.summary.split())}
        for part, count in words.items():
            if not count:
                raise DataError(
                    f"{self.name}: the {part} is empty; expected a text with a written "
                    "summary, so leave this one out"
                )
        if words["summary"] > words["text"]:
            raise DataError(
                f"{self.name}: the summary has {words['summary']} words and its text "
                f"{words['text']}; expected the shorter one to be the summary: have "
                "they changed places?"
            )


def story_from(content: str, name: str = "a story") -> Story:
    """Return what a `.story` file holds: its text, and its highlights.

    A highlight that ends without a mark gets a full stop. Raises `DataError` where
    there is none.

    >>> story_from("It rained.\\n\\nAll day.\\n\\n@highlight\\n\\nRain all day")
    Story(text='It rained.\\nAll day.', summary='Rain all day.', name='a story')
    """
    text, *highlights = re.split(rf"^{MARK}\s*$", content, flags=re.MULTILINE)
    if not highlights:
        raise DataError(
            f"{name} has no line {MARK}; expected one before each sentence of the "
            "summary, behind the text"
        )
    lines = [" ".join(part.split()) for part in highlights]
    summary = "\n".join(
        line if line[-1] in ".!?" else f"{line}." for line in lines if line
    )
    body = "\n".join(line.strip() for line in text.splitlines() if line.strip())
    return Story(body, summary, name)


def read_stories(
    path: Path | str, *, limit: int | None = None, skip: bool = False
) -> list[Story]:
    """Read a table of stories, or a folder of tables or of `.story` files.

    Files are read in the order of their names, at most `limit` stories. With `skip`,
    those are left out that are empty or shorter than their summary, of which the
    published files have some. Raises `DataError`, a `ValueError`, that names the file
    and the row.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "a.story").write_text("It rained.\\n@highlight\\n\\nRain")
    ...     read_stories(folder)[0].summary
    'Rain.'
    """
    path = Path(path)
    known = (".story", ".csv", ".parquet")
    if not path.exists():
        raise DataError(f"there is no {path}; give a table of stories or a folder")
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    files = [file for file in files if file.suffix in known]
    if not files:
        raise DataError(
            f"{path} has no file that ends in {', '.join(known)}: expected stories "
            f"with {MARK} lines, or tables with the columns {' and '.join(COLUMNS)}"
        )
    raw = (one for file in files for one in _contents(file))
    found = list(islice(_stories(raw, skip), limit))
    if not found:
        raise DataError(f"{path} has no story in it")
    return found


def _stories(raw: Iterator[tuple[str, str, str | None]], skip: bool) -> Iterator[Story]:
    for name, text, summary in raw:
        try:
            if summary is None:
                yield story_from(text, name)
            else:
                yield Story(text, summary, name)
        except DataError:
            if not skip:
                raise


def _contents(file: Path) -> Iterator[tuple[str, str, str | None]]:
    """Yield the name, text and summary of what a file holds; None if in the text."""
    if file.suffix == ".story":
        try:
            yield str(file), file.read_text(encoding="utf-8-sig"), None
        except UnicodeDecodeError as error:
            raise DataError(f"{file} is not in UTF-8: save it so ({error})") from error
        return
    import pandas as pd

    try:
        table = (
            pd.read_csv(file, dtype=str)
            if file.suffix == ".csv"
            else pd.read_parquet(file)
        )
    except (ValueError, OSError) as error:  # pandas, pyarrow: no such table
        why = str(error).splitlines()[0]
        raise DataError(f"{file} cannot be read as a table: {why}") from error
    missing = [column for column in COLUMNS if column not in table.columns]
    if missing:
        raise DataError(
            f"{file} has the columns {', '.join(map(str, table.columns))}, and no "
            f"{' and no '.join(missing)}; call them so"
        )
    rows = table[list(COLUMNS)].fillna("").astype(str)
    for place, (text, summary) in enumerate(rows.itertuples(index=False), start=1):
        yield f"row {place} of {file}", text, summary
