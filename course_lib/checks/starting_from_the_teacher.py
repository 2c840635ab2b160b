"""Checks for the exercises of the chapter on starting from the teacher."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from course_lib.checks import check
from course_lib.checks.expect import always, call, read, refuses, require, same


@check("Right: the first, the last, and gaps as equal as whole numbers allow.")
def layers(function: Callable[[int, int], Any]) -> None:
    """Which layers stand evenly between the first and the last.

    >>> from course_lib.models import evenly
    >>> layers(evenly)
    ✅ Right: the first, the last, and gaps as equal as whole numbers allow.
    >>> layers(lambda count, keep: list(range(0, count, count // keep)))
    ❌ For 2 of 12 layers you returned [0, 6]; expected [0, 11]. The last one is left
    out.
    """
    for count, keep in [(12, 2), (12, 6), (6, 3), (24, 6), (12, 4), (7, 7)]:
        ideal = np.linspace(0, count - 1, keep)
        nearest = [int(place) for place in ideal.round()]
        given = f"{keep} of {count} layers"
        got = read(call(function, count, keep), nearest, given)
        whole = all(isinstance(n, int | float) and n == int(n) for n in got)
        if whole and len(got) == keep and np.abs(ideal - got).max() <= 0.5:
            continue  # a half may go either way
        slips = {
            "Those are the first.": list(range(keep)),
            "Those are the last.": list(range(count - keep, count)),
            "The last one is left out.": list(range(0, count, count // keep)),
            "Count from 0.": [n + 1 for n in nearest],
            "To the nearest whole number, not the one below.": [int(p) for p in ideal],
        }
        same(got, nearest, given, slips)
    refuses(
        lambda: function(2, 3),
        "A teacher of 2 layers has no 3 to give",
        "a ValueError",
    )


State = dict[str, Tensor]


def state_of(count: int, seed: int = 0) -> State:
    """Return a teacher's tensors by name, of so many layers, as BERT's are called.

    >>> list(state_of(1))
    ['table.weight', 'layer.0.in.1.weight', 'layer.0.out.bias', 'head.1.weight']
    """
    torch.manual_seed(seed)
    names = ["table.weight"]
    for number in range(count):
        names += [f"layer.{number}.in.1.weight", f"layer.{number}.out.bias"]
    return {name: torch.randn(3) for name in [*names, "head.1.weight"]}


def kept(state: State, numbers: Sequence[int]) -> State:
    """Return the student's tensors: the layers of these numbers, and all the rest.

    >>> list(kept(state_of(3), [2]))
    ['table.weight', 'head.1.weight', 'layer.0.in.1.weight', 'layer.0.out.bias']
    """
    new = {n: w.clone() for n, w in state.items() if not n.startswith("layer.")}
    for place, number in enumerate(numbers):
        for name, weight in state.items():
            _, dot, rest = name.partition(f"layer.{number}.")
            if dot and name.startswith("layer."):
                new[f"layer.{place}.{rest}"] = weight.clone()
    return new


@check("Right: in your order, under new numbers, and in memory of their own.")
def state(function: Callable[[State, list[int]], Any]) -> None:
    """A teacher's tensors, renamed for a student of some of its layers.

    >>> state(kept)
    ✅ Right: in your order, under new numbers, and in memory of their own.
    >>> state(lambda state, layers: {n: w.clone() for n, w in state.items()})
    ❌ For 3 layers, of which [0, 2] stay, you returned layer.2.in.1.weight and
    layer.2.out.bias too; expected 6 tensors without them.
    """
    for count, numbers in [(3, [0, 2]), (12, [0, 1, 11]), (3, [1, 0]), (12, [10, 2])]:
        given = f"{count} layers, of which {numbers} stay,"
        teacher, untouched = state_of(count), state_of(count)
        truth = kept(teacher, numbers)
        got = call(function, teacher, list(numbers))
        require(
            isinstance(got, dict),
            f"For {given} you returned {type(got).__name__}; expected a dictionary.",
        )
        for much, names in (
            ("no", sorted(truth.keys() - got.keys())),
            ("too", sorted(got.keys() - truth.keys())),
        ):
            said = " and ".join(map(str, names[:2]))
            said = f"no {said}" if much == "no" else f"{said} too"
            wanted = "with" if much == "no" else "without"
            require(
                not names,
                f"For {given} you returned {said}; expected {len(truth)} tensors "
                f"{wanted} them.",
            )
        # A layer taken for its neighbour: 1 for 11, or in the teacher's order.
        for name, weight in truth.items():
            sources = [n for n, w in teacher.items() if _equal(got[name], w)]
            wrong = f"That is the teacher's {', '.join(sources) or 'of no name'}."
            same(got[name], weight, f"{given} as {name}", {wrong: always})
        same_names = teacher.keys() == untouched.keys()
        require(
            same_names and all(_equal(teacher[n], w) for n, w in untouched.items()),
            f"For {given} you changed the teacher; expected it to stay as it is.",
        )
        for name, weight in got.items():
            with torch.no_grad():
                weight += 1  # as a step of training does
            moved = [n for n, w in untouched.items() if not _equal(teacher[n], w)]
            require(
                not moved,
                f"For {given} training the student's {name} moved the teacher's "
                f"{', '.join(moved)}; expected a copy.",
            )


def _equal(one: Any, other: Tensor) -> bool:
    return isinstance(one, Tensor) and torch.equal(one, other)


#: How often each word occurs in the texts of the last exercise.
COUNTS = (500, 300, 100, 60, 30, 9, 1)


def texts(seed: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the one word of each of 1,000 texts, and the text's score."""
    random = np.random.default_rng(seed)
    words = random.permutation(np.repeat(np.arange(len(COUNTS)), COUNTS))
    return words, random.normal(size=len(COUNTS))[words] + random.normal(size=1000)


@check("Right. The scores play no part in it, and the start lives on in rare words.")
def left(function: Callable[..., Any]) -> None:
    """What share of a start is left in each word's weight after some steps.

    >>> def shares(words, scores, start, rate, steps):
    ...     return (1 - rate * np.bincount(words) / len(words)) ** steps
    >>> left(shares)
    ✅ Right. The scores play no part in it, and the start lives on in rare words.
    >>> left(lambda words, scores, start, rate, steps: shares(words, 0, 0, 1, steps))
    ❌ For 1,000 texts, a rate of 0.5 and 20 steps you returned ...
    """
    for seed, rate, steps in [(0, 1.0, 10), (1, 0.5, 20), (2, 1.0, 300), (3, 1.0, 0)]:
        words, scores = texts(seed)
        start = np.random.default_rng(seed + 9).uniform(0.5, 2.0, len(COUNTS))
        share = np.array(COUNTS) / len(words)
        truth = (1 - rate * share) ** steps
        slips = {
            "That is what is lost, not what is left.": 1 - truth,
            "Half the mean squared error: its gradient has no factor 2.": (
                (1 - 2 * rate * share) ** steps
            ),
            "The gradient of a mean: divide by all texts, not by the word's own.": (
                np.full(len(share), (1 - rate) ** steps)
            ),
            "As a share of the start, not as a difference of weights.": truth * start,
            "How many steps?": (1 - rate * share),
        }
        given = f"1,000 texts, a rate of {rate} and {steps} steps"
        got = read(call(function, words, scores, start, rate, steps), truth, given)
        same(got, truth, given, slips, within=0.01)
