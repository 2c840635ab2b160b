"""What reads IMDB, how well, how large and how fast: one list, and its pictures.

The page of results shows them to be pointed at, the first page as one still figure.
"""

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from IPython.display import HTML
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from course_lib import plots, records

if TYPE_CHECKING:  # it takes seconds, and the first page draws without it
    import altair

TEACHER, LABELS, TAUGHT, LINEAR = KINDS = (
    "teacher",
    "from labels",
    "taught, and other texts",
    "linear, from labels",
)
COLORS = dict(zip(KINDS, plots.COLORS, strict=False))
MARKERS = dict(zip(KINDS, "osD^", strict=True))

#: A line from a name to its mark, and an arrow from an equal to what was taught.
LEADER = {"arrowstyle": "-", "color": plots.GREY, "lw": 0.8, "shrinkB": 5}
STEP = {"arrowstyle": "->", "color": plots.GREY, "lw": 1, "shrinkA": 4, "shrinkB": 4}

BERTS, SCRATCH, MILLION = "bert_to_small", "teachers", "small_student"
TFIDF, NGRAMS = "TF-IDF + logistic regression", "n-grams + logistic regression"
#: An experiment, its row, what that is, of which kind, and what its clock is called in
#: the record text-to-verdict.
GALLERY = [
    (SCRATCH, "bag-of-words", "TF-IDF", LINEAR, TFIDF),
    ("committee", "ngrams", "n-grams, naive Bayes", LINEAR, NGRAMS),
    (BERTS, "teacher", "MiniLM", TEACHER, "MiniLM"),
    (SCRATCH, "lstm", "larger LSTM", LABELS, "lstm teacher"),
    (SCRATCH, "lstm-vectors", "larger, known words", LABELS, "lstm-vectors teacher"),
    *(
        (BERTS, f"{name}-{way}", name, kind, f"{name} student")
        for name in ("bag", "textcnn", "lstm")
        for way, kind in (("alone", LABELS), ("taught", TAUGHT))
    ),
    (MILLION, "longer", "a million numbers", LABELS, "ngram-lstm student"),
    (MILLION, "student", "a million numbers", TAUGHT, "ngram-lstm student"),
    (MILLION, "int8", "the same in INT8", TAUGHT, "ngram-lstm student, INT8"),
]
#: What a reader may ask of any mark: how to make it again.
MADE = ("command", "seeds", "device", "versions")
SHOWN = ("what", "said", "kind", "parameters", "a review", *MADE)


def made_by(record: records.Record, command: str) -> dict[str, str]:
    """Return what made a record, as a reader is told who points at a mark."""
    return {
        "command": f"python -m experiments {command}",
        "seeds": ", ".join(map(str, record["seeds"])),
        "device": record["device"],
        "versions": ", ".join(f"{k} {v}" for k, v in record["versions"].items()),
    }


def marks() -> list[dict[str, Any]]:
    """Return a mark for each model of the gallery, with all that a reader may ask."""
    rates = records.committed("text-to-verdict")["reviews_per_second"]
    found = []
    for experiment, row, what, kind, clock in GALLERY:
        record = records.committed(f"{experiment.replace('_', '-')}-imdb")
        entry = record[row]
        milliseconds = 1000 / rates[clock]["median"]
        mark = {
            "row": row,
            "what": what,
            "kind": kind,
            "accuracy": 100 * entry["metrics"]["accuracy"],
            "bytes": entry["bytes"] or 4 * entry["parameters"],
            "milliseconds": milliseconds,
            "low": 100 * entry["intervals"]["accuracy"][0],
            "high": 100 * entry["intervals"]["accuracy"][1],
            "said": records.with_interval(entry, "accuracy"),
            "parameters": f"{entry['parameters']:,}",
            "a review": f"{milliseconds:.3g} ms",
        }
        found.append(mark | made_by(record, experiment))
    return found


def over_bytes() -> HTML:
    """Return accuracy over bytes, to be pointed at."""
    return plots.interact(
        _chart("bytes", "bytes of weights", "~s", marks()),
        alt="Accuracy on IMDB over bytes of weights on a logarithmic axis, with "
        "intervals. Linear models and the best taught students lie at the upper left, "
        "larger LSTMs to the right of them, and MiniLM, many times larger than all, "
        "lies no higher.",
    )


def over_milliseconds() -> HTML:
    """Return accuracy over the time from a text to a verdict, on one core."""
    return plots.interact(
        _chart("milliseconds", "milliseconds a review", "~g", marks()),
        alt="Accuracy on IMDB over milliseconds from text to verdict on a "
        "logarithmic axis, with intervals. Bags of words, n-grams and small LSTMs lie "
        "within a factor of a few, and MiniLM is tens of times slower, and no higher.",
    )


def _chart(
    field: str, title: str, number: str, rows: list[dict[str, Any]]
) -> "altair.TopLevelMixin":
    import altair as alt

    ends = [row[field] for row in rows]
    kinds = [kind for kind in KINDS if any(row["kind"] == kind for row in rows)]
    key = alt.Legend(orient="bottom", columns=2)
    domain: Any = {"domain": kinds}
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X(
            f"{field}:Q",
            title=title,
            axis=alt.Axis(format=number, values=[10.0**n for n in range(-2, 10)]),
        ).scale(type="log", domain=[min(ends) / 1.5, max(ends) * 1.5]),
        color=alt.Color("kind:N", title=None, legend=key).scale(
            **domain, range=[COLORS[kind] for kind in kinds]
        ),
    )
    points = base.mark_point(filled=True, size=110, opacity=1).encode(
        y=alt.Y("accuracy:Q", title="% right on test").scale(zero=False),
        shape=alt.Shape("kind:N", title=None, legend=key).scale(**domain),
        tooltip=[alt.Tooltip(f"{name}:N") for name in SHOWN],
    )
    bars = base.mark_rule().encode(y="low:Q", y2="high:Q")
    return alt.layer(bars, points).properties(width=250, height=260)


def still() -> Figure:
    """Return accuracy over bytes as a figure that stands still, with the main names."""
    figure, axes = plt.subplots(figsize=(5.2, 3.6))
    rows = marks()
    for kind in KINDS:
        some = [row for row in rows if row["kind"] == kind]
        middle = [row["accuracy"] for row in some]
        axes.errorbar(
            [row["bytes"] for row in some],
            middle,
            yerr=[
                [row["accuracy"] - row["low"] for row in some],
                [row["high"] - row["accuracy"] for row in some],
            ],
            fmt=MARKERS[kind],
            color=COLORS[kind],
            markersize=6,
            elinewidth=1.2,
            label=kind,
        )
    student, equal, bert = (
        next(mark for mark in rows if mark["row"] == row and mark["kind"] == kind)
        for row, kind in (("student", TAUGHT), ("longer", LABELS), ("teacher", TEACHER))
    )
    for mark, text, place in (
        (student, "a student of a million numbers", (10, 3)),
        (equal, "its equal alone", (34, -48)),
        (bert, "MiniLM", (-8, 8)),
    ):
        axes.annotate(
            text,
            (mark["bytes"], mark["accuracy"]),
            place,
            textcoords="offset points",
            ha="left" if place[0] > 0 else "right",
            fontsize=10,
            arrowprops=LEADER if abs(place[1]) > 20 else None,
        )
    for one, other in pairwise(rows):
        if (one["kind"], other["kind"]) == (LABELS, TAUGHT):  # an equal, and it taught
            to, start = ((m["bytes"], m["accuracy"]) for m in (other, one))
            axes.annotate("", to, start, arrowprops=STEP)
    axes.margins(y=0.08)
    axes.set(xscale="log", xlabel="bytes of weights", ylabel="% right on test")
    axes.set_xticks([10**6, 10**7, 10**8], ["1 MB", "10 MB", "100 MB"])
    axes.minorticks_off()
    axes.legend(loc="lower right", fontsize=9, handletextpad=0.2)
    return figure


def said() -> str:
    """Say in a sentence what the still figure shows, with the record's intervals."""
    small = records.committed("small-student-imdb")
    bert = records.committed("bert-to-small-imdb")["teacher"]
    size = bert["parameters"] / small["student"]["parameters"]
    led = [
        records.lead(small, f"student_minus_{other}").replace(" of accuracy", "")
        for other in ("longer", "ngrams")
    ]
    return (
        f"A student of {small['student']['parameters'] / 1e6:.1f} million numbers, "
        f"{size:.0f} times fewer than MiniLM has, learnt from a committee of models. "
        f"It beats its equal that had only labels by {led[0].removeprefix('+')}, and "
        f"n-grams with naive Bayes by {led[1].removeprefix('+')}. It also read texts "
        "that nobody had labelled."
    )
