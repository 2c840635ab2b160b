from dataclasses import replace

import pytest
import torch

from course_lib.distill import distill
from course_lib.reviews.table import SPLITS
from course_lib.scale import SCALES
from course_lib.splits import prepare

SCALE = replace(SCALES["smoke"], run_limit=300, run_steps=20)


@pytest.fixture(scope="module")
def splits():
    return prepare("synthetic", SCALE, seed=0)


def test_students_differ_in_nothing_but_the_loss(splits):
    """With alpha = 0 the losses are one, and so must every number be."""
    record = distill(splits, "lstm", "lstm", SCALE, alpha=0.0)
    assert record["baseline"]["metrics"] == record["student"]["metrics"]
    assert record["distilled_minus_alone"] == {"value": 0.0, "interval": (0.0, 0.0)}


def test_the_teacher_changes_what_the_student_learns(splits):
    record = distill(splits, "lstm", "lstm", SCALE, alpha=1.0)
    assert record["baseline"]["metrics"] != record["student"]["metrics"]


def test_the_seed_changes_the_run(splits):
    first, second = (
        distill(splits, "lstm", "lstm", SCALE, seeds=[seed])["teacher"]["metrics"]
        for seed in (0, 1)
    )
    assert first != second


def test_a_run_says_what_it_was(splits):
    record = distill(
        splits, "lstm", "lstm", SCALE, temperature=3.0, alpha=0.5, seeds=[7]
    )
    assert (record["temperature"], record["alpha"], record["seeds"]) == (3.0, 0.5, [7])
    assert record["sizes"] == dict.fromkeys(SPLITS, 300)
    assert record["labels"] == list(splits.label_names)
    assert record["epochs"] == 3  # 20 steps would be two, and three is the least


def test_words_come_from_the_training_reviews_alone(splits):
    """A vocabulary that has read the test reviews has seen the test set."""
    from course_lib import reviews
    from course_lib.text import build_vocabulary

    train = reviews.load("synthetic", "train", limit=300, seed=0)
    vocabulary = build_vocabulary(train.texts, SCALE.vocabulary_size)
    assert splits.vocabulary_size == len(vocabulary)


def test_labels_are_what_the_losses_expect(splits):
    assert splits.multilabel
    assert splits.train.labels.dtype == torch.float32
    assert splits.train.labels.shape == (300, 7)
