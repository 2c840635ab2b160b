"""Checks for the exercises of the chapter on answers that are sentences."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checks import check
from course_lib.checks.expect import Slips, call, require, same
from course_lib.models.writers import Writer
from course_lib.reviews.made_walks import DIRECTIONS, TURNS, made_walks
from course_lib.sequences import Words, sequence_examples
from course_lib.tagged import IGNORED
from course_lib.training import train
from course_lib.training.writing import NextWord


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


LEAST, MOST = 0.8, 12


@check("Right: what one layer cannot do at once, it can do in steps.")
def steps(function: Callable[[list[str]], Any]) -> None:
    """Words for a one-layer writer to learn, which end with the direction in the end.

    >>> steps(lambda walk: ["north"])
    ❌ For the walk ... you returned north; expected ... as the last word: ...
    """
    both = made_walks(1000, seed=4)
    known, new = both[:800], both[800:]
    signs = Words([*DIRECTIONS, *TURNS])
    answers = []
    for walk, way in known:
        value = call(function, list(walk))
        said = " ".join(walk)
        require(
            isinstance(value, list | tuple) and all(w in signs.number for w in value),
            f"For the walk {said} you returned {value!r}; expected a list of words of "
            f"{', '.join(signs.all[3:])}.",
        )
        shown = " ".join(value) or "nothing"
        require(
            0 < len(value) <= MOST,
            f"For the walk {said} you returned {len(value)} words; expected 1 to "
            f"{MOST}.",
        )
        require(
            value[-1] == way[-1],
            f"For the walk {said} you returned {shown}; expected {way[-1]} as the last "
            "word: there one looks in the end.",
        )
        answers.append(signs.answer(value))
    prompts = [signs.prompt(walk) for walk, _ in known]
    learnt = sequence_examples(prompts, answers)
    torch.manual_seed(0)
    student = Writer(len(signs), 64, 1, heads=4)
    held = sequence_examples(prompts[:50], answers[:50])
    train(
        student,
        learnt,
        held,
        epochs=4,
        batch_size=20,
        learning_rate=1e-2,
        objective=NextWord(signs.all),
    )
    written = student.write([signs.prompt(walk) for walk, _ in new], most=MOST + 1)
    pairs = zip(written, new, strict=True)
    wanted = [(answer, signs.answer(way[-1:])) for answer, (_, way) in pairs]
    right = float(np.mean([answer[-2:] == end for answer, end in wanted]))
    require(
        right >= LEAST,
        f"For 800 walks a one-layer student has {right:.0%} of 200 others right; "
        f"expected {LEAST:.0%} or more. Each word should follow from few others.",
    )
