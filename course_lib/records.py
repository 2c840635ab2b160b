"""Records: what was run, on what, and what came out, as JSON that a page can show."""

import json
import os
import platform
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

Record = dict[str, Any]

#: The models of a distillation, as a table calls them.
ROWS = {
    "teacher": "teacher",
    "baseline": "student alone",
    "student": "student distilled",
    "int8": "the same in INT8",
}

#: How a table writes a metric, and what it multiplies it by.
SHOWN = {
    "accuracy": ("accuracy, %", 100),
    "macro_average_precision": ("macro AP, %", 100),
    "macro_f1": ("macro F1, %", 100),
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


def check_writable(path: Path) -> None:
    """Raise `OSError` now if a file could not be written there after hours of work."""
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: give the name of a file in it")
    folder = path.parent
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is no folder: make it first")
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise PermissionError(
            f"cannot write in the folder {folder}: {error.strerror}"
        ) from error


def write(path: Path, record: Record) -> None:
    """Write a record as JSON, whole or not at all."""
    text = json.dumps(record, indent=1, allow_nan=False) + "\n"
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, 0o644)  # mkstemp lets no one else read it
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def read(path: Path | str) -> Record:
    """Read a record. Raises `ValueError` that names the file if it is none."""
    text = Path(path).read_text(encoding="utf-8")
    try:
        record = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not a record: {error}") from error
    missing = [key for key in ROWS if key not in record]
    if missing:
        raise ValueError(f"{path} is not a record: it lacks {', '.join(missing)}")
    return record


def table(record: Record) -> str:
    """Return the record as a Markdown table, with its verdict in words below."""
    columns = [name for name in SHOWN if name in record["teacher"]["metrics"]]
    header = ["", *(SHOWN[name][0] for name in columns)]
    header += ["parameters", "file, kB", "reviews/s"]
    rows = [header]
    for key, name in ROWS.items():
        entry = record[key]
        cells = [name]
        for metric in columns:
            scale = SHOWN[metric][1]
            low, high = (scale * bound for bound in entry["intervals"][metric])
            value = scale * entry["metrics"][metric]
            cells.append(f"{value:.2f} [{low:.2f}, {high:.2f}]")
        speed = entry["examples_per_second"]  # None: the model was not here
        cells += [
            f"{entry['parameters']:,}",
            f"{entry['bytes'] / 1000:,.0f}",
            "–" if speed is None else f"{speed:,.0f}",
        ]
        rows.append(cells)
    widths = [max(len(row[i]) for row in rows) for i in range(len(header))]

    def line(cells: list[str]) -> str:
        first, *rest = zip(cells, widths, strict=True)
        padded = [first[0].ljust(first[1]), *(c.rjust(w) for c, w in rest)]
        return "| " + " | ".join(padded) + " |"

    rule = "|" + "|".join(
        "-" * (w + 1) + ("-" if i == 0 else ":") + "" for i, w in enumerate(widths)
    )
    lines = [line(rows[0]), rule + "|", *(line(row) for row in rows[1:])]
    return "\n".join([*lines, "", verdict(record)])


def verdict(record: Record) -> str:
    """Say in words whether the teacher helped, from the paired interval."""
    metric = record["headline"]
    name, scale = SHOWN[metric]
    name = name.removesuffix(", %")
    difference = record["distilled_minus_alone"]
    gain = scale * difference["value"]
    low, high = (scale * bound for bound in difference["interval"])
    kept = record["student"]["metrics"][metric] / record["teacher"]["metrics"][metric]
    size = record["student"]["parameters"] / record["teacher"]["parameters"]
    seeds = len(record["seeds"])
    trained = "one seed" if seeds == 1 else f"each of {seeds} seeds"
    if record["scale"] == "smoke":
        return "A smoke run shows that everything works, and supports no claim."
    if low > 0:
        said = "The teacher helped"
    elif high < 0:
        said = "The teacher hurt"
    else:
        said = "The distilled student is not measurably better than its equal alone"
    return (
        f"{said}: {gain:+.2f} points of {name}, 95 % interval [{low:+.2f}, "
        f"{high:+.2f}], both read on the same {record['sizes']['test']:,} test reviews "
        f"and trained from {trained}. The distilled student keeps "
        f"{100 * kept:.1f} % of the teacher's {name} with {100 * size:.1f} % of its "
        "parameters."
    )
