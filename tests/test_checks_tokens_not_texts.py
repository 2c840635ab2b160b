from collections import Counter, defaultdict

import numpy as np
import torch
from exercises import exercise_tests
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import BernoulliNB
from sklearn.svm import LinearSVC
from torch.nn import functional as F

from course_lib.checks import tokens_not_texts as check
from course_lib.losses.tokens import token_soft_target_loss
from course_lib.spans import spans_of
from course_lib.tagged import Pieces


def names_by_hand(tags):
    found, start = [], None
    for i, tag in enumerate([*tags, "O"]):
        if start is not None and tag != "I-" + tags[start][2:]:
            found.append((tags[start][2:], start, i))
            start = None
        if tag[0] == "B":
            start = i
    return found


def names_from_begins(tags):
    found = []
    for i, tag in enumerate(tags):
        if tag.startswith("B"):
            j = i + 1
            while j < len(tags) and tags[j] == f"I-{tag[2:]}":
                j += 1
            found.append([tag[2:], i, j])
    return found


def runs_of_a_kind(tags):
    return spans_of([tag.replace("B-", "I-") for tag in tags])


def align_with_a_set(words, tags):
    seen, labels = {None}, []
    for word in words:
        labels.append(-100 if word in seen else tags[word])
        seen.add(word)
    return labels


def align_by_place(words, tags):
    labels = np.full(len(words), -100)
    for number, tag in enumerate(tags):
        labels[words.index(number)] = tag
    return labels


def align_by_tag(words, tags):
    labels, last = [], None
    for word in words:
        tag = -100 if word is None else tags[word]
        labels.append(-100 if tag == last else tag)
        last = tag
    return labels


def loss_by_index(student, teacher, counted, T):
    q = (student[counted] / T).log_softmax(-1)
    p = (teacher[counted] / T).softmax(-1)
    return T**2 * F.kl_div(q, p, reduction="batchmean")


def loss_by_loop(student, teacher, counted, T):
    total = 0.0
    for i, j in counted.nonzero().tolist():
        p, q = (teacher[i, j] / T).softmax(0), (student[i, j] / T).softmax(0)
        total += float((p * (p / q).log()).sum())
    return T**2 * total / int(counted.sum())


def loss_by_fill(student, teacher, counted, T):
    return token_soft_target_loss(student, teacher, counted, T)


def rectangle(student, teacher, counted, T):
    return token_soft_target_loss(student, teacher, torch.ones_like(counted), T)


def zeros_counted(student, teacher, counted, T):
    return loss_by_index(student, teacher, counted, T) * counted.float().mean()


def batchmean(student, teacher, counted, T):
    return loss_by_index(student, teacher, counted, T) * counted.sum() / len(counted)


def mean_of_texts(student, teacher, counted, T):
    rows = zip(student, teacher, counted, strict=True)
    return torch.stack([loss_by_index(*row, T) for row in rows]).mean()


def zero_times_nan(student, teacher, counted, T):
    p, q = (teacher / T).log_softmax(-1), (student / T).log_softmax(-1)
    each = T**2 * (p.exp() * (p - q)).sum(-1)
    return (each * counted).sum() / counted.sum()


def around(words, place):
    found = {"capital": words[place][0].isupper()}
    for step in (-3, -2, -1, 1, 2, 3):
        there = place + step
        word = words[there] if 0 <= there < len(words) else "<>"
        found[f"{step}"] = "<name>" if word[0].isupper() else word
    if not words[place][0].isupper():
        found["word"] = words[place]
    return found


def windows(model):
    def learn(sentences, tags):
        vectors = DictVectorizer()
        rows = vectors.fit_transform(
            [around(w, i) for w in sentences for i in range(len(w))]
        )
        model.fit(rows, [tag for text in tags for tag in text])

        def tag(new):
            return [
                list(
                    model.predict(
                        vectors.transform([around(w, i) for i in range(len(w))])
                    )
                )
                for w in new
            ]

        return tag

    return learn


def table(sentences, tags):
    counts = defaultdict(Counter)
    for words, said in zip(sentences, tags, strict=True):
        for word, tag in zip(words, said, strict=True):
            counts[word][tag] += 1
    best = {word: found.most_common(1)[0][0] for word, found in counts.items()}
    return lambda new: [[best.get(word, "O") for word in words] for words in new]


def capitals_are_people(sentences, tags):
    return lambda new: [["B-PER" if w[0].isupper() else "O" for w in t] for t in new]


def all_o(sentences, tags):
    return lambda new: [["O"] * len(words) for words in new]


ANSWERS = {
    "names": [spans_of, names_by_hand, names_from_begins],
    "align": [
        align_with_a_set,
        align_by_place,
        lambda words, tags: tuple(Pieces([""] * len(words), words).spread(tags)),
    ],
    "loss": [loss_by_index, loss_by_loop, loss_by_fill],
    "around": [
        windows(LogisticRegression(C=10, max_iter=300)),
        windows(LinearSVC()),
        windows(BernoulliNB(alpha=0.01)),
    ],
}

WRONG = {
    "names": [
        (lambda tags: [], "B-PER I-PER O B-LOC"),
        (lambda tags: [(k, a, b - 1) for k, a, b in spans_of(tags)], "as a slice does"),
        (runs_of_a_kind, "B-PER B-PER I-PER", "also beside another"),
        (
            lambda tags: [(t[2:], i, i + 1) for i, t in enumerate(tags) if t != "O"],
            "an I- goes on",
        ),
        (lambda tags: spans_of(tags)[:-1], "may end with the text"),
        (lambda tags: tuple(spans_of(tags)).__len__(), "expected a list"),
    ],
    "align": [
        (lambda w, t: [-100 if x is None else t[x] for x in w], "Only the first piece"),
        (
            lambda w, t: [
                -100 if x is None or x == y else t[x]
                for x, y in zip(w, [*w[1:], None], strict=True)
            ],
            "the last piece",
        ),
        (
            lambda w, t: [0 if x == -100 else x for x in align_with_a_set(w, t)],
            "A 0 is a tag",
        ),
        (align_by_tag, "compare words, not tags"),
        (lambda w, t: t, "words [None, 0, 0, 1, None]"),
    ],
    "loss": [
        (rectangle, "must not count do"),
        (zeros_counted, "still counted below"),
        (batchmean, "knows no tokens"),
        (mean_of_texts, "short text counts for more"),
        (lambda s, t, c, T: loss_by_index(s, t, c, T) / T**2, "T² is missing"),
        (lambda s, t, c, T: loss_by_index(t, s, c, T), "changed places"),
        (zero_times_nan, "0 times no number"),
    ],
    "around": [
        (all_o, "0.0%"),
        (table, "F1 over names is"),
        (capitals_are_people, "F1 over names is"),
        (lambda words, tags: tags, "list; expected a function"),
        (lambda words, tags: lambda new: [["O"]], "a tag for each word"),
        (lambda words, tags: lambda new: [["O"] for _ in new], "a tag for each word"),
    ],
}

test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)
