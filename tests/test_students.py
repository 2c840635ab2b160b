"""A student that is saved says the same when it comes back, or refuses to come."""

import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from course_lib import tensor_files
from course_lib.models import ARCHITECTURES, STUDENTS
from course_lib.soft_targets import predict_logits
from course_lib.student_folders import FILES, StudentError, check_place, is_student
from course_lib.students import Student, vocabulary_of
from course_lib.text import build_vocabulary, encode

TEXTS = [
    "A good film, truly good!",
    "",
    "dull",
    "never a 'dull' moment ... " * 40,
    "schön – 太好了 <pad> <unk>",
]


def make(name="lstm", labels=("bad", "good"), multilabel=False, seed=0):
    torch.manual_seed(seed)
    words = build_vocabulary(["a good film , never dull . moment '", "schön"], 50)
    model = STUDENTS[name].build(len(words), len(labels))
    return Student(model, STUDENTS[name], words, 32, labels, multilabel)


@pytest.mark.parametrize("name", STUDENTS)
@pytest.mark.parametrize("multilabel", [False, True])
def test_it_says_the_same_when_it_comes_back_bit_for_bit(name, multilabel, tmp_path):
    student = replace(make(name, ("a", "b", "c"), multilabel), temperature=1.7)
    if multilabel:
        student = replace(student, thresholds=(0.5, 0.4, 0.3))
    student.save(tmp_path / "s", card="# card")
    again = Student.load(str(tmp_path / "s"))
    assert np.array_equal(again.logits(TEXTS), student.logits(TEXTS))
    assert np.array_equal(again.predict_proba(TEXTS), student.predict_proba(TEXTS))
    assert again.predict(TEXTS) == student.predict(TEXTS)
    for field in ("recipe", "max_tokens", "label_names", "temperature", "thresholds"):
        assert getattr(again, field) == getattr(student, field)
    assert sorted(p.name for p in (tmp_path / "s").iterdir()) == sorted(FILES)


def test_its_logits_are_those_of_training_and_evaluation():
    from course_lib.batches import Examples

    student = make()
    encoded = encode(TEXTS, student.vocabulary, student.max_tokens)
    examples = Examples(encoded, torch.zeros(len(TEXTS), dtype=torch.int64))
    expected = predict_logits(student.model, examples).numpy()
    assert np.array_equal(student.logits(TEXTS), expected)


def test_verdicts_follow_probabilities_and_thresholds():
    one = make(labels=("bad", "fair", "good"))
    p = one.predict_proba(TEXTS)
    assert np.allclose(p.sum(1), 1)
    assert one.predict(TEXTS) == [one.label_names[k] for k in p.argmax(1)]
    many = replace(make(labels=("a", "b"), multilabel=True), thresholds=(0.9, 0.2))
    p = np.array([[0.9, 0.1], [0.89, 0.2]])
    assert many.verdicts(p) == [["a"], ["b"]]
    # As for the metrics: what lies at or above its threshold is not below zero.
    logits = np.log(p / (1 - p))
    assert (many.at_its_thresholds(logits) > -1e-9).tolist() == [[1, 0], [0, 1]]


def test_a_student_without_texts_says_nothing():
    assert make().predict([]) == []
    assert make().predict_proba([]).shape == (0, 2)


def test_validation_gives_a_temperature_and_thresholds():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(4000, 3)).astype(np.float32)
    labels = (rng.random((4000, 3)) < 1 / (1 + np.exp(-z))).astype(np.float32)
    labels[:, 2] = 0  # never true there
    many = make(labels=("a", "b", "c"), multilabel=True).calibrated(z, labels)
    assert many.thresholds[2] == 0.5
    assert all(0 < cut < 1 for cut in many.thresholds)
    two = make(labels=("a", "b"), multilabel=True)
    two = two.calibrated(3 * z[:, :2], labels[:, :2])
    assert two.temperature == pytest.approx(3, rel=0.1)
    single = make().calibrated(z[:, :2], np.zeros(4000, dtype=np.int64))
    assert single.thresholds is None


def test_the_vocabulary_keeps_its_numbers():
    words = build_vocabulary(["b b b a a c"], 10)
    assert vocabulary_of(words.itos).itos == words.itos == ["<pad>", "<unk>", *"bac"]
    assert dict(vocabulary_of(words.itos).stoi) == dict(words.stoi)


def damage(name):
    """Ways in which a folder comes to harm, and what is said of each."""

    def config(change):
        def harm(folder):
            about = json.loads((folder / "config.json").read_text())
            change(about)
            (folder / "config.json").write_text(json.dumps(about))

        return harm

    def foreign_weights(folder):
        other = make("bag")
        tensor_files.write(
            folder / "model.safetensors",
            "course_lib student, format 1",
            other.model.state_dict(),
            {},
        )

    return {
        "no config": (lambda f: (f / "config.json").unlink(), "holds no student"),
        "half a config": (
            lambda f: os.truncate(f / "config.json", 40),
            "config.json is damaged",
        ),
        "another format": (
            config(lambda c: c.update(format="course_lib student, format 9")),
            "of the format 'course_lib student, format 9'",
        ),
        "a list": (lambda f: (f / "config.json").write_text("[1]"), "format None"),
        "no vocabulary": (lambda f: (f / "vocabulary.txt").unlink(), "has no voc"),
        "a word less": (
            lambda f: (f / "vocabulary.txt").write_text("<pad>\n<unk>\n"),
            "vocabulary.txt is damaged",
        ),
        "half the weights": (
            lambda f: os.truncate(f / "model.safetensors", 500),
            "model.safetensors is damaged",
        ),
        "a bit turned": (flip, "does not match its digest"),
        "other weights": (foreign_weights, "do not fit together"),
        "an unknown architecture": (
            config(lambda c: c["recipe"].update(architecture="os.system")),
            "do not fit together, or belong to another version",
        ),
        "sizes of another": (
            config(lambda c: c["recipe"]["sizes"].update(hidden_size=3)),
            "do not fit together",
        ),
        "no labels": (config(lambda c: c.pop("labels")), "'labels'"),
    }[name]


def flip(folder):
    path = folder / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "name",
    [
        "no config",
        "half a config",
        "another format",
        "a list",
        "no vocabulary",
        "a word less",
        "half the weights",
        "a bit turned",
        "other weights",
        "an unknown architecture",
        "sizes of another",
        "no labels",
    ],
)
def test_a_folder_that_came_to_harm_is_refused_in_words(name, tmp_path):
    make().save(tmp_path / "s", card="")
    harm, words = damage(name)
    harm(tmp_path / "s")
    with pytest.raises(ValueError, match=words):
        Student.load(tmp_path / "s")


def test_what_is_no_folder_is_named(tmp_path, monkeypatch):
    for name in ("nowhere", str(tmp_path / "nowhere"), "a b"):
        with pytest.raises(StudentError, match="there is no folder"):
            Student.load(name)
    with pytest.raises(StudentError, match="holds no student"):
        Student.load(tmp_path)


def test_an_id_is_looked_for_on_the_hub(monkeypatch):
    """Where no hub answers, that is what the error says."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(StudentError, match="could not be fetched from the hub"):
        Student.load("somebody/their-student")


def test_a_student_is_replaced_by_a_student_and_nothing_else_is(tmp_path):
    place = tmp_path / "s"
    make(seed=0).save(place, card="first")
    check_place(place)
    make(seed=1).save(place, card="second")
    assert (place / "README.md").read_text() == "second"
    assert os.listdir(tmp_path) == ["s"]
    assert is_student(place)
    (place / "holiday.jpg").touch()
    with pytest.raises(FileExistsError, match="was not written by this command"):
        make().save(place, card="third")
    assert (place / "README.md").read_text() == "second"
    shutil.rmtree(place)
    make().save(place, card="fourth")


def test_nothing_in_the_folder_is_code(tmp_path):
    """No pickle, and no name that is looked up outside of a fixed list."""
    make().save(tmp_path / "s", card="")
    for path in (tmp_path / "s").iterdir():
        content = path.read_bytes()
        assert not content.startswith((b"PK", b"\x80"))
    config = json.loads((tmp_path / "s" / "config.json").read_text())
    assert config["recipe"]["architecture"] in ARCHITECTURES
