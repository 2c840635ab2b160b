import torch
from exercises import exercise_tests

from course_lib.checks import sequences as check
from course_lib.reviews.made_walks import DIRECTIONS, steps_of
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


def walks_with_turns(walk):
    pairs = zip(walk[1:], steps_of(walk), strict=True)
    return [word for pair in pairs for word in pair]


def last_first(walk):
    return steps_of(walk)[::-1]


ANSWERS = {
    "texts": [texts_by_library, texts_by_hand, texts_by_shift],
    "chain": [
        chain_of_sentences,
        chain_by_loop,
        lambda p1, p2, q1, q2: kl(p1, q1) + p1 @ kl(p2, q2),
    ],
    "steps": [
        steps_of,
        lambda walk: tuple(steps_of(walk)),
        lambda walk: [walk[0], *steps_of(walk)],
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
    "steps": [
        (lambda walk: steps_of(walk)[-1:], "of 200 others"),
        (lambda walk: walks_with_turns(walk)[:-1] + ["north"], "as the last word"),
        (lambda walk: ["spin"], "a list of words"),
        (lambda walk: steps_of(walk) * 4, "1 to 12"),
        (lambda walk: [], "0 words"),
        (last_first, "as the last word"),
        (lambda walk: DIRECTIONS[0], "a list of words"),
    ],
}

test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)
