"""Checks for the exercises of the chapter on KL divergence."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib import losses
from course_lib.checks import Wrong, call, check, expect

TEACHER, STUDENT = [0.7, 0.3], [0.6, 0.4]
NO_SENSE = "expected one number"


def number(value: Any, given: str) -> float:
    """Return one number as a float, or say what came instead."""
    if isinstance(value, Tensor) and value.numel() != 1:
        shape = tuple(value.shape)
        raise Wrong(
            f"For {given} you returned a tensor of shape {shape}; {NO_SENSE}. "
            "Sum over the classes, and take the mean over the batch if there is one."
        )
    try:
        return float(value)
    except (TypeError, ValueError):
        raise Wrong(
            f"For {given} you returned {type(value).__name__}; {NO_SENSE}."
        ) from None


def same(got: float, expected: float, given: str, hint: str = "") -> None:
    """Raise `Wrong` unless the number agrees to one part in a thousand."""
    right = got == expected or math.isclose(got, expected, rel_tol=1e-3, abs_tol=1e-5)
    message = f"For {given} you returned {got:.4g}; expected {expected:.4g}. {hint}"
    expect(right, message.strip())


def known_slip(got: float, *slips: tuple[float, str]) -> str:
    """Return the explanation of the typical slip that gives this number, or ""."""
    for value, hint in slips:
        if math.isclose(got, value, rel_tol=1e-3, abs_tol=1e-5):
            return hint
    return ""


@check("Right, with both conventions: 0 where p is 0, infinity where only q is.")
def kl(function: Callable[[Tensor, Tensor], Any]) -> None:
    """KL(p‖q) in nats from two vectors of probabilities."""
    p, q = torch.tensor(TEACHER), torch.tensor(STUDENT)
    given = f"p = {TEACHER}, q = {STUDENT}"
    got = number(call(function, p, q), given)
    right = 0.7 * math.log(0.7 / 0.6) + 0.3 * math.log(0.3 / 0.4)
    other = 0.6 * math.log(0.6 / 0.7) + 0.4 * math.log(0.4 / 0.3)
    crossed = -0.7 * math.log(0.6) - 0.3 * math.log(0.4)
    hint = known_slip(
        got,
        (other, "That is KL(q‖p): p is the one that weighs the terms."),
        (right / math.log(2), "That is in bits; use the natural logarithm."),
        (right / 2, "That is the mean over the outcomes; KL is their sum."),
        (crossed, "That is the cross-entropy; take away the entropy of p."),
        (-right, "The sign is the wrong way round: KL is never negative."),
    )
    same(got, right, given, hint)

    zeros = [
        ([1.0, 0.0], [0.5, 0.5], math.log(2), "An outcome with p = 0 costs nothing."),
        (
            [0.5, 0.5, 0.0],
            [0.25, 0.75, 0.0],
            0.5 * math.log(2) + 0.5 * math.log(2 / 3),
            "Where both are 0 the outcome costs nothing; beware of 0/0 and of "
            "log 0 - log 0.",
        ),
        (
            [0.5, 0.5],
            [1.0, 0.0],
            math.inf,
            "The student calls impossible what happens half of the time.",
        ),
    ]
    for p_list, q_list, expected, hint in zeros:
        given = f"p = {p_list}, q = {q_list}"
        got = number(call(function, torch.tensor(p_list), torch.tensor(q_list)), given)
        same(got, expected, given, hint)


@check("Right, at ordinary logits and at enormous ones.")
def kl_from_logits(function: Callable[[Tensor, Tensor], Any]) -> None:
    """Mean over the batch of KL(p‖q) from logits of shape (batch, classes)."""
    p = torch.tensor([[2.0, 1.0, -1.0], [0.0, 0.0, 3.0]])
    q = torch.tensor([[0.0, 0.5, 0.0], [1.0, -2.0, 0.5]])
    given = f"p_logits = {p.tolist()}, q_logits = {q.tolist()}"
    got = number(call(function, p.clone(), q.clone()), given)
    right = losses.kl_divergence(p, q).item()
    hint = known_slip(
        got,
        (2 * right, "That is the sum over the batch; take its mean."),
        (
            right / 3,
            "That is divided by the number of classes as well; use "
            'reduction="batchmean", or sum over the classes.',
        ),
        (
            losses.kl_divergence(q, p).item(),
            "That is KL(q‖p). F.kl_div takes log q first, then p.",
        ),
        (
            _with_input(p, q.softmax(-1)),
            "F.kl_div was given probabilities first; it wants log-probabilities.",
        ),
        (
            _with_input(p, q),
            "F.kl_div was given logits first; it wants log-probabilities.",
        ),
    )
    same(got, right, given, hint)

    for a, b in [([1e4, 0.0], [0.0, 0.0]), ([0.0, 0.0], [1e4, 0.0])]:
        given = f"p_logits = [{a}], q_logits = [{b}]"
        p, q = torch.tensor([a]), torch.tensor([b])
        got = number(call(function, p, q), given)
        hint = (
            "Probabilities this small round to 0, and their logarithm is lost; "
            "log_softmax keeps it."
        )
        same(got, losses.kl_divergence(p, q).item(), given, hint)


def _with_input(p_logits: Tensor, kl_div_input: Tensor) -> float:
    """Return what `F.kl_div` makes of something that need not be log q."""
    p = p_logits.softmax(-1)
    return (p * (p.log() - kl_div_input)).sum(-1).mean().item()


@check("Right: symmetric, at most ln 2, and safe where both models say never.")
def js(function: Callable[[Tensor, Tensor], Any]) -> None:
    """Mean over the batch of JS(p, q) from logits of shape (batch, classes)."""
    p, q = torch.tensor([[6.0, 1.0, 0.0]]), torch.tensor([[0.0, 1.0, 2.0]])
    given = f"p_logits = {p.tolist()}, q_logits = {q.tolist()}"
    got = number(call(function, p.clone(), q.clone()), given)
    right = losses.js_divergence(p, q).item()
    kl, entropy = losses.kl_divergence, losses.entropy
    middle, log_m = (p + q) / 2, ((p.softmax(-1) + q.softmax(-1)) / 2).log()
    averaged = "That averages the logits; m is the average of the probabilities."
    hint = known_slip(
        got,
        (((kl(p, middle) + kl(q, middle)) / 2).item(), averaged),
        ((entropy(middle) - (entropy(p) + entropy(q)) / 2).item(), averaged),
        (
            ((kl(log_m, p) + kl(log_m, q)) / 2).item(),
            "That is KL(m‖p) and KL(m‖q); the average m comes second.",
        ),
        (2 * right, "That is the sum of the two KLs; JS is their mean."),
        (right - math.log(2), "The average lacks its ½: subtract ln 2 from its log."),
    )
    same(got, right, given, hint)

    p, q = torch.tensor([[500.0, 0.0, 0.0]]), torch.tensor([[0.0, 500.0, 0.0]])
    given = f"p_logits = {p.tolist()}, q_logits = {q.tolist()}"
    got = number(call(function, p, q), given)
    hint = (
        "The third class rounds to 0 in both, and so does the average; take the "
        "logarithm of m by logaddexp."
    )
    same(got, math.log(2), given, hint)

    p, q = torch.randn(2, 4, 5, generator=torch.Generator().manual_seed(0))
    given = "a batch of 4 with 5 classes"
    got = number(call(function, p, q), given)
    right = losses.js_divergence(p, q).item()
    hint = known_slip(
        got, (4 * right, "That is the sum over the batch; take its mean.")
    )
    same(got, right, given, hint)


@check("Right: the best bump has the teacher's own mean and standard deviation.")
def best_bump(function: Callable[[Tensor, Tensor], Any]) -> None:
    """Mean and standard deviation of the bump that minimises KL(p‖q)."""
    unweighted = "That treats all values alike; weigh each by its probability."
    given = "x = [0, 10], p = [0.8, 0.2]"
    x, p = torch.tensor([0.0, 10.0]), torch.tensor([0.8, 0.2])
    value = call(function, x, p)
    two = isinstance(value, tuple | list) and len(value) == 2
    if not two and not (isinstance(value, Tensor) and value.shape == (2,)):
        raise Wrong(f"For {given} you returned {value!r}; expected two numbers.")
    mean, deviation = (number(part, given) for part in value)
    hint = known_slip(
        mean,
        (5.0, unweighted),
        (0.0, "That is the likeliest value; this KL covers, it does not pick."),
    )
    same(mean, 2.0, f"{given}, as the mean,", hint)
    hint = known_slip(
        deviation,
        (16.0, "That is the variance; take its square root."),
        (5.0, unweighted),
        (math.sqrt(50), unweighted),
        (math.sqrt(20), "That is the root mean square; subtract the mean first."),
    )
    same(deviation, 4.0, f"{given}, as the standard deviation,", hint)

    x, p = torch.arange(5.0), torch.tensor([0.1, 0.2, 0.4, 0.2, 0.1])
    given = f"x = {x.tolist()}, p = [0.1, 0.2, 0.4, 0.2, 0.1]"
    mean, deviation = (number(part, given) for part in call(function, x, p))
    same(mean, 2.0, f"{given}, as the mean,")
    same(deviation, math.sqrt(1.2), f"{given}, as the standard deviation,")


@check("Right: the ratio of soft to hard weight is what has to agree.")
def alpha_for_mean(function: Callable[[float, int], Any]) -> None:
    """The alpha that gives with "mean" what `alpha` gives with "batchmean"."""
    for alpha, classes in [(0.5, 100), (0.9, 100), (0.9, 2), (0.3, 1), (0.0, 10)]:
        given = f"alpha = {alpha}, classes = {classes}"
        got = number(call(function, alpha, classes), given)
        hint = known_slip(
            got,
            (
                (alpha / classes) / (alpha / classes + 1 - alpha),
                'That is what alpha amounts to under "mean"; wanted is the way back.',
            ),
            (
                alpha * classes,
                "The labels' weight, 1 - alpha, changes as well; make the ratio agree.",
            ),
            (
                alpha / classes,
                "The soft loss is divided by the classes already; make up for it.",
            ),
            (alpha, "The soft loss is too small by the number of classes."),
        )
        expected = classes * alpha / (classes * alpha + 1 - alpha)
        same(got, expected, given, hint)
