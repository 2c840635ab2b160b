"""The reviews that the benchmarks read, and how long they are.

Real ones if COURSE_DATA names a folder that holds IMDB, since how long reviews are, and
how unequal, decides much of what is measured here. Otherwise the embedded set, whose
reviews are short: then no claim about real lengths is made.
"""

import os
from dataclasses import dataclass

import numpy as np
import torch

from course_lib import reviews
from course_lib.batches import Examples
from course_lib.text import build_vocabulary, encode

VOCABULARY_SIZE = 20_000


@dataclass(frozen=True)
class Sample:
    """Some training reviews: is it a kind one?"""

    data: str
    texts: list[str]
    labels: torch.Tensor  # (reviews,) int64

    def part(self, count: int) -> "Sample":
        """Return the first reviews of the sample, which is in random order."""
        return Sample(self.data, self.texts[:count], self.labels[:count])

    def examples(self, max_tokens: int) -> Examples:
        """Number the words, as every run of the course does."""
        vocabulary = build_vocabulary(self.texts, VOCABULARY_SIZE)
        return Examples(encode(self.texts, vocabulary, max_tokens), self.labels)


def load_sample(count: int | None) -> Sample:
    """Return so many training reviews, or all, the same ones each time."""
    data = "imdb" if os.environ.get("COURSE_DATA") else "synthetic"
    part = reviews.load(data, "train", limit=count)
    labels = part.require_labels()
    positive = labels if labels.ndim == 1 else labels[:, 0]
    shuffled = np.random.default_rng(0).permutation(len(part))
    return Sample(
        data,
        [part.texts[place] for place in shuffled],
        torch.tensor(positive[shuffled]).long(),
    )


class RandomBatches(Examples):
    """The same reviews in batches that are drawn whatever their length."""

    def batch_order(self, batch_size: int, seed: int, epoch: int) -> list[np.ndarray]:
        """Cut a shuffled epoch into batches, as `DataLoader(shuffle=True)` does."""
        order = np.random.default_rng([seed, epoch]).permutation(len(self))
        return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]


def padding_share(examples: Examples, batch_size: int) -> float:
    """Return which share of the tokens of an epoch's batches is padding."""
    lengths = np.array([len(review) for review in examples.tokens])
    order = examples.batch_order(batch_size, seed=0, epoch=0)
    padded = sum(len(places) * int(lengths[places].max()) for places in order)
    return round(1 - int(lengths.sum()) / padded, 4)


def shape_of(examples: Examples) -> dict[str, float]:
    """Describe the reviews' lengths for the record."""
    lengths = [len(review) for review in examples.tokens]
    return {
        "reviews": len(lengths),
        "mean_tokens": round(float(np.mean(lengths)), 1),
        "longest": max(lengths),
    }
