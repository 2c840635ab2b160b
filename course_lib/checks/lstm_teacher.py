"""Checks for the exercises of the chapter on the LSTM teacher."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.checks import check
from course_lib.checks.expect import (
    OTHER_SHAPE,
    Slips,
    always,
    call,
    call_without_autograd,
    read,
    require,
    same,
)
from course_lib.models import LSTMClassifier, masked_mean_and_max


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
    for shape, numbers, down in [
        ((2, 4, 1), [3, 1], False),
        ((3, 4, 2), [1, 4, 2], True),
        ((1, 3, 2), [2], False),
    ]:
        states = torch.arange(math.prod(shape), dtype=torch.float32).reshape(shape)
        states = 10 - states if down else states  # the last is not the largest
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
        same(got, at_last_word(states, lengths).numpy(), given, slips)


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


@check("Right: both derivatives, through any number of words.")
def through_time(function: Callable[[list[float], float, float, float], Any]) -> None:
    """dL/dw and dL/du of ½ (h_T - y)², where h_t = tanh(w x_t + u h_{t-1}), h_0 = 0.

    >>> through_time(lambda x, w, u, y: derivatives(x, w, u, y))
    ✅ Right: both derivatives, through any number of words.
    >>> through_time(lambda x, w, u, y: derivatives(x[-1:], w, u, y))
    ❌ For x = [1.0, 1.0], w = 0.5, u = 0.8 and y = 1.0 you returned [-0.423, 0.0];
    expected [-0.2474, -0.07018].
    """
    cases = [
        ([1.0, 1.0], 0.5, 0.8, 1.0),
        ([0.5, -1.0, 2.0, 0.25], 0.7, -1.2, -0.5),
        ([2.0], -0.4, 0.9, 0.5),
        ([0.3, 0.1, -0.2, 0.4, 0.2, -0.5, 0.6], 1.1, 0.9, 2.0),
    ]
    for x, w, u, y in cases:
        truth = np.array(derivatives(x, w, u, y))
        slips: Slips = {
            "Two numbers, please: first dL/dw, then dL/du.": OTHER_SHAPE,
            "The sign is turned round.": -truth,
            "That is dL/du and then dL/dw.": truth[::-1],
            "The loss has a factor of one half.": 2 * truth,
            "That is the last word's part alone; the earlier ones add theirs.": (
                np.array(derivatives(x, w, u, y, back=1))
            ),
            "Those are the parts of the last two words alone.": (
                np.array(derivatives(x, w, u, y, back=2))
            ),
            "The error does not go back unchanged: each step back multiplies it by "
            "u (1 - h²).": np.array(derivatives(x, w, u, y, factor=lambda u, h: 1.0)),
            "On the way back the slope of tanh is missing.": (
                np.array(derivatives(x, w, u, y, factor=lambda u, h: u))
            ),
            "On the way back the weight u is missing.": (
                np.array(derivatives(x, w, u, y, factor=lambda u, h: 1 - h**2))
            ),
            "The slope of tanh is 1 - h², with a square.": (
                np.array(derivatives(x, w, u, y, factor=lambda u, h: u * (1 - h)))
            ),
        }
        given = f"x = {x}, w = {w}, u = {u} and y = {y}"
        same(call_without_autograd(function, x, w, u, y), truth, given, slips)


def derivatives(
    x: list[float],
    w: float,
    u: float,
    y: float,
    back: int | None = None,
    factor: Callable[[float, float], float] = lambda u, h: u * (1 - h**2),
) -> tuple[float, float]:
    """Return dL/dw and dL/du; `back` and `factor` are for those that are wrong.

    >>> [round(part, 3) for part in derivatives([1.0, 1.0], 0.5, 0.8, 1.0)]
    [-0.247, -0.07]
    """
    h = [0.0]
    for word in x:
        h.append(math.tanh(w * word + u * h[-1]))
    delta, dw, du = (h[-1] - y) * (1 - h[-1] ** 2), 0.0, 0.0
    pairs = list(zip(x, h, strict=False))[::-1]  # each word, and the state before it
    for word, before in pairs[:back]:
        dw, du = dw + delta * word, du + delta * before
        delta *= factor(u, before)
    return dw, du


Reader = Callable[[Tensor, Tensor, Tensor, float], Any]


@check("Right: the open gate lets it learn what the half open one cannot in this time.")
def reader(function: Reader) -> None:
    """0 or 1 for each new text, by an LSTM whose forget gates start at a score.

    Of short texts it has to learn the first number at any score; of long ones with the
    gates open, and with gates near one half it must not be able to.

    >>> reader(lambda x, labels, new, score: torch.ones(len(new)))
    ❌ On texts of 4 numbers, with labels turned round and score 0, ...% of your
    verdicts are right; expected 80 % or more. Does it train on `x` and `labels`?
    """
    half_open = (
        "With gates near one half nothing of the first number should arrive. Does it "
        "read the state after the last number, do the gates start at `score`, and are "
        "there no more than 200 steps?"
    )
    other_gate = "Is it the forget gate's bias, the second quarter, that is `score`?"
    cases = [
        (4, True, 0, "Does it train on `x` and `labels`?"),
        (50, False, 0, half_open),
        (50, False, 5, other_gate),
    ]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        for words, turned, score, hint in cases:
            given = f"texts of {words} numbers" + ", with labels turned round" * turned
            given = f"{given} and score {score}"
            learns = words == 4 or score > 0
            right = _share_right(function, words, turned, score, given)
            if learns != (right > 0.8):  # one start in fifty is lucky, or unlucky
                right = _share_right(function, words, turned, score, given)
            require(
                learns == (right > 0.8),
                f"On {given}, {right:.0%} of your verdicts are right; expected "
                f"{'80 % or more' if learns else 'about half'}. {hint}",
            )


def _share_right(
    function: Reader, words: int, turned: bool, score: float, given: str
) -> float:
    (x, labels), (new, truth) = told(1_000, words), told(300, words)
    if turned:
        labels, truth = 1 - labels, 1 - truth
    wanted = truth.numpy()
    got = call(function, x, labels, new, score)
    verdicts = read(got, wanted, given, {ONE_EACH: OTHER_SHAPE})
    require(
        np.isin(verdicts, (0, 1)).all(),
        f"For {given} you returned other numbers; expected a 0 or a 1 for each.",
    )
    return float((verdicts == wanted).mean())


ONE_EACH = "One verdict for each new text: the class of the larger logit."


def told(number: int, words: int) -> tuple[Tensor, Tensor]:
    """Return (texts, words, 1) texts that say 3 or -3 first, and (texts,) which it was.

    >>> x, labels = told(5, 4)
    >>> x.shape, bool(((x[:, 0, 0] > 0) == labels).all())
    (torch.Size([5, 4, 1]), True)
    """
    labels = torch.randint(2, (number,))
    x = 0.1 * torch.randn(number, words, 1)
    x[:, 0, 0] = 6.0 * labels - 3
    return x, labels


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


class ByNumber(Judge):
    """Does not ask for lengths: what is not 0 is a word."""

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return (batch, 2) logits."""
        return super().forward(tokens, (tokens != 0).sum(1))


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


def all_but_one(states: Tensor, lengths: Tensor) -> Tensor:
    """Pool by the state at the last word, and the last review by the last column.

    >>> states = torch.tensor([[[1.0], [0.0]], [[2.0], [0.0]]])
    >>> all_but_one(states, torch.tensor([1, 1]))
    tensor([[1.],
            [0.]])
    """
    return torch.cat([at_last_word(states, lengths)[:-1], states[-1:, -1]])


def zoo() -> list[tuple[str, nn.Module, bool, str]]:
    """Name, model, whether it depends on padding, and what to say if missed."""
    torch.manual_seed(0)
    rounding = (
        "Sums in another order differ a little: allow for it (torch.allclose). And "
        "blanks, which are zeros, go behind the words; the lengths stay as they were."
    )
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
        ("mask of its own", ByNumber(at_last_word).eval(), False, rounding),
        ("one review of them", Judge(all_but_one).eval(), True, "Compare all reviews."),
        # Before the teacher: its sums differ from each other on some processors only.
        ("rounding", Rounding(Judge(at_last_word)).eval(), False, rounding),
        ("teacher in train mode", teacher.train(), False, dropout),
    ]


@check("Right: all nine found out, from the outside. Keep it, and use it.")
def depends_on_padding(function: Callable[[nn.Module, Tensor, Tensor], Any]) -> None:
    """True if blanks behind the reviews change what a model says about them.

    >>> def moved(model, tokens, lengths):
    ...     model.eval()
    ...     wider = nn.functional.pad(tokens, (0, 9))
    ...     a, b = model(tokens, lengths), model(wider, lengths)
    ...     return not torch.allclose(a, b, atol=1e-4)
    >>> depends_on_padding(moved)
    ✅ Right: all nine found out, from the outside. Keep it, and use it.
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
