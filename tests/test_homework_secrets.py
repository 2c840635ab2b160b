"""No hidden test and no answer is in anything that a student gets."""

import ast
import json
import re
import zipfile
from pathlib import Path

from homework.built import MASTERS, built, cells, each, small  # noqa: F401


def secret(name):
    """The lines of a master that no student may see."""
    shown, hidden = set(), set()
    for cell in cells(MASTERS / f"{name}.ipynb"):
        if cell.cell_type == "raw":
            continue
        text, inside = cell.source, False
        whole = text.startswith("**Rubric**") or "hidden: true" in text[:60]
        if "BEGIN TEST CONFIG" in text:  # otter writes tests down in its own words
            text += "\n" + ast.unparse(ast.parse(text))
        for line in text.splitlines():
            inside = inside or "# BEGIN SOLUTION" in line
            mine = whole or inside or line.endswith("# SOLUTION")
            (hidden if mine else shown).add(line.removesuffix("# SOLUTION").strip())
            inside = inside and "# END SOLUTION" not in line
    return {line for line in hidden - shown if len(line) > 12}


@each
def test_nothing_that_a_student_gets_has_a_hidden_test_or_an_answer(name, tmp_path):
    lines = secret(name)
    assert len(lines) > 40
    with zipfile.ZipFile(built(name) / "student.zip") as archive:
        archive.extractall(tmp_path)
        assert f"{name}.ipynb" in archive.namelist()
    files = [*tmp_path.rglob("*"), *(built(name) / "student").rglob("*")]
    for path in filter(Path.is_file, files):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":  # all of it, with metadata
            text += "\n".join(strings(json.loads(text)))
        found = [line for line in lines if line in text]
        assert found == [], path
        assert not re.search(r"def hidden_|Rubric|hidden=True", text), path


def strings(value):
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [value] if isinstance(value, str) else []
