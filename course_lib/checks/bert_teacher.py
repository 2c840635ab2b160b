"""Checks for the exercises of the chapter on the BERT teacher."""

import math
from collections.abc import Callable
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


@check("Right: nobody looks at a blank, and all weights still sum to 1.")
def attention(function: Callable[[Tensor, Tensor, Tensor, Tensor], Any]) -> None:
    """What one head hands over, where `keep` has a 0 for each blank.

    >>> def masked(q, k, v, keep):
    ...     scores = q @ k.T / q.shape[1] ** 0.5
    ...     return scores.masked_fill(keep == 0, -torch.inf).softmax(-1) @ v
    >>> attention(masked)
    ✅ Right: nobody looks at a blank, and all weights still sum to 1.
    >>> attention(lambda q, k, v, keep: masked(q, k, v, torch.ones_like(keep)))
    ❌ For 3 words of 2 features and keep = [1, 1, 0] you returned ... The blanks were
    looked at.
    """
    generator = torch.Generator().manual_seed(0)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    # Features, numbers to hand over, and where words stand.
    cases = [(2, 2, [1, 1, 0]), (5, 3, [1, 0, 1, 1]), (9, 1, [1, 1]), (4, 6, [0, 1, 0])]
    for width, handed, stand in cases:
        words = len(stand)
        q, k, v = 2 * drawn(words, width), 2 * drawn(words, width), drawn(words, handed)
        keep = torch.tensor(stand)
        bare, blank = q @ k.T, keep == 0
        scores = bare / width**0.5

        def out(scores: Tensor, blank: Tensor = blank, v: Tensor = v) -> Tensor:
            return scores.masked_fill(blank, -torch.inf).softmax(-1) @ v

        slips = {
            "The blanks were looked at.": scores.softmax(-1) @ v,
            "A score of 0 is no weight of 0: fill in minus infinity.": (
                (scores * keep).softmax(-1) @ v
            ),
            "After the softmax it is too late: the weights no longer sum to 1.": (
                (scores.softmax(-1) * keep) @ v
            ),
            "Each word looks with its row, and is looked at in its column: a 0 of keep "
            "empties a column.": (
                scores.masked_fill(blank[:, None], -1e9).softmax(-1) @ v
            ),
            "The scores were not divided by the root of the number of features.": (
                out(bare)
            ),
            "The root is of the number of features.": (
                out(bare / width),
                out(bare / words**0.5),
                out(bare / handed**0.5),
                out(bare / 2**0.5),
            ),
            "Each row of weights sums to 1, not each column: softmax over the last "
            "dimension.": (scores.masked_fill(blank, -1e9).softmax(0) @ v),
            "The query of one word meets the key of another: q @ k.T.": out(scores.T),
        }
        given = f"{words} words of {width} features and keep = {stand}"
        same(call(function, q, k, v, keep), out(scores).numpy(), given, slips)


@check("Right: and the noise falls with the root of n.")
def noise(function: Callable[[Callable[[], Tensor], int], Any], guess: Any = 1) -> None:
    """How far two averages of n answers each lie apart, of a teacher with dropout.

    >>> def apart(ask, n):
    ...     means = [sum(ask() for _ in range(n)) / n for _ in range(2)]
    ...     return (means[0] - means[1]).square().mean().sqrt()
    >>> noise(apart)
    ✅ Right: and the noise falls with the root of n.
    >>> noise(lambda ask, n: apart(ask, n) ** 2)
    ❌ For answers with a spread of 0.1 and n = 1 you returned ...; expected 0.1414.
    That is the mean square; take its root.
    """
    is_number = isinstance(guess, int | float) and not isinstance(guess, bool)
    require(
        is_number and guess > 0,
        f"Your guess is {guess!r}; expected a number, the factor that you predict.",
    )
    generator = torch.Generator().manual_seed(0)
    for spread, n, texts in ((0.1, 1, 4000), (0.1, 4, 4000), (0.02, 9, 7000)):
        calm = torch.linspace(0.2, 0.8, texts)
        asked = 0

        def ask(calm: Tensor = calm, spread: float = spread) -> Tensor:
            nonlocal asked
            asked += 1
            return calm + spread * torch.randn(calm.shape, generator=generator)

        given = f"answers with a spread of {spread} and n = {n}"
        value = call(function, ask, n)
        require(
            asked >= 2 * n,
            f"For {given} you asked {asked} times; expected {2 * n}: two averages that "
            "share no answer.",
        )
        truth = spread * (2 / n) ** 0.5

        def near(other: float, truth: float = truth) -> Callable[[Any], bool]:
            return lambda got: bool(abs(got - other) < 0.07 * truth)

        slips = {
            "That is the noise of single answers.": near(spread * 2**0.5),
            "That is the spread of one average; two of them differ by more.": (
                near(spread / n**0.5)
            ),
            "That is the mean square; take its root.": near(truth**2),
            "That is the mean distance; square, take the mean, and then the root.": (
                near(truth * (2 / math.pi) ** 0.5)
            ),
            "Take the difference for each text, before any mean over texts.": (near(0)),
        }
        same(value, truth, given, slips, within=0.07 * truth)


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


def batches_out_of_order(places: list[list[int]]) -> tuple[list[Batch], Tensor]:
    """Texts in batches by their places, and what the teacher says of them in order.

    >>> batches, said = batches_out_of_order([[1], [2, 0]])
    >>> [batch.index.tolist() for batch in batches], said.tolist()
    ([[1], [2, 0]], [[13.0, 2.0], [12.0, 3.0], [15.0, 1.0]])
    """
    tokens = torch.tensor([[13, 1, 0], [12, 2, 3], [15, 0, 0], [11, 4, 0], [14, 5, 6]])
    lengths = torch.tensor([2, 3, 1, 2, 3])
    batches = [
        Batch(tokens[i], lengths[i], torch.zeros(len(i)).long(), None, i)
        for i in map(torch.tensor, places)
    ]
    said = torch.stack([tokens[:, 0], lengths], dim=1).float()
    return batches, said[: sum(map(len, places))]


@check("Right: calm, in order, and the teacher as it was.")
def soft_targets(function: Callable[[nn.Module, list[Batch]], Any]) -> None:
    """The teacher's logits of all texts, in the order of the split.

    >>> def calm(teacher, batches):
    ...     mode, n = teacher.training, sum(len(batch.index) for batch in batches)
    ...     rows = torch.zeros(n, 2)
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
    five = [[4, 1, 0], [3, 2]]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        cases = (("train", five), ("eval", five), ("train", [[1], [2, 0]]))
        for mode, places in cases:
            teacher = Noisy().train(mode == "train")
            batches, truth = batches_out_of_order(places)
            order = torch.cat([batch.index for batch in batches])
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
            shown = ", ".join(map(str, places))
            given = f"a teacher in {mode} mode and batches of texts {shown}"
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
