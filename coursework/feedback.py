"""One page for a student: points, what each test said, and what was written.

All that came from the student is shown as text, and the page may load nothing and run
nothing. Hidden tests say what their authors wrote into them, never what they ask.
Still, a notebook can put into its own errors and answers what it was asked: give pages
back after the deadline.
"""

import math
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment

from coursework.assignment import Assignment
from coursework.submissions import Submission
from coursework.table import BY_HAND, number

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{{ assignment }}: {{ student }}</title>
<style>
  :root { color-scheme: light dark }
  body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto;
    padding: 0 1rem }
  table { border-collapse: collapse } th, td { padding: .2rem .8rem; text-align: left;
    border-bottom: 1px solid #8888 } td.number { text-align: right }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; padding: .6rem;
    border-left: 4px solid #8888 }
  img { max-width: 100%; background: #fff }
</style>
<h1>{{ assignment }}</h1>
<p>{{ student }}{% if number %} ({{ number }}){% endif %}</p>
<p><strong>{{ "%g of %g points" | format(total, out_of) }}</strong> from tests
{%- if marks %}, {{ "%g of %g" | format(total + given, most_of_all) }} in all
{%- elif written %}; answers read by a person: {{ written | length }}{% endif %}.</p>
{% if by_hand %}<p>Beside the questions: {{ "%+g" | format(by_hand) }}.</p>{% endif %}
{% if notes %}<h2>What went wrong on the way</h2>
<ul>{% for note in notes %}<li>{{ note }}</li>{% endfor %}</ul>{% endif %}
{% for question, points in points.items() %}
<h2>{{ question }}: {{ "%g of %g" | format(points, possible[question]) }}</h2>
{% for case in cases.get(question, []) %}
<p>{{ "✓" if case.passed else "✗" }} {{ case.name }}
({{ "passed" if case.passed else "not passed" }}{{ ", hidden" if case.hidden }})</p>
{% if case.message %}<pre>{{ case.message }}</pre>{% endif %}
{% endfor %}{% endfor %}
{% for question, answer in written.items() %}
{% set column = question if question in read else question ~ " (written)" %}
<h2>{{ question }}: {% if column in marks -%}
{{ "%g" | format(marks[column]) }}
{%- if column in most %} of {{ "%g" | format(most[column]) }}{% endif %}, {% endif -%}
read by a person</h2>
{% for cell in answer %}<pre>{{ cell.source }}</pre>
{% for picture in cell.pictures %}
<img alt="a picture from the notebook as it was handed in"
  src="data:image/png;base64,{{ picture }}">{% endfor %}
{%- else %}<p>No answer was found.</p>{% endfor %}
{% endfor %}
</html>
"""

_page = Environment(autoescape=True).from_string(PAGE)


def page(
    assignment: Assignment,
    submission: Submission,
    grade: dict[str, Any],
    filled: Mapping[str, str],
) -> str:
    """Return the page as HTML.

    `grade` is `judge.Graded.plain()`, and `filled` what a person has written into the
    table for this notebook.
    """
    marks = {column: number(text) for column, text in filled.items()}
    most = {q: points for q, points in assignment.read.items() if points < math.inf}
    out_of = sum(grade["possible"].values())
    return _page.render(
        assignment=assignment.name,
        student=submission.student,
        number=submission.number,
        total=sum(grade["points"].values()),
        out_of=out_of,
        read=assignment.read,
        most=most,
        most_of_all=out_of + sum(most.values()),
        marks=marks,
        given=sum(marks.values()),
        by_hand=marks.get(BY_HAND, 0),
        **grade,
    )
