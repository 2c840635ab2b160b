"""The public checks of the assignment on softmax and KL, and each student's critics."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib import losses
from course_lib.checks import check
from course_lib.checks.expect import OTHER_SHAPE, Slips, call, same
from course_lib.homework import seeded


def critics(student: Any, year: int) -> Tensor:
    """Return logits (4 critics, 5 ratings): the chief first, then three apprentices.

    Drawn so that the questions have one answer each, and not the same one twice.

    >>> critics("ab12", 2026).shape
    torch.Size([4, 5])
    """
    random = seeded(student, year, "softmax-and-kl")
    while True:
        draws = random.normal(size=(4, 5)) * random.uniform(0.5, 3, size=(4, 1))
        logits = torch.tensor(draws.round(2), dtype=torch.float32)
        chief, others = logits[:1].expand(3, 5), logits[1:]
        heats = [_entropies(logits, T) for T in (0.5, 3.0)]
        costs = [_kl(chief, others), _kl(others, chief)]
        flattest = [int(h.argmax()) for h in heats]
        nearest = [int(c.argmin()) for c in costs]
        clear = all(_gap(values) > 0.02 for values in [*heats, *(-c for c in costs)])
        if clear and flattest[0] != flattest[1] and nearest[0] != nearest[1]:
            return logits


def _entropies(logits: Tensor, T: float) -> Tensor:
    log_p = (logits / T).log_softmax(-1)
    return -(log_p.exp() * log_p).sum(-1)


def _kl(p_logits: Tensor, q_logits: Tensor) -> Tensor:
    log_p, log_q = p_logits.log_softmax(-1), q_logits.log_softmax(-1)
    return (log_p.exp() * (log_p - log_q)).sum(-1)


def _gap(values: Tensor) -> float:
    best, second = values.topk(2).values.tolist()
    return float(best - second)


@check("Right on a small example. Others are tried when this is graded.")
def masked_softmax(function: Callable[[Tensor, Tensor], Any]) -> None:
    """Probabilities of the allowed classes, and 0 for all others.

    >>> masked_softmax(lambda z, allowed: z.where(allowed, -math.inf).softmax(-1))
    ✅ Right on a small example. Others are tried when this is graded.
    >>> masked_softmax(lambda z, allowed: z.softmax(-1) * allowed)
    ❌ For ... Those no longer sum to 1.
    """
    logits = torch.tensor([[0.0, math.log(3), 7.0], [1.0, -2.0, 1.0]])
    allowed = torch.tensor([[True, True, False], [True, False, True]])
    right = torch.tensor([[0.25, 0.75, 0.0], [0.5, 0.0, 0.5]])
    whole = logits.softmax(-1)
    slips: Slips = {
        "Return one probability for each logit.": OTHER_SHAPE,
        "Those no longer sum to 1.": whole * allowed,
        "A logit of 0 is not forbidden: it still has a probability.": (
            (logits * allowed).softmax(-1)
        ),
        "That is the softmax over all classes.": whole,
        "Those are logarithms.": lambda got: bool((got < 0).any()),
    }
    given = f"logits = {_short(logits)}, allowed = {allowed.tolist()}"
    same(call(function, logits, allowed), right, given, slips)


@check("Right on a small example. Others are tried when this is graded.")
def odds_temperature(function: Callable[[Tensor, float], Any]) -> None:
    """The T for each row at which its best class is `odds` times as likely as the next.

    >>> def answer(logits, odds):
    ...     first, second = logits.topk(2).values.unbind(-1)
    ...     return (first - second) / math.log(odds)
    >>> odds_temperature(answer)
    ✅ Right on a small example. Others are tried when this is graded.
    >>> odds_temperature(lambda logits, odds: 1 / answer(logits, odds))
    ❌ For ... That is 1 / T.
    """
    logits = torch.tensor([[2.0, 0.0, -1.0], [0.0, 3.0, -5.0]])
    right = torch.tensor([2.0, 3.0]) / math.log(4)
    spread = logits.amax(-1) - logits.amin(-1)
    slips: Slips = {
        "Return one temperature for each row.": OTHER_SHAPE,
        "That is 1 / T.": 1 / right,
        "That compares the best class with the worst one.": spread / math.log(4),
        "Odds are a ratio; what is their logarithm a difference of?": (
            torch.tensor([2.0, 3.0]) / 4
        ),
        "That is for the logarithm to base 2.": torch.tensor([1.0, 1.5]),
    }
    given = f"logits = {_short(logits)}, odds = 4"
    same(call(function, logits, 4.0), right, given, slips)


@check("Right on a small example. Others are tried when this is graded.")
def kl_table(function: Callable[[Tensor, Tensor], Any]) -> None:
    """KL(p_i‖q_j) in nats for each row of one tensor of logits and of another.

    >>> def answer(p_logits, q_logits):
    ...     log_p, log_q = p_logits.log_softmax(-1), q_logits.log_softmax(-1)
    ...     return (log_p.exp()[:, None] * (log_p[:, None] - log_q)).sum(-1)
    >>> kl_table(answer)
    ✅ Right on a small example. Others are tried when this is graded.
    >>> kl_table(lambda p, q: answer(q, p).T)
    ❌ For ... That is KL(q‖p).
    """
    p = torch.tensor([[0.0, 0.0], [math.log(4), 0.0]])
    q = torch.tensor([[math.log(3), 0.0]])
    right, reverse = _table(p, q), _table(q, p).T
    slips: Slips = {
        "The table has a row for each row of p, a column for each of q.": OTHER_SHAPE,
        "That is KL(q‖p).": reverse,
        "That is the mean over the classes; KL is their sum.": right / 2,
        "That is in bits.": right / math.log(2),
        "KL is never negative.": -right,
        "Those are logits; the formula wants probabilities.": (
            lambda got: bool((got < 0).any())
        ),
    }
    given = f"p_logits = {_short(p)}, q_logits = {_short(q)}"
    same(call(function, p, q), right, given, slips)


def _table(p_logits: Tensor, q_logits: Tensor) -> Tensor:
    rows = [
        torch.stack([losses.kl_divergence(p[None], q[None]) for q in q_logits])
        for p in p_logits
    ]
    return torch.stack(rows)


def _short(logits: Tensor) -> list[list[float]]:
    return [[round(x, 3) for x in row] for row in logits.tolist()]
