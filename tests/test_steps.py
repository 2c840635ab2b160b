import numpy as np
import pytest
import torch
from torch import nn

from course_lib.losses import DistillationLoss
from course_lib.losses.many_classes import dist_loss
from course_lib.models import STUDENTS
from course_lib.training import Distillation, LabelLoss, train
from course_lib.training.steps import Steps, least_reviews, one_cycle
from tests.tasks import make_model, make_task, weights


def rates(make_schedule, steps):
    """The learning rate of each step, as a share of the highest."""
    optimizer = torch.optim.AdamW([nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = make_schedule(optimizer, 1.0, steps)
    found = []
    for _ in range(steps):
        found += schedule.get_last_lr()
        optimizer.step()
        schedule.step()
    return found


def plain(optimizer, learning_rate, steps):
    return torch.optim.lr_scheduler.OneCycleLR(
        optimizer, learning_rate, total_steps=steps, pct_start=0.2
    )


@pytest.mark.parametrize("steps", [2, 3, 4, 6, 7, 10, 12, 50, 1000])
def test_the_schedule_is_torchs_one_cycle(steps):
    assert rates(one_cycle, steps) == rates(plain, steps)


def test_five_steps_have_a_warm_up_of_one():
    """torch divides by zero there."""
    with pytest.raises(ZeroDivisionError):
        rates(plain, 5)
    first, *rest = rates(one_cycle, 5)
    assert first == pytest.approx(1 / 25)
    assert rest[0] > 0.8
    assert rest == sorted(rest, reverse=True)


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_short_runs_take_at_least_one_long_step(steps):
    assert max(rates(one_cycle, steps)) > 0.5


@pytest.mark.parametrize("steps", range(1, 13))
def test_runs_of_any_number_of_steps_train(steps):
    model = STUDENTS["bag"].build(12, 2)
    before = weights(model)
    options = {"epochs": 1, "batch_size": 4, "learning_rate": 1e-2}
    train(model, make_task(4 * steps), make_task(9, 1), **options)
    assert (weights(model) - before).abs().max() > 1e-3


class Normed(nn.Module):
    """A model with BatchNorm, of three classes."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.embedding, self.norm = nn.Embedding(12, 4), nn.BatchNorm1d(4)
        self.head = nn.Linear(4, 3)

    def forward(self, tokens, lengths):
        return self.head(self.norm(self.embedding(tokens).mean(1)))


def dist(student_logits, teacher_logits, labels):
    return dist_loss(student_logits, teacher_logits, temperature=2.0)


@pytest.mark.parametrize(("count", "rest"), [(33, 1), (34, 2), (35, 3)])
@pytest.mark.parametrize("objective", [LabelLoss(), Distillation(dist)])
def test_a_short_last_batch_is_joined_where_it_must(count, rest, objective):
    task = make_task(count).with_soft_targets(torch.randn(count, 3))
    least = least_reviews(Normed(), objective)
    assert least == (2 if isinstance(objective, LabelLoss) else 3)
    order = Steps(task, 16, 2, 0, least).order(0)
    plain = task.batch_order(16, 0, 0)
    assert sorted(np.concatenate(order).tolist()) == list(range(count))
    if rest >= least:
        assert [batch.tolist() for batch in order] == [b.tolist() for b in plain]
    else:
        assert sorted(map(len, order)) == [16, 16 + rest]
        # All others stand where they stood.
        assert np.concatenate(order).tolist() == np.concatenate(plain).tolist()
    options = {"epochs": 2, "batch_size": 16, "learning_rate": 1e-2}
    train(
        Normed(),
        task,
        make_task(9, 1),
        objective=objective,
        **options,
    )


@pytest.mark.parametrize(
    "objective", [LabelLoss(), Distillation(DistillationLoss(2.0, 0.5))]
)
@pytest.mark.parametrize("count", [33, 34])
def test_others_take_a_short_last_batch_as_it_is(count, objective):
    assert least_reviews(make_model(), objective) == 1
    steps = Steps(make_task(count), 16, 1, 0)
    assert steps.an_epoch == 3
    plain = make_task(count).batch_order(16, 0, 0)
    assert [b.tolist() for b in steps.order(0)] == [b.tolist() for b in plain]


def test_each_process_needs_its_share():
    assert least_reviews(Normed(), LabelLoss(), processes=4) == 8
    assert least_reviews(make_model(), LabelLoss(), processes=4) == 1


@pytest.mark.parametrize(("count", "batch_size"), [(1, 16), (3, 1)])
def test_batches_that_are_too_small_all_over_stay(count, batch_size):
    order = Steps(make_task(count), batch_size, 1, 0, least=3).order(0)
    assert [len(batch) for batch in order] == [1] * count


def test_a_step_is_named_by_its_reviews():
    task = make_task(18)
    first, second = Steps(task, 16, 3, 0).order(1)
    named = ", ".join(map(str, second[:4]))
    assert Steps(task, 16, 3, 0).where(3) == (
        "step 4 of 6, in epoch 2 at batch 2 (reviews "
        + (f"{named}, …" if len(second) > 4 else named)
        + " of the split)"
    )
    assert len(first) + len(second) == 18


def test_what_is_random_in_a_step_depends_on_all_three():
    def seed(seed, step, process):
        return Steps(make_task(9), 4, 1, seed).seed_at(step, process)

    seeds = {seed(*numbers) for numbers in np.ndindex(3, 3, 3)}
    assert len(seeds) == 27
    assert seed(1, 2, 0) == seed(1, 2, 0)
