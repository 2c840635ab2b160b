"""Write `tests/submissions/twelve`: what a class may hand in. Run it by `make samples`.

All of it is made from the master of one assignment, so that it is of today: a test
compares what lies there with what this would write.
"""

import copy
import csv
import io
import json
import re
import tempfile
import zipfile
from pathlib import Path

from coursework.build import MASTERS, build
from submissions.hand_ins import NAME, POINTS, READ, YEAR, hand_ins
from submissions.samples import code, tags

FOLDER = Path(__file__).parent / "twelve"


def text(one, template):
    """The file of one, made from the notebook that students get."""
    made = copy.deepcopy(template)
    cells = made["cells"]
    if one.id:
        [whose] = [c for c in cells if "".join(c["source"]).startswith("student = ...")]
        whose["source"] = f'student = "{one.id}"\nyear = {YEAR}'
    words = list(one.answers.get("words", ()))
    place = None
    for cell in cells:
        if {"otter_answer_cell", "otter_assign_solution_cell"} & set(tags(cell)):
            place = cell
            if cell["cell_type"] == "markdown" and words:
                cell["source"] = words.pop(0)
        checked = re.fullmatch(r'grader.check\("(\w+)"\)', "".join(cell["source"]))
        if checked and checked[1] in one.answers:
            place["source"] = one.answers[checked[1]]
    # Before the first question, so that a later one may use them, and at the end.
    for number, source in enumerate(one.added):
        new = code(source.strip()) | {"id": f"added-{number}"}
        cells.insert(6 if number == 0 else len(cells), new)
    found = json.dumps(made, indent=1, ensure_ascii=False) + "\n"
    return one.edit(found) if one.edit else found


def files():
    """All files of the folder, by name."""
    ones = hand_ins()
    with tempfile.TemporaryDirectory() as place:
        folder = build(MASTERS / f"{NAME}.ipynb", YEAR, Path(place))
        template = json.loads((folder / "student" / f"{NAME}.ipynb").read_text("utf-8"))
    made, archives = {}, {}
    for one in ones:
        archive, inside, name = one.place.partition(".zip/")
        data = text(one, template).encode()
        if inside:
            archives.setdefault(f"{archive}.zip", {})[name] = data
        else:
            made[one.place] = data
    made |= {name: zipped(content) for name, content in archives.items()}
    return made | {"expected.csv": table(ones).encode()}


def zipped(content):
    """An archive with the same bytes everywhere and always."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in content.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return file.getvalue()


def table(ones):
    """What each deserves, as the grader's own table has it."""
    file = io.StringIO()
    rows = csv.writer(file, lineterminator="\n")
    start = ["handed_in", "student", "number", "file", "says", "total", "out_of"]
    rows.writerow([*start, *POINTS, "notes"])
    for one in sorted(ones, key=lambda one: one.place):
        earned = [most - one.lost.get(q, 0) for q, most in POINTS.items()]
        about = [one.what, one.name, one.number, one.place, one.id]
        sums = [sum(earned), sum(POINTS.values()) + READ]
        rows.writerow([*about, *sums, *earned, one.notes])
    return file.getvalue()


def main():
    FOLDER.mkdir(exist_ok=True)
    for name, data in files().items():
        (FOLDER / name).write_bytes(data)
        print(FOLDER / name)


if __name__ == "__main__":
    main()
