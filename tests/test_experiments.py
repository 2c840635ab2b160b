"""Every experiment runs, and is listed with what it asks and costs."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from reviews_files import REAL, needed

from course_lib.batches import Examples
from course_lib.comparison import Reading
from course_lib.reviews.table import Reviews
from course_lib.soft_target_files import SoftTargets, text_digests
from course_lib.splits import numbered_in_words
from experiments import (
    augment,
    generations,
    hidden_knowledge,
    label_views,
    minilm,
    multilabel,
    patience,
)
from experiments.__main__ import found, main

pytestmark = pytest.mark.commands

KNOWN = found()
ROOT = Path(__file__).parent.parent


def test_each_is_listed_with_its_question_and_cost(capsys):
    main(["list"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(KNOWN) >= 9
    for line, (name, module) in zip(lines, KNOWN.items(), strict=True):
        assert line.startswith(name)
        assert "?" in line
        assert module.COST in line


def test_an_unknown_one_is_refused_with_the_known(capsys):
    with pytest.raises(SystemExit):
        main(["lstm-to-lstm"])
    assert "lstm_to_lstm" in capsys.readouterr().err


SMALLER = {
    "multilabel_methods": {"FEW": 20, "LABELLED": 30, "STEPS": 6},
    "setfit": {"READS": 32},
    "patience": {"PASSES": (1, 2), "EARLY": 1, "DRAWS": 9},
    "robustness": {"COPIES": 1, "RATES": (0.4,)},
    "tuning": {"TRIALS": 3, "FINALISTS": 1, "FRESH": (7,)},
}
# Where 60 are too few: a student has a hundred labels or must learn something from
# its own, and each label must occur.
LIMITS = {
    "few_labels": 240,
    "setfit": 240,
    "robustness": 600,
    "multilabel_genres": 800,
    "multilabel_emotions": 3_000,
}
FILES = {
    "multilabel_methods": (),
    "multilabel_genres": ("aclImdb_v1.tar.gz", "ml-25m.zip"),
    "multilabel_emotions": ("goemotions",),
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=needed(*FILES.get(name, ("aclImdb_v1.tar.gz",))))
        for name in KNOWN
    ],
)
def test_each_makes_a_whole_record_of_a_few_reviews(name, tmp_path, monkeypatch):
    """And a second call finds all of it."""
    (tmp_path / "book").symlink_to(ROOT / "book")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COURSE_SCALE", "smoke")
    monkeypatch.setenv("COURSE_DATA", str(REAL))
    module = KNOWN[name]
    for setting, value in SMALLER.get(name, {}).items():
        monkeypatch.setattr(module, setting, value)
    for data, plan in multilabel.PLANS.items():
        monkeypatch.setitem(multilabel.PLANS, data, replace(plan, epochs=1))
    # Comments that nobody wrote would be news to the teacher, who is not here.
    monkeypatch.setattr(augment, "MADE", 0)
    limit = LIMITS.get(name, 60)
    record = module.main(limit, seeds=(0, 1))
    (path,) = (tmp_path / "_build" / "experiments").glob("*.json")
    assert json.loads(path.read_text()) == json.loads(json.dumps(record))
    assert {"data", "device", "scale", "seeds", "versions", "sizes"} <= record.keys()
    rows = kept(path.parent)
    assert len(rows) >= 2
    module.main(limit, seeds=(0, 1))
    assert kept(path.parent) == rows


def kept(folder):
    """When each row was written; soft targets are written anew each time."""
    files = folder.glob("*.safetensors")
    return {p: p.stat().st_mtime_ns for p in files if "soft-targets" not in p.name}


def test_fidelity_is_to_what_taught_the_student():
    """Where two teachers were mixed, that is the mix, and neither of them."""
    truth = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    split = SimpleNamespace(truth=truth)
    right = truth.numpy() * 2 - 1
    wrong = right * np.array([[-1, 1], [1, 1], [1, 1]])
    said = {"teacher": right, "both": wrong, "alone": right, "distilled": wrong}
    run = {row: Reading(z, None, None, None) for row, z in said.items()}
    done = SimpleNamespace(runs=[run], splits=SimpleNamespace(train=split, test=split))
    record = label_views.by_label(done)
    assert record["fidelity_to"] == "both"
    assert record["fidelity"]["distilled"]["shared_mistakes"] == 1
    assert record["fidelity"]["alone"]["shared_mistakes"] == 0
    run["teacher"] = run.pop("both")
    assert label_views.by_label(done)["fidelity_to"] == "teacher"


def test_several_models_together_say_the_mean_of_their_probabilities():
    """Not that of their logits, where the one who is surest would weigh most."""
    said = [np.log([[0.9, 0.1]]), np.log([[0.5, 0.5]]) + 7.0]
    readings = [Reading(z.astype(np.float32), 10, None, None) for z in said]
    found = generations.together(readings)
    assert found.parameters == 20
    assert np.allclose(np.exp(found.logits), [[0.7, 0.3]], atol=1e-6)


def test_a_part_of_an_archive_has_both_classes():
    """As published, the archive has all reviews of one class before the other."""
    truth = torch.tensor([0] * 500 + [1] * 500)
    soft = torch.stack([1.0 - truth, 1.0 * truth], dim=1)
    train = Examples([np.array([i]) for i in range(1_000)], truth, soft)
    some = hidden_knowledge.part(train, 40)
    assert len(some) == 40 and some.truth.float().mean() == 0.5
    assert len(hidden_knowledge.part(train, 1)) == 1
    few = [patience.drawn(train, 250, seed) for seed in (0, 0, 1)]
    rows = [[int(tokens[0]) for tokens in some.tokens] for some in few]
    assert rows[0] == rows[1] != rows[2] and len(set(rows[0])) == 250
    for drawn, places in zip(few, rows, strict=True):
        assert torch.equal(drawn.soft_targets, soft[places])
        assert 0.35 < truth[places].float().mean() < 0.65


def test_agreement_counts_beyond_what_being_right_forces():
    """Who is always right agrees as often as the teacher is right; a copy does more."""
    truth = np.array([0, 1, 0, 1] * 50)
    teacher = np.where(np.arange(200) % 4 == 0, 1 - truth, truth)  # 3 of 4 right
    said = {"teacher": teacher, "copy": teacher, "right": truth}
    run = {
        name: Reading(np.eye(2, dtype=np.float32)[verdicts], None, None, None)
        for name, verdicts in said.items()
    }
    test = SimpleNamespace(truth=torch.from_numpy(truth))
    done = SimpleNamespace(runs=[run, run], splits=SimpleNamespace(test=test))
    found = patience.agreement(done, "copy")
    assert found == {"agree": [1.0, 1.0], "by_chance": [10 / 16, 10 / 16]}
    found = patience.agreement(done, "right")
    assert found == {"agree": [0.75, 0.75], "by_chance": [0.75, 0.75]}
    found = patience.closer(done, "copy", "right")
    assert found["value"] == 6 / 16
    assert 0 < found["interval"][0] < found["value"] and found["p"] < 0.001
    assert patience.closer(done, "right", "right")["interval"] == (0.0, 0.0)


def test_no_two_teachers_answer_side_by_side(monkeypatch):
    texts, names = ["one", "two"], ["joy", "fear"]

    def answers(of, value):
        teacher = {"name": "a BERT", "parameters": 1, "bytes": 4}
        logits = torch.full((len(of), 2), value).half()
        return SoftTargets(logits, text_digests(of), names, teacher)

    monkeypatch.setattr(
        multilabel.minilm, "ask", lambda _data, _splits, of: answers(of, 2.0)
    )
    splits = SimpleNamespace(label_names=names)
    for said, value in ((answers(texts, 1.0), 1.0), (answers(texts[:1], 1.0), 2.0)):
        found = multilabel.asked("goemotions", splits, said, texts)
        np.testing.assert_array_equal(found.logits, np.full((2, 2), value))


def test_another_bert_is_not_taken_for_minilm(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_BERT", str(tmp_path))
    with pytest.raises(ValueError, match=r"the BERT here is .*: unset COURSE_BERT"):
        minilm.small_bert()


def test_a_smoke_run_leaves_the_committed_soft_targets_alone(monkeypatch, tmp_path):
    """It trains a teacher and asks it; what it said lies beside the trial's files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COURSE_SCALE", "smoke")
    monkeypatch.setattr("sys.argv", ["minilm", "imdb"])
    texts = Reviews(
        "imdb",
        "train",
        ["good", "bad"] * 4,
        np.array([1, 0] * 4),
        ("n", "p"),
        list("abcdefgh"),
    )
    parts = dict.fromkeys(("train", "validation", "test"), texts)
    splits = numbered_in_words("imdb", parts, 20, max_tokens=9)
    monkeypatch.setattr(minilm, "prepare", lambda *_, **__: splits)
    minilm.main()
    (written,) = tmp_path.rglob("soft-targets-imdb-minilm.safetensors")
    assert written.parent == tmp_path / "_build" / "experiments"
    said = SoftTargets.read(written)
    assert torch.isin(text_digests(["good", "bad"]), said.texts).all()
