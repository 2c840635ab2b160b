"""Checks for the exercises of the chapter on word vectors."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.checks import check
from course_lib.checks.expect import OTHER_SHAPE, Slips, call, read, require, same


@check("Right: how much oftener than chance, and less than chance as well.")
def information(function: Callable[[np.ndarray, int, int], Any]) -> None:
    """PMI of two words, in nats, from a symmetric table of counts.

    >>> def pmi(n, i, j):
    ...     p = n / n.sum()
    ...     return np.log(p[i, j] / (p[i].sum() * p[:, j].sum()))
    >>> information(pmi)
    ✅ Right: how much oftener than chance, and less than chance as well.
    >>> information(lambda n, i, j: np.exp(pmi(n, i, j)))
    ❌ For the counts [[0.0, 6.0, 2.0], [6.0, 0.0, 0.0], [2.0, 0.0, 8.0]] and words 0
    and 1 you returned 3; expected 1.099. That is the ratio; take its logarithm.
    """
    counts = np.array([[0.0, 6, 2], [6, 0, 0], [2, 0, 8]])
    halves = np.array([[0.0, 1.5, 1], [1.5, 0, 0.5], [1, 0.5, 0]])
    cases = [(counts, 0, 1), (counts, 0, 2), (counts, 2, 2), (halves, 1, 2)]
    for n, i, j in cases:
        total, one, other = n.sum(), n[i].sum(), n[j].sum()
        truth = math.log(n[i, j] * total / (one * other))
        slips = {
            "That is the ratio; take its logarithm.": math.exp(truth),
            "That is in bits; the page counts in nats, by the natural logarithm.": (
                truth / math.log(2),
                truth / math.log(10),
            ),
            "The sign is turned round.": -truth,
            "Those are counts, and not yet shares of all pairs: divide by the total.": (
                math.log(n[i, j] / (one * other))
            ),
            "That is how often they stand together, whatever chance would do.": (
                math.log(n[i, j] / total)
            ),
            "That is the share among the neighbours of one word: divide by how "
            "frequent the other one is.": (
                math.log(n[i, j] / one),
                math.log(n[i, j] / other),
            ),
            "Here they meet less often than by chance. Do not cut that off yet.": 0.0,
        }
        given = f"the counts {n.tolist()} and words {i} and {j}"
        same(call(function, n, i, j), truth, given, slips)


@check("Right: by the angle, nearest first, and nobody is a neighbour of itself.")
def neighbours(function: Callable[[Tensor, int, int], Any]) -> None:
    """The numbers of the k words whose vectors make the smallest angle with a word's.

    >>> neighbours(nearest)
    ✅ Right: by the angle, nearest first, and nobody is a neighbour of itself.
    >>> neighbours(lambda v, word, k: (v @ v[word]).topk(k + 1).indices[1:].tolist())
    ❌ For the vectors [[1.0, 0.0], [0.9, 0.1], [9.0, 9.0], [0.0, 1.0], [-1.0, 0.0]],
    word 0 and k = 3 you returned [0, 1, 3]; expected [1, 2, 3]. The word itself is
    among them.
    """
    rows = [[1.0, 0.0], [0.9, 0.1], [9.0, 9.0], [0.0, 1.0], [-1.0, 0.0]]
    twins = [[6.0, 8.0], [3.0, 4.0], [4.0, 3.0], [-3.0, 4.0], [0.3, -0.4]]
    deep = [
        [3.0, 2.0, 1.0],
        [9.0, 1.0, 1.0],
        [0.5, 0.5, 0.5],
        [1.0, 3.0, 0.0],
        [2.0, 0.0, 0.0],
        [0.0, 5.0, 4.0],
        [-1.0, 2.0, 2.0],
    ]
    cases = ((rows, 0, 3), (rows, 3, 2), (twins, 1, 2), (deep, 0, 5))
    for numbers, word, k in cases:
        v = torch.tensor(numbers)
        truth = nearest(v, word, k)
        slips: Slips = {
            "The first of the list is not always the word itself: another one points "
            "the same way.": (F.normalize(v, dim=1) @ F.normalize(v[word], dim=0))
            .argsort(descending=True, stable=True)[1 : k + 1]
            .tolist(),
            "The word itself is among them.": lambda got, word=word: word in got,
            "That is not how many were asked for.": lambda got, k=k: len(got) != k,
            "A long vector is not a near one: divide by the lengths.": (
                ranked(v @ v[word], word, k)
            ),
            "That is the distance, and it minds how long the vectors are.": (
                ranked(-(v - v[word]).norm(dim=1), word, k)
            ),
            "Those point the other way.": ranked(
                -F.normalize(v, dim=1) @ v[word], word, k
            ),
            "Nearest first, please.": truth[::-1],
        }
        given = f"the vectors {np.round(numbers, 1).tolist()}, word {word} and k = {k}"
        same(call(function, v, word, k), truth, given, slips)


def ranked(score: Tensor, word: int, k: int) -> list[int]:
    """Return the k words of the highest score, without the word itself.

    >>> ranked(torch.tensor([3.0, 1.0, 2.0]), word=0, k=2)
    [2, 1]
    """
    order: list[int] = score.argsort(descending=True, stable=True).tolist()
    return [other for other in order if other != word][:k]


def nearest(vectors: Tensor, word: int, k: int) -> list[int]:
    """Return the k words with the largest cosine, without the word itself.

    >>> nearest(torch.tensor([[1.0, 0.0], [9.0, 9.0], [1.0, 0.1]]), word=0, k=1)
    [2]
    """
    unit = F.normalize(vectors, dim=1)
    return ranked(unit @ unit[word], word, k)


@check("Right: flatter than the counts, and still shares of one whole.")
def smoothed(function: Callable[[np.ndarray, float], Any]) -> None:
    """Shares that are in proportion to the counts to some power.

    >>> smoothed(lambda n, power: n**power / (n**power).sum())
    ✅ Right: flatter than the counts, and still shares of one whole.
    >>> smoothed(lambda n, power: (n / n.sum()) ** power)
    ❌ For the counts [1.0, 16.0, 81.0] and power 0.75 you returned [0.03211, 0.2568,
    0.8669]; expected [0.02778, 0.2222, 0.75]. Those no longer sum to 1.
    """
    cases = [([1.0, 16, 81], 0.75), ([1.0, 9, 4, 0.25], 0.5), ([5.0, 2, 1], 0.0)]
    for numbers, power in cases:
        n = np.array(numbers)
        raised = n**power
        slips: Slips = {
            "One share for each count.": OTHER_SHAPE,
            "Those are the counts to that power; make them sum to 1.": raised,
            "Those are the plain shares, where the power should come first.": (
                n / n.sum()
            ),
            "That divides by the sum before the power was taken.": raised / n.sum(),
            "That makes the frequent ones more frequent: the power goes the other "
            "way.": n ** (2 - power) / (n ** (2 - power)).sum(),
            "A softmax makes shares too, and others.": np.exp(n) / np.exp(n).sum(),
            "Those no longer sum to 1.": lambda got: abs(got.sum() - 1) > 1e-3,
        }
        if power:
            upside_down = n ** (1 / power)
            slips["That is one over the power."] = upside_down / upside_down.sum()
        given = f"the counts {n.tolist()} and power {power}"
        same(call(function, n, power), raised / raised.sum(), given, slips)


@check("Right: six directions are enough for six kinds of words, and two are not.")
def kinds_found(function: Callable[[np.ndarray, int], Any]) -> None:
    """Vectors (words, directions) whose nearest are of the same kind, from counts.

    Tried on four made-up languages. The vectors have to find nine words in ten with as
    many directions as there are kinds, and cannot with two. What counts is the outcome:
    whether there is a damper or a root of the singular values is left to the reader.

    >>> kinds_found(lambda n, directions: n[:, :directions])
    ❌ For a language of six kinds and 6 directions, the nearest word is of the same
    kind for ...% of the words; expected 85 % or more. Is it positive PMI, and then the
    first columns of U times S or its root?
    """
    for directions in (6, 2, 4):
        shares = []
        for seed in range(4):
            counts, kind = language(seed)
            given = f"a language of six kinds and {directions} directions"
            got = call(function, counts, directions)
            like = np.empty((len(kind), directions))
            slips: Slips = {"One row for each word, `directions` long.": OTHER_SHAPE}
            rows = read(got, like, given, slips)
            require(
                np.isfinite(rows).all(),
                f"For {given} some numbers are infinite or none; expected finite ones. "
                "Words that never met have a PMI of minus infinity, cut off at 0.",
            )
            shares.append(own_kind(rows, kind))
        share = float(np.mean(shares))
        require(
            directions != 6 or share >= 0.85,
            f"For {given}, the nearest word is of the same kind for {share:.0%} of the "
            "words; expected 85 % or more. Is it positive PMI, and then the first "
            "columns of U times S or its root?",
        )
        require(
            directions != 2 or share < 0.7,
            f"For {given}, the nearest word is of the same kind for {share:.0%} of the "
            "words; expected far fewer. There is more in these rows than two "
            "directions of the table.",
        )


def own_kind(rows: np.ndarray, kind: np.ndarray) -> float:
    """Return the share of words, of those that have a kind, whose nearest is like them.

    >>> own_kind(np.array([[1.0, 0], [2, 0.1], [0, 1]]), np.array([0, 0, 1]))
    0.6666666666666666
    """
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = rows / np.maximum(lengths, 1e-12)
    alike = unit @ unit.T
    np.fill_diagonal(alike, -np.inf)
    has_kind = kind >= 0
    return float((kind[alike.argmax(axis=1)] == kind)[has_kind].mean())


def language(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return counts (66, 66) of 60 words of six kinds, and the kind of each, or -1.

    Two kinds at a time keep each other's company, and hardly their own; six more words
    stand near everything. Some words are frequent, most are not.

    >>> counts, kind = language(0)
    >>> counts.shape, bool((counts == counts.T).all()), np.bincount(kind + 1).tolist()
    ((66, 66), True, [6, 10, 10, 10, 10, 10, 10])
    """
    random = np.random.default_rng(seed)
    kind = np.repeat([0, 1, 2, 3, 4, 5, -1], [10] * 6 + [6])
    frequency = np.ones(66)
    frequency[:60] = (1.0 + random.permutation(60)) ** -0.7
    company = np.where((kind[:, None] ^ 1) == kind[None, :], 1.0, 0.05)
    company[60:], company[:, 60:] = 1.0, 1.0
    company[60:, 60:] = 0.0
    expected = 120 * company * np.outer(frequency, frequency)
    counts = np.triu(random.poisson(expected), 1)
    order = random.permutation(66)
    counts = (counts + counts.T)[np.ix_(order, order)].astype(np.float64)
    return counts, kind[order]
