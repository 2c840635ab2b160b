"""Checks for the exercises of the chapter on the BERT teacher."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.batches import Batch
from course_lib.checks import check
from course_lib.checks.expect import call, require, same


@check("Right, to the last bias.")
def bert_parameters(function: Callable[[int, int, int], Any]) -> None:
    """The numbers in a BERT with a pooler and without a head.

    >>> def numbers(v, h, n):
    ...     return (v + 516) * h + n * (12 * h * h + 13 * h) + h * h + h
    >>> bert_parameters(numbers)
    ✅ Right, to the last bias.
    >>> bert_parameters(lambda v, h, n: numbers(v, h, n) - h)
    ❌ For vocabulary = 10, hidden = 2, layers = 1 you returned 1,130; expected 1,132.
    The pooler has a bias.
    """
    for v, h, n in ((10, 2, 1), (30_522, 768, 12), (30_522, 384, 6), (100, 4, 0)):
        layer, pooler = 12 * h * h + 13 * h, h * h + h
        rows = v + 512 + 2
        total = (rows + 2) * h + n * layer + pooler
        # With so many slips two may give one number; the first hint is the likelier.
        slips = {
            "The pooler is missing: one square layer with a bias.": total - pooler,
            "The embeddings have a normalisation: two numbers a row.": total - 2 * h,
            "Each of the 512 places has an embedding too.": total - 512 * h,
            "Two kinds of text, and a normalisation, are missing.": total - 4 * h,
            "The pooler has a bias.": total - h,
            "The layers' biases and normalisations are missing.": total - n * 13 * h,
            "That includes a head for two classes.": total + 2 * h + 2,
            "That is a BERT of a single layer.": (rows + 2) * h + layer + pooler,
        }
        given = f"vocabulary = {v}, hidden = {h}, layers = {n}"
        same(call(function, v, h, n), total, given, slips)


@check("Right: both ends, and the two special pieces where BERT looks for them.")
def head_and_tail(function: Callable[[list[int], int], Any]) -> None:
    """Cut a list of pieces, keeping its special ends and both ends between them.

    >>> def cut(pieces, n):
    ...     tail = (n - 2) // 2 + 1  # with the [SEP]
    ...     return pieces if len(pieces) <= n else pieces[: n - tail] + pieces[-tail:]
    >>> head_and_tail(cut)
    ✅ Right: both ends, and the two special pieces where BERT looks for them.
    >>> head_and_tail(lambda pieces, n: pieces[:n])
    ❌ For pieces [101, 1, 2, 3, 4, 5, 6, 7, 8, 102] and max_tokens = 6 you returned
    [101, 1, 2, 3, 4, 5]; expected [101, 1, 2, 7, 8, 102]. The [SEP] at the end was
    cut off.
    """

    def wrapped(kept: list[int]) -> list[int]:
        return [101, *kept, 102]

    cases = [(10, 6), (10, 7), (6, 6), (5, 8), (9, 3), (12, 5), (9, 2)]
    for length, limit in cases:
        inside = list(range(1, length - 1))
        pieces, count = wrapped(inside), len(inside)
        room, half = max(0, min(limit, length) - 2), limit // 2
        tail = room // 2
        head = room - tail
        both_ends = inside[:head] + inside[count - tail :]
        slips = {
            "The [SEP] at the end was cut off.": pieces[:limit],
            "If the room is odd, the head gets one more: count without the two special "
            "pieces.": pieces[: limit - half] + pieces[length - half :],
            "That is the head alone.": wrapped(inside[:room]),
            "That is the tail alone.": wrapped(inside[count - room :]),
            "If the room is odd, the head gets one more, and not the tail.": (
                wrapped(inside[:tail] + inside[count - head :])
            ),
            "A tail of zero pieces: `inside[-0:]` is the whole of it.": (
                wrapped(inside[:head] + inside)
            ),
            "Put [CLS] and [SEP] back.": both_ends,
        }
        given = f"pieces {pieces} and max_tokens = {limit}"
        handed = list(pieces)
        value = call(partial(function, handed, limit))
        require(
            handed == pieces,
            f"For {given} you changed the list itself; expected a new list.",
        )
        truth = pieces if length <= limit else wrapped(both_ends)
        same(value, truth, given, slips)


@check("Right: the rate belongs to the number of steps.")
def rate_for(function: Callable[[int, float, float], Any]) -> None:
    """The highest rate whose schedule, summed up, is the budget.

    >>> rate_for(lambda steps, typical, budget: 2 * budget * typical / steps)
    ✅ Right: the rate belongs to the number of steps.
    >>> rate_for(lambda steps, typical, budget: budget * typical / steps)
    ❌ For steps = 1000, typical_weight = 0.04, budget = 0.5 you returned 2e-05;
    expected 4e-05. The sum of the schedule is half of the rate times steps.
    """
    for steps, typical, budget in ((1_000, 0.04, 0.5), (50, 0.06, 0.5), (7, 0.02, 2.0)):
        truth = 2 * budget * typical / steps
        slips = {
            "The sum of the schedule is half of the rate times steps.": truth / 2,
            "Turn the half round: the highest rate is twice the mean.": truth / 4,
            "The budget is counted in typical weights.": 2 * budget / steps,
            "More steps, smaller rate: divide by them.": truth * steps**2,
            "That is upside down.": 1 / truth,
            "Multiply by the typical weight.": truth / typical**2,
        }
        given = f"steps = {steps}, typical_weight = {typical}, budget = {budget}"
        same(call(function, steps, typical, budget), truth, given, slips)


class Noisy(nn.Module):
    """A teacher with dropout, whose answer to a text is known."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(1.0))
        self.dropout = nn.Dropout(0.5)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return (batch, 2) logits: the first token, and the length."""
        said = torch.stack([tokens[:, 0], lengths], dim=1).float()
        return self.dropout(said * self.scale)


def batches_out_of_order() -> tuple[list[Batch], Tensor]:
    """Five texts in two batches, and what the teacher says of them in order."""
    tokens = torch.tensor([[11, 1, 0], [12, 2, 3], [13, 0, 0], [14, 4, 0], [15, 5, 6]])
    lengths = torch.tensor([2, 3, 1, 2, 3])
    batches = [
        Batch(tokens[i], lengths[i], torch.zeros(len(i)).long(), None, i)
        for i in (torch.tensor([4, 1, 0]), torch.tensor([3, 2]))
    ]
    return batches, torch.stack([tokens[:, 0], lengths], dim=1).float()


@check("Right: calm, in order, and the teacher as it was.")
def soft_targets(function: Callable[[nn.Module, list[Batch]], Any]) -> None:
    """The teacher's logits of all texts, in the order of the split.

    >>> def calm(teacher, batches):
    ...     mode, rows = teacher.training, torch.zeros(5, 2)
    ...     teacher.eval()
    ...     with torch.no_grad():
    ...         for batch in batches:
    ...             rows[batch.index] = teacher(batch.tokens, batch.lengths)
    ...     teacher.train(mode)
    ...     return rows
    >>> soft_targets(calm)
    ✅ Right: calm, in order, and the teacher as it was.
    >>> soft_targets(lambda teacher, batches: calm(teacher, batches).softmax(1))
    ❌ For a teacher in train mode ... Those are probabilities; keep the logits.
    """
    order = [4, 1, 0, 3, 2]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for mode in ("train", "eval"):
            teacher = Noisy().train(mode == "train")
            batches, truth = batches_out_of_order()
            slips = {
                "They are in the order of the batches: use each batch's index.": (
                    truth[order]
                ),
                "Turned the wrong way: row i of a batch belongs at index[i].": (
                    truth[order][order]
                ),
                "Those are probabilities; keep the logits.": truth.softmax(-1),
                "Dropout was on: the teacher rolled dice.": (
                    lambda got: (got == 0).any()
                ),
            }
            given = f"a teacher in {mode} mode and batches of texts [4, 1, 0], [3, 2]"
            value = call(function, teacher, batches)
            same(value, truth, given, slips)
            require(
                not value.requires_grad,
                f"For {given} the result still wants a gradient; expected one that "
                "does not: call the teacher under torch.no_grad().",
            )
            require(
                teacher.training == (mode == "train"),
                f"For {given} you left it in another mode; expected {mode} mode, as "
                "it came.",
            )
