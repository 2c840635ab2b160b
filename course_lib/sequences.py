"""Sequences with a prompt and an answer: numbers for words, and what a writer learns.

A sequence is a prompt, the sign `GO`, the words of its answer, and `END`. A writer
reads all but the last and says at each place which word is next, so what it has to say
at place i stands at place i + 1. The shift is made here, once: models and losses know
of none. Places within the prompt do not count; that of `GO` is the first that does.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import torch

from course_lib.tagged import IGNORED, TokenExamples
from course_lib.text import PADDING

END, GO = 1, 2
SPECIAL = ("<pad>", "<end>", "=>")


class Words:
    """Numbers for words, and back; 0 is padding, 1 the end, 2 the sign to begin.

    >>> words = Words(["cat", "sees"])
    >>> words.numbers(["sees", "cat"]), words.names([4, 3, 1])
    ([4, 3], ['sees', 'cat', '<end>'])
    """

    def __init__(self, words: Iterable[str]) -> None:
        self.all = [*SPECIAL, *words]
        self.number = {word: i for i, word in enumerate(self.all)}

    def __len__(self) -> int:
        return len(self.all)

    def numbers(self, words: Sequence[str]) -> list[int]:
        """Return the number of each word; `ValueError` for one that is not known."""
        unknown = [word for word in words if word not in self.number]
        if unknown:
            raise ValueError(
                f"{unknown[0]!r} is no word of this vocabulary of {len(self)}; "
                "expected words that it was made from"
            )
        return [self.number[word] for word in words]

    def names(self, numbers: Iterable[int]) -> list[str]:
        """Return the word of each number."""
        return [self.all[i] for i in numbers]

    def prompt(self, words: Sequence[str]) -> list[int]:
        """Return the numbers of a prompt, and the sign to begin.

        >>> Words(["cat"]).prompt(["cat"])
        [3, 2]
        """
        return [*self.numbers(words), GO]

    def answer(self, words: Sequence[str]) -> list[int]:
        """Return the numbers of an answer, and its end.

        >>> Words(["cat"]).answer(["cat"])
        [3, 1]
        """
        return [*self.numbers(words), END]


def check_ends(answers: Sequence[Sequence[int]]) -> None:
    """Raise `ValueError` unless each answer ends with `END`, and only there.

    >>> check_ends([[5, 4, 1], [7, 6]])
    Traceback (most recent call last):
    ValueError: answer 1 has no end: its last number is 6, and an end is 1; ...
    """
    for place, answer in enumerate(answers):
        if END not in answer:
            last = answer[-1] if len(answer) else "missing, as it is empty"
            raise ValueError(
                f"answer {place} has no end: its last number is {last}, and an end is "
                f"{END}; append it, or leave out an answer that was cut off: who is "
                "never shown an end writes on for ever"
            )
        behind = len(answer) - 1 - list(answer).index(END)
        if behind:
            raise ValueError(
                f"answer {place} goes on for {behind} more behind its end, {END}; "
                "expected the end to be its last number"
            )


def sequence_examples(
    prompts: Sequence[Sequence[int]],
    answers: Sequence[Sequence[int]],
    *,
    unfinished: bool = False,
) -> TokenExamples:
    """Return what a writer learns from: each word of the answer, at the place before.

    Prompts end with `GO`, and answers with `END`, as `Words.prompt` and `Words.answer`
    make them; `unfinished` ones may be cut off. Raises `ValueError` otherwise.

    >>> one = sequence_examples([[7, 8, 2]], [[5, 4, 1]])
    >>> one.tokens[0], one.labels
    (array([7, 8, 2, 5, 4]), tensor([[-100, -100,    5,    4,    1]]))
    """
    if len(prompts) != len(answers):
        raise ValueError(
            f"there are {len(prompts)} prompts and {len(answers)} answers; expected "
            "one answer a prompt"
        )
    if not unfinished:
        check_ends(answers)
    for place, prompt in enumerate(prompts):
        if not len(prompt) or prompt[-1] != GO:
            raise ValueError(
                f"prompt {place} is {list(prompt)[-3:]} at its end; expected the sign "
                f"to begin, {GO}, as its last number"
            )
    rows = [[*p, *a] for p, a in zip(prompts, answers, strict=True)]
    longest = max(map(len, rows), default=1) - 1
    labels = torch.full((len(rows), longest), IGNORED)
    for i, (prompt, row) in enumerate(zip(prompts, rows, strict=True)):
        labels[i, len(prompt) - 1 : len(row) - 1] = torch.tensor(row[len(prompt) :])
    tokens = [np.array(row[:-1]) for row in rows]
    return TokenExamples(tokens, labels, counted=labels != IGNORED)


def left_padded(prompts: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return prompts that all end in one column, and a mask of what is no padding.

    A writer goes on from the last column: blanks there would stand between a prompt and
    its answer.

    >>> left_padded([[7, 8, 2], [5, 2]])[0]
    tensor([[7, 8, 2],
            [0, 5, 2]])
    """
    wide = max(map(len, prompts))
    tokens = torch.full((len(prompts), wide), PADDING)
    mask = torch.zeros_like(tokens)
    for i, prompt in enumerate(prompts):
        tokens[i, wide - len(prompt) :] = torch.as_tensor(prompt)
        mask[i, wide - len(prompt) :] = 1
    return tokens, mask
