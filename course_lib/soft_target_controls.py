"""Soft targets from which one thing was taken: what is left shows what it was worth.

A soft target says that one may not be sure (smoothing), which classes are alike, and
what is special about this text. Each control here keeps some of that and loses the
rest. Train a student on it, with all else equal, and the difference is the price of
what was lost.

Soft targets come in and go out as probabilities, (examples, classes), and keep their
type; labels are class indices, (examples,). `as_logits` makes of them what a loss
reads. Bad input raises `ValueError`.

Tang et al. (2020), *Understanding and improving knowledge distillation*, name three
levels of a teacher's knowledge; `parts` measures them.
"""

from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.losses.inputs import check_labels, check_temperature, said

#: Least probability whose logarithm is taken: that of a class that is ruled out.
LEAST = 1e-12
#: By how much a row of probabilities may miss 1.
ROUNDING = 1e-3


def shuffled(soft: Tensor, labels: Tensor | None = None, *, seed: int = 0) -> Tensor:
    """Give each example another one's answer; with labels, one of its own class.

    Each answer is given once, and none stays where it was. Within classes, whatever
    compares a teacher with labels remains the same: accuracy, cross-entropy,
    calibration. An example that has no other, or none of its class, raises
    `ValueError`.

    >>> soft = torch.tensor([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.3, 0.7]])
    >>> shuffled(soft, torch.tensor([0, 0, 1, 1]))
    tensor([[0.6000, 0.4000],
            [0.9000, 0.1000],
            [0.3000, 0.7000],
            [0.2000, 0.8000]])
    """
    check_soft(soft, labels)
    groups = torch.zeros(len(soft), dtype=torch.long) if labels is None else labels
    random = torch.Generator().manual_seed(seed)
    giver = torch.empty(len(soft), dtype=torch.long)
    for group in groups.unique():
        rows = (groups == group).nonzero()[:, 0].cpu()
        if len(rows) < 2:
            place = "at all" if labels is None else f"of class {int(group)}"
            raise ValueError(
                f"there is one example {place}; expected two or more, to exchange "
                "their answers"
            )
        # One round dance: each takes the answer of the next, in a random order.
        dance = rows[torch.randperm(len(rows), generator=random)]
        giver[dance] = dance.roll(1)
    return soft[giver.to(soft.device)]


def class_means(soft: Tensor, labels: Tensor) -> Tensor:
    """Give each example the mean answer to its class: class-wise label smoothing.

    >>> soft = torch.tensor([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]])
    >>> class_means(soft, torch.tensor([0, 0, 1]))
    tensor([[0.7000, 0.3000],
            [0.7000, 0.3000],
            [0.2000, 0.8000]])
    """
    check_soft(soft, labels)
    member = F.one_hot(labels, soft.shape[1]).to(soft)  # (examples, classes)
    means = member.T @ soft / member.sum(0).clamp(min=1)[:, None]
    return means[labels]


def smoothed(soft: Tensor, labels: Tensor) -> Tensor:
    """Return smoothed labels that are as sure of the label as soft targets, on average.

    A share ε of the probability is spread evenly over all classes: the label keeps
    1 - ε + ε / classes (Szegedy et al. 2016). Of the teacher, ε is all that is left.
    Soft targets that are less sure of the label than a toss of a die raise
    `ValueError`.

    >>> soft = torch.tensor([[0.9, 0.1, 0.0], [0.3, 0.5, 0.2]])
    >>> smoothed(soft, torch.tensor([0, 1]))  # as 0.9 and 0.5 are 0.7 on average
    tensor([[0.7000, 0.1500, 0.1500],
            [0.1500, 0.7000, 0.1500]])
    """
    check_soft(soft, labels)
    classes = soft.shape[1]
    sure = soft.gather(1, labels[:, None]).mean()
    share = (1 - sure) * classes / (classes - 1)
    if share > 1 + ROUNDING:
        raise ValueError(
            f"soft targets give the label {float(sure):.3f} on average; expected at "
            f"least 1/{classes}: the least sure of smoothed labels give as much"
        )
    return (1 - share) * F.one_hot(labels, classes).to(soft) + share / classes


def redealt(soft: Tensor, labels: Tensor, *, seed: int = 0) -> Tensor:
    """Deal out another example's probabilities anew: the highest to the label.

    The rest goes to the other classes in a random order. It is noise of equal entropy:
    as a whole the targets are as sure as the teacher was, and right by the label; of
    whom and between which classes the teacher was in doubt is lost.

    >>> soft = torch.tensor([[0.9, 0.1], [0.6, 0.4]])
    >>> redealt(soft, torch.tensor([1, 1]))
    tensor([[0.4000, 0.6000],
            [0.1000, 0.9000]])
    """
    check_soft(soft, labels)
    others = shuffled(soft, seed=seed).sort(dim=1, descending=True).values
    # Any order in which the label comes first: it has the highest of random numbers.
    random = torch.Generator().manual_seed(seed + 1)
    order = torch.rand(soft.shape, generator=random).to(soft.device)
    order = (order + F.one_hot(labels, soft.shape[1])).argsort(1, descending=True)
    return torch.empty_like(soft).scatter(1, order, others)


def parts(soft: Tensor, labels: Tensor) -> dict[str, float]:
    """Return how far soft targets are from the labels, and the three parts of that.

    From label to smoothed label is "smoothing"; from there to the mean answer to the
    class is "class"; and from there to the answer to this example is "example". Each is
    a mean squared distance, and as the three steps stand at right angles, they sum to
    "all". How large a part is does not say what it is worth: the answers to other
    examples of the class have the same three.

    >>> soft = torch.tensor([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]])
    >>> found = parts(soft, torch.tensor([0, 0, 1]))
    >>> {name: round(value, 3) for name, value in found.items()}
    {'smoothing': 0.142, 'class': 0.004, 'example': 0.053, 'all': 0.2}
    """
    wide = soft.double()
    steps = [
        F.one_hot(labels, soft.shape[1]).to(wide),
        smoothed(wide, labels),
        class_means(wide, labels),
        wide,
    ]

    def apart(one: Tensor, other: Tensor) -> float:
        return float(((one - other) ** 2).sum(1).mean())

    names = ("smoothing", "class", "example")
    found = {
        name: apart(*pair) for name, pair in zip(names, pairwise(steps), strict=True)
    }
    return found | {"all": apart(steps[0], wide)}


def as_logits(soft: Tensor, temperature: float = 1.0) -> Tensor:
    """Return logits that are these probabilities at a temperature: T log p.

    A class that is ruled out counts as one with a probability of 1e-12.

    >>> as_logits(torch.tensor([[0.8, 0.2]]), 2.0).div(2.0).softmax(1)
    tensor([[0.8000, 0.2000]])
    """
    check_temperature(temperature)
    check_soft(soft)
    return temperature * soft.clamp(min=LEAST).log()


def check_soft(soft: Tensor, labels: Tensor | None = None) -> None:
    """Raise `ValueError` unless these are probabilities, and labels that fit them.

    >>> check_soft(torch.tensor([[2.0, -1.0]]))
    Traceback (most recent call last):
    ValueError: row 0 of the soft targets is [2.0, -1.0]; expected probabilities that
    sum to 1: take a softmax of logits first
    """
    is_table = isinstance(soft, Tensor) and soft.dim() == 2 and soft.is_floating_point()
    if not is_table or not len(soft) or soft.shape[1] < 2:
        raise ValueError(
            f"soft targets are {said(soft)}; expected probabilities of shape "
            "(examples, classes), of one example and two classes at least"
        )
    # "Not sound" rather than "unsound": NaN is neither, and must be refused.
    sound = (soft >= 0).all(1) & ((soft.sum(1) - 1).abs() <= ROUNDING)
    if not sound.all():
        row = int((~sound).nonzero()[0, 0])
        values = [round(value, 4) for value in soft[row].tolist()]
        raise ValueError(
            f"row {row} of the soft targets is {values}; expected probabilities that "
            "sum to 1: take a softmax of logits first"
        )
    if labels is not None:
        check_labels(labels, soft, multilabel=False)
