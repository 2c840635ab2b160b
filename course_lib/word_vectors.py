"""Word vectors from reviews without labels: what stands near a word describes it.

Count which words stand near which, ask how much oftener than chance would have them
there, and keep the directions in which words differ most. That comes close to what
word2vec learns (Levy and Goldberg 2014, *Neural word embedding as implicit matrix
factorization*), in seconds and without a training loop. Weights by distance, smoothed
contexts and the root of the singular values are those of Levy, Goldberg and Dagan 2015,
*Improving distributional similarity with lessons learned from word embeddings*.
"""

from collections.abc import Sequence

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from course_lib.text import PADDING, UNKNOWN

WINDOW = 5  # how many words to each side are neighbours
SMOOTHING = 0.75  # rare contexts look more telling than they are
TEXTS_AT_ONCE = 4_000  # so that memory stays small
SPARE = 10  # directions beyond those that are asked for
EQUAL = 1e-6  # what differs by less, relatively, is taken for equal


def word_vectors(texts: Sequence[np.ndarray], words: int, size: int) -> Tensor:
    """Return a vector for each word of a vocabulary: (words, size) float32.

    `texts` are arrays of the numbers of their words, which are below `words`.

    The rows of `<pad>` and `<unk>` are zero, and the standard deviation of all other
    numbers is 1, as in a fresh `nn.Embedding`. No label is read, so texts without
    labels serve as well. The same texts give the same vectors on any machine, up to
    the rounding of float32: see `turned`. Raises `ValueError` if `size` is not below
    the number of words, or if no two known words stand near each other.

    >>> from course_lib.text import build_vocabulary, encode
    >>> texts = ["a good film", "a fine film", "the boat sank", "the ship sank"]
    >>> words = build_vocabulary(texts, 20)
    >>> v = word_vectors(encode(texts, words, max_tokens=9), len(words), size=3)
    >>> v = torch.nn.functional.normalize(v, dim=1)
    >>> good, fine, boat = (v[words.stoi[word]] for word in ("good", "fine", "boat"))
    >>> bool(good @ fine > 0.9), bool(good @ boat < 0.1)
    (True, True)
    """
    if not 0 < size < words:
        raise ValueError(
            f"size is {size}, and the vocabulary has {words} words; give a size of at "
            f"least 1 and at most {words - 1}"
        )
    counts = count_neighbours(texts, words)
    if counts.nnz == 0:
        raise ValueError(
            f"in these {len(texts)} texts no two words of the vocabulary stand near "
            "each other: give more texts, or longer ones"
        )
    # In float64, and with some directions more: where the last one is as long as the
    # next, which of the two it is may not be left to round-off.
    # Here, since this takes a second, and most runs do without.
    from sklearn.utils.extmath import randomized_svd

    u, s, _ = randomized_svd(
        positive_pmi(counts),
        min(size + SPARE, words),
        n_oversamples=0,
        n_iter=3,
        random_state=0,
    )
    s[s < s[0] * 1e-12] = 0  # nothing but round-off
    u, s = turned(u, s)[:, :size], s[:size]
    vectors = u * np.sqrt(s)
    known = np.arange(words) > max(PADDING, UNKNOWN)
    vectors[~known] = 0  # they have no neighbours; undo round-off
    return torch.from_numpy((vectors / vectors[known].std()).astype(np.float32))


def turned(u: np.ndarray, s: np.ndarray) -> np.ndarray:
    """Return the singular vectors (words, directions) that every machine would choose.

    A singular vector is no better than its negative, and where singular values are
    equal, any turn of their vectors is as good: which one comes is a matter of
    round-off. Here the word with the longest vector among them, or the first of
    several, points along the first of these directions; the longest in what is left,
    along the second; and so on. For a single vector that fixes the sign.
    """
    u, start = u.copy(), 0
    for end in range(1, len(s) + 1):
        if end < len(s) and s[end] > s[start] * (1 - EQUAL):
            continue
        rest, axes = u[:, start:end].copy(), []
        for _ in range(start, end):
            lengths = np.linalg.norm(rest, axis=1)
            longest = np.argmax(lengths > lengths.max() * (1 - EQUAL))
            axes.append(rest[longest] / lengths[longest])
            rest -= np.outer(rest @ axes[-1], axes[-1])
        u[:, start:end] @= np.stack(axes, axis=1)
        start = end
    return u


def count_neighbours(texts: Sequence[np.ndarray], words: int) -> sparse.csr_matrix:
    """Count which words stand near which: symmetric (words, words), float32.

    A pair at distance d counts 1/d, since the nearest say most about a word. Unknown
    words keep their place and count for nothing, and no pair spans two texts.

    >>> a, b, c = 2, 3, 4
    >>> texts = [np.array([a, b]), np.array([a, c, b])]
    >>> count_neighbours(texts, words=5).toarray()[2:, 2:]
    array([[0. , 1.5, 1. ],
           [1.5, 0. , 1. ],
           [1. , 1. , 0. ]], dtype=float32)
    """
    total = sparse.csr_matrix((words, words), dtype=np.float32)
    gap = np.full(WINDOW, UNKNOWN, dtype=np.int32)
    for start in range(0, len(texts), TEXTS_AT_ONCE):
        some = texts[start : start + TEXTS_AT_ONCE]
        row = np.concatenate([part for text in some for part in (text, gap)])
        for distance in range(1, WINDOW + 1):
            left, right = row[:-distance], row[distance:]
            both = (left > UNKNOWN) & (right > UNKNOWN)
            weights = np.full(both.sum(), 1 / distance, dtype=np.float32)
            pairs = (weights, (left[both], right[both]))
            total += sparse.coo_matrix(pairs, shape=(words, words)).tocsr()
    return total + total.T


def positive_pmi(counts: sparse.csr_matrix) -> sparse.csr_matrix:
    """Return max(0, log p(word, context) / (p(word) p'(context))) as a sparse matrix.

    This is the pointwise mutual information, in nats: how much oftener than chance the
    two stand near each other. p' is p to the power 0.75, made to sum to one.

    >>> counts = sparse.csr_matrix([[0, 1, 3], [1, 0, 0], [3, 0, 0]])
    >>> positive_pmi(counts).toarray().round(2)
    array([[0.  , 0.42, 0.7 ],
           [0.77, 0.  , 0.  ],
           [0.77, 0.  , 0.  ]])
    """
    pairs = counts.tocoo()
    word = np.asarray(counts.sum(axis=1, dtype=np.float64)).ravel()
    context = word**SMOOTHING
    context /= context.sum()
    information = np.log(pairs.data / (word[pairs.row] * context[pairs.col]))
    kept = information > 0
    entries = (information[kept], (pairs.row[kept], pairs.col[kept]))
    return sparse.csr_matrix(entries, shape=counts.shape)
