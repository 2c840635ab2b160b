"""Teachers on a table of one's own: a BERT of few positions, and one elsewhere."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_berts import make_tiny, make_tokenizer

from course_lib import records, reviews, scale
from course_lib.__main__ import main
from course_lib.models import TEACHERS
from course_lib.soft_target_files import SoftTargets, text_digests
from course_lib.splits import prepare

TINY = replace(scale.SCALES["smoke"], run_steps=5)


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A folder with a table of 120 texts of 6 to 60 words, and commands run there."""
    rows = [
        f"{'good' if i % 2 else 'bad'} {'film ' * (i // 2)},{i % 2}" for i in range(120)
    ]
    (tmp_path / "mine.csv").write_text("text,label\n" + "\n".join(rows))
    monkeypatch.setitem(scale.SCALES, "smoke", TINY)
    monkeypatch.setenv("COURSE_SCALE", "smoke")
    monkeypatch.setenv("COURSE_BERT", str(tmp_path / "bert"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("family", "positions", "own", "limit"),
    [("bert", 34, None, 34), ("roberta", 34, None, 32), ("gpt2", 34, 20, 20)],
)
def test_a_teacher_reads_as_much_as_its_model_and_tokenizer_take(
    family, positions, own, limit, mine
):
    make_tiny(family, mine / "bert", max_position_embeddings=positions)
    make_tokenizer(mine / "bert", model_max_length=own)
    splits = prepare("mine.csv", TINY, 0)
    theirs = splits.read_by(TEACHERS["bert"])
    assert theirs.max_tokens == limit
    text = "bad " + "film " * 100 + "good"
    (pieces,) = theirs.number([text])
    assert len(pieces) == limit
    # <s> bad film … film good </s>: both ends are there.
    assert [*pieces[:3], *pieces[-3:]] == [0, 5, 6, 6, 4, 2]
    (note,) = splits.reading_notes(TEACHERS["bert"])
    assert note.startswith(f"the teacher takes {limit} tokens, and 64 were allowed")
    command = ["soft-targets", "--data", "mine.csv", "--teacher", "bert"]
    assert main([*command, "--out", "said.safetensors"]) == 0
    said = SoftTargets.read("said.safetensors")
    assert said.teacher["max_tokens"] == limit
    assert said.teacher["tokenizer"] == theirs.tokenizer


def test_a_teacher_that_takes_all_that_is_allowed_needs_no_note(mine):
    make_tiny("bert", mine / "bert", max_position_embeddings=64)
    make_tokenizer(mine / "bert")
    splits = prepare("mine.csv", TINY, 0)
    assert splits.reading_notes(TEACHERS["bert"]) == ()
    assert splits.reading_notes(TEACHERS["lstm"]) == ()


def test_a_run_says_beforehand_and_in_its_record_that_texts_are_cut(mine, capsys):
    make_tiny("roberta", mine / "bert", max_position_embeddings=34)
    make_tokenizer(mine / "bert")
    command = ["distill", "--data", "mine.csv", "--teacher", "bert", "--student", "bag"]
    assert main(command) == 0
    note = "the teacher takes 32 tokens, and 64 were allowed"
    assert f"note: {note}" in capsys.readouterr().err
    assert any(n.startswith(note) for n in records.read("record.json")["notes"])


def nothing(folder):
    """No folder at all."""


def no_tokenizer(folder):
    make_tiny("bert", folder)


def foreign_tokenizer(folder):
    make_tiny("bert", folder)
    make_tokenizer(folder, words=90)


def no_model(folder):
    make_tokenizer(folder)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (nothing, "there is no such folder"),
        (no_tokenizer, "has no tokenizer"),
        (foreign_tokenizer, "do not belong together"),
        (no_model, "no model can be loaded"),
    ],
)
def test_a_bert_that_cannot_be_used_ends_the_run_in_a_line(make, message, mine, capsys):
    make(mine / "bert")
    command = ["distill", "--data", "mine.csv", "--teacher", "bert", "--student", "bag"]
    assert main(command) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("distill: ")
    assert message in said


def test_soft_targets_of_ones_own_making_need_no_more_than_a_name(mine, capsys):
    parts = [
        reviews.load(mine / "mine.csv", p) for p in ("train", "validation", "test")
    ]
    texts = [text for part in parts for text in part.texts]
    logits = np.random.default_rng(0).normal(size=(len(texts), 2))
    said = SoftTargets(
        torch.tensor(logits).half(),
        text_digests(texts),
        parts[0].label_names,
        {"name": "an LLM"},
    )
    said.write("said.safetensors")
    command = ["distill", "--data", "mine.csv", "--student", "bag"]
    assert main([*command, "--soft-targets", "said.safetensors"]) == 0
    table = capsys.readouterr().out.splitlines()
    row = next(line for line in table if line.startswith("| teacher"))
    assert row.count(" – |") == 3  # parameters, file and speed
    record = records.read("record.json")
    assert record["teacher_model"] == "an LLM"
    assert record["teacher"]["parameters"] is None
