"""Token losses: against a loop, against PyTorch, and what must not count does not."""

import pytest
import torch
from torch.nn import functional as F

from course_lib.losses import DistillationLoss, soft_target_loss
from course_lib.losses.tokens import (
    IGNORED,
    TokenDistillationLoss,
    token_label_loss,
    token_soft_target_loss,
)

T = 3.0


def data(seed=0, batch=3, tokens=5, tags=4):
    generator = torch.Generator().manual_seed(seed)
    shape = (batch, tokens, tags)
    student, teacher = torch.randn(2, *shape, generator=generator, dtype=torch.float64)
    counted = torch.rand(batch, tokens, generator=generator) < 0.5
    counted[0, 0], counted[0, 1] = True, False
    labels = torch.randint(tags, (batch, tokens), generator=generator)
    return student, 4 * teacher, labels.masked_fill(~counted, IGNORED), counted


def test_it_is_a_loop_over_the_tokens_that_count():
    student, teacher, labels, counted = data()
    soft, hard = [], []
    for i, j in counted.nonzero().tolist():
        soft.append(soft_target_loss(student[i, j][None], teacher[i, j][None], T))
        hard.append(F.cross_entropy(student[i, j], labels[i, j]))
    found = token_soft_target_loss(student, teacher, counted, T)
    torch.testing.assert_close(found, torch.stack(soft).mean())
    torch.testing.assert_close(
        token_label_loss(student, labels, counted), torch.stack(hard).mean()
    )


def test_it_is_pytorchs_on_what_counts():
    student, teacher, labels, counted = data(1)
    theirs = F.kl_div(
        (student[counted] / T).log_softmax(-1),
        (teacher[counted] / T).log_softmax(-1),
        reduction="batchmean",
        log_target=True,
    )
    found = token_soft_target_loss(student, teacher, counted, T)
    torch.testing.assert_close(found, T**2 * theirs)
    torch.testing.assert_close(
        token_label_loss(student, labels, counted),
        F.cross_entropy(student.flatten(0, 1), labels.flatten()),
    )


def test_alpha_weighs_both_parts_as_it_does_for_texts():
    student, teacher, labels, counted = data(2)
    loss = TokenDistillationLoss(T, alpha=0.3)
    once = DistillationLoss(T, alpha=0.3)
    torch.testing.assert_close(
        loss(student, teacher, labels, counted),
        once(student[counted], teacher[counted], labels[counted]),
    )
    assert "alpha=0.3" in repr(loss)


@pytest.mark.parametrize("width", [0, 3, 40])
def test_however_much_padding_there_is_nothing_changes(width):
    student, teacher, labels, counted = data(3)
    loss = TokenDistillationLoss(T, alpha=0.5)
    padded = loss(
        F.pad(student, (0, 0, 0, width), value=7.0),
        F.pad(teacher, (0, 0, 0, width), value=-9.0),
        F.pad(labels, (0, width), value=IGNORED),
        F.pad(counted, (0, width)),
    )
    same = loss(student, teacher, labels, counted)
    torch.testing.assert_close(padded, same, rtol=1e-12, atol=0)


@pytest.mark.parametrize("garbage", [float("nan"), float("inf"), 1e30])
def test_what_does_not_count_may_be_anything_and_has_no_gradient(garbage):
    student, teacher, labels, counted = data(4)
    clean = TokenDistillationLoss(T, 0.5)(student, teacher, labels, counted)
    student[~counted], teacher[~counted] = garbage, garbage
    labels[~counted] = 99
    student.requires_grad_()
    loss = TokenDistillationLoss(T, 0.5)(student, teacher, labels, counted)
    loss.backward()
    assert loss == clean
    assert (student.grad[~counted] == 0).all()
    assert student.grad.isfinite().all() and (student.grad[counted] != 0).any()


def test_the_gradient_is_t_times_the_difference_over_what_counts():
    student, teacher, _, counted = data(5)
    student.requires_grad_()
    token_soft_target_loss(student, teacher, counted, T).backward()
    gap = (student / T).softmax(-1) - (teacher / T).softmax(-1)
    expected = (T * gap / counted.sum()).masked_fill(~counted[..., None], 0)
    torch.testing.assert_close(student.grad, expected.detach())


def test_no_gradient_reaches_the_teacher():
    student, teacher, _, counted = data(6)
    student.requires_grad_()
    teacher.requires_grad_()
    token_soft_target_loss(student, teacher, counted, T).backward()
    assert teacher.grad is None


def test_float32_comes_out_of_float32():
    student, teacher, labels, counted = data(7)
    loss = TokenDistillationLoss(T, 0.5)
    found = loss(student.float(), teacher.float(), labels, counted)
    assert found.dtype == torch.float32
    torch.testing.assert_close(
        found.double(), loss(student, teacher, labels, counted), rtol=1e-5, atol=1e-6
    )


def test_bad_input_is_quoted():
    student, teacher, labels, counted = data(8)
    soft, both = token_soft_target_loss, TokenDistillationLoss(T, 0.5)
    for attempt, said in (
        (lambda: soft(student, teacher, labels, T), "counted is torch.int64"),
        (lambda: soft(student, teacher, counted[:, :2], T), "booleans of shape"),
        (lambda: soft(student[0], teacher, counted, T), "student_logits is"),
        (lambda: soft(student, teacher[..., :2], counted, T), "shapes differ"),
        (lambda: soft(student, None, counted, T), "teacher_logits is"),
        (lambda: soft(student, teacher, counted & False, T), "no token"),
        (lambda: soft(student, teacher, counted, 0.0), "temperature is 0.0"),
        (lambda: both(student, teacher, None, counted), "labels are None"),
        (lambda: both(student, teacher, labels + 9, counted), "expected 0 to 3"),
        (lambda: both(student, teacher, labels.float(), counted), "whole numbers"),
        (lambda: TokenDistillationLoss(T, 1.5), "alpha is 1.5"),
    ):
        with pytest.raises(ValueError, match=said):
            attempt()
    student[0, 0, 0] = torch.nan  # a token that counts
    with pytest.raises(ValueError, match="finite"):
        soft(student, teacher, counted, T)
