"""`evaluate`: how good a saved student is on labelled texts, with intervals."""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from course_lib import comparison, records, reviews
from course_lib.commands.options import add_data, table_options, tell
from course_lib.comparison import Reading
from course_lib.models import count_parameters, file_bytes
from course_lib.reviews import own
from course_lib.reviews.loading import NAMES
from course_lib.reviews.own.files import is_table
from course_lib.reviews.table import DataError, Reviews
from course_lib.students import Student

ABOUT = (
    "Read labelled texts with a saved student, and print how often it is right: of a "
    "data set of the course its test split, of a table of your own all rows with a "
    "label, or its test rows if it has a column `split`. Labels are compared by name."
)


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of `evaluate`."""
    parser.add_argument("folder", help="of a student, or its id on the hub")
    add_data(parser)


def run(options: argparse.Namespace) -> int:
    """Print one table; a student of many labels has a row for its own thresholds."""
    student = Student.load(options.folder)
    part = test_texts(options)
    for note in part.notes:
        tell(f"note: {note}")
    columns, labels = in_its_order(student, part)
    logits = student.logits(part.texts, progress="test")
    size = (count_parameters(student.model), file_bytes(student.model), None)
    rows = {"student": "student"}
    read = {"student": Reading(logits[:, columns], *size)}
    if student.multilabel:
        rows = {"student": "a label from p = 0.5 on", "own": "from its own thresholds"}
        own_cut = student.at_its_thresholds(logits)[:, columns]
        read["own"] = Reading(own_cut.astype(np.float32), *size)
    films = comparison.films_of(part)
    result = comparison.compare([read], labels, differences={}, groups=films)
    print(records.table(result, rows))
    drawn = "texts" if films is None else "films"
    print(
        f"{len(labels):,} texts of {part.name}; 95 % intervals, by resampling {drawn}"
    )
    return 0


def test_texts(options: argparse.Namespace) -> Reviews:
    """Load what the student is tested on."""
    if options.data in NAMES or not is_table(Path(options.data)):
        return reviews.load(
            options.data, "test", data_dir=options.data_dir, **table_options(options)
        )
    return own.load_labelled(Path(options.data), **table_options(options))


def in_its_order(student: Student, part: Reviews) -> tuple[list[int], NDArray]:
    """Return the places of the data's labels among the student's, and the labels.

    Raises `DataError` for labels that the student does not know, or if one of the two
    gives one label a text and the other any number.
    """
    labels = part.require_labels()
    if part.multilabel != student.multilabel:
        kinds = {True: "any number of labels a text", False: "one label a text"}
        raise DataError(
            f"{part.name} has {kinds[part.multilabel]}, and the student gives "
            f"{kinds[student.multilabel]}: they cannot be compared"
        )
    known = student.label_names
    if strange := [name for name in part.label_names if name not in known]:
        raise DataError(
            f"{part.name} has the label {', '.join(map(repr, strange))}, and the "
            f"student knows {', '.join(map(repr, known))}"
        )
    places = [known.index(name) for name in part.label_names]
    if part.multilabel:
        return places, labels
    return list(range(len(known))), np.array(places)[labels]
