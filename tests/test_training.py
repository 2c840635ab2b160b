import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_lib.batches import Examples
from course_lib.losses import DistillationLoss
from course_lib.soft_targets import predict_logits
from course_lib.training import Distillation, label_loss, train
from course_lib.training.errors import TrainingError
from tests.tasks import make_model, make_task, weights

OPTIONS = {"batch_size": 16, "learning_rate": 1e-2}


class Watch(nn.Module):
    """Remembers, for each call, whether it was training, and what it read."""

    def __init__(self):
        super().__init__()
        self.inner, self.calls = make_model(), []

    def forward(self, tokens, lengths):
        self.calls.append((self.training, tokens.shape[0]))
        return self.inner(tokens, lengths)


def test_alpha_zero_is_training_on_labels_step_for_step():
    """A student told to ignore its teacher must equal the student alone, exactly."""
    task, validation = make_task(), make_task(60, 1)
    alone, ignoring = make_model(), make_model()
    train(alone, task, validation, epochs=2, **OPTIONS)
    train(
        ignoring,
        task.with_soft_targets(torch.randn(160, 2)),
        validation,
        epochs=2,
        objective=Distillation(DistillationLoss(3.0, alpha=0.0)),
        **OPTIONS,
    )
    torch.testing.assert_close(weights(alone), weights(ignoring), atol=1e-6, rtol=0)


def test_the_same_seed_gives_the_same_weights_and_another_does_not():
    def run(seed):
        model = make_model()
        train(model, make_task(), make_task(60, 1), epochs=2, seed=seed, **OPTIONS)
        return weights(model)

    assert torch.equal(run(0), run(0))
    assert not torch.equal(run(0), run(1))


@pytest.mark.parametrize("distilled", [False, True])
def test_it_takes_the_steps_of_a_plain_loop_written_out(distilled):
    """Batches, loss, clipping, AdamW and schedule, against torch used directly."""
    task = make_task(70).with_soft_targets(3 * torch.randn(70, 2))
    ours, theirs = make_model(dropout=0.0), make_model(dropout=0.0)
    for model in (ours, theirs):
        with torch.no_grad():
            model.head.weight.mul_(8)  # so that clipping has something to clip
    loss = DistillationLoss(2.0, 0.7) if distilled else None
    options = {**OPTIONS, "epochs": 2, "seed": 4}
    history = train(
        ours, task, make_task(9, 1), objective=loss and Distillation(loss), **options
    )

    optimizer = torch.optim.AdamW(theirs.parameters(), lr=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 1e-2, total_steps=10, pct_start=0.2
    )
    norms, kept = [], []
    for epoch in range(2):
        for batch in task.shuffled_batches(16, 4, epoch):
            logits = theirs(batch.tokens, batch.lengths)
            value = F.cross_entropy(logits, batch.labels)
            if distilled:
                soft = F.kl_div(
                    F.log_softmax(logits / 2, 1),
                    F.log_softmax(batch.soft_targets / 2, 1),
                    log_target=True,
                    reduction="batchmean",
                )
                value = 0.7 * 4 * soft + 0.3 * value
            theirs.zero_grad()
            value.backward()
            grads = torch.cat([p.grad.flatten() for p in theirs.parameters()])
            norms.append(grads.norm().item())
            for p in theirs.parameters():
                p.grad.mul_(min(1.0, 1.0 / norms[-1]))
            optimizer.step()
            schedule.step()
        kept.append(weights(theirs))
    assert max(norms) > 1 > min(norms)
    torch.testing.assert_close(weights(ours), kept[history.best], atol=1e-4, rtol=1e-3)


def test_every_training_step_of_every_epoch_is_in_train_mode():
    model = Watch().eval()  # as a caller may well hand it over
    train(model, make_task(160), make_task(33, 1), epochs=3, **OPTIONS)
    steps = [size for training, size in model.calls if training]
    read = [size for training, size in model.calls if not training]
    assert sum(steps) == 3 * 160
    assert sum(read) == 1 + 3 * (1 + 33)  # one is asked how many logits there are
    assert not model.training


def test_the_training_loss_is_the_mean_over_reviews_and_not_over_batches():
    """A learning rate of zero, no dropout: the loss is one the closed form knows."""
    task = make_task(37)  # the last batch is shorter
    model = make_model(dropout=0.0)
    with torch.no_grad():
        logits = predict_logits(model, task)
    expected = F.cross_entropy(logits, task.labels).item()
    options = {**OPTIONS, "learning_rate": 1e-12}
    history = train(model, task, make_task(9, 1), epochs=1, **options)
    assert history.epochs[0].train_loss == pytest.approx(expected, rel=1e-5)


def test_the_teacher_does_not_move_while_the_student_learns():
    task, validation = make_task(), make_task(60, 1)
    teacher = make_model()
    before = weights(teacher)
    soft = predict_logits(teacher, task)
    train(
        make_model(seed=1),
        task.with_soft_targets(soft),
        validation,
        epochs=1,
        objective=Distillation(DistillationLoss(2.0, 0.5)),
        **OPTIONS,
    )
    assert torch.equal(weights(teacher), before)


def test_distillation_without_soft_targets_is_refused():
    with pytest.raises(ValueError, match="needs soft targets"):
        train(
            make_model(),
            make_task(),
            make_task(9, 1),
            epochs=1,
            objective=Distillation(DistillationLoss(2.0, 0.5)),
            **OPTIONS,
        )


def test_a_loss_that_is_no_number_stops_and_leaves_the_best_weights():
    def broken(student_logits, teacher_logits, labels):
        return student_logits.sum() * float("nan")

    model = make_model()
    before = weights(model)
    with pytest.raises(
        TrainingError,
        match=r"step 1 of 20, in epoch 1 at batch 1 \(reviews \d+, .*\): the loss is "
        r"no number; try a learning rate below 0\.01",
    ):
        train(
            model,
            make_task().with_soft_targets(torch.zeros(160, 2)),
            make_task(9, 1),
            epochs=2,
            objective=Distillation(broken),
            **OPTIONS,
        )
    assert torch.equal(weights(model), before)


@pytest.mark.parametrize("loss", [None, DistillationLoss(2.0, 0.5)])
def test_weights_that_are_no_number_stop_it_too(loss):
    model = make_model()
    with torch.no_grad():
        model.head.weight.fill_(float("nan"))
    with pytest.raises(
        TrainingError, match=r"in epoch 1 at batch 1 .*: .*(no number|nan)"
    ):
        train(
            model,
            make_task().with_soft_targets(torch.zeros(160, 2)),
            make_task(9, 1),
            epochs=2,
            objective=loss and Distillation(loss),
            **OPTIONS,
        )


def test_labels_decide_between_softmax_and_sigmoids():
    logits = torch.tensor([[2.0, -1.0], [0.5, 0.3]])
    single, many = torch.tensor([0, 1]), torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    p = logits.double().softmax(1)
    expected = -(p[0, 0].log() + p[1, 1].log()) / 2
    torch.testing.assert_close(label_loss(logits, single).double(), expected)
    q = logits.double().sigmoid()
    expected = -(many * q.log() + (1 - many) * (1 - q).log()).mean()
    torch.testing.assert_close(label_loss(logits, many).double(), expected)


@pytest.mark.parametrize("multilabel", [False, True])
def test_a_model_learns_from_labels(multilabel):
    task, validation = make_task(300, 0, multilabel), make_task(100, 1, multilabel)
    model = make_model()
    history = train(model, task, validation, epochs=6, **OPTIONS)
    best = history.epochs[history.best].validation
    assert next(iter(best.values())) > 0.97
    assert history.epochs[-1].train_loss < history.epochs[0].train_loss / 3


@pytest.mark.parametrize("multilabel", [False, True])
def test_a_student_learns_from_soft_targets_alone(multilabel):
    """alpha = 1 never reads the labels: take them away and it still learns."""
    task, validation = make_task(300, 0, multilabel), make_task(100, 1, multilabel)
    teacher = make_model()
    train(teacher, task, validation, epochs=6, **OPTIONS)
    blind = Examples(task.tokens, soft_targets=predict_logits(teacher, task))
    student = make_model(seed=1)
    loss = DistillationLoss(temperature=2.0, alpha=1.0, multilabel=multilabel)
    history = train(
        student,
        blind,
        validation,
        epochs=6,
        objective=loss and Distillation(loss),
        **OPTIONS,
    )
    best = history.epochs[history.best].validation
    assert next(iter(best.values())) > 0.95


def test_the_weights_kept_are_those_of_the_best_epoch_on_validation():
    """Validation labels that training makes ever worse: the first epoch is best."""
    task = make_task(400)
    wrong = make_task(100, 1)
    wrong = Examples(wrong.tokens, 1 - wrong.labels)
    model = make_model()
    history = train(model, task, wrong, epochs=4, **OPTIONS)
    scores = [epoch.validation["accuracy"] for epoch in history.epochs]
    assert history.best == int(np.argmax(scores))
    assert scores[history.best] > scores[-1]
    logits = predict_logits(model, wrong)
    kept = (logits.argmax(1) == wrong.labels).float().mean().item()
    assert kept == pytest.approx(scores[history.best])


def test_every_parameter_that_needs_training_gets_it():
    model = make_model()
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    train(model, make_task(400), make_task(60, 1), epochs=3, **OPTIONS)
    still = [n for n, p in model.named_parameters() if torch.equal(p, before[n])]
    assert still == []
