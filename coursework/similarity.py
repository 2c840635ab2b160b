"""Find notebooks that are alike: `python -m coursework.similarity FOLDER`.

What students wrote is compared, two by two (`coursework.alike` says how). Nothing is
run.

The results, beside the grades in `_build/grades` unless told otherwise:

    NAME/similar.html    each pair that is alike, with the code side by side
    NAME/similar.csv     the same pairs as a table

That two are alike proves nothing: short answers have few forms, and a pair may have
been allowed to work together. Read both before you ask.
"""

import argparse
import csv
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from jinja2 import Environment

from course_lib.files import whole_file
from coursework.alike import ALIKE, Pair, alike, boilerplate, work
from coursework.assignment import load
from coursework.grade import GRADES, HOMEWORK
from coursework.notebook import Notebook, Unreadable
from coursework.placing import found_in
from coursework.submissions import Submission
from coursework.table import safe

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
<h1>{{ name }}: pairs that are alike: {{ pairs | length }}</h1>
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


def report(
    name: str,
    ones: Iterable[Submission],
    given: Notebook | None,
    out: Path,
    least: float = ALIKE,
) -> list[Pair]:
    """Compare the submissions of an assignment, and write `similar.html` and `.csv`."""
    common = boilerplate(given)
    works, skipped = [], []
    for one in ones:
        try:
            works.append(work(one, given, common))
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
    try:
        placed = found_in(args.folder, args.homework, args.assignment)
    except LookupError as error:
        print(error, file=sys.stderr)
        return 1
    for name, ones in placed.items():
        given = load(args.homework / name).template
        pairs = report(name, ones, given, args.out / name, args.alike)
        where = args.out / name / "similar.html"
        print(f"{name}: {len(ones)} notebooks, pairs alike: {len(pairs)}; {where}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
