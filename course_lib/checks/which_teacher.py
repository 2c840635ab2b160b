"""Checks for the exercises of the chapter on other teachers and students."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib.checks import check
from course_lib.checks.expect import OTHER_SHAPE, Slips, call, require, same
from course_lib.models.pooling import last_token, places_in_text

#: Where texts stand: behind one another, with blanks on either side, and alone.
MASKS = (
    [[1, 1, 0], [1, 1, 1], [1, 0, 0]],
    [[0, 0, 1, 1], [1, 1, 1, 1], [0, 1, 1, 1]],
    [[0, 1, 1, 0], [1, 1, 0, 0]],
    [[1]],
)


def _states(texts: int, tokens: int, width: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    shape = texts, tokens, width
    return torch.randn(shape, generator=generator, dtype=torch.float64).round(
        decimals=2
    )


@check("Right: the last token of each text, on whichever side its blanks are.")
def last(function: Callable[[Tensor, Tensor], Any]) -> None:
    """The states of each text's last token, (batch, width), from states and a mask.

    >>> last(last_token)
    ✅ Right: the last token of each text, on whichever side its blanks are.
    >>> last(lambda states, mask: states[:, -1])
    ❌ For texts at [[1, 1, 0], [1, 1, 1], [1, 0, 0]] you returned ...; expected ...
    That is the last column, which is a blank where a text is short.
    """
    for seed, rows in enumerate(MASKS):
        mask = torch.tensor(rows)
        states = _states(len(mask), mask.shape[1], width=2, seed=seed)
        every = torch.arange(len(mask))
        counted = mask.sum(1)
        summed = (states * mask[..., None]).sum(1)
        slips: Slips = {
            "Give one row a text, of its last token alone.": OTHER_SHAPE,
            "That is the last column, which is a blank where a text is short.": (
                states[:, -1]
            ),
            "So many tokens less one is a place only if blanks stand behind.": (
                states[every, counted - 1]
            ),
            "One place too far: count from 0.": (
                states[every, counted.clamp(max=mask.shape[1] - 1)]
            ),
            "That is the first token, or the first column.": (
                states[:, 0],
                states[every, mask.argmax(1)],
            ),
            "That is a mean over the text.": (
                summed / counted[:, None],
                states.mean(1),
            ),
        }
        truth = last_token(states, mask)
        same(call(function, states, mask), truth, f"texts at {rows}", slips)


@check("Right: each text is counted from its own beginning.")
def places(function: Callable[[Tensor], Any]) -> None:
    """The place of each token in its own text; what blanks get does not count.

    >>> places(lambda mask: (mask.cumsum(1) - 1).clamp(min=0))
    ✅ Right: each text is counted from its own beginning.
    >>> places(lambda mask: torch.arange(mask.shape[1]).expand(mask.shape))
    ❌ For texts at [[0, 0, 1, 1], ...]], blanks left out, you returned [2, 3, ...];
    expected [0, 1, ...]. Those are columns: a text behind two blanks begins at 2.
    """
    for rows in MASKS:
        mask = torch.tensor(rows)
        real = mask.bool()
        truth = places_in_text(mask)
        columns = torch.arange(mask.shape[1]).expand(mask.shape)
        from_behind = mask.flip(1).cumsum(1).flip(1) - 1
        given = f"texts at {rows}"
        value = call(function, mask)
        require(
            isinstance(value, Tensor) and value.shape == mask.shape,
            f"For {given} you returned {_shape(value)}; expected a tensor of shape "
            f"{tuple(mask.shape)}.",
        )
        slips: Slips = {
            "Those are columns: a text behind two blanks begins at 2.": columns[real],
            "Count from 0, not from 1.": truth[real] + 1,
            "Those are counted from the text's end.": from_behind[real],
            "Those are marks, not places.": torch.ones_like(truth[real]),
        }
        # As one row, in the order of reading; blanks are nobody's.
        same(value[real], truth[real], f"{given}, blanks left out,", slips)


TEXTS, MOST, WIDTH, ENOUGH = 400, 9, 12, 0.9


def _causal(seed: int, behind: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Return states of a model that reads from left to right, a mask, and labels.

    A state is the mean of what came so far; the label asks for all of the text. Blanks
    have states too, large ones that mean nothing.
    """
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(3, MOST + 1, (TEXTS,), generator=generator)
    columns = torch.arange(MOST)
    real = columns < lengths[:, None]
    if not behind:
        real = real.flip(1)
    words = torch.randn(TEXTS, MOST, WIDTH, generator=generator) * real[..., None]
    so_far = words.cumsum(1) / real.cumsum(1).clamp(min=1)[..., None]
    labels = (words.sum(1)[:, 0] > 0).long()
    noise = 3 * torch.randn(TEXTS, MOST, WIDTH, generator=generator)
    return torch.where(real[..., None], so_far, noise), real.long(), labels


@check("Right: it was read where it has seen the whole text.")
def reader(function: Callable[[Tensor, Tensor, Tensor], Any]) -> None:
    """A classifier on a causal model's states, judged on texts padded before.

    >>> reader(lambda states, mask, labels: lambda new, new_mask: new[:, 0, 0] > 0)
    ❌ On new texts, with blanks behind them, you are right about ...%; expected 90% or
    more. ...
    """
    for seed in (0, 1):
        predict = call(function, *_causal(seed, behind=True))
        require(
            callable(predict),
            f"For states, a mask and labels you returned {_shape(predict)}; expected a "
            "function of states and a mask.",
        )
        for behind in (True, False):
            states, mask, labels = _causal(seed + 10, behind)
            said = call(predict, states, mask)
            where = f"On new texts, with blanks {'behind' if behind else 'before'} them"
            require(
                isinstance(said, Tensor) and said.shape == labels.shape,
                f"{where}, your function gave {_shape(said)}; expected a verdict, 0 or "
                f"1, for each of {len(labels)} texts.",
            )
            right = (said.long() == labels).double().mean().item()
            require(
                right >= ENOUGH,
                f"{where}, you are right about {right:.0%}; expected {ENOUGH:.0%} or "
                "more. Which token has seen the whole text, and in which column is it?",
            )


def _shape(value: Any) -> str:
    """Say what came in place of a tensor."""
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    return type(value).__name__
