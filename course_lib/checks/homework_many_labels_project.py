"""The public checks of the project on many labels, and each student's reviews."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib import losses
from course_lib.checks import check
from course_lib.checks.expect import OTHER_SHAPE, Slips, always, call, require, same
from course_lib.homework import seeded
from course_lib.reviews import Reviews, synthetic


class Project(NamedTuple):
    """Reviews of seven labels; those of `unlabelled` have none."""

    labelled: Reviews  # 1,000
    unlabelled: Reviews  # 2,000
    validation: Reviews  # 300, of other films


def project(student: Any, year: int) -> Project:
    """Return the reviews of one student. Those of the leaderboard are of other films.

    >>> len(project("ab12", 2026).validation)
    300
    """
    seed = int(seeded(student, year, "many-labels-project").integers(2**31))
    return Project(
        synthetic.generate(1_000, seed, split="train"),
        synthetic.generate(2_000, seed, split="unlabelled"),
        synthetic.generate(300, seed, split="validation"),
    )


@check("Right where all labels are known. The rest is tried when this is graded.")
def many_label_loss(function: Callable[..., Any]) -> None:
    """Alpha times T² KL between sigmoids, and the rest for labels that are no NaN.

    >>> def answer(s, t, y, T, alpha):
    ...     known = ~y.isnan()
    ...     hard = F.binary_cross_entropy_with_logits(s[known], y[known])
    ...     soft = losses.multilabel_soft_target_loss(s, t, T)
    ...     return alpha * soft + (1 - alpha) * hard
    >>> many_label_loss(answer)
    ✅ Right where all labels are known. The rest is tried when this is graded.
    >>> many_label_loss(lambda s, t, y, T, alpha: answer(s, t, y, T, 1 - alpha))
    ❌ For ... Alpha is the weight of the teacher's part.
    """
    s = torch.tensor([[1.0, 0.0, -1.0], [0.5, 2.0, 0.0]])
    t = torch.tensor([[3.0, 1.0, 0.0], [0.0, 4.0, -2.0]])
    y = torch.tensor([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]])
    T, alpha = 2.0, 0.75
    soft = losses.multilabel_soft_target_loss(s, t, T)
    hard = F.binary_cross_entropy_with_logits(s, y)

    def mixed(soft: Tensor, alpha: float = alpha) -> Tensor:
        return alpha * soft + (1 - alpha) * hard

    slips: Slips = {
        "Return one number, the mean over texts and labels.": OTHER_SHAPE,
        "Alpha is the weight of the teacher's part.": mixed(soft, 1 - alpha),
        "T² is missing.": mixed(soft / T**2),
        "Each label is a question of its own: no softmax over labels.": (
            mixed(losses.soft_target_loss(s, t, T))
        ),
        "Take the mean over the labels as well.": (mixed(3 * soft), 3 * mixed(soft)),
        "That leaves out what the teacher says about no.": always,
    }
    given = f"student {s.tolist()}, teacher {t.tolist()}, labels {y.tolist()}, T = 2,"
    value = call(function, s, t, y, T, alpha)
    same(value, mixed(soft).item(), f"{given} alpha = .75", slips)


@check("No film on both sides. More is tried when this is graded.")
def apart(function: Callable[[list[str], float, int], Any]) -> None:
    """True for the texts to be held out, all of a film or none.

    >>> apart(lambda films, share, seed: np.arange(len(films)) < share * len(films))
    ❌ For 10 texts film 'A' is on both sides; expected one.
    """
    films = ["A", "B", "C", "A", "D", "C", "B", "A", "E", "F"]
    value = call(function, films, 0.4, 0)
    held = np.asarray(value)
    came = f"{type(value).__name__} of shape {held.shape}"
    wanted = f"expected {len(films)} times True or False."
    require(
        held.shape == (len(films),) and held.dtype == bool,
        f"For {len(films)} texts you returned {came}; {wanted}",
    )
    for film in sorted(set(films)):
        sides = {
            bool(side) for side, one in zip(held, films, strict=True) if one == film
        }
        require(
            len(sides) == 1,
            f"For {len(films)} texts film {film!r} is on both sides; expected one.",
        )
    some = 0 < held.sum() < len(films)
    require(some, f"For {len(films)} texts you hold out {held.sum()}; expected some.")


@check("It answers. How well, the leaderboard says.")
def predict(function: Callable[[list[str]], Any]) -> None:
    """Seven probabilities for each text, whatever it says.

    >>> predict(lambda texts: np.full((len(texts), 7), 0.3))
    ✅ It answers. How well, the leaderboard says.
    >>> predict(lambda texts: np.full((len(texts), 7), 3.0))
    ❌ For 3 texts your answers reach from 3 to 3; expected probabilities, from 0 to 1.
    """
    texts = ["The acting is never dull.", "", "Ein Film, den niemand kennt: 10/10!"]
    value = call(function, texts)
    p = np.asarray(value.detach() if isinstance(value, Tensor) else value)
    wanted = "expected (3, 7), one for each label."
    require(
        p.shape == (3, 7), f"For 3 texts your answers have shape {p.shape}; {wanted}"
    )
    low, high = float(p.min()), float(p.max())
    require(
        low >= 0 and high <= 1,
        f"For 3 texts your answers reach from {low:.3g} to {high:.3g}; expected "
        "probabilities, from 0 to 1.",
    )
    one = np.asarray(function(texts[:1]))
    require(
        np.allclose(one, p[:1], atol=1e-3),
        "For a text alone and among others you have two answers; expected one. "
        "Is dropout off, and is padding left out?",
    )
