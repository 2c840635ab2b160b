from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from course_lib.batches import Examples
from course_lib.losses import DistillationLoss
from course_lib.models import STUDENTS
from course_lib.training import Distillation, loop, train
from course_lib.training.errors import TrainingError
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
            objective=Distillation(DistillationLoss(2.0, 0.5)),
            **OPTIONS,
        )


@pytest.mark.parametrize(
    ("multilabel", "match"),
    [
        (True, r"are class indices, .* multilabel=False"),
        (False, r"are multi-hot rows, .* multilabel=True"),
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
            objective=Distillation(DistillationLoss(2.0, 0.5, multilabel=multilabel)),
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
            objective=Distillation(breaks_at(call)),
            **OPTIONS,
        )


def test_the_last_good_checkpoint_is_kept(tmp_path, monkeypatch):
    """Not one that was written after the weights had become no numbers."""
    monkeypatch.setattr(loop, "STEPS_BETWEEN_LOOKS", 4)
    monkeypatch.setattr(loop, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    place = tmp_path / "run.safetensors"
    model = make_model()
    with pytest.raises(TrainingError, match="step 18 of 20"):
        train(
            model,
            make_task().with_soft_targets(torch.zeros(160, 2)),
            make_task(9, 1),
            objective=Distillation(breaks_at(18)),
            checkpoint=place,
            **OPTIONS,
        )
    kept = load_file(place)
    assert kept["optimizer.0.step"] == 16
    assert all(tensor.isfinite().all() for tensor in kept.values())
    for name, value in model.state_dict().items():
        assert torch.equal(value, kept[f"best.model.{name}"])


class Cracked(nn.Module):
    """Gives good logits, whose gradient is no number at one step: a root of 0."""

    def __init__(self, step):
        super().__init__()
        self.inner, self.left = make_model(dropout=0.0), step

    def forward(self, tokens, lengths):
        logits = self.inner(tokens, lengths)
        self.left -= self.training
        if self.training and self.left == 0:
            logits = logits + ((logits - logits.detach()) * 0).sqrt()
        return logits


@pytest.mark.parametrize("epochs", [1, 2])
@pytest.mark.parametrize("back", [0, 1, 9])
def test_a_gradient_that_is_no_number_stops_it(epochs, back, tmp_path):
    """Also in the last step of all, after which no loss is computed any more."""
    step, place = 10 * epochs - back, tmp_path / "run.safetensors"
    model = Cracked(step)
    before = weights(model)
    # One step on, the loss is no number either: the first fault is the one named.
    with pytest.raises(
        TrainingError,
        match=rf"stopped at step {step} of .*: the loss is a number, and its gradient "
        r"is not; try a learning rate below 0\.01",
    ):
        options = {**OPTIONS, "epochs": epochs}
        train(model, make_task(), make_task(9, 1), checkpoint=place, **options)
    assert weights(model).isfinite().all()
    assert torch.equal(weights(model), before) == (epochs == 1)
    assert place.exists() == (epochs == 2)
    if epochs == 2:  # the checkpoint of the first epoch
        assert all(tensor.isfinite().all() for tensor in load_file(place).values())


@pytest.mark.parametrize(
    ("size", "why"),
    [(1.0, "the logits on validation are no"), (1e9, "the weight 'size' is no number")],
)
def test_weights_that_overflow_in_the_last_step_are_not_kept(size, why):
    """Loss and gradient are numbers; the step itself is too long."""

    class Long(nn.Module):
        def __init__(self):
            super().__init__()
            self.bag = STUDENTS["bag"].build(12, 2)
            self.size = nn.Parameter(torch.tensor(size))

        def forward(self, tokens, lengths):
            return self.bag(tokens, lengths) + 0 * self.size

    model = Long()
    before = weights(model)
    with pytest.raises(TrainingError, match=f"step 1 of 1, .*: {why}"):
        options = {"epochs": 1, "batch_size": 16, "learning_rate": 1e34}
        train(model, make_task(16), make_task(9, 1), **options)
    assert torch.equal(weights(model), before)


def test_a_model_whose_validation_logits_are_no_numbers_is_not_chosen():
    class Fades(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = make_model()

        def forward(self, tokens, lengths):
            logits = self.inner(tokens, lengths)
            return logits if self.training else logits / 0

    with pytest.raises(
        TrainingError, match=r"step 10 .*: the logits on validation are"
    ):
        train(Fades(), make_task(), make_task(9, 1), **OPTIONS)


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"batch_size": 0}, "batch_size is 0; expected a whole number from 1 upwards"),
        ({"batch_size": -4}, "batch_size is -4"),
        ({"batch_size": 2.5}, "batch_size is 2.5"),
        ({"epochs": 0}, "epochs is 0; expected a whole number from 1 upwards"),
        ({"patience": 0}, "patience is 0"),
        ({"seed": -1}, "seed is -1; expected a whole number from 0 upwards"),
        ({"learning_rate": 0.0}, "learning_rate is 0.0; expected a number above 0"),
        ({"learning_rate": -1e-3}, "learning_rate is -0.001"),
        ({"learning_rate": float("nan")}, "learning_rate is nan"),
        ({"learning_rate": float("inf")}, "learning_rate is inf"),
        ({"learning_rate": "1e-3"}, "learning_rate is '1e-3'"),
    ],
)
def test_settings_that_no_run_can_have_are_quoted(settings, match):
    with pytest.raises(ValueError, match=match):
        train(make_model(), make_task(), make_task(9, 1), **{**OPTIONS, **settings})


def test_whole_numbers_of_numpy_are_whole_numbers():
    options = {"epochs": np.int64(1), "batch_size": np.int32(16)}
    rate = np.float32(1e-2)
    train(make_model(), make_task(32), make_task(9, 1), learning_rate=rate, **options)


def test_a_multi_label_split_without_a_positive_is_refused():
    task, validation = make_task(160, 0, True), make_task(9, 1, True)
    none = {
        "training": (with_labels(task, torch.zeros(160, 2)), validation),
        "validation": (task, with_labels(validation, torch.zeros(9, 2))),
    }
    for name, (train_part, validation_part) in none.items():
        count = len(train_part if name == "training" else validation_part)
        match = rf"none of the {count} reviews of the {name} split has any of its 2 lab"
        with pytest.raises(ValueError, match=match):
            train(make_model(), train_part, validation_part, **OPTIONS)
    # A student that listens to its teacher alone reads no training label.
    blind = none["training"][0].with_soft_targets(torch.randn(160, 2))
    loss = DistillationLoss(2.0, 1.0, multilabel=True)
    train(
        make_model(),
        blind,
        validation,
        objective=loss and Distillation(loss),
        **OPTIONS,
    )


def test_validation_labels_that_no_metric_can_read_are_refused():
    task, validation = make_task(160, 0, True), make_task(9, 1, True)
    soft = with_labels(validation, validation.labels * 0.5)
    with pytest.raises(
        ValueError, match=r"of the validation split is 0\.5; expected 0"
    ):
        train(make_model(), task, soft, **OPTIONS)
    with pytest.raises(
        ValueError, match=r"\(160, 2\) and the validation labels \(9,\)"
    ):
        train(make_model(), task, make_task(9, 1), **OPTIONS)


def test_soft_targets_that_are_no_numbers_are_refused():
    soft = torch.zeros(160, 2)
    soft[7, 1] = float("nan")
    with pytest.raises(ValueError, match="soft targets of review 7 are no numbers"):
        train(
            make_model(),
            make_task().with_soft_targets(soft),
            make_task(9, 1),
            objective=Distillation(DistillationLoss(2.0, 0.5)),
            **OPTIONS,
        )


@pytest.mark.parametrize(
    "kind", [ValueError, RuntimeError, KeyError, ZeroDivisionError]
)
def test_an_error_of_ones_own_loss_comes_through_with_its_step(kind):
    calls = 0

    def loss(student_logits, teacher_logits, labels):
        nonlocal calls
        calls += 1
        if calls == 3:
            raise kind("no such film")
        return nn.functional.cross_entropy(student_logits, labels)

    with pytest.raises(kind, match="no such film") as caught:
        train(
            make_model(),
            make_task().with_soft_targets(torch.zeros(160, 2)),
            make_task(9, 1),
            objective=loss and Distillation(loss),
            **OPTIONS,
        )
    assert type(caught.value) is kind
    assert "learning rate" not in str(caught.value)
    if kind in (ValueError, RuntimeError):
        assert "(at step 3 of 20, in epoch 1 at batch 3" in str(caught.value)


def test_batches_of_one_review_do_not_suit_batch_norm():
    class Normed(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.norm = make_model(), nn.BatchNorm1d(2)

        def forward(self, tokens, lengths):
            return self.norm(self.inner(tokens, lengths))

    with pytest.raises(TrainingError, match=r"step 1 of 6.* a larger batch_size") as e:
        options = {**OPTIONS, "batch_size": 1}
        train(Normed(), make_task(3), make_task(9, 1), **options)
    assert "learning rate" not in str(e.value)


#: What allocators say that have no more to give.
OUT_OF_MEMORY = [
    "CUDA out of memory. Tried to allocate 20.00 MiB (GPU 0; 15.78 GiB total capacity)",
    "CUDA error: out of memory",
    "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
    "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
    "MPS backend out of memory (MPS allocated: 17.00 GB, max allowed: 18.13 GB).",
    "DefaultCPUAllocator: not enough memory: you tried to allocate 1073741824 bytes.",
    "DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.",
    MemoryError("Unable to allocate 3.50 GiB for an array"),
    torch.OutOfMemoryError("CUDA out of memory."),
    None,  # what this machine's allocator says
]
NOT_SUPPORTED = "cuDNN error: CUDNN_STATUS_NOT_SUPPORTED."  # has other causes, too


class Greedy(nn.Module):
    """Asks for more memory than there is if a batch is too big."""

    def __init__(self, most, error=None, mode=True):
        super().__init__()
        self.inner, self.most = make_model(), most
        self.error, self.mode = error, mode

    def forward(self, tokens, lengths):
        if self.training == self.mode and len(tokens) > self.most:
            if self.error is None:
                torch.empty(2**55)
            raise RuntimeError(self.error) if type(self.error) is str else self.error
        return self.inner(tokens, lengths)


@pytest.mark.parametrize("error", [*OUT_OF_MEMORY, NOT_SUPPORTED])
def test_memory_that_runs_out_is_known_by_any_of_its_names(error):
    task, validation = make_task(32), make_task(40, 1)
    options = {**OPTIONS, "epochs": 1}
    with pytest.raises(TrainingError, match="4 would: give batch_size=4"):
        train(Greedy(4, error), task, validation, **options)
    # Validation reads 256 at once: fewer give the same.
    reading = Greedy(7, error, mode=False)
    plain = make_model()
    assert torch.equal(weights(reading), weights(plain))
    history = train(reading, task, validation, **options)
    expected = train(plain, task, validation, **options)
    assert history.epochs[0].validation == pytest.approx(
        expected.epochs[0].validation, abs=1e-6
    )


def test_another_cause_of_the_same_words_comes_through():
    with pytest.raises(RuntimeError, match="CUDNN_STATUS_NOT_SUPPORTED") as caught:
        train(Greedy(0, NOT_SUPPORTED), make_task(), make_task(9, 1), **OPTIONS)
    assert type(caught.value) is RuntimeError


@pytest.mark.parametrize("place", ["to", "state_dict", "_load_from_state_dict"])
def test_memory_that_runs_out_elsewhere_is_a_training_error(place, monkeypatch):
    model = make_model()

    def greedy(*_, **__):
        torch.empty(2**55)

    monkeypatch.setattr(model, place, greedy)
    with pytest.raises(TrainingError, match=r"training ran out of memory: .*Take a sm"):
        train(model, make_task(), make_task(9, 1), **OPTIONS)


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
