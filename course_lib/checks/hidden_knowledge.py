"""Checks for the exercises of the chapter on hidden states."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.checks import check
from course_lib.checks.expect import Slips, call, require, same
from course_lib.losses.hidden import relation_scores
from course_lib.similarity import floors as true_floors
from course_lib.similarity import readable_share


def _some(*shape: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


@check("Right: the mean over words and features, and no blank counts.")
def hint(function: Callable[[Tensor, Tensor, Tensor], Any]) -> None:
    """A mean squared error of states that leaves padding out.

    >>> from course_lib.losses.hidden import hidden_state_loss
    >>> hint(hidden_state_loss)
    ✅ Right: the mean over words and features, and no blank counts.
    >>> hint(lambda s, t, lengths: F.mse_loss(s, t))
    ❌ For texts of [3, 1, 2] words in rows of 3, width 2, you returned 4.196; expected
    2.219. Padding counts there.
    """
    for seed, lengths in ((0, [3, 1, 2]), (1, [5, 5, 2, 4]), (2, [4])):
        batch, tokens, width = len(lengths), max(lengths) + seed // 2, 2 + seed
        student, teacher = _some(2, batch, tokens, width, seed=seed)
        n = torch.tensor(lengths)
        real = torch.arange(tokens) < n[:, None]
        student = torch.where(real[..., None], student, student + 2)  # it may be large
        apart = (student - teacher).square()
        zeroed = apart * real[..., None]
        truth = apart[real].mean().item()
        texts = torch.stack([apart[i, :k].mean() for i, k in enumerate(lengths)])
        slips: Slips = {
            "Padding counts there.": apart.mean().item(),
            "Padding is 0 above and still counted below.": zeroed.mean().item(),
            "That is a sum over features; expected their mean.": truth * width,
            "That is a sum; expected a mean.": zeroed.sum().item(),
            "That is a mean of means: a word of a short text counts for more.": (
                texts.mean().item()
            ),
            "That is the root of it.": math.sqrt(truth),
            "Those are distances, not their squares.": (
                (student - teacher).abs()[real].mean().item()
            ),
        }
        given = f"texts of {lengths} words in rows of {tokens}, width {width},"
        same(call(function, student, teacher, n), truth, given, slips)


@check("Right: one is up to the teacher, the other to the widths alone.")
def floors(function: Callable[[Tensor, int], Any]) -> None:
    """What no student of some width can match, behind a trained or random projection.

    >>> floors(true_floors)
    ✅ Right: one is up to the teacher, the other to the widths alone.
    >>> floors(lambda states, width: [1 - width / states.shape[1]] * 2)
    ❌ For 40 states of 6 features and a width of 2 you returned [0.6667, 0.6667];
    expected [0.06485, 0.6667]. What a trained one leaves depends on ...
    """
    for seed, (words, features, width) in enumerate(
        ((40, 6, 2), (90, 9, 3), (50, 4, 4))
    ):
        spread = 0.55 ** torch.arange(features, dtype=torch.float64)
        states = _some(words, features, seed=seed) * spread
        states = states @ torch.linalg.qr(_some(features, features, seed=9))[0] + 1
        best, random = true_floors(states, width)
        sizes = torch.linalg.svdvals(states - states.mean(0))
        around_zero = torch.linalg.svdvals(states).square()
        by_feature = states.var(0)
        slips: Slips = {
            "Those are the shares that get through; expected what does not.": (
                [1 - best, 1 - random],
            ),
            "The other way round: first the trained one.": ([random, best],),
            "Variances are squares of singular values.": (
                [(sizes[width:].sum() / sizes.sum()).item(), random],
            ),
            "Take the mean state away first.": (
                [(around_zero[width:].sum() / around_zero.sum()).item(), random],
            ),
            "A trained projection may turn: those are features, not directions.": (
                [(by_feature[width:].sum() / by_feature.sum()).item(), random],
                [
                    1 - (by_feature.topk(width).values.sum() / by_feature.sum()).item(),
                    random,
                ],
            ),
            "What a trained one leaves depends on the teacher's variance.": (
                [random, random],
            ),
        }
        given = f"{words} states of {features} features and a width of {width}"
        value = call(function, states, width)
        pair = isinstance(value, tuple | list) and len(value) == 2
        require(pair, f"For {given} you returned {value!r:.60}; expected two numbers.")
        numbers = torch.tensor([float(part) for part in value], dtype=torch.float64)
        truth = torch.tensor([best, random], dtype=torch.float64)
        same(numbers, truth, given, slips)


@check("Right: a row for each word, and its weights sum to 1.")
def relations(function: Callable[[Tensor], Any]) -> None:
    """How the words of one text are related, (words, words), from their states.

    >>> relations(lambda x: (x @ x.T / x.shape[1] ** 0.5).softmax(1))
    ✅ Right: a row for each word, and its weights sum to 1.
    >>> relations(lambda x: (x @ x.T).softmax(1))
    ❌ For states [[1.0, 0.0], [1.0, 1.0], [0.0, -2.0]] you returned [[0.4223, 0.4223,
    0.1554], ...]; expected ... Divide the scores by the root of the width first.
    """
    hand = torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, -2.0]], dtype=torch.float64)
    for states in (hand, _some(3, 8, seed=1), _some(5, 2, seed=2)):
        scores = relation_scores(states[None])[0, 0]
        unit = F.normalize(states, dim=1)
        words, width = states.shape
        slips: Slips = {
            "Those are scores; now the softmax.": scores,
            "Divide the scores by the root of the width first.": (
                (states @ states.T).softmax(1)
            ),
            "By the root of the width, not by the width.": (
                (states @ states.T / width).softmax(1)
            ),
            "By the root of the width, not of the number of words.": (
                (states @ states.T / words**0.5).softmax(1)
            ),
            "Each row has to sum to 1, not each column.": scores.softmax(0),
            "A cosine forgets how long a state is; a dot product does not.": (
                (unit @ unit.T).softmax(1),
                (unit @ unit.T / width**0.5).softmax(1),
                unit @ unit.T,
            ),
        }
        given = f"states {[[round(v, 2) for v in row] for row in states.tolist()]}"
        same(call(function, states), scores.softmax(1).numpy(), given, slips)


INPUTS, FEATURES, WIDTH, WITHIN = 20, 32, 4, 0.04


@check("Right: the student holds what matters most in its teacher.")
def student(function: Callable[[Tensor, Tensor, int], Any]) -> None:
    """A narrow student of a wide teacher, judged by what can be read from its states.

    >>> student(lambda x, teacher, width: lambda new: new[:, :width])
    ❌ For 20 inputs and a teacher with 32 features, a linear reader of your 4 makes out
    ... of its variance on new inputs; expected ... or nearly that. ...
    """
    for seed in (0, 1):
        x, new = _some(2, 600, INPUTS, seed=seed)
        spread = torch.arange(1, INPUTS + 1, dtype=torch.float64) ** -0.5
        turned = torch.linalg.qr(_some(INPUTS, INPUTS, seed=seed + 5))[0]
        onto = torch.linalg.qr(_some(FEATURES, INPUTS, seed=seed + 9))[0].T
        by = turned * spread @ onto  # (inputs, features)
        best = 1 - true_floors(new @ by, WIDTH)[0]
        given = f"For {INPUTS} inputs and a teacher with {FEATURES} features"
        encode = call(function, x.float(), (x @ by).float(), WIDTH)
        require(
            callable(encode),
            f"{given} you returned {type(encode).__name__}; expected a function.",
        )
        with torch.no_grad():
            seen, states = encode(x.float()), encode(new.float())
        for value in (seen, states):
            require(
                isinstance(value, Tensor) and value.shape == (len(x), WIDTH),
                f"{given}, your function gave {_shape(value)}; expected a tensor of "
                f"shape {(len(x), WIDTH)}.",
            )
        require(
            states.isfinite().all(), f"{given}, states are no numbers; expected some."
        )
        share = readable_share(seen, x @ by, states, new @ by)
        require(
            share > best - WITHIN,
            f"{given}, a linear reader of your {WIDTH} makes out {share:.1%} of its "
            f"variance on new inputs; expected {best:.1%} or nearly that. Has the "
            "optimizer the projection's parameters too, and time enough?",
        )


def _shape(value: Any) -> str:
    """Say what came in place of states."""
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    return type(value).__name__
