"""What does it cost to cut a review?

A bag of words (TF-IDF of words and pairs, with logistic regression) reads the first,
the last, or the first and last tokens of IMDB's reviews, and so does the course's
smallest student. The bag of words is deterministic: it has no seed, and its one reading
stands in each run. Also counts how many words cover how much of the text.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from transformers import AutoTokenizer

from course_lib import records
from course_lib.batches import Examples
from course_lib.comparison import Reading
from course_lib.experiment import Experiment
from course_lib.models import STUDENTS, find_pretrained
from course_lib.recipes import epochs_for
from course_lib.splits import LABELLED, Splits, prepare
from course_lib.text import first_and_last, tokenize
from experiments import sized

COST = "ten minutes of one core"
SEEDS = (0, 1, 2)
SIZES = (64, 128, 256, 512)
CUTS: dict[str, Callable[[list[str], int], list[str]]] = {
    "first": lambda tokens, size: tokens[:size],
    "last": lambda tokens, size: tokens[-size:],
    "both": first_and_last,
}
STRENGTHS = (3.0, 10.0, 30.0)  # chosen on validation, for each cut by itself
STUDENT, STUDENT_SIZES = STUDENTS["bag"], (64, 256, 512)
BATCH_SIZE = 32
CUT_AT = (256, 100_000)  # tokens; the second cuts nothing

Words = dict[str, list[list[str]]]  # split -> tokens of each review


def main(limit: int | None = None, seeds: Sequence[int] = SEEDS) -> records.Record:
    """Train what was not trained before, and write the record."""
    scale = sized(limit)
    splits = prepare("imdb", scale, seed=0)
    words = {s: [tokenize(t) for t in splits.reviews[s].texts] for s in LABELLED}
    done = Experiment("truncation-imdb", splits, seeds, scale)
    about = {"C": STRENGTHS}
    done.make("all", about, partial(bag_of_words, words, splits))
    bags = ["all"]
    for size in SIZES:
        for name, cut in CUTS.items():
            short = {s: [cut(t, size) for t in part] for s, part in words.items()}
            bags.append(f"{name}-{size}")
            says = partial(bag_of_words, short, splits)
            done.make(bags[-1], {**about, "cut": bags[-1]}, says)
    for size in STUDENT_SIZES:
        cut_splits = replace(splits, max_tokens=size)  # the same words, fewer of each
        for run in range(len(seeds)):
            done.train(f"student-{size}", run, STUDENT, splits=cut_splits)
    record = done.record(
        differences(bags),
        deterministic=bags,
        student="bag",
        epochs=epochs_for(STUDENT, splits, scale),
        lengths=lengths(words["test"]),
        words=coverage(words),
        padding={str(n): padding(cut_lengths(words["train"], n)) for n in CUT_AT},
        pieces=pieces(splits.reviews["test"].texts, words["test"]),
    )
    done.write(record)
    return record


def differences(bags: list[str]) -> dict[str, tuple[str, str]]:
    """Return which rows are compared."""
    pairs = {f"{row}_minus_all": (row, "all") for row in bags if row != "all"}
    for size in SIZES:
        pairs[f"both_minus_first_{size}"] = (f"both-{size}", f"first-{size}")
        pairs[f"both_minus_last_{size}"] = (f"both-{size}", f"last-{size}")
        pairs[f"last_minus_first_{size}"] = (f"last-{size}", f"first-{size}")
    pairs["both_512_minus_256"] = ("both-512", "both-256")
    pairs["student_256_minus_64"] = ("student-256", "student-64")
    pairs["student_512_minus_256"] = ("student-512", "student-256")
    return pairs


def bag_of_words(words: Words, splits: Splits) -> Reading:
    """Return what TF-IDF of words and pairs says, with logistic regression."""
    features = TfidfVectorizer(
        analyzer=words_and_pairs, min_df=2, sublinear_tf=True, dtype=np.float32
    )
    x: dict[str, csr_matrix] = {"train": features.fit_transform(words["train"])}
    y = {name: splits.reviews[name].labels for name in LABELLED}
    for name in ("validation", "test"):
        x[name] = features.transform(words[name])
    models = [
        LogisticRegression(C=c, solver="liblinear").fit(x["train"], y["train"])
        for c in STRENGTHS
    ]
    best = max(models, key=lambda m: m.score(x["validation"], y["validation"]))
    scores = best.decision_function(x["test"])
    parameters = best.coef_.size + 1
    logits = np.stack([-scores / 2, scores / 2], axis=1).astype(np.float32)
    return Reading(logits, parameters, 4 * parameters, None)


def words_and_pairs(tokens: list[str]) -> list[str]:
    """Return the tokens, and each with the one behind it."""
    return tokens + [f"{a} {b}" for a, b in pairwise(tokens)]


def lengths(tokens: list[list[str]]) -> dict[str, Any]:
    """Return how long reviews are, and what part of the text each size keeps."""
    count = np.array([len(review) for review in tokens])
    return {
        "median": float(np.median(count)),
        "mean": float(count.mean()),
        "longest": int(count.max()),
        "cut": {str(size): float((count > size).mean()) for size in SIZES},
        "kept": {
            str(size): float(np.minimum(count, size).sum() / count.sum())
            for size in SIZES
        },
    }


def coverage(words: Words) -> dict[str, Any]:
    """Return how much of the text the most frequent words of the training text are."""
    counts = Counter(chain.from_iterable(words["train"]))
    ranked = [word for word, _ in counts.most_common()]
    rank = {word: place for place, word in enumerate(ranked, start=1)}
    sizes = np.unique(np.geomspace(1, len(ranked), 60).round().astype(int))
    unseen = len(ranked) + 1
    found: dict[str, Any] = {
        "different": len(ranked),
        "total": counts.total(),
        "once": sum(count == 1 for count in counts.values()),
        "only_in_test": len(set(chain.from_iterable(words["test"])) - counts.keys()),
        "sizes": sizes.tolist(),
    }
    for split in ("train", "test"):
        ranks = np.array(
            [rank.get(w, unseen) for w in chain.from_iterable(words[split])]
        )
        covers = np.searchsorted(np.sort(ranks), sizes, side="right") / len(ranks)
        found[split] = covers.round(6).tolist()
    shares = np.cumsum([counts[word] for word in ranked]) / counts.total()
    found["words_for"] = {
        str(share): int(np.searchsorted(shares, share)) + 1
        for share in (0.5, 0.9, 0.95, 0.99)
    }
    found["counts"] = [counts[ranked[size - 1]] for size in sizes]
    return found


def cut_lengths(tokens: list[list[str]], size: int) -> NDArray[np.int64]:
    """Return how many tokens are left of each review."""
    return np.array([min(max(1, len(review)), size) for review in tokens])


def padding(counts: NDArray[np.int64]) -> dict[str, float]:
    """Return the share of padding in a shuffled epoch: at random, and in buckets."""
    empty = [np.zeros(count, dtype=np.int32) for count in counts]
    order = Examples(empty).batch_order(BATCH_SIZE, 0, 0)
    shuffled = np.random.default_rng(0).permutation(len(counts))
    whole = np.arange(BATCH_SIZE, len(counts), BATCH_SIZE)
    batches = {
        "random": np.split(shuffled, whole),
        "buckets": order,
        "sorted": np.split(np.argsort(counts), whole),
    }
    return {
        name: 1 - counts.sum() / sum(len(i) * int(counts[i].max()) for i in index)
        for name, index in batches.items()
    }


def pieces(texts: list[str], tokens: list[list[str]]) -> dict[str, Any]:
    """Return how many word pieces a review takes, and a token of ours."""
    tokenizer = AutoTokenizer.from_pretrained(find_pretrained())
    encoded = tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"]
    count = np.array([len(review) for review in encoded])
    return {
        "per_token": float(count.sum() / sum(len(review) for review in tokens)),
        "cut": {str(size): float((count > size - 2).mean()) for size in SIZES},
    }
