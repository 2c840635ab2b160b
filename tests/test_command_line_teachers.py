"""Any pre-trained model as a teacher, by the name in COURSE_BERT."""

from dataclasses import replace

import pytest
from tiny_berts import make_tiny, make_tokenizer
from transformers import AutoTokenizer

from course_lib import scale
from course_lib.__main__ import main

FEW = {"run_limit": 60, "run_steps": 4, "max_tokens": 16}


@pytest.fixture
def ask(tmp_path, monkeypatch):
    """Ask a tiny model of some family for soft targets, on very few reviews."""
    monkeypatch.setitem(scale.SCALES, "smoke", replace(scale.SCALES["smoke"], **FEW))
    monkeypatch.setenv("COURSE_SCALE", "smoke")
    monkeypatch.chdir(tmp_path)

    def run(family, padding="<pad>"):
        folder = make_tiny(family, tmp_path / family)
        make_tokenizer(folder)
        tokenizer = AutoTokenizer.from_pretrained(folder)
        tokenizer.pad_token = padding
        tokenizer.save_pretrained(folder)
        assert AutoTokenizer.from_pretrained(folder).pad_token == padding
        monkeypatch.setenv("COURSE_BERT", str(folder))
        status = main(["soft-targets", "--out", f"{family}.safetensors"])
        return status, (tmp_path / f"{family}.safetensors").exists()

    return run


def test_a_model_without_a_padding_token_is_read_all_the_same(ask):
    """A mask says where its blanks are, so no number for them is missing."""
    assert ask("gpt2", padding=None) == (0, True)


def test_a_family_that_reads_padding_is_refused_in_one_line(ask, capsys):
    assert ask("convbert") == (2, False)
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert "convbert" in said and "whose answer changes with padding: take a" in said
