"""Records: what was run, on what, and what came out, as JSON that a page can show."""

import json
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.special import ndtr

from course_lib import intervals
from course_lib.files import check_place, whole_file

Record = dict[str, Any]

#: The models of a distillation, as a table calls them.
ROWS = {
    "teacher": "teacher",
    "baseline": "student alone",
    "student": "student distilled",
    "int8": "the same in INT8",
}

#: What every record says of how it was made.
ALWAYS = ("data", "device", "scale", "seeds", "versions")

#: How a table writes a metric, and what it multiplies it by.
SHOWN = {
    "accuracy": ("accuracy, %", 100),
    "macro_average_precision": ("macro AP, %", 100),
    "macro_f1": ("macro F1, %", 100),
    "span_f1": ("F1 over names, %", 100),
    "token_accuracy": ("words right, %", 100),
    "rouge_1": ("ROUGE-1 F1, %", 100),
    "rouge_2": ("ROUGE-2 F1, %", 100),
    "rouge_l": ("ROUGE-L F1, %", 100),
}

#: What a distillation's verdict means.
SAID = {
    intervals.BETTER: "The teacher helped",
    intervals.WORSE: "The teacher hurt",
    intervals.OPEN: (
        "The distilled student is not measurably better than its equal alone"
    ),
}


def versions() -> dict[str, str]:
    """Return the versions of what shapes a result."""
    packages = ["torch", "torchtext", "transformers", "numpy", "scikit-learn"]
    found = {name: version(name) for name in packages}
    return {"python": platform.python_version(), **found}


def device_name(device: torch.device) -> str:
    """Return a name that a reader can compare with their own machine."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU ({platform.machine()}, {torch.get_num_threads()} threads)"


def check_writable(path: str | Path, *, inputs: Sequence[Path] = ()) -> None:
    """Raise `OSError` now if a record could not be written there after hours of work.

    `inputs` are the files that are read meanwhile.
    """
    check_place(path, is_record, inputs=inputs)


def write(path: str | Path, record: Record) -> None:
    """Write a record as JSON, whole or not at all; an older one there is replaced."""
    text = json.dumps(record, indent=1, allow_nan=False) + "\n"
    with whole_file(path, is_record) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


def is_record(path: Path) -> bool:
    """Whether a file is a record."""
    try:
        with open(path, "rb") as file:
            if file.read(1) != b"{":  # it may be somebody's data, and large
                return False
        read(path)
    except (ValueError, OSError):
        return False
    return True


def read(path: Path | str) -> Record:
    """Read a record. Raises `ValueError` that names the file if it is none."""
    text = Path(path).read_text(encoding="utf-8")
    try:
        record = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not a record: {error}") from error
    keys = record if isinstance(record, dict) else {}
    missing = [key for key in ALWAYS if key not in keys]
    if missing:
        raise ValueError(f"{path} is not a record: it lacks {', '.join(missing)}")
    return record


def folder() -> Path:
    """Return where the records and soft targets lie that came with the course.

    In a checkout that is book/records; an installed package carries a copy.
    """
    here = Path(__file__).parent
    places = (here / "records_made", here.parent / "book/records")
    return next(place for place in places if place.is_dir())


def committed(name: str) -> Record:
    """Read a record that came with the course, such as `distill-imdb-lstm`.

    Raises `FileNotFoundError` that lists what there is.

    >>> committed("distill-imdb-lstm")["headline"]
    'accuracy'
    """
    path = folder() / f"{name}.json"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in folder().glob("*.json")))
        raise FileNotFoundError(
            f"no record {name!r} came with the course; it has {known}"
        )
    return read(path)


def table(record: Record, rows: Mapping[str, str] = ROWS) -> str:
    """Return a Markdown table of the models in `rows`, keys of the record to names.

    It shows each metric of `SHOWN` with its 95 % interval, and what the model takes.

    >>> interval = (0.8823, 0.89)
    >>> entry = {"metrics": {"accuracy": 0.8862}, "intervals": {"accuracy": interval}}
    >>> entry |= {"parameters": 1500, "bytes": 6200, "examples_per_second": 9000.0}
    >>> print(table({"student": entry}, rows={"student": "small"}))
    |       |          accuracy, % | parameters | file, kB | reviews/s |
    |-------|---------------------:|-----------:|---------:|----------:|
    | small | 88.62 [88.23, 89.00] |      1,500 |        6 |     9,000 |
    """
    columns = [name for name in SHOWN if name in record[next(iter(rows))]["metrics"]]
    header = ["", *(SHOWN[name][0] for name in columns)]
    header += ["parameters", "file, kB", "reviews/s"]
    cells = [header]
    for key, name in rows.items():
        entry = record[key]
        # None if the model was not here, or if nobody said how big it was.
        speed, size = entry["examples_per_second"], entry["bytes"]
        parameters = entry["parameters"]
        cells.append(
            [
                name,
                *(with_interval(entry, metric) for metric in columns),
                "–" if parameters is None else f"{parameters:,}",
                "–" if size is None else f"{size / 1000:,.0f}",
                "–" if speed is None else f"{speed:,.0f}",
            ]
        )
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]

    def line(row: list[str]) -> str:
        first, *rest = zip(row, widths, strict=True)
        padded = [first[0].ljust(first[1]), *(c.rjust(w) for c, w in rest)]
        return "| " + " | ".join(padded) + " |"

    rule = "|".join("-" * (w + 1) + (":" if i else "-") for i, w in enumerate(widths))
    return "\n".join([line(cells[0]), f"|{rule}|", *(line(row) for row in cells[1:])])


def with_interval(entry: Mapping[str, Any], metric: str) -> str:
    """Return a model's metric as a table shows it: `88.62 [88.23, 89.00]`.

    >>> interval = (0.8823, 0.89)
    >>> entry = {"metrics": {"accuracy": 0.8862}, "intervals": {"accuracy": interval}}
    >>> with_interval(entry, "accuracy")
    '88.62 [88.23, 89.00]'
    """
    scale = SHOWN[metric][1]
    low, high = (scale * bound for bound in entry["intervals"][metric])
    return f"{scale * entry['metrics'][metric]:.2f} [{low:.2f}, {high:.2f}]"


def lead(record: Record, name: str) -> str:
    """Return a difference of a record: `+0.49 points of accuracy [+0.21, +0.82]`.

    >>> gain = {"value": 0.0049, "interval": (0.0021, 0.0082)}
    >>> lead({"headline": "accuracy", "gain": gain}, "gain")
    '+0.49 points of accuracy [+0.21, +0.82]'
    """
    title, scale = SHOWN[record["headline"]]
    value = scale * record[name]["value"]
    low, high = (scale * bound for bound in record[name]["interval"])
    points = f"points of {title.removesuffix(', %')}"
    return f"{value:+.2f} {points} [{low:+.2f}, {high:+.2f}]"


def paired(record: Record, name: str, one: str, other: str) -> Record:
    """Return a difference of a record, with a `p`, also of an older record.

    That has an interval from a bootstrap alone, which over few seeds is too narrow:
    widened here until it holds that of Student's t over the seeds as well. Its `p` is
    the larger of the two. `one` and `other` are the rows that were compared.

    >>> rows = {"a": {"per_run": {"accuracy": [0.8, 0.9]}}, "headline": "accuracy"}
    >>> rows |= {"b": {"per_run": {"accuracy": [0.7, 0.7]}}}
    >>> rows |= {"gain": {"value": 0.15, "interval": [0.1, 0.2]}}
    >>> [round(end, 2) for end in paired(rows, "gain", "a", "b")["interval"]]
    [-0.49, 0.79]
    """
    found = record[name]
    if "p" in found:
        return dict(found)
    seeds = [record[row]["per_run"][record["headline"]] for row in (one, other)]
    leads = [a - b for a, b in zip(*seeds, strict=True)]
    by_t, p = intervals.interval_of(leads, np.zeros(2), len(leads))
    low, high = found["interval"]
    error = (high - low) / 2 / 1.96
    if error:
        p = max(p, 2 * float(ndtr(-abs(found["value"]) / error)))
    return {
        **found,
        "interval": (min(low, by_t[0]), max(high, by_t[1])),
        "p": p,
    }


def verdicts(record: Record, titles: Mapping[str, str]) -> dict[str, str]:
    """Return what may be said of several differences of a record, in their titles.

    Corrected for there being several (`intervals.holm`). Of a smoke run nothing is.

    >>> gain = {"value": 0.0049, "interval": (0.0021, 0.0082), "p": 0.004}
    >>> verdicts({"headline": "accuracy", "gain": gain}, {"gain": "less its equal"})
    {'less its equal': '+0.49 points of accuracy [+0.21, +0.82]: better'}
    """
    adjusted = intervals.holm({name: record[name]["p"] for name in titles})
    said = {name: intervals.verdict(record[name], adjusted[name]) for name in titles}
    if record.get("scale") == "smoke":
        said = dict.fromkeys(titles, "a smoke run, no claim")
    return {titles[name]: f"{lead(record, name)}: {said[name]}" for name in titles}


def verdict(record: Record) -> str:
    """Say in words whether the teacher helped, from the paired interval."""
    if record["scale"] == "smoke":
        return "A smoke run shows that everything works, and supports no claim."
    said = SAID[intervals.verdict(record["distilled_minus_alone"])]
    seeds = len(record["seeds"])
    trained = "one seed" if seeds == 1 else f"each of {seeds} seeds"
    return (
        f"{said}: {lead(record, 'distilled_minus_alone')}, a 95 % interval, both read "
        f"on the same {record['sizes']['test']:,} test reviews "
        f"and trained from {trained}. {kept(record)}"
    )


def kept(record: Record) -> str:
    """Say what the student keeps of its teacher, and with how much of its size.

    A share is said only of what is there: a teacher's score may be 0, and its size
    unknown.
    """
    title, scale = SHOWN[record["headline"]]
    name = title.removesuffix(", %")
    student, teacher = (
        record[key]["metrics"][record["headline"]] for key in ("student", "teacher")
    )
    size = record["teacher"].get("parameters")
    share = record["student"]["parameters"] / size if size else None
    small = f" with {100 * share:.1f} % of its parameters" if share else ""
    if not teacher:
        return (
            f"The teacher's {name} is 0, of which nothing can be kept; the distilled "
            f"student reaches {scale * student:.2f}{small}."
        )
    return (
        f"The distilled student keeps {100 * student / teacher:.1f} % of the teacher's "
        f"{name}{small}."
    )
