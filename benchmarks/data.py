"""Write the records behind the page on the data.

    COURSE_DATA=folder python benchmarks/data.py [sets] [speed] [synthetic]

`sets` counts what is in each data set, `speed` times loading and tokenising, and
`synthetic` compares models with the Bayes-optimal score (a quarter of an hour). No name
means all three. Everything runs on one thread, so that two machines can be compared.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # read when numpy and torch are imported
os.environ["ACCELERATE_USE_CPU"] = "true"

import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from course_lib import metrics, records, reviews
from course_lib.models import STUDENTS, TEACHERS, Recipe, count_parameters
from course_lib.reviews import synthetic as generator
from course_lib.reviews.loading import NAMES
from course_lib.reviews.table import SPLITS
from course_lib.scale import CPU, SCALES
from course_lib.soft_targets import predict_logits
from course_lib.splits import prepare
from course_lib.text import tokenize
from course_lib.training import train

FOLDER = Path(__file__).resolve().parent.parent / "book" / "records"
TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
SCORE = re.compile(r"\b(10|\d)([.,]\d)? ?(/|out of) ?10\b", re.IGNORECASE)
PERCENTILES = (5, 25, 50, 75, 95, 100)
SEEDS = (0, 1, 2)
REPEATS = 3
# Run in a process of its own, so that nothing is loaded or warm. The peak is read from
# the kernel, since what `getrusage` says a child inherits from its parent.
LOAD = """
import json, re, time
from course_lib import reviews
start = time.perf_counter(), time.process_time()
splits = ("train", "validation", "test", "unlabelled")
loaded = [reviews.load("imdb", split) for split in splits]
seconds, cpu = time.perf_counter() - start[0], time.process_time() - start[1]
peak = re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())
print(json.dumps({"reviews": sum(map(len, loaded)), "seconds": seconds,
                  "cpu_seconds": cpu, "peak_bytes": 1024 * int(peak[1])}))
"""


#: From few parameters to many.
NETWORKS = {
    "BiLSTM student": STUDENTS["lstm"],
    "TextCNN": Recipe(
        "TextCNN", {"embedding_size": 64, "num_filters": 64}, learning_rate=4e-3
    ),
    "BiLSTM teacher": TEACHERS["lstm"],
}


def describe(part: reviews.Reviews) -> records.Record:
    """Count what is in one split of one data set."""
    words = [len(text.split()) for text in part.texts]
    per_film = Counter(part.films or [])
    counts: records.Record = {
        "rows": len(part),
        "notes": list(part.notes),
        "words": {f"{p} %": float(np.percentile(words, p)) for p in PERCENTILES},
        "texts_with_html": sum(bool(TAG.search(text)) for text in part.texts),
        "texts_with_score": sum(bool(SCORE.search(text)) for text in part.texts),
        "films": len(per_film),
        "most_reviews_of_a_film": max(per_film.values(), default=0),
    }
    if part.labels is not None:
        hot = part.labels if part.multilabel else np.eye(2)[part.labels]
        counts["labels"] = by_label(part, hot.sum(0).astype(int).tolist())
        counts["labels_per_review"] = np.bincount(hot.sum(1).astype(int)).tolist()
        if part.name == "imdb-genres":
            counts["says_genre"] = by_label(part, says_genre(part, hot == 1))
            counts["says_other_genre"] = by_label(part, says_genre(part, hot == 0))
    if "stars" in part.extra:
        counts["stars"] = np.bincount(part.extra["stars"], minlength=11).tolist()
    return counts


def by_label(part: reviews.Reviews, values: list[Any]) -> dict[str, Any]:
    return dict(zip(part.label_names, values, strict=True))


def says_genre(part: reviews.Reviews, where: np.ndarray) -> list[float]:
    """For each genre, the share of the reviews in its column that use its name."""
    names = [genre.lower().removeprefix("film-") for genre in part.label_names]
    found = [re.compile(rf"\b{name}s?\b", re.IGNORECASE).search for name in names]
    said = np.array([[bool(find(text)) for find in found] for text in part.texts])
    return np.mean(said, axis=0, where=where).tolist()


def sets() -> Iterator[records.Record]:
    """Describe every split of every data set."""
    yield {
        name: {
            split: describe(reviews.load(name, split))
            for split in SPLITS
            if (name, split) != ("goemotions", "unlabelled")
        }
        for name in NAMES
    }


def speed() -> Iterator[records.Record]:
    """Time loading all IMDB reviews, first and from the cache, and tokenising."""

    def load(cache: str) -> dict[str, float]:
        environment = {**os.environ, "COURSE_CACHE": cache}
        command = [sys.executable, "-c", LOAD]
        done = subprocess.run(command, env=environment, check=True, capture_output=True)
        return json.loads(done.stdout)

    runs: dict[str, list[dict[str, float]]] = {"first": [], "cached": []}
    for _ in range(REPEATS):
        with tempfile.TemporaryDirectory() as cache:
            runs["first"].append(load(cache))
            runs["cached"].append(load(cache))
    texts = reviews.load("imdb", "train", limit=5_000).texts
    rates = []
    for _ in range(REPEATS):
        start = time.process_time()
        tokens = sum(len(tokenize(text)) for text in texts)
        rates.append(tokens / (time.process_time() - start))
    yield {
        "timing": "medians; the machine was shared, so cpu_seconds (all threads) say "
        "more than seconds (of the clock); tokens are counted per CPU second",
        "repeats": REPEATS,
        **{
            kind: {key: statistics.median(run[key] for run in done) for key in done[0]}
            for kind, done in runs.items()
        },
        "tokens_per_second": statistics.median(rates),
        "targets": {
            "first": {"seconds": 60, "peak_bytes": 1.5e9},
            "cached": {"seconds": 3},
            "tokens_per_second": 100_000,
        },
    }


def bag_of_words(loaded: dict[str, reviews.Reviews]) -> np.ndarray:
    """Test logits of TF-IDF over words and pairs, C chosen on validation reviews."""
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    x = vectorizer.fit_transform(loaded["train"].texts)
    held_out = vectorizer.transform(loaded["validation"].texts)
    fitted = [
        OneVsRestClassifier(LogisticRegression(C=c, max_iter=500)).fit(
            x, loaded["train"].require_labels()
        )
        for c in (1, 10, 100)
    ]

    def score(model: OneVsRestClassifier) -> float:
        logits = model.decision_function(held_out)
        return metrics.macro_average_precision(
            logits, loaded["validation"].require_labels()
        )

    test = vectorizer.transform(loaded["test"].texts)
    return max(fitted, key=score).decision_function(test)


def synthetic() -> Iterator[records.Record]:
    """Score models and the oracle on the same test reviews, after each seed anew."""
    scale = SCALES["cpu"]
    loaded = {split: reviews.load("synthetic", split) for split in SPLITS[:3]}
    splits = prepare("synthetic", scale, seed=0)
    epochs = round(scale.run_steps * scale.batch_size / len(splits.train))
    labels, rate = (
        loaded["test"].require_labels(),
        loaded["train"].require_labels().mean(0),
    )
    answers = {
        "one answer for all": [np.tile(np.log(rate / (1 - rate)), (len(labels), 1))],
        "TF-IDF + logistic regression": [bag_of_words(loaded)],
        "BiLSTM student": [],
        "TextCNN": [],
        "BiLSTM teacher": [],
        "Bayes (the oracle)": [generator.oracle_logits(loaded["test"].texts)],
    }
    sizes = {}
    for seed in SEEDS:
        for name, recipe in NETWORKS.items():
            torch.manual_seed(seed)
            model = recipe.build(splits.vocabulary_size, len(splits.label_names))
            train(
                model,
                splits.train,
                splits.validation,
                epochs=epochs,
                batch_size=scale.batch_size,
                learning_rate=recipe.learning_rate,
                seed=seed,
            )
            sizes[name] = count_parameters(model)
            answers[name].append(predict_logits(model, splits.test).numpy())
        yield {
            "interval": "95 %, bootstrap over test reviews of the mean over seeds",
            "seeds": list(SEEDS[: SEEDS.index(seed) + 1]),
            "epochs": epochs,
            "sizes": {split: len(part) for split, part in loaded.items()},
            "parameters": sizes,
            "models": {name: scores(runs, labels) for name, runs in answers.items()},
        }


def scores(runs: list[np.ndarray], labels: np.ndarray) -> records.Record:
    """Every metric of a model's runs, one a seed: each, their mean, and an interval."""
    named = {str(run): logits for run, logits in enumerate(runs)}
    single = [metrics.evaluate(logits, labels) for logits in runs]
    draws = metrics.bootstrap(named, labels)  # the same reviews for every model
    return {
        metric: {
            "per_seed": [run[metric] for run in single],
            "mean": float(np.mean([run[metric] for run in single])),
            "interval": metrics.interval(
                np.mean([draws[run][metric] for run in named], axis=0)
            ),
        }
        for metric in single[0]
    }


def cpu_seconds() -> float:
    """CPU time of this process and of those it waited for, in all threads."""
    return sum(os.times()[:4])


def main() -> None:
    """Make the records that are named, or all of them."""
    made = {"sets": sets, "speed": speed, "synthetic": synthetic}
    for name in sys.argv[1:] or made:
        if name not in made:
            sys.exit(f"no record {name!r}; choose from {', '.join(made)}")
        start, cpu = time.perf_counter(), cpu_seconds()
        for record in made[name]():
            record["command"] = f"python benchmarks/data.py {name}"
            record["device"] = records.device_name(CPU)
            record["versions"] = records.versions()
            record["seconds"] = round(time.perf_counter() - start, 1)
            record["cpu_seconds"] = round(cpu_seconds() - cpu, 1)
            records.write(FOLDER / f"data-{name}.json", record)
            print(f"{name}: {record['seconds']} s, {record['cpu_seconds']} s of CPU")


if __name__ == "__main__":
    main()
