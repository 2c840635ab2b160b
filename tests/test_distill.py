from dataclasses import replace

import numpy as np
import pytest
import torch

from course_lib.distill import distill, with_unlabelled
from course_lib.reviews.table import SPLITS
from course_lib.scale import SCALES
from course_lib.splits import prepare
from course_lib.text import encode, tokenize

SCALE = replace(SCALES["smoke"], run_limit=300, run_steps=20, max_tokens=16)

TWO_STEPS = replace(SCALE, run_steps=2)


@pytest.fixture(scope="module")
def splits():
    return prepare("synthetic", SCALE, seed=0)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """What one test has trained need not be trained again for the next."""
    return tmp_path_factory.mktemp("kept")


def test_students_differ_in_nothing_but_the_loss(splits, kept):
    """With alpha = 0 the losses are one, and so must every number be."""
    record, _ = distill(splits, "lstm", "lstm", SCALE, alpha=0.0, checkpoint=kept)
    assert record["baseline"]["metrics"] == record["student"]["metrics"]
    assert record["distilled_minus_alone"] == {
        "value": 0.0,
        "interval": (0.0, 0.0),
        "p": 1.0,
    }


@pytest.fixture(scope="module")
def soft_only(splits, kept):
    return distill(splits, "lstm", "lstm", SCALE, alpha=1.0, checkpoint=kept)[0]


def test_the_teacher_changes_what_the_student_learns(soft_only):
    record = soft_only
    assert record["baseline"]["metrics"] != record["student"]["metrics"]


def test_the_seed_changes_the_run(splits, kept):
    first, second = (
        distill(splits, "lstm", "lstm", SCALE, seeds=[seed], checkpoint=kept)[0]
        for seed in (0, 1)
    )
    assert first["teacher"]["metrics"] != second["teacher"]["metrics"]


def test_a_run_says_what_it_was(splits):
    record, _ = distill(
        splits, "lstm", "lstm", SCALE, temperature=3.0, alpha=0.5, seeds=[7]
    )
    assert (record["temperature"], record["alpha"], record["seeds"]) == (3.0, 0.5, [7])
    assert record["sizes"] == dict.fromkeys(SPLITS, 300)
    assert record["precision"] == "no"
    assert record["labels"] == list(splits.label_names)
    assert record["epochs"] == 3  # 20 steps would be two, and three is the least


def test_words_come_from_the_training_reviews_alone(splits):
    """A vocabulary that has read the test reviews has seen the test set."""
    from course_lib import reviews
    from course_lib.text import build_vocabulary

    train = reviews.load("synthetic", "train", limit=300, seed=0)
    vocabulary = build_vocabulary(train.texts, SCALE.vocabulary_size)
    assert splits.vocabulary_size == len(vocabulary)


def test_labels_that_never_occur_are_named(splits):
    test = splits.reviews["test"]
    labels = test.labels.copy()
    labels[:, [2, 4]] = 0
    changed = {**splits.reviews, "test": replace(test, labels=labels)}
    poorer = replace(splits, reviews=changed)
    assert set(poorer.notes) - set(splits.notes) == {
        "never positive in test: story, visuals"
    }
    assert not any("never positive" in note for note in splits.notes)


def test_labels_are_what_the_losses_expect(splits):
    assert splits.multilabel
    assert splits.train.labels.dtype == torch.float32
    assert splits.train.labels.shape == (300, 7)


def test_unlabelled_reviews_join_in_without_a_label_of_their_own(
    splits, soft_only, kept
):
    more = with_unlabelled(splits, alpha=1.0)
    assert len(more) == 600
    assert more.labels is None
    again = encode(splits.readable_texts, splits.vocabulary, splits.max_tokens)
    assert all(np.array_equal(a, b) for a, b in zip(more.tokens, again, strict=True))
    options = {"alpha": 1.0, "unlabelled": True, "checkpoint": kept}
    record, _ = distill(splits, "lstm", "lstm", SCALE, **options)
    assert record["transfer"] == 600
    assert soft_only["transfer"] == 300
    assert record["baseline"]["metrics"] == soft_only["baseline"]["metrics"]
    assert record["student"]["metrics"] != soft_only["student"]["metrics"]


def test_what_unlabelled_reviews_cannot_do_is_said(splits):
    with pytest.raises(ValueError, match=r"alpha is 0\.5, but unlabelled reviews"):
        distill(splits, "lstm", "lstm", SCALE, alpha=0.5, unlabelled=True)
    labelled = {k: v for k, v in splits.reviews.items() if k != "unlabelled"}
    with pytest.raises(ValueError, match="'synthetic' has no unlabelled reviews"):
        with_unlabelled(replace(splits, reviews=labelled), alpha=1.0)


def test_no_text_is_tokenised_twice(monkeypatch):
    """By a teacher and a student that read words, from two seeds, with vectors."""
    read = []

    def counted(text):
        read.append(text)
        return tokenize(text)

    monkeypatch.setattr("course_lib.splits.tokenize", counted)
    monkeypatch.setattr("course_lib.text.tokenize", counted)
    splits = prepare("synthetic", SCALE, seed=0)
    options = {"seeds": (0, 1), "alpha": 1.0, "unlabelled": True}
    distill(splits, "lstm-vectors", "bag", TWO_STEPS, **options)
    texts = [text for part in splits.reviews.values() for text in part.texts]
    assert sorted(read) == sorted(texts)
