"""The counts behind the page on the data."""

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from course_lib import reviews

ROOT = Path(__file__).resolve().parent.parent
RECORDS = ROOT / "book" / "records"
LEFT_OUT = re.compile(r"(\d+) of (\d+) left out: (.+)")


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # the script sets it: put it back
    spec = importlib.util.spec_from_file_location(
        "benchmarks_data", ROOT / "benchmarks" / "data.py"
    )
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_split_is_counted(benchmark: ModuleType) -> None:
    part = reviews.Reviews(
        "imdb-genres",
        "train",
        ["A war film", "Warm <b>and</b> long, 7/10", "Two westerns of war"],
        np.array([[1, 0], [0, 0], [1, 1]], dtype=np.float32),
        ("War", "Western"),
        ["a", "b", "c"],
        films=["x", "y", "x"],
        extra={"stars": np.array([1, 7, 10])},
    )
    counts = benchmark.describe(part)
    assert counts["labels"] == {"War": 2, "Western": 1}
    assert counts["labels_per_review"] == [1, 1, 1]
    assert counts["texts_with_html"] == counts["texts_with_score"] == 1
    assert (counts["films"], counts["most_reviews_of_a_film"]) == (2, 2)
    assert counts["words"]["50 %"] == 4
    assert counts["stars"] == [0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1]
    # "Warm" is not "war", and "westerns" are a kind of western.
    assert counts["says_genre"] == {"War": 1.0, "Western": 1.0}
    assert counts["says_other_genre"] == {"War": 0.0, "Western": 0.0}


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("imdb", {"train": 25_000, "test": 25_000, "unlabelled": 50_000}),
        ("goemotions", {"train": 43_410, "validation": 5_426, "test": 5_427}),
    ],
)
def test_what_was_kept_and_left_out_is_what_was_published(
    name: str, published: dict[str, int]
) -> None:
    found = json.loads((RECORDS / "data-sets.json").read_text("utf-8"))[name]
    total = dict.fromkeys(published, 0)
    for split, counts in found.items():
        left_out = [LEFT_OUT.fullmatch(note) for note in counts["notes"]]
        official = split if split in published else "train"
        total[official] += counts["rows"] + sum(int(m[1]) for m in left_out if m)
    assert total == published


def test_no_model_beats_the_oracle() -> None:
    record = json.loads((RECORDS / "data-synthetic.json").read_text("utf-8"))
    best = record["models"].pop("Bayes (the oracle)")["macro_average_precision"]
    for name, scores in record["models"].items():
        assert scores["macro_average_precision"]["mean"] < best["mean"], name
