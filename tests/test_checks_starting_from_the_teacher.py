import re
from functools import partial

import numpy as np
import torch
from exercises import exercise_tests

from course_lib.checks import starting_from_the_teacher as check
from course_lib.models import evenly


def layers(count, keep, *, to_nearest=round):
    if keep > count:
        raise ValueError("too many")
    return [to_nearest(i * (count - 1) / (keep - 1)) for i in range(keep)]


def half_up(count, keep):
    if keep > count:
        raise ValueError("too many")
    return [(2 * i * (count - 1) + keep - 1) // (2 * (keep - 1)) for i in range(keep)]


def rounded(count, keep):
    if keep > count:
        raise ValueError("too many")
    return np.linspace(0, count - 1, keep).round()


def state(teacher, numbers, *, sort=lambda x: x, copy=torch.clone):
    new = {}
    for name, weight in teacher.items():
        head, _, rest = name.partition(".")
        if head != "layer":
            new[name] = copy(weight)
            continue
        number, _, rest = rest.partition(".")
        if int(number) in numbers:
            place = sort(numbers).index(int(number))
            new[f"layer.{place}.{rest}"] = copy(weight)
    return new


def by_pattern(teacher, numbers):
    new = {n: w.clone() for n, w in teacher.items() if not re.match(r"layer\.\d", n)}
    for place, number in enumerate(numbers):
        for name in teacher:
            if found := re.fullmatch(rf"layer\.{number}\.(.+)", name):
                new[f"layer.{place}.{found[1]}"] = teacher[name].clone()
    return new


def by_start_of_name(teacher, numbers):
    """Layer 1 is also the beginning of 10 and 11."""
    new = {n: w.clone() for n, w in teacher.items() if not n.startswith("layer.")}
    for place, number in enumerate(numbers):
        for name, weight in teacher.items():
            if name.startswith(f"layer.{number}"):
                rest = name.split(".", 2)[2]
                new[f"layer.{place}.{rest}"] = weight.clone()
    return new


def by_replace(teacher, numbers):
    """Whatever has the layer's digit in its name gets another."""
    new = {n: w.clone() for n, w in teacher.items() if not n.startswith("layer.")}
    for place, number in enumerate(numbers):
        for name, weight in teacher.items():
            if name.startswith(f"layer.{number}."):
                new[name.replace(str(number), str(place))] = weight.clone()
    return new


def not_renumbered(teacher, numbers):
    return {
        n: w.clone()
        for n, w in teacher.items()
        if not n.startswith("layer.") or int(n.split(".")[1]) in numbers
    }


def in_place(teacher, numbers):
    new = state(teacher, numbers)
    teacher.clear()
    teacher.update(new)
    return {n: w.clone() for n, w in new.items()}


def left(words, scores, start, rate, steps, *, half=1.0, own=False, alias=False):
    counts = np.bincount(words)
    shares = np.ones(len(counts)) if own else counts / len(words)
    means = np.bincount(words, scores) / counts
    weights = [np.zeros(len(start)), start if alias else start.copy()]
    for w in weights:
        for _ in range(steps):
            w -= rate * shares * (w - means) / half
    return (weights[1] - weights[0]) / start


def by_autograd(words, scores, start, rate, steps, *, kind=torch.optim.SGD):
    found = []
    words, scores = torch.from_numpy(words), torch.from_numpy(scores)
    for first in (np.zeros_like(start), start):
        w = torch.tensor(first, requires_grad=True)
        optimizer = kind([w], lr=rate)
        for _ in range(steps):
            optimizer.zero_grad()
            ((w[words] - scores) ** 2).mean().div(2).backward()
            optimizer.step()
        found.append(w.detach())
    return (found[1] - found[0]) / torch.from_numpy(start)


def by_formula(words, scores, start, rate, steps):
    return (1 - rate * np.bincount(words) / len(words)) ** steps


ANSWERS = {
    "layers": [layers, half_up, evenly, rounded],
    "state": [state, by_pattern, check.kept],
    "left": [left, by_autograd, by_formula, lambda *given: by_formula(*given).tolist()],
}

WRONG = {
    "layers": [
        (lambda count, keep: list(range(keep)), "the first"),
        (lambda count, keep: list(range(count - keep, count)), "the last"),
        (lambda count, keep: list(range(0, count, count // keep)), "left out"),
        (partial(layers, to_nearest=int), "nearest"),
        (lambda count, keep: [n + 1 for n in layers(count, keep)], "Count from 0"),
        (lambda count, keep: np.linspace(0, count - 1, keep), "6 of 12"),
        (lambda count, keep: [round(i * 11 / (keep - 1)) for i in range(keep)], "of 6"),
        (lambda count, keep: half_up(max(count, keep), keep), "a ValueError"),
    ],
    "state": [
        (lambda teacher, numbers: {n: w.clone() for n, w in teacher.items()}, "too"),
        (not_renumbered, "no layer.1."),
        (partial(state, sort=sorted), "[1, 0]", "That is the teacher's layer.0"),
        (partial(state, copy=lambda w: w), "moved the teacher's table", "a copy"),
        (partial(state, copy=lambda w: w[:]), "moved the teacher's table", "a copy"),
        (by_start_of_name, "[0, 1, 11]", "That is the teacher's layer.1"),
        (by_replace, "[1, 0]", "no layer.0.in.1.weight"),
        (in_place, "changed the teacher"),
        (
            lambda teacher, numbers: {
                n: w for n, w in state(teacher, numbers).items() if "layer" in n
            },
            "no head.1.weight",
        ),
        (lambda teacher, numbers: list(state(teacher, numbers)), "a dictionary"),
    ],
    "left": [
        (partial(left, half=0.5), "no factor 2"),
        (partial(left, own=True), "divide by all texts"),
        (partial(left, alias=True), "1,000 texts"),
        (lambda *given: 1 - left(*given), "lost"),
        (lambda w, y, s, r, n: left(w, y, s, r, n) * s, "As a share"),
        (lambda w, y, s, r, n: left(w, y, s, r, 1), "How many steps"),
        (partial(by_autograd, kind=torch.optim.Adam), "1,000 texts"),
        (lambda *given: left(*given).mean(), "shape (7,)"),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)
