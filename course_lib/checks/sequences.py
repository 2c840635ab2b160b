"""Checks for the exercises of the chapter on answers that are sentences."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checks import check
from course_lib.checks.expect import Slips, call, require, same
from course_lib.tagged import IGNORED


@check("Right: one place on, and the end is a word like any other.")
def texts(function: Callable[[list[int], list[int]], Any]) -> None:
    """What a writer reads, and its labels, from a prompt and an answer.

    >>> texts(lambda prompt, answer: ([*prompt, *answer], [*prompt, *answer]))
    ❌ For the labels of prompt [7, 8, 2] and answer [5, 4, 1] you returned ...;
    expected [-100, -100, 5, 4, 1]. ...
    """
    for prompt, answer in (
        ([7, 8, 2], [5, 4, 1]),
        ([2], [6, 6, 1]),
        ([9, 2], [1]),  # nothing to say, and that is said
    ):
        read = [*prompt, *answer[:-1]]
        blank = [IGNORED] * (len(prompt) - 1)
        labels = [*blank, *answer]
        slips: Slips = {
            "It learns the prompt, too: nobody asks it to write that.": (
                [*prompt[1:], *answer],
            ),
            "That is the word which it has just read, not the next.": (
                [IGNORED] * len(prompt) + answer[:-1],
                [*prompt, *answer[:-1]],
                [*prompt, *answer],
                [IGNORED] * len(prompt) + answer,
            ),
            "Nobody shows it the end: it will write on for ever.": (
                [*blank, *answer[:-1], IGNORED],
                [*blank, *answer[:-1]],
            ),
            "That is the word after next: shifted twice.": (
                [*blank, *answer[1:], IGNORED],
                [*blank[1:], *answer, IGNORED],
            ),
        }
        value = call(function, list(prompt), list(answer))
        given = f"prompt {prompt} and answer {answer}"
        require(
            isinstance(value, list | tuple) and len(value) == 2,
            f"For {given} you returned {type(value).__name__}; expected two lists.",
        )
        theirs = [
            np.asarray(v).tolist() if isinstance(v, Tensor | np.ndarray | tuple) else v
            for v in value
        ]
        same(theirs[1], labels, f"the labels of {given}", slips)
        whole = {"The end itself is never read.": [*prompt, *answer]}
        same(theirs[0], read, f"what is read of {given}", whole)


@check("Right: the teacher writes the first word, and so weighs the second.")
def chain(function: Callable[[Tensor, Tensor, Tensor, Tensor], Any]) -> None:
    """KL of two-word sentences, from the words' probabilities.

    >>> chain(lambda p1, p2, q1, q2: (p1 * (p1 / q1).log()).sum())
    ❌ For 2 words and teacher 0.5, 0.5 you returned 0; expected 0.6931. ...
    """

    def kl(p: Tensor, q: Tensor) -> Tensor:
        ratio = torch.where(p > 0, p / q, torch.ones_like(p)).log()
        return (p * ratio).sum(-1)

    half = torch.full((2,), 0.5).double()
    generator = torch.Generator().manual_seed(0)
    z1, y1 = torch.randn(2, 3, generator=generator).double().softmax(-1)
    z2, y2 = torch.randn(2, 3, 3, generator=generator).double().softmax(-1)
    z2[0] = torch.tensor([0.0, 0.25, 0.75])
    for p1, p2, q1, q2 in (
        (half, torch.eye(2).double(), half, torch.full((2, 2), 0.5).double()),
        (z1, z2, y1, y2),
    ):
        truth = (kl(p1, q1) + (p1 * kl(p2, q2)).sum()).item()
        slips: Slips = {
            "That is the first word alone.": kl(p1, q1).item(),
            "The student's words are before the second: that is another measure.": (
                (kl(p1, q1) + (q1 * kl(p2, q2)).sum()).item()
            ),
            "Weigh the second words by how often the first is said.": (
                (kl(p1, q1) + kl(p2, q2).sum()).item(),
                (kl(p1, q1) + kl(p2, q2).mean()).item(),
            ),
            "The second word alone is no sentence.": (p1 * kl(p2, q2)).sum().item(),
            "A sum over words, not a mean.": truth / 2,
            "0 times the logarithm of 0 counts nothing here.": (
                lambda got: bool(np.isnan(got).any())
            ),
        }
        numbers = ", ".join(f"{x:.3g}" for x in p1.tolist())
        given = f"{len(p1)} words and teacher {numbers}"
        same(call(function, p1, p2, q1, q2), truth, given, slips)


LENGTH, CALLS, TRIED = 6, 120, 30

#: From the words so far to the probability of each next word.
NextWords = Callable[[tuple[str, ...]], dict[str, float]]


@check("Right: the likeliest sentence need not begin with the likeliest word.")
def favourite(function: Callable[[NextWords, int], Any]) -> None:
    """The likeliest sentence of a writer, found with few questions.

    `function` takes a writer and how many words a sentence has; the writer takes the
    words so far, as a tuple, and gives each next word's probability.

    >>> def greedy(writer, length):
    ...     said = ()
    ...     for _ in range(length):
    ...         chances = writer(said)
    ...         said += (max(chances, key=chances.get),)
    ...     return said
    >>> favourite(greedy)
    ❌ For 30 writers of 6 words you found the likeliest sentence of ...; expected 28 or
    more. Keep several beginnings, not only the best one.
    """
    found = 0
    for seed in range(TRIED):
        writer, truth = _toy_writer(seed)
        asked = [0]

        def ask(
            said: Any, writer: Any = writer, asked: list[int] = asked
        ) -> dict[str, float]:
            asked[0] += 1
            require(
                asked[0] <= CALLS,
                f"For {LENGTH} words you asked the writer more than {CALLS} times; "
                "expected fewer: keep only the best beginnings.",
            )
            return dict(writer[tuple(said)])

        value = call(function, ask, LENGTH)
        words = list(value) if isinstance(value, list | tuple) else []
        require(
            len(words) == LENGTH and all(word in "abc" for word in words),
            f"For {LENGTH} words of a, b and c you returned {value!r}; expected a list "
            "of six words.",
        )
        found += tuple(words) == truth
    require(
        found >= TRIED - 2,
        f"For {TRIED} writers of {LENGTH} words you found the likeliest sentence of "
        f"{found}; expected {TRIED - 2} or more. Keep several beginnings, not only the "
        "best one.",
    )


def _toy_writer(
    seed: int,
) -> tuple[dict[tuple[str, ...], dict[str, float]], tuple[str, ...]]:
    """Return a writer's probabilities after each beginning, and its best sentence."""
    random = np.random.default_rng(seed)
    writer: dict[tuple[str, ...], dict[str, float]] = {}
    best: dict[tuple[str, ...], float] = {(): 1.0}
    for _ in range(LENGTH):
        longer = {}
        for said in best:
            shares = random.dirichlet([0.7] * 3)
            writer[said] = dict(zip("abc", map(float, shares), strict=True))
            for word, share in writer[said].items():
                longer[(*said, word)] = best[said] * share
        best = longer
    return writer, max(best, key=lambda said: best[said])
