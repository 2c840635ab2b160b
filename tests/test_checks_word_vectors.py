import numpy as np
import torch
from exercises import exercise_tests
from scipy.sparse import csr_array
from scipy.sparse.linalg import svds
from sklearn.metrics.pairwise import cosine_similarity
from torch.nn import functional as F

from course_lib.checks import word_vectors as check
from course_lib.word_vectors import positive_pmi


def pmi(n, i, j):
    p = n / n.sum()
    return np.log(p[i, j] / (p[i].sum() * p[:, j].sum()))


def by_expectation(n, i, j):
    return float(np.log(n[i, j]) - np.log(n.sum(1)[i] * n.sum(0)[j] / n.sum()))


def cosines(vectors, word):
    return F.cosine_similarity(vectors, vectors[word][None])


def without_itself(vectors, word, k):
    alike = cosines(vectors, word)
    alike[word] = -2
    return alike.topk(k).indices.tolist()


def one_by_one(vectors, word, k):
    rows = vectors.double().numpy()
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    others = [i for i in range(len(rows)) if i != word]
    return sorted(others, key=lambda i: -(unit[i] @ unit[word]))[:k]


def by_product(vectors, word, k):
    alike = vectors @ vectors[word]
    alike[word] = -torch.inf
    return alike.topk(k).indices.tolist()


def by_distance(vectors, word, k):
    far = (vectors - vectors[word]).norm(dim=1)
    far[word] = torch.inf
    return far.argsort()[:k].tolist()


def all_but_the_first(vectors, word, k):
    unit = F.normalize(vectors, dim=1)
    order = (unit @ unit[word]).argsort(descending=True, stable=True)
    return order[1 : k + 1].tolist()


def by_unit_distance(vectors, word, k, length=2):
    unit = F.normalize(vectors, p=length, dim=1)
    apart = (unit - unit[word]).norm(p=length, dim=1)
    apart[word] = torch.inf
    return apart.argsort(stable=True)[:k]


def by_sklearn(vectors, word, k):
    alike = cosine_similarity(vectors.numpy())[word]
    alike[word] = -2
    return tuple(np.argsort(-alike, kind="stable")[:k])


def either_way(vectors, word, k):
    alike = cosines(vectors, word).abs()
    alike[word] = -1
    return alike.topk(k).indices.tolist()


def damped_in_place(counts, power):
    counts **= power
    counts /= counts.sum()
    return counts


def farthest(vectors, word, k):
    return cosines(vectors, word).argsort()[:k].tolist()


def positive(n, power=0.75, least=0.0):
    p = n / n.sum()
    context = n.sum(0) ** power
    context /= context.sum()
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(p / np.outer(p.sum(1), context)), least)


def cut_down(table, directions, columns=slice(None), root=0.5):
    u, s, _ = np.linalg.svd(table)
    return (u * s**root)[:, columns][:, :directions]


def by_the_course(counts, directions):
    return svds(positive_pmi(csr_array(counts)).astype(float), directions)[0]


def by_torch(counts, directions):
    table = torch.from_numpy(positive(counts, power=1.0)).float()
    u, s, _ = torch.linalg.svd(table)
    return u[:, :directions] * s[:directions]


ANSWERS = {
    "information": [
        pmi,
        by_expectation,
        lambda n, i, j: torch.tensor(pmi(n, i, j)),
        lambda n, i, j: np.array([pmi(n, i, j)]),
    ],
    "neighbours": [
        without_itself,
        one_by_one,
        lambda v, word, k: torch.tensor(without_itself(v, word, k)),
        by_unit_distance,
        by_sklearn,
    ],
    "smoothed": [
        lambda n, power: n**power / (n**power).sum(),
        lambda n, power: (n / n.sum()) ** power / ((n / n.sum()) ** power).sum(),
        lambda n, power: [x**power / sum(y**power for y in n) for x in n],
        lambda n, power: (power * torch.tensor(n).log()).softmax(0),
        damped_in_place,
    ],
    "kinds_found": [
        lambda n, directions: cut_down(positive(n), directions),
        lambda n, directions: cut_down(positive(n), directions, root=1).tolist(),
        by_the_course,
        by_torch,
    ],
}


WRONG = {
    "information": [
        (lambda n, i, j: np.exp(pmi(n, i, j)), "words 0 and 1", "take its logarithm"),
        (lambda n, i, j: pmi(n, i, j) / np.log(2), "words 0 and 1", "in bits"),
        (lambda n, i, j: -pmi(n, i, j), "words 0 and 1", "turned round"),
        (
            lambda n, i, j: np.log(n[i, j] / (n[i].sum() * n[j].sum())),
            "words 0 and 1",
            "divide by the total",
        ),
        (lambda n, i, j: np.log(n[i, j] / n.sum()), "words 0 and 1", "chance would do"),
        (
            lambda n, i, j: np.log(n[i, j] / n[i].sum()),
            "words 0 and 1",
            "how frequent the other",
        ),
        (
            lambda n, i, j: max(0, pmi(n, i, j)),
            "words 0 and 2",
            "less often than by chance",
        ),
        (lambda n, i, j: n, "words 0 and 1", "expected one number"),
        (lambda n, i, j: pmi(n, i, j) + np.log(2), "words 0 and 1", "1.792"),
        (lambda n, i, j: pmi(n - np.diag(np.diag(n)), 0, j), "words 0 and 1"),
        (lambda n, i, j: pmi(n, 0, 1), "words 0 and 2", "expected"),
        (lambda n, i, j: np.log(n[i, j] * 24 / n[i].sum() / n[j].sum()), "1 and 2", ""),
    ],
    "neighbours": [
        (by_product, "word 0", "divide by the lengths"),
        (by_distance, "word 0", "minds how long"),
        (
            lambda v, word, k: cosines(v, word).topk(k).indices.tolist(),
            "word 0",
            "itself is among",
        ),
        (all_but_the_first, "word 1 and k = 2", "points the same way"),
        (farthest, "word 0", "point the other way"),
        (
            lambda v, word, k: without_itself(v, word, k)[::-1],
            "word 0",
            "Nearest first",
        ),
        (lambda v, word, k: without_itself(v, word, 1), "k = 3", "how many"),
        (lambda v, word, k: without_itself(v, word, 3)[:k], "k = 5", "how many"),
        (lambda *given: by_unit_distance(*given, length=1).tolist(), "k = 5"),
        (lambda v, word, k: without_itself(v - v.mean(0), word, k), "word 0"),
        (either_way, "word 0 and k = 3"),
        (lambda v, word, k: without_itself(v, word, 1)[0], "k = 3", "expected a list"),
    ],
    "smoothed": [
        (lambda n, power: n**power, "power 0.75", "make them sum to 1"),
        (lambda n, power: n / n.sum(), "power 0.75", "plain shares"),
        (lambda n, power: n**power / n.sum(), "power 0.75", "before the power"),
        (lambda n, power: (n / n.sum()) ** power, "power 0.75", "no longer sum"),
        (
            lambda n, power: n ** (1 / power) / (n ** (1 / power)).sum(),
            "power 0.75",
            "one over the power",
        ),
        (
            lambda n, power: n ** (2 - power) / (n ** (2 - power)).sum(),
            "power 0.75",
            "goes the other way",
        ),
        (lambda n, power: np.exp(n) / np.exp(n).sum(), "power 0.75", "softmax"),
        (lambda n, power: (n**power).sum(), "power 0.75", "One share for each"),
        (lambda n, power: n**0.75 / (n**0.75).sum(), "power 0.5"),
        (lambda n, power: n ** (power or 0.1) / (n ** (power or 0.1)).sum(), "power 0"),
        (lambda n, power: (n**power / (n**power).sum()).astype(int), "power 0.75"),
        (
            lambda n, power: (
                np.sqrt(np.sqrt(n)) ** 3 / (np.sqrt(np.sqrt(n)) ** 3).sum()
            ),
            "power 0.5",
            "expected",
        ),
    ],
}

WRONG["kinds_found"] = [
    (lambda n, k: cut_down(n, k), "6 directions", "positive PMI"),
    (lambda n, k: cut_down(n / n.sum(1, keepdims=True), k), "6 dir", "positive PMI"),
    (lambda n, k: positive(n)[:, :k], "6 directions", "first columns"),
    (
        lambda n, k: cut_down(positive(n), k, columns=slice(None, None, -1)),
        "6 directions",
        "first columns",
    ),
    (lambda n, k: positive(n, least=-np.inf)[:, :k], "6 dir", "minus infinity"),
    (lambda n, k: positive(n), "6 directions", "`directions` long"),
    (lambda n, k: cut_down(positive(n), 6), "2 directions", "`directions` long"),
    (lambda n, k: cut_down(positive(n), k).T, "6 directions", "One row for each"),
    (
        lambda n, k: np.random.default_rng(0).normal(size=(len(n), k)),
        "6 directions",
        "85 %",
    ),
    (lambda n, k: np.ones((60, k)), "6 directions", "(66, 6)"),
]


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)
