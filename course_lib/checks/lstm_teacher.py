"""Checks for the exercises of the chapter on the LSTM teacher."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.checks import check
from course_lib.checks.expect import always, call, count_operations, require, same
from course_lib.models import (
    LSTMClassifier,
    masked_mean_and_max,
    reverse_within_length,
)


@check("Right: each review at its own last word, and a batch of one as well.")
def last_state(function: Callable[[Tensor, Tensor], Any]) -> None:
    """(batch, features) states at the last word of (batch, tokens, features).

    >>> last_state(at_last_word)
    ✅ Right: each review at its own last word, and a batch of one as well.
    >>> last_state(in_last_column)
    ❌ For states [[[0.0], [1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0], [7.0]]] and
    lengths [3, 1] you returned [[3.0], [7.0]]; expected [[2.0], [4.0]]. That is the
    last column, whatever stands there.
    """
    for shape, numbers in [
        ((2, 4, 1), [3, 1]),
        ((3, 4, 2), [1, 4, 2]),
        ((1, 3, 2), [2]),
    ]:
        states = torch.arange(math.prod(shape), dtype=torch.float32).reshape(shape)
        lengths = torch.tensor(numbers)
        rows = torch.arange(len(states))
        slips = {
            "Each row was read at the last words of all rows: give a row number along "
            "with each column number.": states[:, lengths - 1],
            "That is the last column, whatever stands there.": states[:, -1],
            "That is one too far: the first word stands at column 0.": (
                states[rows, lengths.clamp(max=shape[1] - 1)]
            ),
            "That is the last word but one.": states[rows, lengths - 2],
            "That is the first word.": states[:, 0],
        }
        given = f"states {states.tolist()} and lengths {numbers}"
        got = call(function, states, lengths)
        same(got, at_last_word(states, lengths), given, slips)


@check("Right: a long memory needs a gate that is very nearly open.")
def forget_score(function: Callable[[float], Any]) -> None:
    """The score a with sigmoid(a) ** words == 0.5.

    >>> forget_score(lambda words: -math.log(2 ** (1 / words) - 1))
    ✅ Right: a long memory needs a gate that is very nearly open.
    >>> forget_score(lambda words: 0.5 ** (1 / words))
    ❌ For words = 10 you returned 0.933; expected 2.634. That is the gate itself; its
    score is what goes into the sigmoid.
    """
    for words in (10, 1, 100, 0.5, 1000):
        f, e = 0.5 ** (1 / words), math.exp(-1 / words)
        truth = math.log(f / (1 - f))
        slips = {
            "That is the gate itself; its score is what goes into the sigmoid.": f,
            "The sign is turned round: that gate forgets 1 - f.": -truth,
            "That undoes an exponential; undo the sigmoid.": math.log(f),
            "After that many words 1/e is left, not a half.": math.log(e / (1 - e)),
            "Undo the sigmoid instead of applying it.": 1 / (1 + math.exp(-f)),
            "f = 1 - 1/words is near, but leaves about 1/e, not a half.": (
                math.log(words - 1) if words > 1 else math.nan
            ),
        }
        same(call(function, words), truth, f"words = {words}", slips)


@check("Right: the words turned round, the padding where it was.")
def reverse(function: Callable[[Tensor, Tensor], Any]) -> None:
    """Reverse (batch, tokens) token numbers, each row within its own length.

    >>> reverse(lambda t, n: reverse_within_length(t[..., None], n)[..., 0])
    ✅ Right: the words turned round, the padding where it was.
    >>> reverse(lambda t, n: t.flip(1))
    ❌ For tokens [[1, 2, 3, 4], [5, 6, 0, 0]] and lengths [4, 2] you returned [[4, 3,
    2, 1], [0, 0, 6, 5]]; expected [[4, 3, 2, 1], [6, 5, 0, 0]]. The padding came to
    the front: mind each row's length.
    """
    cases = [
        ([[1, 2, 3, 4], [5, 6, 0, 0]], [4, 2]),
        ([[7, 0, 0], [8, 9, 0], [1, 2, 3]], [1, 2, 3]),
        ([[4, 5, 0]], [2]),
    ]
    for rows, numbers in cases:
        tokens, lengths = torch.tensor(rows), torch.tensor(numbers)
        slips = {
            "The padding came to the front: mind each row's length.": tokens.flip(1),
            "Those are the reviews in reverse order, not the words.": tokens.flip(0),
            "Nothing was turned round.": tokens,
            "That is one off: word 0 goes to column n - 1.": torch.stack(
                [
                    torch.cat([row[:n].roll(-1).flip(0), row[n:]])
                    for row, n in zip(tokens, numbers, strict=True)
                ]
            ),
        }
        truth = reverse_within_length(tokens[..., None], lengths)[..., 0]
        given = f"tokens {rows} and lengths {numbers}"
        same(call(function, tokens, lengths), truth, given, slips)
    few, many = (
        count_operations(function, torch.ones(n, 4).long(), torch.full((n,), 3))
        for n in (2, 8)
    )
    require(
        few == many < math.inf,
        "The rows are right, but more reviews take more operations, or lists; expected "
        "no loop over the reviews. Which column does each new column take from?",
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
    """Pool (batch, tokens, features) by the state at the last word.

    >>> at_last_word(torch.tensor([[[1.0], [2.0], [0.0]]]), torch.tensor([2]))
    tensor([[2.]])
    """
    return states[torch.arange(len(states)), lengths - 1]


def in_last_column(states: Tensor, lengths: Tensor) -> Tensor:
    """Pool (batch, tokens, features) by the last column, blank or not.

    >>> in_last_column(torch.tensor([[[1.0], [2.0], [0.0]]]), torch.tensor([2]))
    tensor([[0.]])
    """
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
    """True if blanks behind the reviews change what a model says about them.

    >>> def moved(model, tokens, lengths):
    ...     model.eval()
    ...     wider = nn.functional.pad(tokens, (0, 9))
    ...     a, b = model(tokens, lengths), model(wider, lengths)
    ...     return not torch.allclose(a, b, atol=1e-4)
    >>> depends_on_padding(moved)
    ✅ Right: all seven found out, from the outside. Keep it, and use it.
    >>> depends_on_padding(lambda model, tokens, lengths: False)
    ❌ For 'last column' and a batch of lengths [6, 3, 1] you returned False; expected
    True. The verdicts may agree while the logits move: compare the logits.
    """
    batches = {
        "a batch of lengths [6, 3, 1]": torch.tensor([6, 3, 1]),
        "a batch of lengths [4, 4], without padding": torch.tensor([4, 4]),
    }
    with torch.random.fork_rng(devices=[]):
        models = zoo()
        for given, lengths in batches.items():
            tokens = torch.randint(2, 20, (len(lengths), int(lengths.max())))
            tokens[torch.arange(tokens.shape[1]) >= lengths.unsqueeze(1)] = 0
            for name, model, truth, hint in models:
                model(tokens, lengths)  # gives a lazy layer its size
                was_training = model.training
                if "without padding" in given and truth:
                    hint = "No review was padded yet: append some blanks yourself."
                got = call(function, model, tokens, lengths)
                same(got, truth, f"{name!r} and {given}", {hint: always})
                model.train(was_training)
