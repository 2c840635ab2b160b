from collections import Counter
from functools import cache

import numpy as np
from exercises import exercise_tests
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import ComplementNB
from sklearn.svm import LinearSVC

from course_lib.checks import summaries as check
from course_lib.rouge import common_length, rouge_n
from course_lib.summaries import best_scored, labels_of, lead


def shared_by_text(summary, reference, n):
    return rouge_n(" ".join(summary), " ".join(reference), n).f1


def shared_by_counter(summary, reference, n):
    a, b = (
        Counter(" ".join(t[i : i + n]) for i in range(len(t) - n + 1))
        for t in (summary, reference)
    )
    found = sum(min(a[key], b[key]) for key in a)
    return 2 * found / max(a.total() + b.total(), 1)


def shared_by_removal(summary, reference, n):
    left = [tuple(reference[i : i + n]) for i in range(len(reference) - n + 1)]
    wanted, found = len(left), 0
    said = [tuple(summary[i : i + n]) for i in range(len(summary) - n + 1)]
    for piece in said:
        if piece in left:
            left.remove(piece)
            found += 1
    if not found:
        return 0
    precision, recall = found / len(said), found / wanted
    return 2 * precision * recall / (precision + recall)


def recall(summary, reference, n):
    return rouge_n(" ".join(summary), " ".join(reference), n).recall


def precision(summary, reference, n):
    return rouge_n(" ".join(summary), " ".join(reference), n).precision


def words_once(summary, reference, n):
    a, b = set(summary), set(reference)
    return 2 * len(a & b) / (len(a) + len(b))


def unclipped(summary, reference, n):
    hits = sum(word in reference for word in summary)
    return 2 * hits / (len(summary) + len(reference))


def common_by_recursion(a, b):
    @cache
    def best(i, j):
        if i == len(a) or j == len(b):
            return 0
        if a[i] == b[j]:
            return 1 + best(i + 1, j + 1)
        return max(best(i + 1, j), best(i, j + 1))

    return best(0, 0)


def common_by_table(a, b):
    L = np.zeros((len(a) + 1, len(b) + 1), int)
    for i, x in enumerate(a, 1):
        for j, y in enumerate(b, 1):
            L[i, j] = L[i - 1, j - 1] + 1 if x == y else max(L[i - 1, j], L[i, j - 1])
    return L[-1, -1]


def longest_run(a, b):
    def run(i, j):
        n = 0
        while i + n < len(a) and j + n < len(b) and a[i + n] == b[j + n]:
            n += 1
        return n

    return max(run(i, j) for i in range(len(a)) for j in range(len(b)))


def first_match(a, b):
    behind = found = 0
    for word in a:
        if word in b[behind:]:
            behind = b.index(word, behind) + 1
            found += 1
    return found


def by_words(vectors, model):
    def learn(texts, taken):
        rows = vectors.fit_transform([s for parts in texts for s in parts])
        yes = [
            y
            for places, parts in zip(taken, texts, strict=True)
            for y in labels_of(places, len(parts))
        ]
        model.fit(rows, yes)

        def score(parts):
            rows = vectors.transform(parts)
            if hasattr(model, "decision_function"):
                return model.decision_function(rows)
            return model.predict_proba(rows)[:, 1]

        return lambda parts: best_scored(score(parts))

    return learn


def places_alone(texts, taken):
    often = Counter(i for places in taken for i in places)
    return lambda parts: best_scored([often[i] for i in range(len(parts))])


ANSWERS = {
    "shared": [shared_by_text, shared_by_counter, shared_by_removal],
    "common": [common_length, common_by_recursion, common_by_table],
    "choose": [
        by_words(TfidfVectorizer(), LogisticRegression(C=10)),
        by_words(TfidfVectorizer(ngram_range=(1, 2)), LinearSVC()),
        by_words(CountVectorizer(), ComplementNB()),
    ],
}
WRONG = {
    "shared": [
        (recall, "n = 1", "the recall"),
        (precision, "n = 1", "the precision"),
        (lambda a, b, n: shared_by_text(a, b, n) / 2, "Twice"),
        (words_once, "n = 2"),
        (unclipped, "n = 2"),
        (lambda a, b, n: "half", "one number"),
    ],
    "common": [
        (lambda a, b: len(set(a) & set(b)), "same order"),
        (longest_run, "one run"),
        (lambda a, b: sum(x == y for x, y in zip(a, b, strict=False)), "ends nothing"),
        (first_match, "first match"),
        (lambda a, b: len(a), "the cat sat there"),
    ],
    "choose": [
        (lambda texts, taken: lead, "+0.0 points"),
        (places_alone, "points from the first three"),
        (lambda texts, taken: lambda parts: list(range(len(parts))), "at most 3"),
        (lambda texts, taken: lambda parts: [0, 0, 0], "each once"),
        (lambda texts, taken: lambda parts: parts[:3], "places from 0"),
        (
            lambda texts, taken: lambda parts: best_scored([len(s) for s in parts]),
            "points from the first three",
        ),
        (lambda texts, taken: taken, "expected a function"),
    ],
}

test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)
