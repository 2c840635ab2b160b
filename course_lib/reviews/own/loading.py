"""The rows of a table as reviews: which column holds what, and one split of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from course_lib.reviews.leaks import without_leaks
from course_lib.reviews.own import files
from course_lib.reviews.own.labels import Labels, find_labels
from course_lib.reviews.own.splits import dealt, given_splits, without_rows
from course_lib.reviews.own.table import NO_VALUE, Column, Table
from course_lib.reviews.table import SPLITS, DataError, Reviews

TEXT = ("text", "review")
OTHER_TEXT = ("sentence", "content")  # where there is none of those
LABEL = ("label", "labels", "sentiment")


def load(
    path: Path,
    split: str,
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    separator: str | None = None,
    encoding: str | None = None,
) -> Reviews:
    """One split of a file: int64 labels with one label a row, else float32 multi-hot.

    Raises `DataError` if the file or a column is missing, cannot be understood, or may
    be understood in two ways, and says what was found.
    """
    table, everything, labels, where = _read(
        path, text_column, label_column, separator, encoding
    )
    parts = {}
    for name in SPLITS:
        rows = [row for row, at in enumerate(where) if at == name]
        known = None if name == "unlabelled" else labels.to_array(rows)
        parts[name] = replace(everything.select(rows), split=name, labels=known)
    chosen = without_leaks(parts)[split]
    if not len(chosen):
        raise without_rows(table, split, parts[split], chosen, where)
    return chosen


def load_labelled(
    path: Path,
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    separator: str | None = None,
    encoding: str | None = None,
) -> Reviews:
    """Every row of a file that has a label, to test a model that is done with learning.

    Of a file with a `split` column, only its test rows. A text that stands there twice
    counts twice. Raises `DataError` as `load` does.
    """
    table, everything, labels, where = _read(
        path, text_column, label_column, separator, encoding
    )
    wanted = {"test"} if table.called("split") else {"train", "validation", "test"}
    rows = [row for row, at in enumerate(where) if at in wanted]
    if not rows:
        raise DataError(
            f"{path} has no row to test on: expected rows with a label, and with "
            "`test` in the column split if there is one"
        )
    return replace(everything.select(rows), split="test", labels=labels.to_array(rows))


def _read(
    path: Path,
    text_column: str | None,
    label_column: str | None,
    separator: str | None,
    encoding: str | None,
) -> tuple[Table, Reviews, Labels, list[str]]:
    """The table, all its rows, the labels and the split of each; "" without a text."""
    known = {*TEXT, *OTHER_TEXT, *LABEL}
    known |= {name.lower() for name in (text_column, label_column) if name}
    table = files.read(path, separator=separator, encoding=encoding, known=known)
    text, notes = _text_column(table, text_column)
    label = None if label_column is None else _named(table, label_column, "label")
    if text == label:
        raise DataError(f"{path}: {text!r} is named as both text and label column")
    texts = table.column(text).texts()
    labels = find_labels(table, text, label)
    films = _films(table)
    keys = [film or own for film, own in zip(films or texts, texts, strict=True)]
    where = dealt(keys, labels.rows)
    if given := _column(table, "split"):
        where = given_splits(given, labels.rows)
    empty = {row for row, cell in enumerate(texts) if cell in ("", *NO_VALUE)}
    everything = Reviews(
        name=str(path),
        split="all",
        texts=texts,
        labels=None,  # not every row has some
        label_names=labels.names,
        ids=_ids(table),
        films=films,
        notes=(*table.notes, *notes, *labels.notes, *_lost(where, empty, labels)),
    )
    return (
        table,
        everything,
        labels,
        ["" if row in empty else at for row, at in enumerate(where)],
    )


def _text_column(table: Table, named: str | None) -> tuple[str, list[str]]:
    """The column that holds the texts, and a note if it is called otherwise."""
    if named is not None:
        return _named(table, named, "text"), []
    found = table.called(*TEXT)
    other = [] if found else table.called(*OTHER_TEXT)
    if len(found + other) == 1:
        return (found + other)[0], [f"texts read from the column {n!r}" for n in other]
    columns = list(table.columns)
    advice = "name it as text_column (--text-column)"
    if len(columns) < 2:
        advice += ", or the separator, if those are several (--separator)"
    raise DataError(
        f"{table.path} needs one column called {' or '.join(TEXT)}, and has "
        f"{' and '.join(found + other) or 'neither'}; its columns: "
        f"{', '.join(columns)}; {advice}"
    )


def _named(table: Table, name: str, kind: str) -> str:
    """The column of that name, in any case if there is none in this."""
    found = [name] if name in table.columns else table.called(name.lower())
    if len(found) != 1:
        raise DataError(
            f"{table.path} has no {kind} column {name!r}; its columns: "
            f"{', '.join(table.columns)}"
        )
    return found[0]


def _column(table: Table, name: str) -> Column | None:
    found = table.called(name)
    if len(found) > 1:
        raise DataError(f"{table.path} has the columns {' and '.join(found)}; keep one")
    return table.column(found[0]) if found else None


def _films(table: Table) -> list[str] | None:
    column = _column(table, "film")
    if column is None:
        return None
    return ["" if name in NO_VALUE else name for name in column.names()]


def _ids(table: Table) -> list[str]:
    column = _column(table, "id")
    if column is None:
        stem = files.stem(table.path)
        return [f"{stem}/{row}" for row in range(len(table))]
    ids = column.names()
    name, count = Counter(ids).most_common(1)[0]
    if count > 1:
        raise DataError(
            f"{table.path} has the id {name!r} {count} times; each must be unique"
        )
    return ids


def _lost(where: Sequence[str], empty: Collection[int], labels: Labels) -> list[str]:
    """Notes on rows without a text, and on labels that nothing is learnt of."""
    notes = []
    if empty:
        notes.append(f"{len(empty)} of {len(where)} left out: the text is empty")
    taught = {
        name
        for row, split in zip(labels.rows, where, strict=True)
        for name in row or []
        if split == "train"
    }
    if missing := [name for name in labels.names if name not in taught]:
        notes.append(f"no row to train on has the label {', '.join(missing)}")
    return notes
