"""What a teacher is worth, which teacher, and when: pictures to point at.

Each shows the record of an experiment, `worth`, `which_teacher`, `patience` or
`few_labels`, which says how it was made.
"""

from collections.abc import Iterable
from itertools import product
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
#: And what is asked of the same record beside them.
ALSO = {
    "everything_minus_teacher": "The student with all three against its teacher",
    "everything_minus_bag-of-words": "against TF-IDF",
    "everything_minus_ngrams": "against the n-grams",
    "teacher_minus_longer": "A student with a teacher and more texts against longer "
    "training on labels",
}

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

#: What students of patience learn from: labels, or a teacher's word on texts.
ARMS = ("alone", "few", "train", "all")

#: Who else may learn from few labels than a student that soft targets taught.
FEW = {
    "the same student, other lessons": {
        "verdicts": "its teacher's verdicts",
        "sharper": "its teacher, sharpened",
        "pseudo": "its own answers",
    },
    "the same student, its labels alone": {
        "as-long": "in as many steps",
        "alone": "for as long as they like",
        "known-words": "and with known words",
    },
    "another kind of model, its labels alone": {
        "teacher": "its teacher",
        "ngrams": "n-grams",
        "bag-of-words": "TF-IDF",
        "sentences": "MiniLM's vectors",
    },
}
OTHERS = {row: what for some in FEW.values() for row, what in some.items()}


def verdicts(record: records.Record, asked: Iterable[str]) -> dict[str, str]:
    """Return what may be said of each difference, corrected for asking them all."""
    asked = list(asked)
    adjusted = intervals.holm({key: record[key]["p"] for key in asked})
    return {key: intervals.verdict(record[key], adjusted[key]) for key in asked}


def worth(record: records.Record) -> HTML:
    """Return what a teacher, texts and word vectors are worth, all else equal."""
    import altair as alt

    said = verdicts(record, [*ASKED, *ALSO])
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
        for entry in [record[f"of-{row}"]]
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


def patience(record: records.Record) -> HTML:
    """Return how good students are, and how like their teacher, over what they read."""
    import altair as alt

    names = {
        arm: f"{'labels' if arm == 'alone' else 'taught'}, {texts:,} texts"
        for arm in ARMS
        for texts in [record["transfer"]["train" if arm == "alone" else arm]]
    }
    rows = []
    for arm, what in names.items():
        for passes in record["passes"]:
            if (row := f"{arm}-{passes}") not in record:
                continue  # too few reviews for a pass over so many
            agree, by_chance = (
                100 * sum(some) / len(some)
                for some in record["agreement"][row].values()
            )
            low, high = record[row]["intervals"]["accuracy"]
            rows.append(
                {
                    "what": what,
                    "read": record["reviews_read"][row],
                    "reviews": f"{record['reviews_read'][row]:,}",
                    "right": 100 * record[row]["metrics"]["accuracy"],
                    "low": 100 * low,
                    "high": 100 * high,
                    "beyond": agree - by_chance,
                    "accuracy": records.with_interval(record[row], "accuracy"),
                    "as its teacher": f"{agree:.1f} %",
                    "if each erred alone": f"{by_chance:.1f} %",
                }
                | gallery.made_by(record, "patience")
            )
    shown = ("what", "reviews", "accuracy", "as its teacher", "if each erred alone")
    domain: Any = {"domain": list(names.values())}
    budgets = [record["reviews_read"][f"alone-{passes}"] for passes in record["passes"]]
    ends = [row["read"] for row in rows]
    key = alt.Legend(orient="top", columns=1)
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X(
            "read:Q",
            title="reviews read, again and again",
            axis=alt.Axis(format=".2~s", values=budgets),
        ).scale(type="log", base=2, domain=[min(ends) / 1.2, max(ends) * 1.2]),
        color=alt.Color("what:N", title=None, legend=key).scale(
            **domain, range=plots.COLORS[: len(names)]
        ),
        tooltip=[alt.Tooltip(f"{name}:N") for name in (*shown, *gallery.MADE)],
    )
    right = alt.Y("right:Q", title="% right on test").scale(zero=False)
    beyond = alt.Y("beyond:Q", title="points of agreement").scale(zero=False)
    bars = base.mark_rule(opacity=0.6).encode(y="low:Q", y2="high:Q")
    teacher = (
        alt.Chart()
        .mark_rule(strokeDash=[4, 4], color=plots.GREY)
        .encode(y=alt.datum(100 * record["teacher"]["metrics"]["accuracy"]))
    )
    points = base.mark_point(filled=True, size=60, opacity=1).encode(
        shape=alt.Shape("what:N", title=None, legend=key).scale(**domain)
    )
    panels = [
        alt.layer(
            teacher, bars, base.mark_line().encode(y=right), points.encode(y=right)
        ),
        alt.layer(base.mark_line().encode(y=beyond), points.encode(y=beyond)),
    ]
    return plots.interact(
        alt.vconcat(*(panel.properties(width=270, height=190) for panel in panels)),
        alt="Two panels over the number of reviews that a student reads: above its "
        "accuracy, with intervals and a dashed line for the teacher's, below how often "
        "it says what the teacher says beyond what two who err independently would. "
        "A line each for a student of labels and for three that a teacher taught, "
        "on few, on the same and on all texts.",
    )


def taught_less(other: str, labels: int) -> str:
    """Return what the record of few labels calls a difference.

    >>> taught_less("known-words", 100)
    'taught_minus_known_words_100'
    """
    return f"taught_minus_{other.replace('-', '_')}_{labels}"


def few_labels(record: records.Record) -> HTML:
    """Return how far others are from the taught student, over the number of labels."""
    import altair as alt

    counts = record["labels"]
    said = verdicts(record, [taught_less(o, n) for o in OTHERS for n in counts])
    shown = ("who", "labels", "right", "taught student", "less taught", "verdict")
    panels = []
    for title, some in FEW.items():
        rows = []
        for (other, what), n in product(some.items(), counts):
            lead = record[taught_less(other, n)]
            low, high = (-100 * end for end in reversed(lead["interval"]))
            points = -100 * lead["value"]
            rows.append(
                {
                    "who": what,
                    "n": n,
                    "labels": f"{n:,}",
                    "points": points,
                    "low": low,
                    "high": high,
                    "right": records.with_interval(record[f"{other}-{n}"], "accuracy"),
                    "taught student": records.with_interval(
                        record[f"taught-{n}"], "accuracy"
                    ),
                    "less taught": f"{points:+.2f} [{low:+.2f}, {high:+.2f}]",
                    "verdict": f"the taught student: {said[taught_less(other, n)]}",
                }
                | gallery.made_by(record, "few_labels")
            )
        names: Any = {"domain": list(some.values())}
        key = alt.Legend(orient="top", columns=2)
        base = alt.Chart(alt.Data(values=rows), title=title).encode(
            x=alt.X(
                "n:Q",
                title="labels" if title == list(FEW)[-1] else None,
                axis=alt.Axis(format=",d", values=counts),
            ).scale(type="log", domain=[counts[0] / 1.2, counts[-1] * 1.2]),
            color=alt.Color("who:N", title=None, legend=key).scale(
                **names, range=plots.COLORS[: len(some)]
            ),
            tooltip=[alt.Tooltip(f"{name}:N") for name in (*shown, *gallery.MADE)],
        )
        y = alt.Y("points:Q", title="points of accuracy").scale(zero=True)
        bars = base.mark_rule(opacity=0.6).encode(y="low:Q", y2="high:Q")
        marks = base.mark_point(filled=True, size=60, opacity=1).encode(
            y=y, shape=alt.Shape("who:N", title=None, legend=key).scale(**names)
        )
        equal = (
            alt.Chart()
            .mark_rule(strokeDash=[4, 4], color=plots.GREY)
            .encode(y=alt.datum(0))
        )
        panel = alt.layer(equal, bars, base.mark_line().encode(y=y), marks)
        panels.append(panel.properties(width=270, height=150))
    return plots.interact(
        alt.vconcat(*panels).resolve_scale(color="independent", shape="independent"),
        alt="Three panels over the number of labels, on a logarithmic axis: how many "
        "points of accuracy others are above or below a student that soft targets "
        "taught, which is a dashed line, with intervals. Above the same student with "
        "other lessons, in the middle with its labels alone, below other kinds of "
        "models.",
    )
