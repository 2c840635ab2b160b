"""How much of one model's hidden states is in another's, whatever their widths.

All of these take states as (words, width), one row a word, rows of both models in the
same order; `states_of` makes them. Numbers are float64.
"""

import torch
from torch import Tensor, nn

from course_lib.batches import Examples
from course_lib.devices import accelerator
from course_lib.soft_targets import in_eval_mode


def states_of(model: nn.Module, examples: Examples, layer: int) -> Tensor:
    """Return (words, width) states of one layer, counted from 0, on the CPU.

    All words of the first text stand first; padding is left out.

    >>> import numpy as np
    >>> from course_lib.models import LSTMClassifier
    >>> reviews = Examples([np.array([2, 3]), np.array([4])])
    >>> states_of(LSTMClassifier(10, 2, 4, hidden_size=3), reviews, layer=0).shape
    torch.Size([3, 6])
    """
    found: dict[int, Tensor] = {}
    model.to(accelerator().device)
    with in_eval_mode(model):
        for batch in examples.ordered_batches(256):
            batch = batch.to(accelerator().device)
            states = model(batch.tokens, batch.lengths, with_states=True)[1 + layer]
            for place, text, n in zip(
                batch.index.tolist(), states.cpu(), batch.lengths.tolist(), strict=True
            ):
                found[place] = text[:n].double()
    return torch.cat([found[place] for place in range(len(examples))])


def floors(states: Tensor, width: int) -> tuple[float, float]:
    """Return what share of a teacher's variance a narrower student cannot match.

    The student has `width` numbers a word, and a linear projection, with a bias, makes
    as many of them as the teacher has. If the projection is trained, what is left at
    best are the principal components behind the first `width` (Eckart and Young 1936).
    If it is random and stays so, it is 1 - width / D of D features in the mean over
    such projections, however the variance is spread.

    >>> teacher = torch.tensor([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    >>> trained, random = floors(teacher, 1)
    >>> round(trained, 6), random
    (0.1, 0.5)
    """
    variances = torch.linalg.svdvals(_centred(states)).square()
    missing = variances[width:].sum() / variances.sum()
    return float(missing), max(0.0, 1 - width / states.shape[1])


def readable_share(
    student: Tensor, teacher: Tensor, new_student: Tensor, new_teacher: Tensor
) -> float:
    """Return how much of the teacher a linear reader of the student makes out.

    The reader is fitted by least squares to the first two and judged on the others: 1
    less its squared error over that of their mean. A projection that was used in
    training has no part in this, so that students with and without one compare.

    >>> x, turn = torch.randn(50, 3), torch.randn(3, 5)
    >>> round(readable_share(x[:40], x[:40] @ turn, x[40:], x[40:] @ turn), 5)
    1.0
    """
    fitted = _with_a_one(student)
    reader = torch.linalg.lstsq(fitted, teacher.double(), driver="gelsd").solution
    error = new_teacher.double() - _with_a_one(new_student) @ reader
    return float(1 - error.square().sum() / _centred(new_teacher).square().sum())


def linear_cka(one: Tensor, other: Tensor) -> float:
    """Return how alike words are related in two models, from 0 to 1.

    Centred kernel alignment (Kornblith et al. 2019): the cosine of the two tables of
    dot products of centred states, all words by all words. It is 1 for states that
    differ by a rotation, a shift and a factor, and needs no equal widths.

    >>> x = torch.randn(50, 3)
    >>> turn = torch.linalg.qr(torch.randn(3, 3))[0]
    >>> round(linear_cka(x, 2 * x @ turn + 1), 5)
    1.0
    """
    a, b = _centred(one), _centred(other)
    norm = torch.linalg.matrix_norm
    return float(norm(b.T @ a).square() / (norm(a.T @ a) * norm(b.T @ b)))


def _centred(states: Tensor) -> Tensor:
    return states.double() - states.double().mean(0)


def _with_a_one(states: Tensor) -> Tensor:
    """Put a feature beside the others that is always 1: the reader's bias."""
    return torch.cat([states.double(), states.new_ones(len(states), 1).double()], 1)
