"""What a teacher is worth, and which teacher: pictures to point at.

Each shows the record of an experiment, `worth` or `which_teacher`, which says how it
was made.
"""

from collections.abc import Iterable
from typing import Any

import gallery
from IPython.display import HTML

from course_lib import intervals, plots, records

WORDS = {"random": "random words", "vectors": "known words"}
TEXTS = {"train": "fewer reviews", "all": "all reviews"}
SOURCES = {"labels": "from labels", "teacher": "taught"}

#: Of the three things that an LSTM may have: which differ, as the record calls them.
WORTH = {
    "a teacher": [
        (f"teacher_on_{texts}_{words}", f"{TEXTS[texts]}, {WORDS[words]}")
        for words in WORDS
        for texts in TEXTS
    ],
    "more texts": [
        (f"texts_for_{source}_{words}", f"{SOURCES[source]}, {WORDS[words]}")
        for words in WORDS
        for source in SOURCES
    ],
    "known words": [
        (f"vectors_for_{source}_{texts}", f"{SOURCES[source]}, {TEXTS[texts]}")
        for texts in TEXTS
        for source in SOURCES
    ],
}
ASKED = [key for some in WORTH.values() for key, _ in some]

#: Teachers of the next picture, as the record calls them.
OF = {
    "ngrams": "n-grams",
    "minilm": "MiniLM",
    "lstms": "LSTMs",
    "mix": "the mix of two",
    "committee-of-labels": "the mix of three",
    "committee": "the committee",
}
#: Labels of teachers nearer than this stand so far apart; both in points.
NEAR, GAP = 1.0, 0.35


def verdicts(record: records.Record, asked: Iterable[str]) -> dict[str, str]:
    """Return what may be said of each difference, corrected for asking them all."""
    asked = list(asked)
    adjusted = intervals.holm({key: record[key]["p"] for key in asked})
    return {key: intervals.verdict(record[key], adjusted[key]) for key in asked}


def worth(record: records.Record) -> HTML:
    """Return what a teacher, texts and word vectors are worth, all else equal."""
    import altair as alt

    said = verdicts(record, ASKED)
    ends = [100 * record[key]["interval"][i] for key in said for i in (0, 1)]
    scale: Any = {"domain": [min(0, *ends), max(ends)], "nice": True}
    asked = [alt.Tooltip(f"{name}:N") for name in ("said", "verdict", *gallery.MADE)]
    parts = []
    for (what, some), color in zip(WORTH.items(), plots.COLORS, strict=False):
        rows = [
            {
                "where": where,
                "points": 100 * record[key]["value"],
                "low": 100 * record[key]["interval"][0],
                "high": 100 * record[key]["interval"][1],
                "said": records.lead(record, key),
                "verdict": said[key],
            }
            | gallery.made_by(record, "worth")
            for key, where in some
        ]
        last = what == list(WORTH)[-1]
        base = alt.Chart(alt.Data(values=rows), title=what).encode(
            y=alt.Y("where:N", title=None, sort=None).axis(labelLimit=190),
            tooltip=asked,
        )
        x = alt.X("low:Q", title="points gained" if last else None)
        bars = base.mark_rule(strokeWidth=2, color=color).encode(
            x=x.scale(**scale), x2="high:Q"
        )
        marks = base.mark_point(filled=True, size=80, opacity=1, color=color).encode(
            x="points:Q"
        )
        parts.append(alt.layer(bars, marks).properties(width=150, height=84))
    return plots.interact(
        alt.vconcat(*parts),
        alt="Twelve differences in accuracy with their intervals, in three groups of "
        "four: what a teacher adds, what more texts add and what known words add, each "
        "where all else is equal.",
    )


def which_teacher(record: records.Record) -> HTML:
    """Return how good each student is over how good its teacher is."""
    import altair as alt

    rows = [
        {
            "teacher": name,
            "of": 100 * record[row]["metrics"]["accuracy"],
            "student": 100 * entry["metrics"]["accuracy"],
            "low": 100 * entry["intervals"]["accuracy"][0],
            "high": 100 * entry["intervals"]["accuracy"][1],
            "accuracy of the teacher": records.with_interval(record[row], "accuracy"),
            "accuracy of the student": records.with_interval(entry, "accuracy"),
        }
        | gallery.made_by(record, "which_teacher")
        for row, name in OF.items()
        if (entry := record[f"of-{row}"])
    ]
    shown = ("teacher", "accuracy of the teacher", "accuracy of the student")
    placed: list[dict[str, Any]] = []
    for row in sorted(rows, key=lambda row: row["student"]):
        # A label is as high as its mark, or stands above that of a neighbour.
        near = [r["label"] + GAP for r in placed if abs(r["of"] - row["of"]) < NEAR]
        row["label"] = max([row["student"], *near])
        placed.append(row)
    ends = [row["of"] for row in rows]
    domain = [min(ends) - 0.4, max(ends) + 2]  # with room for labels
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("of:Q", title="% right, the teacher").scale(domain=domain),
        tooltip=[alt.Tooltip(f"{name}:N") for name in (*shown, *gallery.MADE)],
    )
    y = alt.Y("student:Q", title="% right, its student").scale(zero=False)
    points = base.mark_point(filled=True, size=90, opacity=1, color=plots.BLUE).encode(
        y=y
    )
    bars = base.mark_rule(color=plots.BLUE).encode(y="low:Q", y2="high:Q")
    labels = base.mark_text(align="left", dx=8).encode(y="label:Q", text="teacher:N")
    alone = (
        alt.Chart()
        .mark_rule(strokeDash=[4, 4], color=plots.GREY)
        .encode(y=alt.datum(100 * record["alone"]["metrics"]["accuracy"]))
    )
    equal = [{"of": end, "student": end} for end in (min(ends), max(ends))]
    as_good = (
        alt.Chart(alt.Data(values=equal))
        .mark_line(strokeWidth=1, color=plots.GREY)
        .encode(x="of:Q", y="student:Q")
    )
    return plots.interact(
        alt.layer(alone, as_good, bars, points, labels).properties(
            width=270, height=230
        ),
        alt="Accuracy of six students, one LSTM, over that of their teachers, with "
        "intervals; on the thin line the two are equal; a dashed line is the student "
        "alone, from labels.",
    )
