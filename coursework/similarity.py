"""Find notebooks that are alike: `python -m coursework.similarity FOLDER`.

What students wrote is compared, two by two: their code by copydetect, which looks for
runs of the same tokens and so does not mind other names, and long answers in words if
they are the same. What the assignment gave them does not count. Nothing is run.

The results, beside the grades in `_build/grades` unless told otherwise:

    NAME/similar.html    each pair that is alike, with the code side by side
    NAME/similar.csv     the same pairs as a table

That two are alike proves nothing: short answers have few forms, and a pair may have
been allowed to work together. Read both before you ask.
"""

import argparse
import csv
import io
import itertools
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from copydetect import CodeFingerprint, compare_files
from copydetect.utils import highlight_overlap
from jinja2 import Environment
from markupsafe import Markup

from course_lib.files import whole_file
from coursework import notebook, submissions
from coursework.assignment import Assignment, load
from coursework.grade import GRADES, HOMEWORK
from coursework.notebook import Notebook, Unreadable, spaces
from coursework.placing import place, questions_of
from coursework.submissions import Submission
from coursework.table import safe

ALIKE = 0.6  # of the code of one of the two
RUN = 25  # characters that must follow each other in both, names counted as one
LONG = 12  # words of an answer that two do not write by chance
MOST_FILE, MOST_CODE = 20 << 20, 100_000

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'">
<title>{{ name }}: alike</title>
<style>
  :root { color-scheme: light dark }
  body { font: 1rem/1.5 system-ui, sans-serif; max-width: 80rem; margin: 2rem auto;
    padding: 0 1rem }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85rem }
  .two { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem }
  .two > * { min-width: 0 }
  mark { background: #fc08; color: inherit }
</style>
<h1>{{ name }}: {{ pairs | length }} pairs that are alike</h1>
<p>Of {{ count }} notebooks. A pair is here if at least {{ "%.0f %%" | format(least) }}
of one's code is also in the other's, or if both have a long answer in the same words.
Marked is what both have.</p>
{% for skip in skipped %}<p>Skipped: {{ skip }}</p>{% endfor %}
{% for pair in pairs %}
<h2>{{ pair.names[0] }} and {{ pair.names[1] }}</h2>
<div class="two">{% for n in (0, 1) %}<div>
<p>{{ "%.0f %%" | format(100 * pair.shares[n]) }} of the code in {{ pair.files[n] }}</p>
<pre>{{ pair.codes[n] }}</pre></div>{% endfor %}</div>
{% for text in pair.texts %}<p>The same words:</p><pre>{{ text }}</pre>{% endfor %}
{% endfor %}
</html>
"""
_page = Environment(autoescape=True).from_string(PAGE)


@dataclass(frozen=True)
class Work:
    """What one student wrote: code to be compared, and long answers by their words."""

    submission: Submission
    code: CodeFingerprint
    texts: dict[str, str]


@dataclass(frozen=True)
class Pair:
    """Two that are alike; each field has one's side and the other's."""

    names: tuple[str, str]
    numbers: tuple[str, str]
    files: tuple[str, str]
    shares: tuple[float, float]  # of one's code that is also in the other's
    codes: tuple[Markup, Markup]
    texts: list[str]  # that both have


def own_code(submitted: Notebook, given: Notebook | None) -> str:
    """Return the code cells that are not as they were given out."""
    known = {spaces(cell.source) for cell in (given.cells if given else [])}
    cells = [source for source in submitted.code().values() if source.strip()]
    return "\n".join(x for x in cells if spaces(x) not in known)[:MOST_CODE]


def work(
    one: Submission, assignment: Assignment, boilerplate: np.ndarray | None = None
) -> Work:
    """Return what a student wrote.

    Raises `notebook.Unreadable` if the file is no notebook, or a very large one.
    """
    if one.problem or len(one.data) > MOST_FILE:
        raise Unreadable(one.problem or f"{len(one.data) / 1e6:,.0f} MB")
    submitted, given = notebook.read(one.data), assignment.template
    known = {spaces(cell.source) for cell in (given.cells if given else [])}
    answers = [
        cell.source
        for cells in notebook.written_answers(submitted).values()
        for cell in cells
        if cell.kind == "markdown" and spaces(cell.source) not in known
    ]
    words = {" ".join(re.findall(r"\w+", text.casefold())): text for text in answers}
    long = {key: text for key, text in words.items() if key.count(" ") >= LONG - 1}
    return Work(one, fingerprint(own_code(submitted, given), boilerplate), long)


def fingerprint(code: str, boilerplate: np.ndarray | None = None) -> CodeFingerprint:
    """Return what copydetect compares; every run counts, so that the shares are exact
    and the same each time."""
    return CodeFingerprint(
        "", RUN, 1, boilerplate, language="python", fp=io.StringIO(code)
    )


def alike(works: Iterable[Work], least: float = ALIKE) -> list[Pair]:
    """Return the pairs of which one has `least` of its code from the other, or which
    have a long answer in common; the most alike first."""
    found = []
    for one, other in itertools.combinations(works, 2):
        _, shares, slices = compare_files(one.code, other.code)
        texts = [one.texts[key] for key in one.texts if key in other.texts]
        if max(shares) < least and not texts:
            continue
        both = (one, other)
        codes = [_marked(x.code.raw_code, s) for x, s in zip(both, slices, strict=True)]
        first, second = (x.submission for x in both)
        found.append(
            Pair(
                (first.student, second.student),
                (first.number, second.number),
                (first.source, second.source),
                (float(shares[0]), float(shares[1])),
                (codes[0], codes[1]),
                texts,
            )
        )
    return sorted(found, key=lambda pair: (-max(pair.shares), pair.files))


def _marked(code: str, slices: np.ndarray) -> Markup:
    if not slices.size:
        return Markup.escape(code)
    marked, _ = highlight_overlap(code, slices, "<mark>", "</mark>", escape_html=True)
    return Markup(marked)


def report(
    name: str,
    ones: Iterable[Submission],
    assignment: Assignment,
    out: Path,
    least: float = ALIKE,
) -> list[Pair]:
    """Compare the submissions of an assignment, and write `similar.html` and `.csv`."""
    given = assignment.template.code().values() if assignment.template else []
    boilerplate = np.array(list(fingerprint("\n".join(given)).hashes))
    works, skipped = [], []
    for one in ones:
        try:
            works.append(work(one, assignment, boilerplate))
        except Unreadable as reason:
            skipped.append(f"{one.source!r}: {reason}")
    for skip in skipped:
        print(f"Skipped: {skip}")
    pairs = alike(works, least)
    out.mkdir(parents=True, exist_ok=True)
    text = _page.render(
        name=name, pairs=pairs, count=len(works), skipped=skipped, least=100 * least
    )
    with whole_file(out / "similar.html", ours=lambda _: True) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
    with (
        whole_file(out / "similar.csv", ours=lambda _: True) as unfinished,
        open(unfinished, "w", encoding="utf-8-sig", newline="") as file,
    ):
        table = csv.writer(file)
        fields = ("student", "number", "file", "share")
        header = [f"{field}_{n}" for n in (1, 2) for field in fields]
        table.writerow([*header, "same_answers"])
        for pair in pairs:
            sides = zip(pair.names, pair.numbers, pair.files, pair.shares, strict=True)
            cells = [[*map(safe, side[:3]), f"{side[3]:.2f}"] for side in sides]
            table.writerow([*cells[0], *cells[1], len(pair.texts)])
    return pairs


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the arguments, compare, and say in a line where the results are."""
    parser = argparse.ArgumentParser(prog="coursework.similarity", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("folder", type=Path, help="notebooks, folders and zip files")
    parser.add_argument("--assignment", help="which one all of them are")
    parser.add_argument("--homework", type=Path, default=HOMEWORK)
    parser.add_argument("--out", type=Path, default=GRADES)
    parser.add_argument("--alike", type=float, default=ALIKE, help="from 0 to 1")
    args = parser.parse_args(arguments)
    known = questions_of(args.homework, args.assignment)
    if not known:
        print(f"No assignment in {args.homework}: run make homework.", file=sys.stderr)
        return 1
    placed, strays = place(submissions.find(args.folder), known, args.assignment)
    for line in strays:
        print(line)
    for name, ones in placed.items():
        assignment = load(args.homework / name)
        pairs = report(name, ones, assignment, args.out / name, args.alike)
        where = args.out / name / "similar.html"
        print(f"{name}: {len(ones)} notebooks, {len(pairs)} pairs alike; {where}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
