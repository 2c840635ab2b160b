"""What texts are made of: how long they are, which words cover them, what pads them."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.batches import Examples
from course_lib.models import find_pretrained, load_tokenizer
from experiments.linear import Words


def lengths(tokens: Sequence[list[str]], sizes: Sequence[int]) -> dict[str, Any]:
    """Return how long reviews are, and what part of the text each size keeps."""
    count = np.array([len(review) for review in tokens])
    return {
        "median": float(np.median(count)),
        "mean": float(count.mean()),
        "longest": int(count.max()),
        "cut": {str(size): float((count > size).mean()) for size in sizes},
        "kept": {
            str(size): float(np.minimum(count, size).sum() / count.sum())
            for size in sizes
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


def padding(counts: NDArray[np.int64], batch_size: int) -> dict[str, float]:
    """Return the share of padding in a shuffled epoch: at random, and in buckets."""
    empty = [np.zeros(count, dtype=np.int32) for count in counts]
    order = Examples(empty).batch_order(batch_size, 0, 0)
    shuffled = np.random.default_rng(0).permutation(len(counts))
    whole = np.arange(batch_size, len(counts), batch_size)
    batches = {
        "random": np.split(shuffled, whole),
        "buckets": order,
    }
    return {
        name: 1 - counts.sum() / sum(len(i) * int(counts[i].max()) for i in index)
        for name, index in batches.items()
    }


def pieces(
    texts: Sequence[str], tokens: Sequence[list[str]], sizes: Sequence[int]
) -> dict[str, Any]:
    """Return how many word pieces a review takes, and a token of ours."""
    tokenizer, _ = load_tokenizer(find_pretrained())
    encoded = tokenizer(list(texts), add_special_tokens=False, verbose=False)[
        "input_ids"
    ]
    count = np.array([len(review) for review in encoded])
    return {
        "per_token": float(count.sum() / sum(len(review) for review in tokens)),
        "cut": {str(size): float((count > size - 2).mean()) for size in sizes},
    }


def cut_lengths(tokens: Sequence[list[str]], size: int) -> NDArray[np.int64]:
    """Return how many tokens are left of each review."""
    return np.array([min(max(1, len(review)), size) for review in tokens])
