"""Checks for the exercises of the chapter on the LSTM teacher."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.checks import Wrong, call, check, expect
from course_lib.models import (
    LSTMClassifier,
    masked_mean_and_max,
    reverse_within_length,
)

#: What may come instead of a plain bool, with one number inside.
SCALARS = (Tensor, np.generic)


def shaped(value: Any, shape: tuple[int, ...], given: str) -> Tensor:
    """Return a tensor of the right shape, or say what came instead."""
    if not isinstance(value, Tensor):
        raise Wrong(
            f"For {given} you returned {type(value).__name__}; expected a tensor of "
            f"shape {shape}."
        )
    expect(
        value.shape == shape,
        f"For {given} you returned shape {tuple(value.shape)}; expected {shape}.",
    )
    return value.detach()


def same(got: Tensor, expected: Tensor, given: str, *slips: tuple[Tensor, str]) -> None:
    """Raise `Wrong` unless all numbers agree; a known slip gets its own hint."""

    def agrees(other: Tensor) -> bool:
        return got.shape == other.shape and torch.allclose(got.double(), other.double())

    hint = next((hint for slip, hint in slips if agrees(slip)), "")
    message = f"For {given} you returned {got.tolist()}; expected {expected.tolist()}. "
    expect(agrees(expected), (message + hint).strip())


@check("Right: each review at its own last word, and a batch of one as well.")
def last_state(function: Callable[[Tensor, Tensor], Any]) -> None:
    """(batch, features) states at the last word of (batch, tokens, features)."""
    cases = [((2, 4, 1), [3, 1]), ((3, 4, 2), [1, 4, 2]), ((1, 3, 2), [2])]
    for shape, numbers in cases:
        states = torch.arange(math.prod(shape), dtype=torch.float32).reshape(shape)
        lengths = torch.tensor(numbers)
        rows = torch.arange(len(states))
        given = f"states {states.tolist()} and lengths {numbers}"
        got = call(function, states.clone(), lengths.clone())
        if isinstance(got, Tensor) and got.shape == (*shape[:1], *shape[:1], shape[2]):
            raise Wrong(
                f"For {given} you returned shape {tuple(got.shape)}; expected "
                f"{(shape[0], shape[2])}. Each row was read at the last words of all "
                "rows: give a row number along with each column number."
            )
        same(
            shaped(got, (shape[0], shape[2]), given),
            states[rows, lengths - 1],
            given,
            (states[:, -1], "That is the last column, whatever stands there."),
            (
                states[rows, lengths.clamp(max=shape[1] - 1)],
                "That is one too far: the first word stands at column 0.",
            ),
            (states[rows, lengths - 2], "That is the last word but one."),
            (states[:, 0], "That is the first word."),
        )


@check("Right: a long memory needs a gate that is very nearly open.")
def forget_score(function: Callable[[float], Any]) -> None:
    """The score a with sigmoid(a) ** words == 0.5."""
    for words in (10, 1, 100, 0.5, 1000):
        f = 0.5 ** (1 / words)
        given = f"words = {words}"
        value = call(function, words)
        try:
            got = float(value)
        except (TypeError, ValueError):
            raise Wrong(
                f"For {given} you returned {type(value).__name__}; expected one number."
            ) from None
        expected = math.log(f / (1 - f))
        e = math.exp(-1 / words)
        slips = [
            (f, "That is the gate itself; its score is what goes into the sigmoid."),
            (-expected, "The sign is turned round: that gate forgets 1 - f."),
            (math.log(f), "That undoes an exponential; undo the sigmoid."),
            (math.log(e / (1 - e)), "After that many words 1/e is left, not a half."),
            (1 / (1 + math.exp(-f)), "Undo the sigmoid instead of applying it."),
        ]
        if words > 1:
            hint = "f = 1 - 1/words is near, but leaves about 1/e, not a half."
            slips.append((math.log(words - 1), hint))
        right = math.isclose(got, expected, rel_tol=1e-3, abs_tol=1e-4)
        hint = next((h for s, h in slips if math.isclose(got, s, rel_tol=1e-3)), "")
        message = f"For {given} you returned {got:.4g}; expected {expected:.4g}. {hint}"
        expect(right, message.strip())


@check("Right: the words turned round, the padding where it was.")
def reverse(function: Callable[[Tensor, Tensor], Any]) -> None:
    """Reverse (batch, tokens) token numbers, each row within its own length."""
    cases = [
        ([[1, 2, 3, 4], [5, 6, 0, 0]], [4, 2]),
        ([[7, 0, 0], [8, 9, 0], [1, 2, 3]], [1, 2, 3]),
        ([[4, 5, 0]], [2]),
    ]
    for rows, numbers in cases:
        tokens, lengths = torch.tensor(rows), torch.tensor(numbers)
        given = f"tokens {rows} and lengths {numbers}"
        got = shaped(
            call(function, tokens.clone(), lengths.clone()), tuple(tokens.shape), given
        )
        one_off = [
            torch.cat([row[:n].roll(-1).flip(0), row[n:]])
            for row, n in zip(tokens, numbers, strict=True)
        ]
        same(
            got,
            reverse_within_length(tokens.unsqueeze(-1), lengths).squeeze(-1),
            given,
            (tokens.flip(1), "The padding came to the front: mind each row's length."),
            (tokens.flip(0), "Those are the reviews in reverse order, not the words."),
            (tokens, "Nothing was turned round."),
            (torch.stack(one_off), "That is one off: word 0 goes to column n - 1."),
        )


class Judge(nn.Module):
    """A small model for the zoo: an LSTM, and some way to read its states."""

    def __init__(self, pool: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.embedding = nn.Embedding(20, 8)
        self.lstm = nn.LSTM(8, 8, batch_first=True)
        self.head = nn.LazyLinear(2)
        self.pool = pool

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return (batch, 2) logits, always for the same class."""
        states, _ = self.lstm(self.embedding(tokens))
        logits = self.head(self.pool(states, lengths))
        return logits + torch.tensor([0.0, 5.0])


class Backwards(Judge):
    """Reads the whole rectangle from its right end, padding first."""

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return (batch, 2) logits."""
        return super().forward(tokens.flip(1), lengths)


class Rounding(nn.Module):
    """A good model whose last digit depends on the width of the batch."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return (batch, 2) logits, up to rounding."""
        return self.model(tokens, lengths) * (1 + 1e-7 * tokens.shape[1])


def at_last_word(states: Tensor, lengths: Tensor) -> Tensor:
    """Pool (batch, tokens, features) by the state at the last word."""
    return states[torch.arange(len(states)), lengths - 1]


def in_last_column(states: Tensor, lengths: Tensor) -> Tensor:
    """Pool (batch, tokens, features) by the last column, blank or not."""
    return states[:, -1]


def zoo() -> list[tuple[str, nn.Module, bool, str]]:
    """Name, model, whether it depends on padding, and what to say if missed."""
    torch.manual_seed(0)
    rounding = "Sums in another order differ a little: allow for it (torch.allclose)."
    dropout = "It came in train mode, where dropout changes the logits by itself."
    verdicts = "The verdicts may agree while the logits move: compare the logits."
    doors = "Blanks can get in by more than one way."
    teacher = LSTMClassifier(20, 2, 8, 8)
    return [
        ("last word", Judge(at_last_word).eval(), False, rounding),
        ("last column", Judge(in_last_column).eval(), True, verdicts),
        ("mean over blanks", Judge(lambda x, n: x.mean(1)).eval(), True, doors),
        ("backwards", Backwards(in_last_column).eval(), True, doors),
        ("masked pooling", Judge(masked_mean_and_max).eval(), False, rounding),
        # Before the teacher: its sums differ from each other on some processors only.
        ("rounding", Rounding(Judge(at_last_word)).eval(), False, rounding),
        ("teacher in train mode", teacher.train(), False, dropout),
    ]


@check("Right: all seven found out, from the outside. Keep it, and use it.")
def depends_on_padding(function: Callable[[nn.Module, Tensor, Tensor], Any]) -> None:
    """True if blanks behind the reviews change what a model says about them."""
    batches = {
        "a batch of lengths [6, 3, 1]": torch.tensor([6, 3, 1]),
        "a batch of lengths [4, 4], without padding": torch.tensor([4, 4]),
    }
    with torch.random.fork_rng(devices=[]):
        models = zoo()
        for given, lengths in batches.items():
            tokens = torch.randint(2, 20, (len(lengths), int(lengths.max())))
            tokens[torch.arange(tokens.shape[1]) >= lengths.unsqueeze(1)] = 0
            for name, model, expected, hint in models:
                model(tokens, lengths)  # gives a lazy layer its size
                was_training = model.training
                value = call(function, model, tokens.clone(), lengths.clone())
                value = value.item() if isinstance(value, SCALARS) else value
                said = f"For {name!r} and {given} you returned"
                expect(
                    isinstance(value, bool),
                    f"{said} {type(value).__name__}; expected True or False.",
                )
                if "without padding" in given and expected:
                    hint = "No review was padded yet: append some blanks yourself."
                message = f"{said} {value}; expected {expected}. {hint}"
                expect(value == expected, message.strip())
                model.train(was_training)
