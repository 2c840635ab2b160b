"""Checks for the exercises of the chapter on kinds of distillation."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from course_lib.checks import check
from course_lib.checks.expect import Slips, call, read, require, same


@check("Right: everyone's answer is somebody else's, and no class has noticed.")
def shuffled(function: Callable[[Tensor, Tensor], Any]) -> None:
    """Each text gets the answer to another text of its class; each is given once.

    >>> shuffled(lambda soft, labels: soft.flip(0))
    ❌ For 4 texts of classes [0, 1, 0, 1] text 0 got an answer that was given to class
    1; expected one of its own class, 0.
    """
    for labels, classes in (
        ([0, 1, 0, 1], 2),
        ([0, 0, 0, 1, 1], 2),
        ([2, 0, 2, 2, 0, 0, 2, 0], 3),
        ([i * i % 5 for i in range(60)], 5),
    ):
        y = torch.tensor(labels)
        soft = _answers(len(y), classes, seed=len(y))
        given = f"For {len(y)} texts of classes {labels[:8]}"
        got = read(call(function, soft, y), soft, given[4:])
        rows = [_who(row, soft.numpy()) for row in got]
        for text, giver in enumerate(rows):
            require(
                giver >= 0,
                f"{given} text {text} got {got[text].round(3).tolist()}, which was no "
                "text's answer; expected another text's, whole and as it was.",
            )
            require(
                giver != text,
                f"{given} text {text} kept its own answer; expected another text's.",
            )
            require(
                labels[text] == labels[giver],
                f"{given} text {text} got an answer that was given to class "
                f"{labels[giver]}; expected one of its own class, {labels[text]}.",
            )
        require(
            len(set(rows)) == len(rows),
            f"{given} {len(rows) - len(set(rows))} answers were lost, and others given "
            "twice; expected each answer once, or the class has another mean.",
        )


@check("Right: as sure as the teacher, and it knows nothing else.")
def share(function: Callable[[Tensor, Tensor], Any]) -> None:
    """The ε of label smoothing that is as sure of the label as soft targets are.

    >>> share(lambda soft, labels: 1 - soft.gather(1, labels[:, None]).mean())
    ❌ For labels [1, 1] and soft targets [[0.2, 0.8], [0.7, 0.3]] you returned 0.45;
    expected 0.9. The uniform share gives something to the label, too.
    """
    some = torch.tensor([[0.2, 0.8], [0.7, 0.3]])
    for soft, y in (
        (some, torch.tensor([1, 1])),
        (torch.tensor([[0.7, 0.2, 0.1], [0.5, 0.4, 0.1]]), torch.tensor([0, 1])),
        (_answers(7, 4, seed=1), torch.tensor([0, 1, 2, 3, 0, 1, 2])),
        (F.one_hot(torch.tensor([0, 2]), 3).float(), torch.tensor([0, 2])),
    ):
        k = soft.shape[1]
        sure = float(soft.gather(1, y[:, None]).mean())
        highest = float(soft.max(1).values.mean())
        truth = (1 - sure) * k / (k - 1)
        slips: Slips = {
            "The uniform share gives something to the label, too.": 1 - sure,
            "It is the probability of the label that counts, not the highest.": (
                1 - highest,
                (1 - highest) * k / (k - 1),
            ),
            "Solve 1 - ε + ε/K = c for ε.": (1 - sure) * (k - 1) / k,
            "That is what the label gets; what is spread was asked for.": sure,
            "Spread over all K classes, not over the K - 1 others.": (
                (1 - sure) * (k - 1),
                (1 - sure) / (k - 1),
            ),
        }
        given = f"labels {y.tolist()} and soft targets {_shown(soft)}"
        same(call(function, soft, y), truth, given, slips)


@check("Right: two losses at T = 1 are one, with a target between the two.")
def one_target(function: Callable[[Tensor, Tensor, float], Any]) -> None:
    """The target whose cross-entropy has the gradient of α soft + (1 - α) hard.

    >>> one_target(lambda soft, labels, alpha: soft)
    ❌ For labels [1, 0], alpha = 0.25 and soft targets [[0.2, 0.8], [0.4, 0.6]] you
    returned [[0.2, 0.8], [0.4, 0.6]]; expected [[0.05, 0.95], [0.85, 0.15]]. The labels
    have a share of 1 - alpha in it.
    """
    two = torch.tensor([[0.2, 0.8], [0.4, 0.6]])
    y2, y4 = torch.tensor([1, 0]), torch.tensor([3, 0, 1])
    for soft, y, alpha in (
        (two, y2, 0.25),
        (_answers(3, 4, seed=2), y4, 0.7),
        (_answers(3, 4, seed=3), y4, 1.0),
        (_answers(3, 4, seed=4), y4, 0.0),
    ):
        hard = F.one_hot(y, soft.shape[1]).float()
        between = (alpha * soft.log() + (1 - alpha) * (hard + 1e-6).log()).softmax(1)
        slips: Slips = {
            "Alpha is the weight of the soft part.": (1 - alpha) * soft + alpha * hard,
            "The labels have a share of 1 - alpha in it.": (soft, alpha * soft),
            "That is label smoothing: of the teacher nothing is left.": (
                alpha / soft.shape[1] + (1 - alpha) * hard
            ),
            "That is a mean of logarithms; losses are linear in the target.": between,
            "The two must sum to 1.": soft + hard,
        }
        given = (
            f"labels {y.tolist()}, alpha = {alpha:g} and soft targets {_shown(soft)}"
        )
        truth = alpha * soft + (1 - alpha) * hard
        same(call(function, soft, y, alpha), truth, given, slips)


class _World(NamedTuple):
    """Texts, and what a teacher said of them, or of others of the same class."""

    features: NDArray  # (texts, features)
    soft: NDArray  # (texts, 2)
    labels: NDArray  # (texts,)

    @staticmethod
    def of(seed: int, own: bool) -> "_World":
        """Make one: teachers are good or poor, sure or not, whoever was answered."""
        random = np.random.default_rng([seed, 7])
        texts, width = random.integers(240, 600), random.integers(5, 60)
        labels = random.integers(2, size=texts)
        x = random.normal(size=(texts, width))
        seen = x[:, :4].sum(1) / 2  # what the teacher goes by, within a class too
        x[:, 2:] += random.uniform(0, 1) * (2 * labels[:, None] - 1)
        knows = random.uniform(0.2, 3) * (2 * labels - 1)  # of the class alone
        z = knows + 1.2 * seen + random.uniform(0.3, 1) * random.normal(size=texts)
        p = 1 / (1 + np.exp(-random.uniform(0.7, 1.5) * z))
        if not own:
            for rows in map(np.flatnonzero, (labels == 0, labels == 1)):
                p[rows] = p[random.permutation(rows)]
        return _World(x, np.stack([1 - p, p], axis=1), labels)


#: How many teachers are shown, and of how many the verdict has to be right.
_TEACHERS, _RIGHT = 24, 22


@check("Right: only the texts themselves can tell whose answers these are.")
def own_answers(function: Callable[[NDArray, NDArray, NDArray], Any]) -> None:
    """Whether a teacher's answers belong to these texts, for many teachers.

    >>> own_answers(lambda features, soft, labels: True)
    ❌ Of 24 teachers you judged 12 rightly; expected 22 at least. You always say True.
    """
    truth = [seed % 3 == 0 or seed % 4 == 1 for seed in range(_TEACHERS)]
    said = []
    for seed, own in enumerate(truth):
        world = _World.of(seed, own)
        said.append(read(call(function, *world), True, f"teacher {seed}"))
    right = sum(a == b for a, b in zip(said, truth, strict=True))
    believed = sum(a > b for a, b in zip(said, truth, strict=True))
    doubted = sum(a < b for a, b in zip(said, truth, strict=True))
    if len(set(said)) == 1:
        hint = f"You always say {said[0]}."
    elif believed >= doubted:
        hint = f"{believed} with others' answers were believed: do answers go with the "
        hint += "features within a class, on texts that nothing was fitted to?"
    else:
        hint = f"{doubted} with answers of their own were doubted: a good teacher may "
        hint += "be wrong about labels. Do its answers go with the features?"
    require(
        right >= _RIGHT,
        f"Of {_TEACHERS} teachers you judged {right} rightly; expected {_RIGHT} at "
        f"least. {hint}",
    )


def _answers(texts: int, classes: int, seed: int) -> Tensor:
    """Return soft targets of which no two are alike."""
    random = torch.Generator().manual_seed(seed)
    return torch.randn(texts, classes, generator=random).softmax(1)


def _who(row: NDArray, own: NDArray) -> int:
    """Return the text whose answer a row is, or -1 if it is none."""
    apart = np.abs(own - row).max(1)
    return int(apart.argmin()) if apart.min() < 1e-5 else -1


def _shown(soft: Tensor) -> list[list[float]]:
    return [[round(value, 3) for value in row] for row in soft.tolist()]
