"""What a teacher is worth, what are texts, and what are words: a picture to point at.

It shows the record of `experiments/worth.py`, which says how it was made.
"""

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


def verdicts(record: records.Record) -> dict[str, str]:
    """Return what may be said of each difference, corrected for asking them all."""
    asked = [key for some in WORTH.values() for key, _ in some]
    adjusted = intervals.holm({key: record[key]["p"] for key in asked})
    return {key: intervals.verdict(record[key], adjusted[key]) for key in asked}


def worth(record: records.Record) -> HTML:
    """Return what a teacher, texts and word vectors are worth, all else equal."""
    import altair as alt

    said = verdicts(record)
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
