"""Losses on what a teacher has inside, against plain loops in float64."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from course_lib.losses.hidden import (
    attention_loss,
    hidden_state_loss,
    relation_loss,
    relation_scores,
)

LENGTHS = torch.tensor([4, 1, 3])


def some(*shape, seed=0):
    torch.manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64)


def rotation(width, seed=7):
    return torch.linalg.qr(some(width, width, seed=seed))[0]


def words(lengths=LENGTHS):
    return [(i, j) for i, n in enumerate(lengths.tolist()) for j in range(n)]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 999), lengths=st.lists(st.integers(1, 4), min_size=1))
def test_a_squared_error_is_the_mean_over_words_and_features(seed, lengths):
    lengths = torch.tensor(lengths)
    one, other = some(len(lengths), 4, 5, seed=seed), some(len(lengths), 4, 5)
    by_hand = [(one[w] - other[w]).square().mean() for w in words(lengths)]
    expected = sum(by_hand) / len(by_hand)
    torch.testing.assert_close(hidden_state_loss(one, other, lengths), expected)


def test_a_normalised_one_is_two_less_two_cosines():
    one, other = some(3, 4, 5), some(3, 4, 5, seed=1)
    cosines = [F.cosine_similarity(one[w], other[w], dim=0) for w in words()]
    expected = 2 - 2 * sum(cosines) / len(cosines)
    loss = hidden_state_loss(one, 9 * other, LENGTHS, normalise=True)
    torch.testing.assert_close(loss, expected)


def kl_of_rows(student, teacher, lengths):
    """With torch's own divergence, row by row, from what is no padding."""
    found = []
    for text, n in enumerate(lengths.tolist()):
        for head in range(student.shape[1]):
            for row in range(n):
                log_q = student[text, head, row, :n].log_softmax(0)
                p = teacher[text, head, row, :n].softmax(0)
                found.append(F.kl_div(log_q, p, reduction="sum"))
    return sum(found) / len(found)


def test_attention_is_compared_row_by_row_without_padding():
    student, teacher = some(3, 2, 4, 4), 3 * some(3, 2, 4, 4, seed=1)
    expected = kl_of_rows(student, teacher, LENGTHS)
    torch.testing.assert_close(attention_loss(student, teacher, LENGTHS), expected)
    assert attention_loss(teacher, student, LENGTHS) != pytest.approx(expected.item())


def test_logarithms_of_weights_serve_as_scores():
    student, teacher = some(3, 2, 4, 4), some(3, 2, 4, 4, seed=1)
    lengths = torch.full((3,), 4)
    weights = student.softmax(-1).log(), teacher.softmax(-1).log()
    loss = attention_loss(student, teacher, lengths)
    torch.testing.assert_close(attention_loss(*weights, lengths), loss)


@pytest.mark.parametrize("heads", [1, 2])
def test_relations_are_those_of_the_paper(heads):
    """softmax(x xᵀ / √d), each head with its own share of the width."""
    student, teacher = some(3, 4, 6), some(3, 4, 10, seed=1)
    scores = []
    for states in (student, teacher):
        d = states.shape[2] // heads
        cut = [states[..., h * d : (h + 1) * d] for h in range(heads)]
        each = [torch.einsum("bif,bjf->bij", x, x) / math.sqrt(d) for x in cut]
        scores.append(torch.stack(each, dim=1))
        torch.testing.assert_close(relation_scores(states, heads), scores[-1])
    expected = kl_of_rows(*scores, LENGTHS)
    loss = relation_loss(student, teacher, LENGTHS, heads)
    torch.testing.assert_close(loss, expected)


def test_relations_forget_a_rotation_and_nothing_smaller():
    teacher = some(3, 4, 6)
    turned = teacher @ rotation(6)
    assert relation_loss(turned, teacher, LENGTHS).item() == pytest.approx(0, abs=1e-12)
    assert relation_loss(turned, teacher, LENGTHS, heads=2) > 1e-3  # it mixes heads
    assert relation_loss(2 * teacher, teacher, LENGTHS) > 1e-3
    assert relation_loss(teacher + 1, teacher, LENGTHS) > 1e-3
    assert hidden_state_loss(turned, teacher, LENGTHS) > 0.1


def test_relations_do_not_care_how_wide_a_student_is():
    """Features that are 0 change nothing but √d, which is made up for."""
    teacher = some(3, 4, 4)
    wide = F.pad(2**0.5 * teacher, (0, 12))  # four times the width, half the scores
    loss = relation_loss(2**0.5 * wide / 2**0.5, teacher, LENGTHS)
    torch.testing.assert_close(loss, torch.zeros_like(loss), atol=1e-12, rtol=0)


LOSSES = [
    (hidden_state_loss, (3, 4, 5)),
    (lambda *x: hidden_state_loss(*x, normalise=True), (3, 4, 5)),
    (attention_loss, (3, 2, 4, 4)),
    (relation_loss, (3, 4, 6)),
]
each_loss = pytest.mark.parametrize(("loss", "shape"), LOSSES)


@each_loss
def test_padding_never_counts_nor_gets_a_gradient(loss, shape):
    student, teacher = some(*shape), some(*shape, seed=1)
    value = loss(student, teacher, LENGTHS)
    padding = torch.arange(4) >= LENGTHS[:, None]
    view = padding[:, None, :, None] if len(shape) == 4 else padding[:, :, None]
    spoilt = student.masked_fill(view, 1e6).requires_grad_()
    if len(shape) == 4:
        spoilt = student.masked_fill(padding[:, None, None, :] | view, 1e6)
        spoilt.requires_grad_()
    again = loss(spoilt, teacher.masked_fill(view, -1e6), LENGTHS)
    torch.testing.assert_close(again, value)
    again.backward()
    assert not spoilt.grad.masked_select(view.expand_as(spoilt)).any()
    assert spoilt.grad.isfinite().all()


@each_loss
def test_no_gradient_reaches_the_teacher(loss, shape):
    student, teacher = some(*shape).requires_grad_(), some(*shape, seed=1)
    teacher.requires_grad_()
    loss(student, teacher, LENGTHS).backward()
    assert teacher.grad is None and student.grad.any()


@each_loss
def test_it_is_zero_for_a_student_that_agrees_and_float32_for_floats(loss, shape):
    teacher = some(*shape).float()
    value = loss(teacher, teacher, LENGTHS)
    assert value.dtype == torch.float32
    assert value.item() == pytest.approx(0, abs=1e-12)


def test_a_state_of_zeros_has_no_direction_and_still_a_gradient():
    student = torch.zeros(3, 4, 5, requires_grad=True)
    hidden_state_loss(student, some(3, 4, 5), LENGTHS, normalise=True).backward()
    assert student.grad.isfinite().all()


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (
            lambda: hidden_state_loss(some(3, 4, 2), some(3, 4, 5), LENGTHS),
            "student is 2 wide and teacher 5: expected one width; put a projection",
        ),
        (
            lambda: hidden_state_loss(some(3, 2), some(3, 4, 5), LENGTHS),
            r"student is torch.float64 of shape \(3, 2\); expected floats of shape",
        ),
        (
            lambda: hidden_state_loss(some(3, 4, 5), some(3, 4, 5).long(), LENGTHS),
            r"teacher is torch.int64 .*expected floats",
        ),
        (
            lambda: relation_loss(some(3, 4, 5), some(3, 6, 5), LENGTHS),
            r"\(3, 4, 5\) and \(3, 6, 5\); expected the same batch and tokens",
        ),
        (
            lambda: attention_loss(some(3, 2, 4, 4), some(3, 3, 4, 4), LENGTHS),
            r"scores are .*expected \(batch, heads, tokens, tokens\)",
        ),
        (
            lambda: hidden_state_loss(some(3, 4, 5), some(3, 4, 5), LENGTHS[:2]),
            r"lengths are .*expected 3 whole numbers, one a text",
        ),
        (
            lambda: hidden_state_loss(some(3, 4, 5), some(3, 4, 5), LENGTHS + 1),
            "lengths run from 2 to 5; expected 1 to 4",
        ),
        (
            lambda: hidden_state_loss(some(3, 4, 5), some(3, 4, 5), LENGTHS - 1),
            "lengths run from 0 to 3; expected 1 to 4",
        ),
        (
            lambda: hidden_state_loss(some(3, 4, 5), some(3, 4, 5), [4, 1, 3]),
            r"lengths are list \[4, 1, 3\]; expected 3 whole numbers",
        ),
        (
            lambda: relation_loss(some(3, 4, 5), some(3, 4, 6), LENGTHS, heads=2),
            "states are 5 wide, which 2 heads cannot share",
        ),
        (
            lambda: relation_loss(some(3, 4, 5), some(3, 4, 5), LENGTHS, heads=0),
            "which 0 heads cannot share",
        ),
    ],
)
def test_bad_input_is_refused(attempt, message):
    with pytest.raises(ValueError, match=message):
        attempt()
