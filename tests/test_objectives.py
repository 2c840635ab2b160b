"""Objectives: what each reads, refuses and learns, and that the loop moves both."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_lib.batches import Examples
from course_lib.losses import DistillationLoss, multilabel_soft_target_loss
from course_lib.losses.label_embeddings import structure_loss
from course_lib.models import LabelwiseLSTM
from course_lib.soft_targets import logits_and_embeddings
from course_lib.training import (
    Distillation,
    LabelEmbeddings,
    LabelLoss,
    Objective,
    train,
)
from tests.tasks import make_model, make_task, weights

OPTIONS = {"epochs": 2, "batch_size": 16, "learning_rate": 1e-2}


class Inside(nn.Module):
    """A model that can be asked for its hidden state."""

    def __init__(self, hidden_size):
        super().__init__()
        self.embedding = nn.Embedding(12, hidden_size)
        self.head = nn.Linear(hidden_size, 2)

    def forward(self, tokens, lengths, with_states=False):
        state = self.embedding(tokens).mean(1)  # (batch, hidden)
        logits = self.head(state)
        return (logits, state) if with_states else logits


class HiddenStates(Objective):
    """Be, behind a projection, where the teacher is."""

    asks = ("with_states",)

    def __init__(self, student_size, teacher_size):
        super().__init__()
        self.projection = nn.Linear(student_size, teacher_size)

    def forward(self, given, batch):
        _, state = given
        return F.mse_loss(self.projection(state), batch.soft_targets)


def taught_by(teacher):
    """Reviews without labels, and the states that a teacher has of them."""
    tokens = make_task(64).tokens
    with torch.no_grad():
        states = [teacher.embedding(torch.from_numpy(t).long()).mean(0) for t in tokens]
    return Examples(tokens, soft_targets=torch.stack(states))


def inside_run(kind=HiddenStates, **options):
    """Train with states of another width; return student, objective and history."""
    torch.manual_seed(0)
    teacher, student, objective = Inside(6), Inside(3), kind(3, 6)
    settings = {**OPTIONS, "objective": objective, **options}
    history = train(student, taught_by(teacher), make_task(9, 1), **settings)
    return student, objective, history


def frozen(*sizes):
    return HiddenStates(*sizes).requires_grad_(False)


def test_what_an_objective_owns_is_learnt_along_with_the_model():
    """A projection that stands still leaves all to the student: it comes less far."""
    _, moved, learnt = inside_run(epochs=20)
    _, still, stuck = inside_run(frozen, epochs=20)
    assert (weights(moved) - weights(still)).abs().min() > 0
    assert learnt.epochs[-1].train_loss < 0.8 * stuck.epochs[-1].train_loss


class Amplified(HiddenStates):
    """A projection so large that its gradient, and the student's, are clipped."""

    def __init__(self, *sizes):
        super().__init__(*sizes)
        with torch.no_grad():
            self.projection.weight.mul_(30)


def test_it_takes_the_steps_of_a_loop_over_both_written_out():
    """One optimizer and one norm: clipping a part alone would turn the step."""
    ours, objective, history = inside_run(Amplified, epochs=2)
    torch.manual_seed(0)
    teacher, theirs, other = Inside(6), Inside(3), Amplified(3, 6)
    both = [*theirs.parameters(), *other.parameters()]
    optimizer = torch.optim.AdamW(both, lr=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 1e-2, total_steps=8, pct_start=0.2
    )
    norms, kept = [], []
    for epoch in range(2):
        for batch in taught_by(teacher).shuffled_batches(16, 0, epoch):
            _, state = theirs(batch.tokens, batch.lengths, with_states=True)
            optimizer.zero_grad()
            F.mse_loss(other.projection(state), batch.soft_targets).backward()
            gradients = [p.grad for p in both if p.grad is not None]
            norms.append(torch.cat([g.flatten() for g in gradients]).norm().item())
            for gradient in gradients:
                gradient.mul_(min(1.0, 1.0 / norms[-1]))
            optimizer.step()
            schedule.step()
        kept.append((weights(theirs), weights(other)))
    assert max(norms) > 1
    expected, projected = kept[history.best]
    torch.testing.assert_close(weights(ours), expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(weights(objective), projected, atol=1e-5, rtol=1e-5)


def test_a_stopped_run_goes_on_with_what_the_objective_had_learnt(tmp_path):
    place = tmp_path / "run.safetensors"
    whole_student, whole, _ = inside_run()

    class Stop(Exception):
        pass

    class Stopping(HiddenStates):
        calls = 0

        def forward(self, given, batch):
            Stopping.calls += 1
            if Stopping.calls == 6:
                raise Stop
            return super().forward(given, batch)

    Stopping.__name__ = "HiddenStates"  # the checkpoint is that objective's
    with pytest.raises(Stop):
        inside_run(Stopping, checkpoint=place)
    assert place.exists()
    student, again, _ = inside_run(checkpoint=place)
    assert torch.equal(weights(again), weights(whole))
    assert torch.equal(weights(student), weights(whole_student))


class Tagger(nn.Module):
    """Two logits for each token."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.embedding, self.head = nn.Embedding(12, 4), nn.Linear(4, 2)

    def forward(self, tokens, lengths, with_tags=False):
        tags = self.head(self.embedding(tokens))  # (batch, tokens, 2)
        return (tags.mean(1), tags) if with_tags else tags.mean(1)


class IsAFive(Objective):
    """A loss token by token, which padding is no part of."""

    asks = ("with_tags",)

    def forward(self, given, batch):
        _, tags = given
        fives = (batch.tokens == 5).long().masked_fill(batch.tokens == 0, -100)
        return F.cross_entropy(tags.flatten(0, 1), fives.flatten(), ignore_index=-100)


def test_a_token_wise_loss_fits_through_it():
    options = {**OPTIONS, "epochs": 12, "objective": IsAFive()}
    history = train(Tagger(), make_task(200), make_task(9, 1), **options)
    assert history.epochs[-1].train_loss < 0.1  # of log 2 at the start


@pytest.mark.parametrize(
    "objective", [LabelLoss(), Distillation(DistillationLoss(2.0, 0.5))]
)
def test_reviews_without_labels_are_refused_by_what_reads_labels(objective):
    task = make_task()
    unknown = Examples(task.tokens, soft_targets=torch.zeros(160, 2))
    with pytest.raises(ValueError, match=r"no labels.*alpha 1"):
        train(make_model(), unknown, make_task(9, 1), objective=objective, **OPTIONS)


def test_the_loss_itself_refuses_unknown_labels():
    z = torch.zeros(2, 2)
    with pytest.raises(ValueError, match=r"labels are None, and alpha is 0\.5"):
        DistillationLoss(2.0, 0.5)(z, z, None)
    known = DistillationLoss(2.0, 1.0)(
        z, z + z.new_tensor([1, 0]), torch.tensor([0, 1])
    )
    assert DistillationLoss(2.0, 1.0)(z, z + z.new_tensor([1, 0]), None) == known


def labelwise(width):
    torch.manual_seed(0)
    return LabelwiseLSTM(60, 2, 8, width)


def multi_hot(task):
    labels = torch.stack([task.labels, 1 - task.labels], 1).float()
    return Examples(task.tokens, labels)


def test_the_teachers_answers_are_its_logits_and_embeddings_in_order():
    task = multi_hot(make_task(9, 1))
    teacher = labelwise(5).eval()
    both = logits_and_embeddings(teacher, task)
    assert both.shape == (9, 2, 11)
    for row in range(9):
        tokens = torch.from_numpy(task.tokens[row]).view(1, -1).long()
        lengths = torch.tensor([tokens.shape[1]])
        logits, embeddings = teacher(tokens, lengths, with_embeddings=True)
        assert torch.allclose(both[row, :, 0], logits[0], atol=1e-5)
        assert torch.allclose(both[row, :, 1:], embeddings[0], atol=1e-5)


def test_training_on_label_embeddings_brings_distances_nearer():
    task = multi_hot(make_task())
    teacher, student = labelwise(8).eval(), labelwise(4)
    soft = logits_and_embeddings(teacher, task)

    def apart():
        seen = logits_and_embeddings(student, task)[..., 1:]
        return structure_loss(seen, soft[..., 1:], task.labels).item()

    before = apart()
    objective = LabelEmbeddings(temperature=1.0, weight=1.0)
    taught = task.with_soft_targets(soft)
    train(student, taught, task, objective=objective, **{**OPTIONS, "epochs": 3})
    assert apart() < before


def test_label_embeddings_without_weight_are_the_soft_target_loss():
    task = multi_hot(make_task(3))
    given = torch.randn(3, 2), torch.randn(3, 2, 8)
    batch = task.with_soft_targets(torch.randn(3, 2, 5)).collate([0, 1, 2])
    expected = multilabel_soft_target_loss(given[0], batch.soft_targets[..., 0], 2.0)
    assert LabelEmbeddings(2.0, weight=0.0)(given, batch) == expected


def test_bad_settings_of_label_embeddings_are_refused():
    for temperature in ("1", None, True, 0, 1e-300, 1e8):
        with pytest.raises(ValueError, match=r"temperature is .*; expected 0 < T"):
            LabelEmbeddings(temperature, 1.0)
    for weight in ("1", None, True, -1.0, torch.nan):
        with pytest.raises(ValueError, match=r"weight is .*; expected a finite"):
            LabelEmbeddings(1.0, weight)


def test_label_embeddings_need_the_teachers_and_several_labels():
    task = multi_hot(make_task())
    logits_alone = task.with_soft_targets(torch.zeros(160, 2))
    options = {**OPTIONS, "objective": LabelEmbeddings(1.0, 1.0)}
    with pytest.raises(ValueError, match=r"\(160, 2\).*an embedding beside each"):
        train(labelwise(4), logits_alone, task, **options)
    single = make_task().with_soft_targets(torch.zeros(160, 2, 5))
    with pytest.raises(ValueError, match="class indices"):
        train(labelwise(4), single, make_task(9, 1), **options)


def test_an_objective_is_told_by_what_it_is_made_of():
    """In a checkpoint: its settings, and a function by its name."""

    def mine(student, teacher, labels):
        return student.sum()

    assert "temperature=2.0, alpha=0.5" in repr(
        Distillation(DistillationLoss(2.0, 0.5))
    )
    assert "mine" in repr(Distillation(mine))
    assert (
        repr(LabelEmbeddings(1.0, 0.1))
        == "LabelEmbeddings(temperature=1.0, weight=0.1)"
    )
