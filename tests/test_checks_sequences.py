import heapq

import torch
from exercises import exercise_tests

from course_lib.checks import sequences as check
from course_lib.sequences import IGNORED, sequence_examples


def texts_by_library(prompt, answer):
    made = sequence_examples([prompt], [answer])
    return made.tokens[0], made.labels[0]


def texts_by_hand(prompt, answer):
    return prompt + answer[:-1], [-100] * (len(prompt) - 1) + answer


def texts_by_shift(prompt, answer):
    whole = prompt + answer
    labels = [-100 if i < len(prompt) else w for i, w in enumerate(whole)]
    return tuple(whole[:-1]), tuple(labels[1:])


def kl(p, q):
    return (torch.special.xlogy(p, p) - torch.special.xlogy(p, q)).sum(-1)


def chain_of_sentences(p1, p2, q1, q2):
    return kl((p1[:, None] * p2).flatten(), (q1[:, None] * q2).flatten())


def chain_by_loop(p1, p2, q1, q2):
    total = 0.0
    for i in range(len(p1)):
        for j in range(len(p1)):
            p, q = float(p1[i] * p2[i, j]), float(q1[i] * q2[i, j])
            if p > 0:
                total += p * (torch.tensor(p).double() / q).log().item()
    return total


def plain_kl(p, q):
    return (p * (p / q).log()).sum(-1)


def beam(width):
    def search(writer, length):
        kept = {(): 1.0}
        for _ in range(length):
            longer = {
                (*said, word): chance * share
                for said, chance in kept.items()
                for word, share in writer(said).items()
            }
            best = sorted(longer, key=longer.get, reverse=True)[:width]
            kept = {said: longer[said] for said in best}
        return list(max(kept, key=kept.get))

    return search


def best_first(writer, length):
    queue = [(-1.0, ())]
    while True:
        chance, said = heapq.heappop(queue)
        if len(said) == length:
            return said
        for word, share in writer(said).items():
            heapq.heappush(queue, (chance * share, (*said, word)))


def bounded(writer, length, said=(), chance=1.0, best=(0.0, None)):
    # Depth first, likeliest word first; gives up where it cannot win any more.
    if len(said) == length:
        return (chance, said) if chance > best[0] else best
    for word, share in sorted(writer(said).items(), key=lambda x: -x[1]):
        if chance * share > best[0]:
            best = bounded(writer, length, (*said, word), chance * share, best)
    return best


def all_sentences(writer, length):
    whole = {(): 1.0}
    for _ in range(length):
        whole = {
            (*s, w): c * share
            for s, c in whole.items()
            for w, share in writer(s).items()
        }
    return max(whole, key=whole.get)


def unlikeliest(writer, length):
    said = ()
    for _ in range(length):
        chances = writer(said)
        said += (min(chances, key=chances.get),)
    return said


ANSWERS = {
    "texts": [texts_by_library, texts_by_hand, texts_by_shift],
    "chain": [
        chain_of_sentences,
        chain_by_loop,
        lambda p1, p2, q1, q2: kl(p1, q1) + p1 @ kl(p2, q2),
    ],
    "favourite": [
        beam(8),
        best_first,
        lambda writer, length: bounded(writer, length)[1],
    ],
}

WRONG = {
    "texts": [
        (lambda p, a: ([*p, *a[:-1]], [*p[1:], *a]), "learns the prompt"),
        (lambda p, a: ([*p, *a[:-1]], [IGNORED] * len(p) + a[:-1]), "just read"),
        (
            lambda p, a: ([*p, *a[:-1]], [IGNORED] * (len(p) - 1) + [*a[:-1], IGNORED]),
            "write on for ever",
        ),
        (
            lambda p, a: ([*p, *a[:-1]], [IGNORED] * (len(p) - 1) + [*a[1:], IGNORED]),
            "shifted twice",
        ),
        (lambda p, a: ([*p, *a], [IGNORED] * (len(p) - 1) + a), "never read"),
        (lambda p, a: [*p, *a], "two lists"),
    ],
    "chain": [
        (lambda p1, p2, q1, q2: kl(p1, q1), "first word alone"),
        (lambda p1, p2, q1, q2: kl(p1, q1) + q1 @ kl(p2, q2), "3 words"),
        (lambda p1, p2, q1, q2: kl(p1, q1) + kl(p2, q2).sum(), "Weigh"),
        (lambda p1, p2, q1, q2: p1 @ kl(p2, q2), "no sentence"),
        (lambda p1, p2, q1, q2: plain_kl(p1, q1) + p1 @ plain_kl(p2, q2), "counts"),
        (lambda *given: chain_of_sentences(*given) / 2, "not a mean"),
        (lambda p1, p2, q1, q2: chain_of_sentences(q1, q2, p1, p2), "2 words"),
    ],
    "favourite": [
        (beam(1), "several beginnings"),
        (all_sentences, "more than 120 times"),
        (unlikeliest, "of 0; expected"),
        (lambda writer, length: ["a"] * length, "several beginnings"),
        (lambda writer, length: beam(8)(writer, length - 1), "six words"),
        (lambda writer, length: "".join(beam(8)(writer, length)), "six words"),
    ],
}

test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)
