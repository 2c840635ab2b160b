"""The losses that need three classes, against numpy, and refusing two."""

from functools import partial

import numpy as np
import pytest
import torch
from scipy.special import log_softmax, softmax

from course_lib.losses import soft_target_loss
from course_lib.losses.many_classes import (
    dist_loss,
    dkd_loss,
    logit_standardisation_loss,
)

LABELS = torch.tensor([0, 2, 4, 1, 1, 3])
TEMPERATURES = [0.5, 1.0, 4.0]
LOSSES = {
    "standardisation": logit_standardisation_loss,
    "DIST": dist_loss,
    "DKD": lambda student, teacher, T: dkd_loss(
        student, teacher, LABELS[: len(student)] % student.shape[1], T
    ),
}
every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())


def random_logits(examples=6, classes=5, seed=0, scale=2.0):
    generator = torch.Generator().manual_seed(seed)
    shape = (examples, classes)
    return torch.randn(shape, generator=generator, dtype=torch.float64) * scale


STUDENT, TEACHER = random_logits(seed=1), random_logits(seed=2)


def kl(log_p, log_q):
    return (np.exp(log_p) * (log_p - log_q)).sum(-1)


@pytest.mark.parametrize("T", TEMPERATURES)
def test_standardisation_is_the_soft_target_loss_of_z_scores(T):
    s, t = (
        (z - z.mean(1, keepdims=True)) / z.std(1, ddof=1, keepdims=True)
        for z in (STUDENT.numpy(), TEACHER.numpy())
    )
    expected = T**2 * kl(log_softmax(t / T, -1), log_softmax(s / T, -1)).mean()
    loss = logit_standardisation_loss(STUDENT, TEACHER, T)
    assert loss.item() == pytest.approx(expected, rel=1e-6)


def test_standardisation_ignores_scale_and_shift_and_nothing_else():
    loss = partial(logit_standardisation_loss, temperature=2.0)
    assert loss(3 * TEACHER + 7, TEACHER).item() == pytest.approx(0, abs=1e-12)
    moved = loss(STUDENT * 100 - 1, TEACHER * 0.1 + 1)
    torch.testing.assert_close(moved, loss(STUDENT, TEACHER), rtol=1e-5, atol=0)
    assert loss(-TEACHER, TEACHER) > 0.1
    assert loss(STUDENT, TEACHER) > 0.1


@pytest.mark.parametrize("T", TEMPERATURES)
def test_dist_is_one_minus_correlation_over_classes_and_over_examples(T):
    q, p = softmax(STUDENT.numpy() / T, -1), softmax(TEACHER.numpy() / T, -1)
    rows = zip(q, p, strict=True)
    columns = zip(q.T, p.T, strict=True)
    inter = np.mean([1 - np.corrcoef(a, b)[0, 1] for a, b in rows])
    intra = np.mean([1 - np.corrcoef(a, b)[0, 1] for a, b in columns])
    loss = partial(dist_loss, STUDENT, TEACHER, T)
    assert loss().item() == pytest.approx(T**2 * (inter + intra), rel=1e-6)
    assert loss(gamma=0.0).item() == pytest.approx(T**2 * inter, rel=1e-6)
    assert loss(beta=0.0).item() == pytest.approx(T**2 * intra, rel=1e-6)
    assert loss(beta=2.0, gamma=3.0).item() == pytest.approx(
        T**2 * (2 * inter + 3 * intra), rel=1e-6
    )
    assert dist_loss(TEACHER, TEACHER, T).item() == pytest.approx(0, abs=1e-12)


def test_dist_needs_three_examples():
    for examples in (1, 2):
        logits = STUDENT[:examples]
        with pytest.raises(ValueError, match=f"batch of {examples}.*at least 3"):
            dist_loss(logits, logits, 1.0)
    assert dist_loss(STUDENT[:3], TEACHER[:3], 1.0) > 0


@pytest.mark.parametrize("T", TEMPERATURES)
def test_dkd_is_a_target_part_and_a_non_target_part(T):
    targets, others = [], []
    for s, t, label in zip(STUDENT.numpy(), TEACHER.numpy(), LABELS, strict=True):
        q, p = softmax(s / T)[label], softmax(t / T)[label]
        targets.append(p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q)))
        log_q = log_softmax(np.delete(s, label) / T)
        others.append(kl(log_softmax(np.delete(t, label) / T), log_q))
    target, other = T**2 * np.mean(targets), T**2 * np.mean(others)
    loss = partial(dkd_loss, STUDENT, TEACHER, LABELS, T)
    assert loss().item() == pytest.approx(target + 8 * other, rel=1e-9)
    assert loss(beta=0.0).item() == pytest.approx(target, rel=1e-9)
    assert loss(alpha=0.0, beta=1.0).item() == pytest.approx(other, rel=1e-9)
    assert loss(alpha=2.0, beta=3.0).item() == pytest.approx(2 * target + 3 * other)
    same = dkd_loss(TEACHER, TEACHER, LABELS.int(), T)
    assert same.item() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("T", TEMPERATURES)
def test_dkd_with_the_teacher_s_own_weight_is_plain_kl(T):
    """KL = TCKD + (1 - p_true) NCKD, the identity that the paper starts from."""
    for row in range(6):
        s, t, label = STUDENT[row, None], TEACHER[row, None], LABELS[row, None]
        beta = 1 - (t / T).softmax(-1)[0, label].item()
        decoupled = dkd_loss(s, t, label, T, alpha=1.0, beta=beta)
        torch.testing.assert_close(decoupled, soft_target_loss(s, t, T))


@every_loss
def test_gradients(loss):
    student = STUDENT.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda s: loss(s, TEACHER, 2.0), student)
    teacher = TEACHER.clone().requires_grad_()
    loss(student, teacher, 2.0).backward()
    assert teacher.grad is None
    assert student.grad.abs().sum() > 0


@every_loss
@pytest.mark.parametrize("classes", [3, 1000])
@pytest.mark.parametrize("scale", [0.0, 1.0, 1e4])
def test_value_and_gradient_stay_finite(loss, scale, classes):
    teacher = random_logits(classes=classes, seed=2).clamp(-1, 1) * scale
    for dtype in (torch.float32, torch.bfloat16, torch.float16):
        student = random_logits(classes=classes, seed=1).clamp(-1, 1) * scale
        student = student.to(dtype).requires_grad_()
        for T in (0.5, 32.0):
            value = loss(student, teacher.to(dtype), T)
            assert value.dtype == torch.float32
            assert value.isfinite()
            value.backward()
        # Standardising equal logits has a slope of 1e7, too steep for half precision.
        assert not student.grad.isnan().any()
        if scale > 0:
            assert student.grad.isfinite().all()


@every_loss
def test_float32_is_as_good_as_float64(loss):
    student, teacher = STUDENT.float(), TEACHER.float()
    wide = loss(student.double(), teacher.double(), 32.0)
    assert wide.dtype == torch.float64
    assert loss(student, teacher, 32.0).item() == pytest.approx(wide.item(), rel=1e-6)


@every_loss
def test_fewer_than_three_classes_are_refused_with_the_reason(loss):
    for classes in (1, 2):
        logits = random_logits(classes=classes)
        with pytest.raises(ValueError, match=f"got {classes} classes.*at least 3"):
            loss(logits, logits, 2.0)
    assert loss(STUDENT[:, :3], TEACHER[:, :3], 2.0) > 0


def test_why_two_classes_are_refused():
    """The facts behind the refusal, for any two logits."""
    z = random_logits(classes=2)
    scores = (z - z.mean(1, keepdim=True)) / z.std(1, keepdim=True)
    torch.testing.assert_close(scores.abs(), torch.full_like(scores, 0.5**0.5))
    p, q = z.softmax(-1).numpy(), random_logits(classes=2, seed=1).softmax(-1).numpy()
    for a, b in zip(p, q, strict=True):
        assert abs(np.corrcoef(a, b)[0, 1]) == pytest.approx(1)
    rest = z[:, 1:].log_softmax(-1)  # what is left of two classes without the first
    assert not rest.any()


@every_loss
def test_bad_input_is_refused(loss):
    with pytest.raises(ValueError, match=r"differ.*expected the same"):
        loss(STUDENT, TEACHER[:, :4], 2.0)
    with pytest.raises(ValueError, match=r"expected \(batch, classes\)"):
        loss(STUDENT[None], TEACHER[None], 2.0)
    with pytest.raises(ValueError, match=r"teacher_logits is torch\.int64"):
        loss(STUDENT, TEACHER.long(), 2.0)
    with pytest.raises(ValueError, match=r"student_logits\[0, 0\] is nan"):
        loss(STUDENT * torch.nan, TEACHER, 2.0)
    with pytest.raises(ValueError, match=r"temperature is -1\.0; expected 0 < T"):
        loss(STUDENT, TEACHER, -1.0)
    for temperature in ("2", None, True, torch.ones(2), 1e-300, 1e8):
        with pytest.raises(ValueError, match=r"temperature is .*; expected 0 < T"):
            loss(STUDENT, TEACHER, temperature)


@pytest.mark.parametrize("weight", ["1", None, True, -0.5, torch.nan, torch.inf])
def test_weights_must_be_numbers(weight):
    calls = {
        "beta": [
            lambda: dist_loss(STUDENT, TEACHER, 2.0, beta=weight),
            lambda: dkd_loss(STUDENT, TEACHER, LABELS, 2.0, beta=weight),
        ],
        "gamma": [lambda: dist_loss(STUDENT, TEACHER, 2.0, gamma=weight)],
        "alpha": [lambda: dkd_loss(STUDENT, TEACHER, LABELS, 2.0, alpha=weight)],
    }
    for name, of_name in calls.items():
        for call in of_name:
            with pytest.raises(ValueError, match=f"{name} is .*; expected a finite"):
                call()


@every_loss
def test_transforms_of_torch_give_the_same_numbers(loss):
    at_two = partial(loss, temperature=2.0) if loss is not LOSSES["DKD"] else None
    loss = at_two or (lambda student, teacher: dkd_loss(student, teacher, LABELS, 2.0))
    value = loss(STUDENT, TEACHER)
    same = partial(torch.testing.assert_close, rtol=1e-12, atol=1e-14)
    both = torch.stack([STUDENT, TEACHER]), torch.stack([TEACHER, TEACHER])
    same(torch.vmap(loss)(*both)[0], value)
    assert torch.func.grad(loss)(STUDENT, TEACHER).abs().sum() > 0
    same(torch.compile(loss, fullgraph=True, backend="eager")(STUDENT, TEACHER), value)


@every_loss
@pytest.mark.parametrize("T", [1e-18, 1e4])
def test_the_ends_of_the_range_of_temperatures_give_numbers(loss, T):
    student = STUDENT.clone().requires_grad_()
    value = loss(student, TEACHER, T)
    value.backward()
    assert value.isfinite()
    assert student.grad.isfinite().all()


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (LABELS.float(), "float32 .*expected class indices"),
        (LABELS.tolist(), "list .*expected class indices"),
        (LABELS.numpy(), "ndarray .*expected class indices"),
        (LABELS[:5], r"\(5,\); expected class indices of shape \(6,\)"),
        (LABELS + 1, "from 1 to 5; class indices are 0 to 4"),
    ],
)
def test_labels_of_dkd_are_checked(labels, message):
    with pytest.raises(ValueError, match=message):
        dkd_loss(STUDENT, TEACHER, labels, 2.0)


def test_no_value_is_read_from_a_device():
    logits = torch.empty(6, 5, device="meta")
    dkd_loss(logits, logits, torch.empty(6, device="meta", dtype=torch.int64), 2.0)
    dist_loss(logits, logits, 2.0)
    logit_standardisation_loss(logits, logits, 2.0)
