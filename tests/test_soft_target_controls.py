"""What each control keeps of a teacher's word, and what it loses."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course_lib.soft_target_controls import (
    as_logits,
    class_means,
    parts,
    redealt,
    shuffled,
    smoothed,
)


def answers(examples=120, classes=4, seed=0):
    """Soft targets that lean towards the label, in float64, and the labels."""
    random = torch.Generator().manual_seed(seed)
    labels = torch.randint(classes, (examples,), generator=random)
    z = torch.randn(examples, classes, generator=random, dtype=torch.float64)
    return (z + 1.5 * F.one_hot(labels, classes)).softmax(1), labels


SOFT, LABELS = answers()
each_shape = pytest.mark.parametrize("classes", [2, 3, 10])


def of_class(soft, labels, k):
    """The answers to a class, in an order of their own."""
    return sorted(soft[labels == k].tolist())


@each_shape
def test_within_classes_every_answer_is_another_examples_of_the_class(classes):
    soft, labels = answers(classes=classes)
    found = shuffled(soft, labels, seed=3)
    for k in range(classes):
        assert of_class(found, labels, k) == of_class(soft, labels, k)
    assert (found != soft).any(1).all()


def test_what_compares_a_teacher_with_labels_cannot_see_it():
    """Accuracy, cross-entropy, the table of verdicts and calibration, to the bit."""
    found = shuffled(SOFT, LABELS, seed=1)
    for measure in (
        lambda p: (p.argmax(1) == LABELS).sum().item(),
        lambda p: sorted(p.gather(1, LABELS[:, None])[:, 0].tolist()),
        lambda p: torch.bincount(LABELS * 4 + p.argmax(1)).tolist(),
        lambda p: sorted(zip(LABELS.tolist(), p.amax(1).tolist(), strict=True)),
    ):
        assert measure(found) == measure(SOFT)


def test_across_classes_only_the_answers_as_a_whole_remain():
    found = shuffled(SOFT, seed=1)
    assert sorted(found.tolist()) == sorted(SOFT.tolist())
    assert (found != SOFT).any(1).all()
    assert (found.argmax(1) == LABELS).float().mean() < 0.5
    assert (SOFT.argmax(1) == LABELS).float().mean() > 0.6


def test_a_seed_is_an_order_and_another_one_another():
    assert torch.equal(shuffled(SOFT, LABELS, seed=1), shuffled(SOFT, LABELS, seed=1))
    assert not torch.equal(
        shuffled(SOFT, LABELS, seed=1), shuffled(SOFT, LABELS, seed=2)
    )
    assert not torch.equal(redealt(SOFT, LABELS, seed=1), redealt(SOFT, LABELS, seed=2))


def test_the_order_has_nothing_to_do_with_where_an_example_stands():
    """One round dance in file order would hand each the answer of its neighbour."""
    soft = torch.arange(1, 201, dtype=torch.float64)[:, None] / 300
    soft = torch.cat([soft, 1 - soft], dim=1)
    found = shuffled(soft, torch.zeros(200, dtype=torch.long))
    between = np.corrcoef(soft[:, 0], found[:, 0])[0, 1]
    assert abs(between) < 0.25


@each_shape
def test_class_means_are_those_of_numpy(classes):
    soft, labels = answers(classes=classes)
    found = class_means(soft, labels).numpy()
    for k in range(classes):
        expected = soft.numpy()[labels == k].mean(0)
        assert np.abs(found[labels == k] - expected).max() < 1e-12


def test_a_class_that_does_not_occur_spoils_no_other():
    labels = LABELS.where(LABELS != 2, 0)
    assert class_means(SOFT, labels).isfinite().all()
    assert shuffled(SOFT, labels).shape == SOFT.shape


@each_shape
def test_smoothed_labels_are_pytorchs_and_as_sure_as_the_teacher(classes):
    soft, labels = answers(classes=classes)
    found = smoothed(soft, labels)
    sure = soft.gather(1, labels[:, None]).mean()
    own = found.gather(1, labels[:, None])
    torch.testing.assert_close(own, sure.expand_as(own))
    share = float((1 - sure) * classes / (classes - 1))
    z = torch.randn(len(soft), classes, dtype=torch.float64)
    ours = -(found * z.log_softmax(1)).sum(1).mean()
    theirs = F.cross_entropy(z, labels, label_smoothing=share)
    torch.testing.assert_close(ours, theirs)


@each_shape
def test_noise_of_equal_entropy_is_right_by_label_and_as_sure(classes):
    soft, labels = answers(classes=classes)
    found = redealt(soft, labels, seed=2)
    assert (found.argmax(1) == labels).all()

    def as_a_whole(p):
        return sorted(sorted(row) for row in p.tolist())

    assert as_a_whole(found) == as_a_whole(soft)
    assert not torch.equal(found.sort(1).values, soft.sort(1).values)


def test_the_other_classes_get_the_rest_in_any_order():
    soft = torch.tensor([[0.6, 0.3, 0.1]]).repeat(600, 1)
    found = redealt(soft, torch.zeros(600, dtype=torch.long))
    assert torch.equal(found[:, 0], soft[:, 0])
    assert 0.4 < (found[:, 1] > found[:, 2]).float().mean() < 0.6


@each_shape
def test_the_three_parts_are_the_sums_of_squares_and_add_up(classes):
    soft, labels = answers(classes=classes)
    found = parts(soft, labels)
    p, y = soft.numpy(), np.eye(classes)[labels]
    means = np.stack([p[labels == k].mean(0) for k in range(classes)])[labels]
    sure = (p * y).sum(1).mean()
    even = sure * y + (1 - y) * (1 - sure) / (classes - 1)
    for name, step in {
        "smoothing": even - y,
        "class": means - even,
        "example": p - means,
        "all": p - y,
    }.items():
        assert found[name] == pytest.approx((step**2).sum(1).mean())
    three = found["smoothing"] + found["class"] + found["example"]
    assert three == pytest.approx(found["all"], abs=1e-12)


def test_parts_of_a_control_are_none_where_something_was_taken():
    own, others = parts(SOFT, LABELS), parts(shuffled(SOFT, LABELS), LABELS)
    assert others == pytest.approx(own)  # whose answer it is, they cannot say
    mean = parts(class_means(SOFT, LABELS), LABELS)
    assert mean["example"] == pytest.approx(0, abs=1e-12)
    assert mean["class"] == pytest.approx(own["class"])
    even = parts(smoothed(SOFT, LABELS), LABELS)
    assert even["class"] == pytest.approx(0, abs=1e-12)
    assert even["smoothing"] == pytest.approx(own["smoothing"])
    hard = parts(F.one_hot(LABELS, 4).double(), LABELS)
    assert hard["all"] == 0


def test_with_two_classes_the_class_says_only_that_one_is_surer():
    """As the other class gets what the label does not, there is nothing to be like."""
    soft = torch.tensor([[0.9, 0.1], [0.5, 0.5], [0.3, 0.7], [0.3, 0.7]])
    labels = torch.tensor([0, 0, 1, 1])
    assert parts(soft, labels)["class"] == pytest.approx(0, abs=1e-12)
    torch.testing.assert_close(class_means(soft, labels), smoothed(soft, labels))


@pytest.mark.parametrize("T", [0.5, 1.0, 8.0])
def test_logits_give_the_probabilities_back(T):
    z = as_logits(SOFT, T)
    torch.testing.assert_close((z / T).softmax(1), SOFT)
    sure = as_logits(F.one_hot(LABELS, 4).float(), T)
    assert sure.isfinite().all()
    hard = F.one_hot(LABELS, 4).float()
    torch.testing.assert_close((sure / T).softmax(1), hard, rtol=0, atol=1e-6)


def test_nothing_changes_its_input_or_its_type():
    for dtype in (torch.float32, torch.float64):
        soft = SOFT.to(dtype)
        before = soft.clone()
        for made in (
            shuffled(soft, LABELS),
            shuffled(soft),
            class_means(soft, LABELS),
            smoothed(soft, LABELS),
            redealt(soft, LABELS),
            as_logits(soft),
        ):
            assert made.dtype == dtype and made.shape == soft.shape
        assert torch.equal(soft, before)


LOGITS = torch.tensor([[0.9, 0.1], [2.0, -1.0]])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: shuffled(LOGITS), r"row 1 .*\[2.0, -1.0\]; expected probabilities"),
        (lambda: class_means(LOGITS / LOGITS, LABELS[:2]), "row 0 .* softmax"),
        (lambda: shuffled(LOGITS * torch.nan), "row 0"),
        (lambda: shuffled(SOFT[0]), r"shape \(4,\); expected .*\(examples, classes\)"),
        (lambda: smoothed(SOFT.numpy(), LABELS), "expected probabilities"),
        (lambda: smoothed(SOFT[:, :1], LABELS), "two classes"),
        (lambda: parts(SOFT, LABELS[:-1]), "expected class indices"),
        (lambda: redealt(SOFT, LABELS + 1), "labels run from 1 to 4"),
        (lambda: class_means(SOFT, LABELS.float()), "expected class indices"),
        (lambda: shuffled(SOFT[:1]), "one example at all; expected two"),
        (lambda: shuffled(SOFT[:3], torch.tensor([0, 3, 0])), "one example of class 3"),
        (lambda: smoothed(SOFT[:2], SOFT[:2].argmin(1)), "on average; expected at"),
        (lambda: as_logits(SOFT, 0.0), "temperature is 0.0"),
    ],
)
def test_bad_input_is_refused_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()
