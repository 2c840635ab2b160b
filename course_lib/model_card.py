"""The card of a saved student: how good it is, how it was made, what nobody tried."""

from collections.abc import Mapping
from typing import Any

from course_lib import records
from course_lib.records import Record
from course_lib.students import Student

#: Whose the texts are that a student was trained on, and what may be done with it.
TERMS = {
    "synthetic": "The reviews are written by a generator that comes with the course, "
    "under Apache-2.0.",
    "imdb": "The Large Movie Review Dataset (Maas et al. 2011) states no terms; its "
    "authors ask to be cited, and the texts are those of their writers.",
    "imdb-genres": "The genres are of MovieLens 25M: research only, no commercial use "
    "without permission of GroupLens. The reviews are those of their writers.",
    "goemotions": "GoEmotions (Demszky et al. 2020) is under CC BY 4.0.",
}
UNKNOWN_TERMS = (
    "The data are the trainer's own: whoever passes this student on says here under "
    "which terms."
)
NAMES = {key: name for key, name in records.ROWS.items() if key != "int8"}


def model_card(record: Record, student: Student, row: str, seed: int) -> str:
    """Return the card, in Markdown, of the student of one row and seed of a record.

    `row` is "student", or "baseline" for the one without a teacher.
    """
    taught = row == "student"
    headline = record["headline"]
    title, scale = records.SHOWN[headline]
    place = record["seeds"].index(seed)
    score = scale * record[row]["per_run"][headline][place]
    teacher = record["teacher_model"]
    how = (
        f"It learned from a teacher, `{teacher}`, by knowledge distillation at "
        f"temperature {record['temperature']:g}, with weight {record['alpha']:g} on "
        "what the teacher says and the rest on the labels."
        if taught
        else f"It learned from the labels alone, beside an equal that had a teacher, "
        f"`{teacher}`."
    )
    return "\n".join(
        [
            "---",
            "library_name: course_lib",
            "pipeline_tag: text-classification",
            "tags: [text-classification, knowledge-distillation]",
            f"license: {'apache-2.0' if record['data'] == 'synthetic' else 'other'}",
            "---",
            "",
            title_of(record, row),
            "",
            f"A small classifier of texts ({student.recipe.architecture}, "
            f"{record[row]['parameters']:,} numbers). {task(student)} {how}",
            "",
            "## How good",
            "",
            records.table(record, NAMES),
            "",
            records.verdict(record),
            "",
            f"The student in this folder is that of seed {seed}, the best of "
            f"{len(record['seeds'])} on the validation split. On the "
            f"{record['sizes']['test']:,} test texts it has {score:.2f} % "
            f"({title.removesuffix(', %')}).",
            "",
            "## How to use it",
            "",
            "```python",
            "from course_lib.students import Student",
            "",
            'student = Student.load("this-folder")',
            'student.predict(["A text of your own."])',
            "```",
            "",
            "`python -m course_lib predict this-folder FILE` does so for each row of a "
            "table, and `python -m course_lib export this-folder --onnx` makes a file "
            "that runs without PyTorch.",
            "",
            "## How it was made",
            "",
            *facts(record, student),
            "",
            "## Terms",
            "",
            TERMS.get(record["data"], UNKNOWN_TERMS),
            "",
            "## What it was not tested on",
            "",
            *limits(record, student),
            "",
        ]
    )


def title_of(record: Record, row: str) -> str:
    """Name the student after whom it learned from, and what."""
    if row == "student":
        teacher = record["teacher_model"]
        return f"# A small student of {teacher}, trained on {record['data']}"
    return f"# A small student without a teacher, trained on {record['data']}"


def task(student: Student) -> str:
    """Say what the student decides."""
    names = ", ".join(f"`{name}`" for name in student.label_names)
    if student.multilabel:
        return f"It gives a text any number of the labels {names}."
    return f"It puts a text into one of {names}."


def facts(record: Record, student: Student) -> list[str]:
    """List what the student depends on."""
    sizes = ", ".join(f"{count:,} {split}" for split, count in record["sizes"].items())
    versions = ", ".join(f"{name} {v}" for name, v in record["versions"].items())
    lines = [
        f"- data: {record['data']} ({sizes})",
        f"- {record['epochs']} epochs of batches of {record['batch_size']}, seeds "
        f"{', '.join(map(str, record['seeds']))}, scale `{record['scale']}`",
        f"- device: {record['device']}; versions: {versions}",
        f"- reads the first and the last half of at most {student.max_tokens} words, "
        f"and knows {len(student.vocabulary):,} of them",
        f"- probabilities are those of logits divided by {student.temperature:.3f}, "
        "fitted on validation",
    ]
    if student.thresholds is not None:
        cuts = zip(student.label_names, student.thresholds, strict=True)
        told = ", ".join(f"{name} {cut:.2f}" for name, cut in cuts)
        lines.append(f"- a label is said from this probability on: {told}")
    return lines + [f"- {note}" for note in record["notes"]]


def limits(record: Mapping[str, Any], student: Student) -> list[str]:
    """List what nobody has tried."""
    lines = [
        f"- texts of any other kind than those of {record['data']}, and any other "
        "language",
        "- texts by or about particular groups of people: no comparison was made",
        "- texts written to mislead it",
        f"- words that are not among its {len(student.vocabulary):,}: it reads them "
        "all as one",
    ]
    if record["scale"] == "smoke":
        lines.insert(0, "- **anything: a smoke run shows that all works, no more**")
    return lines
