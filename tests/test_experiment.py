"""What is kept is found again, and never beside settings that did not make it."""

import os
import signal
from dataclasses import replace

import numpy as np
import pytest
import torch
from forked import Forked

from course_lib.comparison import Reading
from course_lib.experiment import Experiment
from course_lib.losses import DistillationLoss
from course_lib.models import Recipe
from course_lib.scale import SCALES
from course_lib.soft_targets import predict_logits
from course_lib.splits import prepare
from course_lib.training import Distillation, loop

SCALE = replace(SCALES["smoke"], run_limit=120, max_tokens=24)
RECIPE = Recipe("BagOfEmbeddings", {"embedding_size": 8}, learning_rate=0.05)
SETTINGS = {"epochs": 1, "batch_size": 32}


@pytest.fixture(scope="module")
def splits():
    return prepare("synthetic", SCALE, seed=0)


def experiment(splits, folder, temperature=2.0, seeds=(0, 1), name="trial", **settings):
    """A student alone and one that is taught, and a row that has no seed."""
    loss = DistillationLoss(temperature, 0.5, splits.multilabel)
    soft = torch.randn(splits.train.truth.shape, generator=torch.manual_seed(5))
    done = Experiment(name, splits, seeds, SCALE, folder)
    for run in range(len(seeds)):
        for row, objective in {"alone": None, "taught": Distillation(loss)}.items():
            examples = splits.train.with_soft_targets(soft)
            if objective is None:
                examples = splits.train
            options = {**SETTINGS, **settings}
            done.train(row, run, RECIPE, examples, objective, **options)
    zeros = np.zeros(splits.test.truth.shape, np.float32)
    done.make("nothing", {"is": "zeros"}, lambda: Reading(zeros, 0, None, None))
    return done


def kept(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.safetensors")}


def same(one, other):
    return all(
        np.array_equal(a[row].logits, b[row].logits)
        for a, b in zip(one.runs, other.runs, strict=True)
        for row in a
    )


def test_nothing_is_made_twice(splits, tmp_path):
    first = experiment(splits, tmp_path)
    before = kept(tmp_path)
    assert len(before) == 2 * 2 + 1
    again = experiment(splits, tmp_path)
    assert kept(tmp_path) == before
    assert same(first, again)
    assert again.runs[0]["nothing"].bytes is None


def test_what_one_experiment_trained_another_finds(splits, tmp_path):
    """But for what no training tells apart, such as a row of zeros: that is its own."""
    first = experiment(splits, tmp_path)
    before = kept(tmp_path)
    other = experiment(splits, tmp_path, name="other")
    assert len(kept(tmp_path)) == len(before) + 1
    assert same(first, other)


def test_another_temperature_makes_only_the_taught_again(splits, tmp_path):
    """And no logits of the old one stand in the new record."""
    old = experiment(splits, tmp_path / "one")
    before = kept(tmp_path / "one")
    new = experiment(splits, tmp_path / "one", temperature=4.0)
    made = kept(tmp_path / "one").keys() - before.keys()
    assert len(made) == 2
    assert all(
        np.array_equal(a["alone"].logits, b["alone"].logits)
        for a, b in zip(old.runs, new.runs, strict=True)
    )
    assert same(new, experiment(splits, tmp_path / "two", temperature=4.0))
    assert not same(new, old)


@pytest.mark.parametrize(
    "change",
    [
        {"learning_rate": 0.01},
        {"epochs": 2},
        {"batch_size": 16},
        {"seeds": (0, 2)},
        {"splits": replace(SCALE, run_limit=100)},
        {"splits": replace(SCALE, max_tokens=12)},
    ],
    ids=str,
)
def test_whatever_shapes_a_row_makes_it_again(change, splits, tmp_path):
    experiment(splits, tmp_path)
    before = kept(tmp_path)
    if "splits" in change:
        change = {"splits": prepare("synthetic", change["splits"], seed=0)}
    changed = experiment(**{"splits": splits, **change}, folder=tmp_path)
    made = kept(tmp_path).keys() - before.keys()
    # Alone and taught, from one new seed or two; and what was made of other splits.
    expected = 2 if "seeds" in change else 4 + ("splits" in change)
    assert len(made) == expected
    assert same(changed, experiment(**{"splits": splits, **change}, folder=tmp_path))


def test_a_model_that_was_asked_of_two_splits_has_an_answer_for_each(splits, tmp_path):
    """Now, and when all that is left of it are its answers."""
    for _ in range(2):
        done = Experiment("trial", splits, (0,), SCALE, tmp_path)
        trained = done.train("alone", 0, RECIPE, **SETTINGS)
        told = trained.soft_targets(splits.train)
        assert torch.equal(told, predict_logits(trained.model, splits.train))
        assert not np.array_equal(told.numpy(), done.runs[0]["alone"].logits)


def test_a_row_that_reads_whole_texts_is_made_again_if_they_change(splits, tmp_path):
    """Also where no token tells: behind the limit, or in reviews without labels."""
    for part in ("test", "unlabelled"):
        whole = splits.reviews[part]
        longer = replace(whole, texts=[f"{text} and more" for text in whole.texts])
        changed = replace(splits, reviews={**splits.reviews, part: longer})
        keys = [
            Experiment("trial", some, (0,), SCALE, tmp_path).key({"is": "zeros"})
            for some in (splits, changed)
        ]
        assert keys[0] != keys[1]


def killed_on_the_way(splits, folder):
    loop.STEPS_BETWEEN_LOOKS, loop.SECONDS_BETWEEN_CHECKPOINTS = 1, 0.0
    step, taken = loop.Loop.step, []

    def counted(self, places):
        step(self, places)
        taken.append(places)
        if len(taken) == 6:  # of 4 an epoch: in the middle of the second row
            os.kill(os.getpid(), signal.SIGKILL)

    loop.Loop.step = counted
    experiment(splits, folder)


def test_a_run_that_was_killed_goes_on_and_ends_as_it_would_have(splits, tmp_path):
    status, *_ = Forked(killed_on_the_way, splits, tmp_path / "one").end()
    assert status == -signal.SIGKILL
    assert len(kept(tmp_path / "one")) == 1
    whole = experiment(splits, tmp_path / "two")
    assert same(experiment(splits, tmp_path / "one"), whole)


def test_the_record_says_what_was_run(splits, tmp_path):
    done = experiment(splits, tmp_path)
    record = done.record({"lead": ("taught", "alone")}, temperature=2.0)
    assert record["seeds"] == [0, 1]
    assert record["temperature"] == 2.0
    assert record["sizes"]["test"] == len(splits.test)
    alone, taught = (record[row]["metrics"] for row in ("alone", "taught"))
    headline = record["headline"]
    lead = taught[headline] - alone[headline]
    assert record["lead"]["value"] == pytest.approx(lead)
    assert done.write(record) == tmp_path / "trial.json"


@pytest.mark.parametrize(
    ("name", "drawn"), [("imdb-genres", "films"), ("synthetic", "reviews")]
)
def test_genres_belong_to_films_and_are_drawn_with_them(splits, name, drawn):
    test = replace(splits.reviews["test"], name=name)
    of_films = replace(splits, reviews={**splits.reviews, "test": test})
    done = Experiment("trial", of_films, (0, 1), SCALE, None)
    zeros = np.zeros(splits.test.truth.shape, np.float32)
    done.make("nothing", {"is": "zeros"}, lambda: Reading(zeros, 0, None, None))
    said = done.record({})["intervals_from"]
    assert said == f"t over 2 seeds, with a bootstrap over {drawn}"
