from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from course_lib import training
from course_lib.batches import Examples
from course_lib.losses import DistillationLoss
from course_lib.training import train
from course_lib.training_errors import TrainingError
from tests.tasks import make_model, make_task, weights

OPTIONS = {"epochs": 2, "batch_size": 16, "learning_rate": 1e-2}


def with_labels(task, labels):
    return Examples(task.tokens, labels)


@pytest.mark.parametrize(
    ("labels", "match"),
    [
        (torch.full((160,), 2), r"training labels run from 2 to 2, .* labels 0 to 1"),
        (torch.full((160,), -1), r"run from -1 to -1"),
        (torch.ones(160), r"training labels are torch.float32; class indices are"),
        (torch.ones(160, 5), r"shape \(160, 5\), and the model gives 2 logits"),
        (torch.ones(160, 2).long(), r"are torch.int64 .* floats from 0 to 1"),
        (torch.full((160, 2), 1.5), r"from 1.5 to 1.5; multi-hot labels are floats"),
    ],
)
def test_labels_that_do_not_fit_the_model_are_refused_before_training(labels, match):
    model = make_model()
    before = weights(model)
    with pytest.raises(ValueError, match=match):
        train(model, with_labels(make_task(), labels), make_task(9, 1), **OPTIONS)
    assert torch.equal(weights(model), before)


def test_validation_labels_are_checked_too():
    wrong = with_labels(make_task(9, 1), torch.full((9,), 7))
    with pytest.raises(ValueError, match="validation labels run from 7 to 7"):
        train(make_model(), make_task(), wrong, **OPTIONS)


def test_a_teacher_with_other_classes_than_the_student_is_refused():
    task = make_task().with_soft_targets(torch.zeros(160, 28))
    with pytest.raises(ValueError, match=r"shape \(160, 28\), .* gives 2 logits"):
        train(
            make_model(),
            task,
            make_task(9, 1),
            distillation=DistillationLoss(2.0, 0.5),
            **OPTIONS,
        )


@pytest.mark.parametrize(
    ("multilabel", "match"),
    [
        (True, r"are class indices, of shape \(160,\), .* multilabel=False"),
        (False, r"are multi-hot rows, of shape \(160, 2\), .* multilabel=True"),
    ],
)
def test_a_loss_for_the_other_kind_of_labels_is_refused(multilabel, match):
    """Class indices given for multi-hot rows would be read as other labels."""
    task = make_task().with_soft_targets(torch.zeros(160, 2))
    validation = make_task(9, 1)
    if not multilabel:
        task = replace(task, labels=torch.ones(160, 2))
        validation = replace(validation, labels=torch.ones(9, 2))
    with pytest.raises(ValueError, match=match):
        train(
            make_model(),
            task,
            validation,
            distillation=DistillationLoss(2.0, 0.5, multilabel=multilabel),
            **OPTIONS,
        )


def test_a_model_that_gives_no_logits_is_refused():
    class Flat(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = make_model()

        def forward(self, tokens, lengths):
            return self.inner(tokens, lengths)[:, 0]

    with pytest.raises(ValueError, match=r"shape \(1,\) .*expected logits of shape"):
        train(Flat(), make_task(), make_task(9, 1), **OPTIONS)


def breaks_at(call):
    """A loss whose value is no number from one call on."""
    calls = 0

    def loss(student_logits, teacher_logits, labels):
        nonlocal calls
        calls += 1
        value = nn.functional.cross_entropy(student_logits, labels)
        return value * float("nan") if calls >= call else value

    return loss


@pytest.mark.parametrize("call", [1, 10, 11, 13])
def test_the_first_step_that_went_wrong_is_named(call):
    """The loss is looked at now and then, and the step is still the right one."""
    task = make_task().with_soft_targets(torch.zeros(160, 2))
    epoch, batch = divmod(call - 1, 10)
    reviews = task.batch_order(16, 0, epoch)[batch][:4]
    match = (
        rf"step {call} of 20, in epoch {epoch + 1} at batch {batch + 1} "
        rf"\(reviews {', '.join(map(str, reviews))}, …"
    )
    with pytest.raises(TrainingError, match=match):
        train(
            make_model(),
            task,
            make_task(9, 1),
            distillation=breaks_at(call),
            **OPTIONS,
        )


def test_the_last_good_checkpoint_is_kept(tmp_path, monkeypatch):
    """Not one that was written after the weights had become no numbers."""
    monkeypatch.setattr(training, "STEPS_BETWEEN_LOOKS", 4)
    monkeypatch.setattr(training, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    place = tmp_path / "run.safetensors"
    model = make_model()
    with pytest.raises(TrainingError, match="step 18 of 20"):
        train(
            model,
            make_task().with_soft_targets(torch.zeros(160, 2)),
            make_task(9, 1),
            distillation=breaks_at(18),
            checkpoint=place,
            **OPTIONS,
        )
    kept = load_file(place)
    assert kept["optimizer.0.step"] == 16
    assert all(tensor.isfinite().all() for tensor in kept.values())
    for name, value in model.state_dict().items():
        assert torch.equal(value, kept[f"best.{name}"])


class Greedy(nn.Module):
    """Asks the allocator for more than any machine has if a batch is too big."""

    def __init__(self, most):
        super().__init__()
        self.inner, self.most = make_model(), most

    def forward(self, tokens, lengths):
        if self.training and len(tokens) > self.most:
            torch.empty(2**55)
        return self.inner(tokens, lengths)


@pytest.mark.parametrize(("most", "fits"), [(8, 8), (7, 4), (1, 1)])
def test_a_batch_that_does_not_fit_in_memory_says_which_would(most, fits):
    model = Greedy(most)
    before = weights(model)
    match = rf"batch of 16 reviews, the longest of 8 tokens, .*; {fits} would"
    with pytest.raises(TrainingError, match=match):
        train(model, make_task(), make_task(9, 1), **OPTIONS)
    assert torch.equal(weights(model), before)


def test_a_single_review_that_does_not_fit_says_so():
    with pytest.raises(TrainingError, match="nor does one review: give it fewer tok"):
        train(Greedy(0), make_task(), make_task(9, 1), **OPTIONS)


def test_other_errors_of_a_model_come_through_as_they_are():
    class Broken(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = make_model()

        def forward(self, tokens, lengths):
            if self.training:
                raise RuntimeError("a mistake of its own")
            return self.inner(tokens, lengths)

    with pytest.raises(RuntimeError, match="a mistake of its own"):
        train(Broken(), make_task(), make_task(9, 1), **OPTIONS)
