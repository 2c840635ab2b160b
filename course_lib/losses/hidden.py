"""What a teacher has inside: its states, whom each word looks at, who is like whom.

A soft target is one number a class. On the way to it a teacher has made hundreds of
numbers of each word, its hidden states, and a student may be asked to make them too.
Where it is narrower, the numbers cannot be equal: a projection has to come between
(Romero et al. 2015), or one compares what has no width, the relations among the words
of a text (Wang et al. 2020).

States are (batch, tokens, width), `lengths` (batch,) says where padding begins, and
what stands there never counts. Conventions are those of `course_lib.losses`: float64
inside, no gradient for the teacher, `ValueError` for bad input.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.losses.inputs import precise, rounded, said


def hidden_state_loss(
    student: Tensor, teacher: Tensor, lengths: Tensor, *, normalise: bool = False
) -> Tensor:
    """Return the mean squared error of states of one width; 0 if they are equal.

    The mean is over real words and features, as in FitNets' hints (Romero et al. 2015)
    and TinyBERT (Jiao et al. 2020): `student` is what comes out of the projection.

    With `normalise`, states are first brought to length 1, and squared distances are
    not divided by the width: 2 - 2 cos, of the angle between them. That is how patient
    distillation has it (Sun et al. 2019). How long a state is no longer counts.

    >>> theirs = torch.tensor([[[1.0, 0.0], [9.0, 9.0]]])  # a word, and padding
    >>> ours = torch.tensor([[[3.0, 0.0], [0.0, 0.0]]])
    >>> hidden_state_loss(ours, theirs, torch.tensor([1]))
    tensor(2.)
    >>> hidden_state_loss(ours, theirs, torch.tensor([1]), normalise=True)
    tensor(0.)
    """
    real = _real(lengths, student=student, teacher=teacher)
    if student.shape[2] != teacher.shape[2]:
        raise ValueError(
            f"student is {student.shape[2]} wide and teacher {teacher.shape[2]}: "
            "expected one width; put a projection between, or compare relations"
        )
    ours, theirs = precise(student), precise(teacher.detach())
    if normalise:
        ours, theirs = F.normalize(ours, dim=-1), F.normalize(theirs, dim=-1)
    width = 1 if normalise else student.shape[2]
    apart = (ours - theirs).square().sum(-1) / width  # (batch, tokens)
    return rounded(_mean(apart, real), student, teacher)


def attention_loss(student: Tensor, teacher: Tensor, lengths: Tensor) -> Tensor:
    """Return KL(teacher‖student) of whom each word looks at; the mean over rows.

    Both are scores before the softmax, (batch, heads, tokens, tokens): row i says how
    much word i looks at each. Columns of padding are left out of the softmax, and rows
    of padding out of the mean. Where you have weights and no scores, their logarithm
    will do. MiniLM's attention transfer (Wang et al. 2020).

    >>> theirs = torch.tensor([[[[2.0, 0.0], [0.0, 0.0]]]])
    >>> attention_loss(torch.zeros(1, 1, 2, 2), theirs, torch.tensor([2]))
    tensor(0.1639)
    """
    real = _real(lengths, student=student, teacher=teacher)
    if student.shape != teacher.shape or student.shape[2] != student.shape[3]:
        shapes = f"{tuple(student.shape)} and {tuple(teacher.shape)}"
        raise ValueError(
            f"scores are {shapes}; expected (batch, heads, tokens, tokens), the same "
            "for both"
        )
    columns = ~real[:, None, None, :]
    log_q = precise(student).masked_fill(columns, -torch.inf).log_softmax(-1)
    log_p = precise(teacher.detach()).masked_fill(columns, -torch.inf).log_softmax(-1)
    # Where both are 0 their logarithms' difference would be no number.
    apart = (log_p - log_q).masked_fill(columns, 0)
    rows = (log_p.exp() * apart).sum(-1).mean(1)  # (batch, tokens)
    return rounded(_mean(rows, real), student, teacher)


def relation_scores(states: Tensor, heads: int = 1) -> Tensor:
    """Return how alike words are: (batch, heads, tokens, tokens) scores x xᵀ / √d.

    Each head has its share of the width, d features. Turn all states by one orthogonal
    matrix, and for one head nothing changes: (xR)(xR)ᵀ = x R Rᵀ xᵀ = x xᵀ.

    >>> relation_scores(torch.tensor([[[2.0, 0.0], [1.0, 1.0]]])).shape
    torch.Size([1, 1, 2, 2])
    """
    width = states.shape[-1]
    if heads < 1 or width % heads:
        raise ValueError(
            f"states are {width} wide, which {heads!r} heads cannot share: give a "
            "number that divides the width"
        )
    x = precise(states).unflatten(-1, (heads, -1)).transpose(1, 2)
    return rounded(x @ x.transpose(2, 3) / (width // heads) ** 0.5, states)


def relation_loss(
    student: Tensor, teacher: Tensor, lengths: Tensor, heads: int = 1
) -> Tensor:
    """Return how differently two models relate the words of a text to each other.

    `attention_loss` of softmax(x xᵀ / √d), where x are states, or the queries, keys or
    values of a layer (Wang et al. 2020; 2021). The two may have any widths: what is
    compared is (tokens, tokens), so that no projection is needed. Nor is there anything
    by which it could tell a state from its mirror image.

    >>> teacher = torch.randn(2, 3, 8)
    >>> mirrored = teacher.flip(-1)  # the same features in another order
    >>> relation_loss(mirrored, teacher, torch.tensor([3, 1])).abs() < 1e-6
    tensor(True)
    """
    _real(lengths, student=student, teacher=teacher)
    return attention_loss(
        relation_scores(student, heads), relation_scores(teacher, heads), lengths
    )


def _mean(values: Tensor, real: Tensor) -> Tensor:
    """Return the mean of (batch, tokens) over words; a mask and no index, for GPUs."""
    return values.masked_fill(~real, 0).sum() / real.sum()


def _real(lengths: Tensor, **named: Tensor) -> Tensor:
    """Return (batch, tokens) booleans, True for words, of states or scores that fit."""
    for name, value in named.items():
        fits = isinstance(value, Tensor) and value.is_floating_point()
        if not fits or value.dim() not in (3, 4) or not value.numel():
            raise ValueError(
                f"{name} is {said(value)}; expected floats of shape (batch, tokens, "
                "width), or (batch, heads, tokens, tokens)"
            )
    sizes = {name: (len(v), v.shape[-2]) for name, v in named.items()}
    batch, tokens = next(iter(sizes.values()))
    if len({*sizes.values()}) > 1 or len({v.dim() for v in named.values()}) > 1:
        shapes = " and ".join(str(tuple(v.shape)) for v in named.values())
        raise ValueError(f"shapes are {shapes}; expected the same batch and tokens")
    whole = isinstance(lengths, Tensor) and not lengths.is_floating_point()
    if not whole or lengths.shape != (batch,):
        raise ValueError(
            f"lengths are {said(lengths)}; expected {batch} whole numbers, one a text"
        )
    if lengths.device.type == "cpu" and not ((lengths > 0) & (lengths <= tokens)).all():
        raise ValueError(
            f"lengths run from {lengths.min()} to {lengths.max()}; expected 1 to "
            f"{tokens}, the tokens there are"
        )
    return torch.arange(tokens, device=lengths.device) < lengths.unsqueeze(1)
