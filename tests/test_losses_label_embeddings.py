import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.losses.label_embeddings import compare_distances, structure_loss


def some(*shape, seed=0):
    torch.manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64)


def by_hand(student, teacher, labels):
    """Both kinds of pairs, one by one."""
    batch, count = labels.shape
    total = 0.0
    reviews = [
        ((i, k), (j, k))
        for k in range(count)
        for i in range(batch)
        for j in range(i + 1, batch)
    ]
    within = [
        ((i, k), (i, m))
        for i in range(batch)
        for k in range(count)
        for m in range(k + 1, count)
    ]
    for kind in (reviews, within):
        pairs = [(a, b) for a, b in kind if labels[a] and labels[b]]
        if not pairs:
            continue
        ours = torch.stack([(student[a] - student[b]).norm() for a, b in pairs])
        theirs = torch.stack([(teacher[a] - teacher[b]).norm() for a, b in pairs])
        d = (ours / ours.mean() - theirs / theirs.mean()).abs()
        total += torch.where(d < 1, d**2 / 2, d - 0.5).mean().item()
    return total


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 999), share=st.sampled_from([0.0, 0.3, 0.8, 1.0]))
def test_it_is_the_mean_huber_loss_over_pairs_that_share_a_label(seed, share):
    student, teacher = some(5, 4, 3, seed=seed), some(5, 4, 6, seed=seed + 1)
    labels = (torch.rand(5, 4) < share).float()
    expected = by_hand(student, teacher, labels)
    value = structure_loss(student, teacher, labels).item()
    assert value == pytest.approx(expected, abs=1e-5)


def test_scale_shift_and_rotation_of_embeddings_do_not_matter():
    teacher = some(6, 4, 3)
    rotation, _ = torch.linalg.qr(some(3, 3, seed=1))
    student = 7 * teacher @ rotation + 2
    labels = torch.ones(6, 4)
    assert structure_loss(student, teacher, labels).item() == pytest.approx(0, abs=1e-6)


def test_a_wrong_embedding_of_an_absent_label_costs_nothing():
    student, teacher = some(4, 3, 2), some(4, 3, 2)
    labels = torch.ones(4, 3)
    labels[2, 1] = 0
    student[2, 1] += 99
    assert structure_loss(student, teacher, labels).item() == pytest.approx(0, abs=1e-6)


def test_equal_points_and_a_batch_without_labels_give_finite_gradients():
    student = torch.zeros(3, 2, 4, requires_grad=True)
    for labels in (torch.ones(3, 2), torch.zeros(3, 2)):
        structure_loss(student, some(3, 2, 4), labels).backward()
        assert student.grad.isfinite().all()
    nothing = structure_loss(student, some(3, 2, 4), torch.zeros(3, 2))
    assert nothing.item() == 0


def test_no_gradient_reaches_the_teacher():
    teacher = some(3, 2, 4).requires_grad_()
    student = some(3, 2, 4, seed=1).requires_grad_()
    structure_loss(student, teacher, torch.ones(3, 2)).backward()
    assert teacher.grad is None
    assert student.grad.any()


def test_a_pair_is_counted_once():
    points = torch.tensor([[[0.0], [1.0], [3.0]]])
    others = torch.tensor([[[0.0], [2.0], [3.0]]])
    pairs = torch.ones(1, 3, 3, dtype=torch.bool)
    # Distances 1, 3, 2 and 2, 3, 1, each over its mean, 2.
    expected = (0.5**2 / 2 + 0 + 0.5**2 / 2) / 3
    assert compare_distances(points, others, pairs).item() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("position", "bad", "message"),
    [
        (0, [[[1.0]]], "student is list .*expected floats of shape"),
        (0, some(3, 2), r"student is torch.float64 of shape \(3, 2\); expected floats"),
        (1, some(3, 2, 4).long(), "teacher is torch.int64 .*expected floats"),
        (1, some(2, 2, 4), r"labels are torch.float32 of shape \(3, 2\); expected"),
        (0, some(2, 2, 4), r"\(2, 2, 4\) and \(3, 2, 5\); expected the same but"),
        (2, [[1, 0]], "labels are list .*expected multi-hot"),
        (2, torch.ones(3, 2).numpy(), "labels are ndarray .*expected multi-hot"),
        (2, torch.ones(3, 3), r"shape \(3, 3\); expected multi-hot.*\(3, 2\)"),
        (2, torch.full((3, 2), -1.0), "labels run from -1.0 to -1.0"),
    ],
)
def test_bad_input_is_refused(position, bad, message):
    given = [some(3, 2, 4), some(3, 2, 5), torch.ones(3, 2)]
    given[position] = bad
    with pytest.raises(ValueError, match=message):
        structure_loss(*given)


def test_transforms_of_torch_give_the_same_numbers():
    student, teacher, labels = some(3, 2, 4), some(3, 2, 5, seed=1), torch.ones(3, 2)
    value = structure_loss(student, teacher, labels)
    each = torch.vmap(structure_loss)(student[None], teacher[None], labels[None])
    torch.testing.assert_close(each[0], value)
    compiled = torch.compile(structure_loss, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(student, teacher, labels), value)
