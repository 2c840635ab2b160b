"""Objectives of a writer, which says the next word, and texts that it writes itself."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.batches import Batch, Examples
from course_lib.models.writers import Writer
from course_lib.sequences import sequence_examples
from course_lib.soft_targets import logits_of
from course_lib.tagged import TokenExamples
from course_lib.training.tagging import TokenDistillation, TokenLabels


class NextWord(TokenLabels):
    """What the texts say: the next word of each answer, and its end.

    The epoch that is kept has the most words right on validation, each after the right
    words before it.

    >>> NextWord(["<pad>", "<end>"])
    NextWord(2 words)
    """

    def extra_repr(self) -> str:
        """Say how many words there are, where this is printed."""
        return f"{len(self.tags)} words"

    def scores(self, logits: Tensor, examples: Examples) -> dict[str, float]:
        """Return the share of next words that are right."""
        return words_right(logits, examples)


class NextWordDistillation(TokenDistillation, NextWord):
    """What a teacher says of each next word, by a loss over tokens.

    `loss(student, teacher, labels, counted)` reads logits and what counts. The
    teacher's logits are with the texts, or with each batch, as in `OwnAnswers`.

    >>> from course_lib.losses.tokens import TokenDistillationLoss
    >>> NextWordDistillation(TokenDistillationLoss(1.0, alpha=1.0), ["<pad>", "<end>"])
    NextWordDistillation(
      2 words
      (loss): TokenDistillationLoss(temperature=1.0, alpha=1.0)
    )
    """

    def check(self, examples: Examples, num_labels: int, multilabel: bool) -> None:
        """Raise `ValueError` unless each batch has soft targets that fit."""
        if not isinstance(examples, OwnAnswers):
            super().check(examples, num_labels, multilabel)
            return
        self.check_tags(num_labels)
        given = examples.collate(np.array([0])).soft_targets
        if given is None or given.shape[-1] != num_labels:
            raise ValueError(
                f"the teacher knows {None if given is None else given.shape[-1]} words "
                f"and the student {num_labels}: both need the same, in the same order"
            )


def words_right(logits: Tensor, examples: Examples) -> dict[str, float]:
    """Return the share of tokens that count whose likeliest word is the right one.

    >>> texts = sequence_examples([[2]], [[4, 1]])
    >>> words_right(torch.eye(5)[torch.tensor([[4, 3]])], texts)
    {'words_right': 0.5}
    """
    assert isinstance(examples, TokenExamples) and examples.counted is not None
    right = (logits.argmax(-1) == examples.truth)[examples.counted]
    return {"words_right": float(right.float().mean())}


@dataclass(frozen=True)
class OwnAnswers(TokenExamples):
    """Prompts whose answers a student writes for each batch, and a teacher reads.

    On-policy distillation (Agarwal et al. 2024): the student learns at places that it
    gets to by itself. It draws from all words; that it could have drawn others is in no
    gradient. `tokens`, `labels` and `counted` are those of any answers: the loop reads
    their lengths. An answer has at most `most` words, with its end or without.

    >>> torch.manual_seed(0).initial_seed()
    0
    >>> student, teacher = Writer(9, 8, 1), Writer(9, 8, 1)
    >>> texts = OwnAnswers.of([[5, 2], [4, 7, 2]], student, teacher, most=3)
    >>> batch = texts.collate(np.array([1]))
    >>> batch.tokens[0, :3], batch.soft_targets.shape[-1]
    (tensor([4, 7, 2]), 9)
    """

    prompts: Any = None
    student: Any = None
    teacher: Any = None
    most: int = 0

    @classmethod
    def of(
        cls, prompts: list[list[int]], student: Writer, teacher: Writer, most: int
    ) -> "OwnAnswers":
        """Return texts that a student will write, from prompts that end with `GO`."""
        blank = sequence_examples(
            prompts, [[prompt[0]] for prompt in prompts], unfinished=True
        )
        return cls(
            blank.tokens,
            blank.labels,
            None,
            blank.counted,
            prompts,
            student,
            teacher,
            most,
        )

    def tensors(self) -> dict[str, Tensor]:
        """Return what training reads, with the weights of the teacher who will speak.

        The student's are those that the run starts from.
        """
        teacher = {f"teacher.{n}": w for n, w in self.teacher.state_dict().items()}
        return super().tensors() | teacher | {"most": torch.tensor(self.most)}

    def collate(self, index: np.ndarray) -> Batch:
        """Let the student write answers, and the teacher say what it would have."""
        prompts = [self.prompts[i] for i in index]
        answers = self.student.write(prompts, self.most, sample=True)
        texts = sequence_examples(prompts, answers, unfinished=True)
        batch = TokenExamples.collate(texts, np.arange(len(index)))
        self.teacher.eval()
        with torch.no_grad():
            said = logits_of(self.teacher, batch).cpu()
        places = torch.from_numpy(np.asarray(index, dtype=np.int64))
        return Batch(batch.tokens, batch.lengths, None, said, places, batch.counted)
