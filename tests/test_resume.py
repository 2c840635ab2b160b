"""A run that was stopped, however rudely, ends as one that never was."""

import os
import signal
from dataclasses import replace
from itertools import count

import pytest
import torch
from forked import Forked
from safetensors.torch import load_file, save_file

from course_lib import tensor_files
from course_lib.losses import DistillationLoss
from course_lib.tensor_files import TensorFileError
from course_lib.training import Distillation, loop, train
from course_lib.training.checkpoints import CheckpointError
from tests.tasks import make_model, make_task, weights

SOFT_TARGETS = 3 * torch.randn(70, 2, generator=torch.Generator().manual_seed(0))
TASK = make_task(70).with_soft_targets(SOFT_TARGETS)
OPTIONS = {"epochs": 3, "batch_size": 16, "learning_rate": 1e-2}  # 5 steps an epoch


class Stopped(Exception):
    """Stands for whatever ends a process between two steps."""


class StopsAt(DistillationLoss):
    """A loss that works until it has been asked so often."""

    def __init__(self, calls):
        super().__init__(2.0, 0.7)
        self.left = calls

    def forward(self, *arguments):
        self.left -= 1
        if self.left < 0:
            raise Stopped
        return super().forward(*arguments)


@pytest.fixture(autouse=True)
def checkpoint_after_each_step(monkeypatch):
    monkeypatch.setattr(loop, "STEPS_BETWEEN_LOOKS", 1)
    monkeypatch.setattr(loop, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)


def run(calls=10**9, checkpoint=None, **options):
    """Train for so many steps; return the model, and the history if it ended."""
    model = make_model()
    options = {**OPTIONS, "objective": Distillation(StopsAt(calls)), **options}
    try:
        history = train(model, TASK, make_task(33, 1), checkpoint=checkpoint, **options)
    except Stopped:
        history = None
    return model, history


@pytest.fixture(scope="module")
def whole():
    """A run that is never stopped: its model and its history."""
    return run()


def without_times(history):
    return [replace(e, seconds=0.0, tokens_per_second=0.0) for e in history.epochs]


@pytest.mark.parametrize("calls", [0, 1, 4, 5, 6, 14])
def test_a_run_that_was_stopped_ends_with_the_same_weights(calls, tmp_path, whole):
    expected, history = whole
    place = tmp_path / "run.safetensors"
    assert run(calls, place)[1] is None
    model, continued = run(checkpoint=place)
    assert torch.equal(weights(model), weights(expected))
    assert without_times(continued) == without_times(history)
    assert continued.best == history.best


def test_a_run_may_be_stopped_at_every_single_step(tmp_path, whole):
    place = tmp_path / "run.safetensors"
    stops = 0
    while True:
        model, history = run(1, place)
        if history:
            break
        stops += 1
    assert stops == 14  # the fifteenth step is the last
    assert torch.equal(weights(model), weights(whole[0]))


def test_a_checkpoint_is_written_only_when_the_last_is_old(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "SECONDS_BETWEEN_CHECKPOINTS", 3600.0)
    place = tmp_path / "run.safetensors"
    run(4, place)
    assert not place.exists()
    run(7, place)  # the end of an epoch is always written
    assert load_file(place)["optimizer.0.step"] == 5


def test_a_finished_run_is_read_and_not_run_again(tmp_path):
    place = tmp_path / "run.safetensors"
    expected, history = run(checkpoint=place)
    model, again = run(0, place)  # the first step would stop it
    assert again == history
    assert torch.equal(weights(model), weights(expected))


def test_early_stopping_goes_on_from_where_it_was(tmp_path):
    """Equal scores are no progress, so patience runs out on a constant model."""
    options = {"learning_rate": 1e-12, "patience": 2, "epochs": 9}
    place = tmp_path / "run.safetensors"
    run(8, place, **options)
    _, history = run(checkpoint=place, **options)
    assert len(history.epochs) == 3
    assert history.best == 0


def killed_while_writing(place):
    """Train, and die when the seventh checkpoint is written by half."""
    loop.STEPS_BETWEEN_LOOKS, loop.SECONDS_BETWEEN_CHECKPOINTS = 1, 0.0
    write, writes = tensor_files.save_file, count(1)

    def dies(tensors, path, metadata):
        write(tensors, path, metadata)
        if next(writes) == 7:
            os.truncate(path, path.stat().st_size // 2)
            os.kill(os.getpid(), signal.SIGKILL)

    tensor_files.save_file = dies
    run(checkpoint=place)


def test_killed_in_the_middle_of_writing_a_checkpoint(tmp_path, whole):
    place = tmp_path / "run.safetensors"
    assert Forked(killed_while_writing, place).end()[0] == -signal.SIGKILL
    (half,) = tmp_path.glob("*.part")
    assert half.stat().st_size < place.stat().st_size  # what it left behind
    assert load_file(place)["optimizer.0.step"] == 5
    model, _ = run(checkpoint=place)
    assert torch.equal(weights(model), weights(whole[0]))
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "run.safetensors",
        "run.safetensors.lock",
    ]


def test_a_checkpoint_holds_no_pickle(tmp_path):
    place = tmp_path / "run.safetensors"
    run(7, place)
    content = place.read_bytes()
    assert not any(content.startswith(magic) for magic in (b"PK", b"\x80"))
    assert b"course_lib checkpoint, format 2" in content[:4096]


def refused(place, match, **options):
    before = place.read_bytes()
    with pytest.raises(TensorFileError, match=match) as caught:
        run(checkpoint=place, **options)
    assert place.read_bytes() == before
    assert str(place) in str(caught.value)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"learning_rate": 2e-2}, "learning_rate is 0.01, this one's is 0.02"),
        ({"seed": 3}, "seed is 0, this one's is 3"),
        ({"epochs": 4}, "epochs is 3, this one's is 4"),
        ({"batch_size": 8}, "batch_size is 16, this one's is 8"),
        (
            {"objective": Distillation(DistillationLoss(4.0, 0.7))},
            r"objective is Distillation\( \(loss\): StopsAt",
        ),
    ],
)
def test_another_runs_checkpoint_is_refused(options, match, tmp_path):
    place = tmp_path / "run.safetensors"
    run(7, place)
    refused(place, match, **options)


def test_a_checkpoint_of_other_reviews_or_weights_is_refused(tmp_path):
    place = tmp_path / "run.safetensors"
    run(7, place)
    frozen = make_model()
    frozen.embedding.requires_grad_(False)
    others = {
        "training reviews": (make_model(), TASK.with_soft_targets(torch.zeros(70, 2))),
        "initial weights": (make_model(seed=1), TASK),
        # What no weight shows.
        "layers": (make_model(dropout=0.3), TASK),
        "weights in training": (frozen, TASK),
    }
    for name, (model, task) in others.items():
        with pytest.raises(CheckpointError, match=f"its {name} is"):
            train(
                model,
                task,
                make_task(33, 1),
                checkpoint=place,
                objective=Distillation(StopsAt(0)),
                **OPTIONS,
            )


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.999])
def test_a_truncated_checkpoint_is_refused(share, tmp_path):
    place = tmp_path / "run.safetensors"
    run(7, place)
    os.truncate(place, int(share * place.stat().st_size))
    refused(
        place,
        r"is damaged, or no course_lib checkpoint.* delete it to have it made anew",
    )


@pytest.mark.parametrize("where", [0.6, 0.8, 0.99])
def test_a_flipped_bit_is_noticed(where, tmp_path):
    place = tmp_path / "run.safetensors"
    run(7, place)
    content = bytearray(place.read_bytes())
    content[int(where * len(content))] ^= 16
    place.write_bytes(content)
    refused(place, "damaged")


def test_a_file_of_another_kind_is_refused(tmp_path):
    place = tmp_path / "run.safetensors"
    place.write_text("weights of somebody else")
    refused(place, "damaged, or no course_lib checkpoint")
    save_file({"weight": torch.ones(2)}, place)
    refused(place, "safetensors file of another kind; expected course_lib checkpoint")


def test_two_runs_cannot_use_one_checkpoint(tmp_path):
    place = tmp_path / "run.safetensors"
    done = []

    class Second(StopsAt):
        def forward(self, *arguments):
            if not done:
                done.append(True)
                with pytest.raises(CheckpointError, match="in use by another run"):
                    run(checkpoint=place)
            return super().forward(*arguments)

    run(checkpoint=place, objective=Distillation(Second(10**9)))
    assert done
