"""Checks for the exercises of the chapter on soft targets."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor

from course_lib import losses
from course_lib.checks import check
from course_lib.checks.expect import Slips, call, close, read, require, same


@check("Right: T² in front, T on both sides, and a teacher that stays put.")
def soft_target_loss(function: Callable[[Tensor, Tensor, float], Any]) -> None:
    """T² KL(teacher‖student) from two tensors of logits (batch, classes).

    >>> soft_target_loss(losses.soft_target_loss)
    ✅ Right: T² in front, T on both sides, and a teacher that stays put.
    >>> soft_target_loss(lambda s, t, T: T**2 * losses.kl_divergence(t, s, T))
    ❌ The value is right, but the teacher gets gradient; expected none. Detach the
    teacher's logits, and only those.
    """
    t = torch.tensor([[3.0, 1.0, -2.0], [0.0, 2.0, 0.5]])
    s = torch.tensor([[0.0, 1.0, 1.0], [2.0, -1.0, 0.0]], requires_grad=True)
    T = 4.0
    kl = losses.kl_divergence
    right = losses.soft_target_loss(s, t, T).item()
    slips = {
        "T² is missing: without it the gradient fades as 1/T².": right / T**2,
        "That has T in front; expected is T².": right / T,
        "Only the teacher is softened; soften both.": T**2 * kl(t / T, s),
        "Only the student is softened; soften both.": T**2 * kl(t, s / T),
        "Neither side is divided by T.": T**2 * kl(t, s),
        "That is KL(student‖teacher); the teacher weighs.": T**2 * kl(s, t, T),
        "That is the sum over the batch; take its mean.": 2 * right,
        "That is the mean over the classes as well; sum over those.": right / 3,
        "That is the cross-entropy; take away the teacher's entropy.": (
            T**2 * losses.cross_entropy(t, s, T)
        ),
    }
    given = f"student {s.tolist()}, teacher {t.tolist()}, T = 4"
    sure, open_ = torch.tensor([[1000.0, 0.0]]), torch.zeros(1, 2)
    sure_value = call(function, open_, sure, 1.0)
    zero = {"0 · log 0 is no number: take logarithms by log_softmax.": np.isnan}
    truth = losses.soft_target_loss(open_, sure, 1.0).item()
    beyond = "student [[0, 0]], teacher [[1000, 0]], T = 1"
    teacher, student = t.clone().requires_grad_(), s.detach().clone().requires_grad_()
    value = call(partial(function, student, teacher, T))  # no copies: gradients count
    same(value, right, given, slips)
    require(
        torch.equal(student, s) and torch.equal(teacher, t),
        "The value is right, but your function has changed the logits it was given; "
        "expected the same. z / T makes a new tensor, and z /= T does not.",
    )
    same(sure_value, truth, beyond, zero)
    four = torch.arange(12.0).view(4, 3) % 5, torch.eye(4, 3)
    truth = losses.soft_target_loss(*four, 0.5).item()
    given = f"student {four[0].tolist()}, teacher {four[1].tolist()}, T = 0.5"
    same(call(function, *four, 0.5), truth, given)
    require(
        isinstance(value, Tensor) and value.requires_grad,
        "The value is right, but no gradient flows to the student; expected a tensor "
        "that can be differentiated.",
    )
    from_loss = torch.autograd.grad(value, [student, teacher], allow_unused=True)
    for name, gradient in zip(["student", "teacher"], from_loss, strict=True):
        moved = gradient is not None and bool(gradient.abs().max() > 1e-6)
        wanted = name == "student"
        require(
            moved == wanted,
            f"The value is right, but the {name} {'gets' if moved else 'gets no'} "
            f"gradient; expected {'one' if wanted else 'none'}. "
            "Detach the teacher's logits, and only those.",
        )
    formula = T * ((student / T).softmax(-1) - (teacher / T).softmax(-1)) / len(t)
    same(
        from_loss[0],
        formula.detach(),
        "the gradient for the student's logits",
        {"Part of the student is detached.": lambda got: bool(np.abs(got).max() > 0)},
    )


@check("Right: the two weights keep their ratio, and sum to 1.")
def alpha_without(function: Callable[[float, float], Any]) -> None:
    """The alpha for a loss without T² that trains as `alpha` does with it.

    >>> alpha_without(lambda alpha, T: alpha * T**2 / (alpha * T**2 + 1 - alpha))
    ✅ Right: the two weights keep their ratio, and sum to 1.
    >>> alpha_without(lambda alpha, T: alpha * T**2)
    ❌ For alpha = 0.5, T = 4 you returned 8; expected 0.9412. That is the weight of the
    soft part; divide by the sum of both weights.
    """
    for alpha, T in [(0.5, 4), (0.9, 2), (0.5, 1), (1.0, 8), (0.0, 8), (0.8, 0.5)]:
        soft, hard = alpha * T**2, 1 - alpha
        right = soft / (soft + hard)
        slips: Slips = {
            "That is the weight of the soft part; divide by the sum of both weights.": (
                soft
            ),
            "That is what becomes of alpha when T² is left out; undo it.": (
                alpha / (alpha + hard * T**2)
            ),
            "That makes up for T; what is missing is T².": (
                alpha * T / (alpha * T + hard)
            ),
            "That is what came in.": alpha,
        }
        given = f"alpha = {alpha:g}, T = {T:g}"
        same(call(function, alpha, float(T)), right, given, slips)


@check("Right: too timid if only the teacher was softened, too sure if it was not.")
def mended(function: Callable[[Tensor, float, str], Any]) -> None:
    """The teacher's logits, from those of a student with T on one side only.

    >>> mended(lambda s, T, softened: s * T if softened == "teacher" else s / T)
    ✅ Right: too timid if only the teacher was softened, too sure if it was not.
    >>> mended(lambda s, T, softened: s / T)
    ❌ For logits = [[0.5, -0.25, 0.0]], T = 4, softened = "teacher" you returned
    [[0.125, -0.0625, 0.0]]; expected [[2.0, -1.0, 0.0]]. That student is too timid: its
    logits are the teacher's over T.
    """
    first = torch.tensor([[2.0, -1.0, 0.0]])
    more = torch.tensor([[3.0, 1.0], [-2.0, 0.5], [0.0, 0.0], [1.0, 7.0]])
    for t, T in ((first, 4.0), (more, 2.5), (more, 0.5)):
        for softened, s in (("teacher", t / T), ("student", t * T)):
            _mended(function, s, t, T, softened)


def _mended(function: Any, s: Tensor, t: Tensor, T: float, softened: str) -> None:
    timid = softened == "teacher"
    why = (
        "That student is too timid: its logits are the teacher's over T."
        if timid
        else "That student is too sure: its logits are T times the teacher's."
    )
    slips: Slips = {
        why: s / T if timid else s * T,
        "That is what came in.": s,
        "Once by T, not twice.": s * T**2 if timid else s / T**2,
        "Those are probabilities; logits were asked for.": t.softmax(-1),
    }
    given = f'logits = {s.tolist()}, T = {T:g}, softened = "{softened}"'
    value = call(function, s, T, softened)
    truth = t.numpy()
    got = read(value, truth, given)
    centred = truth - truth.mean(-1, keepdims=True)
    if not close(got - got.mean(-1, keepdims=True), centred):  # softmax sees no shift
        same(value, truth, given, slips)


@check("Right: it has seen confetti and nothing else, and reads digits.")
def never_saw(function: Callable[[Callable[[Tensor], Tensor], Tensor], Any]) -> None:
    """A student of what the teacher says about confetti, as a function to logits.

    >>> def untrained(teacher, images):
    ...     return torch.nn.Linear(images.shape[1], teacher(images[:1]).shape[1])
    >>> never_saw(untrained)
    ❌ You asked the teacher about an image that is a digit; expected confetti only:
    each pixel from an image of its own.
    """
    for classes, first, last in ((10, 0, 8), (5, 1, 7)):
        images, new, label, net = _Digits.of(classes, first, last)
        teacher = _Teacher(net)
        student = call(function, teacher, images)
        require(
            callable(student),
            f"For {len(images)} images to cut up you returned "
            f"{type(student).__name__}; expected a function from images to logits.",
        )
        teacher.present = False
        given = f"{len(new)} new images of {new.shape[1]} pixels"
        value = student(new.clone())
        require(
            teacher.asked, "You never asked the teacher; expected its word on confetti."
        )
        _is_confetti(torch.cat(teacher.asked), images)
        value = value.detach() if isinstance(value, Tensor) else value
        logits = read(value, np.empty((len(new), classes)), given)
        reads = float((logits.argmax(-1) == label.numpy()).mean())
        require(
            reads >= LEAST,
            f"Your student reads {reads:.0%} of {given}; expected at least "
            f"{LEAST:.0%}. Does each answer still stand beside the image that it "
            "was given for, is it trained long enough, and on a thousand or more?",
        )


#: What a student of confetti has to read: below what students of other seeds, sizes and
#: losses have read.
LEAST = 0.85


def _is_confetti(asked: Tensor, images: Tensor) -> None:
    """Raise `Wrong` unless each pixel comes from an image of its own."""
    one_by_one = "expected confetti only: each pixel from an image of its own."
    exact = "donot_use_mm_for_euclid_dist"
    real = (torch.cdist(asked, images, compute_mode=exact) == 0).any()
    require(
        not real, f"You asked the teacher about an image that is a digit; {one_by_one}"
    )
    for j in range(images.shape[1]):
        strange = asked[~torch.isin(asked[:, j], images[:, j]), j]
        require(
            not len(strange),
            f"Pixel {j} of what you asked about is "
            f"{strange[0].item() if len(strange) else 0:.4g} somewhere, as in no "
            f"training image; {one_by_one}",
        )
    varied = asked[:, asked.std(0) > 0]
    require(
        len(asked) > 99,
        f"You asked about {len(asked)} images; expected a hundred at least.",
    )
    together = torch.corrcoef(varied.T).square().mean() - 1 / varied.shape[1]
    require(
        together < 0.003 + 1.5 / len(asked),
        f"The pixels of what you asked about still go together; {one_by_one}",
    )


class _Teacher:
    """What answers while it is present, and keeps what it was asked."""

    def __init__(self, net: torch.nn.Module) -> None:
        self.net, self.asked, self.present = net, list[Tensor](), True

    def __call__(self, batch: Tensor) -> Tensor:
        require(
            self.present,
            "Your student asks the teacher when it is used; expected one that answers "
            "by itself.",
        )
        self.asked.append(batch.detach().clone())
        with torch.no_grad():
            answer: Tensor = self.net(self.asked[-1])
        return answer


class _Digits(NamedTuple):
    """Images to take pixels from, others with labels, and a network that reads them."""

    images: Tensor
    new: Tensor
    label: Tensor
    net: torch.nn.Module

    @staticmethod
    @cache
    def of(classes: int, first: int, last: int) -> "_Digits":
        """The digits below `classes`, without the columns outside `first` to `last`."""
        data = load_digits(n_class=classes)
        pixels = torch.tensor(data.images[:, :, first:last] / 16, dtype=torch.float32)
        label = torch.tensor(data.target)
        order = torch.randperm(len(label), generator=torch.Generator().manual_seed(0))
        pixels, label = pixels.flatten(1)[order], label[order]
        half = len(label) * 5 // 9
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            net = torch.nn.Sequential(
                torch.nn.Linear(pixels.shape[1], 64),
                torch.nn.Tanh(),
                torch.nn.Linear(64, classes),
            )
        optimizer = torch.optim.AdamW(net.parameters(), lr=0.03)
        for _ in range(150):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(net(pixels[:half]), label[:half])
            loss.backward()
            optimizer.step()
        net.requires_grad_(False)
        return _Digits(pixels[:half], pixels[half:], label[half:], net)
