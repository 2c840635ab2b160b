"""Checks for the exercises of the chapter on the BERT teacher."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.batches import Batch
from course_lib.checks import Wrong, call, check, expect

Slips = Sequence[tuple[float, str]]


def number(value: Any, expected: float, given: str, slips: Slips) -> None:
    """Raise `Wrong` unless `value` is the number; a known slip gets its own hint."""
    try:
        got = float(value)
    except (TypeError, ValueError):
        raise Wrong(
            f"For {given} you returned {type(value).__name__}; expected one number."
        ) from None

    def agrees(other: float) -> bool:
        return math.isclose(got, other, rel_tol=1e-9, abs_tol=1e-12)

    hint = next((hint for slip, hint in slips if agrees(slip)), "")
    message = f"For {given} you returned {got:,.10g}; expected {expected:,.10g}. {hint}"
    expect(agrees(expected), message.strip())


@check("Right, to the last bias.")
def bert_parameters(function: Callable[[int, int, int], Any]) -> None:
    """The numbers in a BERT with a pooler and without a head."""
    for v, h, n in ((10, 2, 1), (30_522, 768, 12), (30_522, 384, 6), (100, 4, 0)):
        layer, pooler = 12 * h * h + 13 * h, h * h + h
        rows = v + 512 + 2
        total = (rows + 2) * h + n * layer + pooler
        slips = [
            (total - pooler, "The pooler is missing: one square layer with a bias."),
            (total - 2 * h, "The embeddings have a normalisation: two numbers a row."),
            (total - 512 * h, "Each of the 512 places has an embedding too."),
            (total - 2 * h * 2, "Two kinds of text, and a normalisation, are missing."),
            (total - h, "The pooler has a bias."),
            (total - n * 13 * h, "The layers' biases and normalisations are missing."),
            (total + 2 * h + 2, "That includes a head for two classes."),
            ((rows + 2) * h + layer + pooler, "That is a BERT of a single layer."),
        ]
        # With so many slips two may give one number; the first hint is the likelier.
        given = f"vocabulary = {v}, hidden = {h}, layers = {n}"
        number(call(function, v, h, n), total, given, slips)


@check("Right: both ends, and the two special pieces where BERT looks for them.")
def head_and_tail(function: Callable[[list[int], int], Any]) -> None:
    """Cut a list of pieces, keeping its special ends and both ends between them."""
    cases = [(10, 6), (10, 7), (6, 6), (5, 8), (9, 3), (12, 5), (9, 2)]
    for length, limit in cases:
        pieces = [101, *range(1, length - 1), 102]
        inside, room = pieces[1:-1], max(0, min(limit, length) - 2)
        tail = room // 2
        head = room - tail

        def wrapped(kept: list[int]) -> list[int]:
            return [101, *kept, 102]

        expected = wrapped(inside[:head] + inside[len(inside) - tail :])
        if length <= limit:
            expected = pieces
        slips = [
            (pieces[:limit], "The [SEP] at the end was cut off."),
            (
                pieces[: limit - limit // 2] + pieces[len(pieces) - limit // 2 :],
                "If the room is odd, the head gets one more: count without the two "
                "special pieces.",
            ),
            (wrapped(inside[:room]), "That is the head alone."),
            (wrapped(inside[len(inside) - room :]), "That is the tail alone."),
            (
                wrapped(inside[:tail] + inside[len(inside) - head :]),
                "If the room is odd, the head gets one more, and not the tail.",
            ),
            (
                wrapped(inside[:head] + inside),
                "A tail of zero pieces: `inside[-0:]` is the whole of it.",
            ),
            (inside[:head] + inside[len(inside) - tail :], "Put [CLS] and [SEP] back."),
        ]
        given = f"pieces {pieces} and max_tokens = {limit}"
        before = list(pieces)
        value = call(function, pieces, limit)
        expect(
            pieces == before,
            f"For {given} you changed the list itself; expected a new list.",
        )
        expect(
            isinstance(value, list | tuple | np.ndarray | Tensor),
            f"For {given} you returned {type(value).__name__}; expected a list.",
        )
        got = [int(piece) for piece in value]
        hint = next((hint for slip, hint in slips if got == slip), "")
        message = f"For {given} you returned {got}; expected {expected}. {hint}"
        expect(got == expected, message.strip())


@check("Right: the rate belongs to the number of steps.")
def rate_for(function: Callable[[int, float, float], Any]) -> None:
    """The highest rate whose schedule, summed up, is the budget."""
    for steps, typical, budget in ((1_000, 0.04, 0.5), (50, 0.06, 0.5), (7, 0.02, 2.0)):
        expected = 2 * budget * typical / steps
        slips = [
            (expected / 2, "The sum of the schedule is half of the rate times steps."),
            (expected / 4, "Turn the half round: the highest rate is twice the mean."),
            (2 * budget / steps, "The budget is counted in typical weights."),
            (2 * budget * steps * typical, "More steps, smaller rate: divide by them."),
            (steps / (2 * budget * typical), "That is upside down."),
            (2 * budget / (typical * steps), "Multiply by the typical weight."),
        ]
        given = f"steps = {steps}, typical_weight = {typical}, budget = {budget}"
        number(call(function, steps, typical, budget), expected, given, slips)


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
    """The teacher's logits of all texts, in the order of the split."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for mode in ("train", "eval"):
            teacher = Noisy().train(mode == "train")
            batches, expected = batches_out_of_order()
            given = f"a teacher in {mode} mode and batches of texts [4, 1, 0], [3, 2]"
            value = call(function, teacher, batches)
            if not isinstance(value, Tensor):
                raise Wrong(
                    f"For {given} you returned {type(value).__name__}; expected a "
                    "tensor."
                )
            expect(
                value.shape == expected.shape,
                f"For {given} you returned shape {tuple(value.shape)}; expected "
                f"{tuple(expected.shape)}.",
            )
            as_they_came = expected[[4, 1, 0, 3, 2]]
            got = value.detach().float()
            hint = ""
            if torch.equal(got, as_they_came):
                hint = "They are in the order of the batches: use each batch's index."
            elif torch.equal(got, as_they_came[[4, 1, 0, 3, 2]]):
                hint = "Turned the wrong way: row i of a batch belongs at index[i]."
            elif torch.allclose(got, expected.softmax(-1)):
                hint = "Those are probabilities; keep the logits."
            elif bool(((got == 0) & (expected != 0)).any()):
                hint = "Dropout was on: the teacher rolled dice."
            message = (
                f"For {given} you returned {got.tolist()}; expected "
                f"{expected.tolist()}. {hint}"
            )
            expect(torch.equal(got, expected), message.strip())
            expect(
                not value.requires_grad,
                f"For {given} the result still wants a gradient; expected one that "
                "does not: call the teacher under torch.no_grad().",
            )
            expect(
                teacher.training == (mode == "train"),
                f"For {given} you left it in another mode; expected {mode} mode, as "
                "it came.",
            )
