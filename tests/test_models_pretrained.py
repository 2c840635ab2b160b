import json
import sys
import time

import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import load_file, save_file
from tiny_berts import make_tiny, make_tokenizer
from transformers import AutoModelForSequenceClassification

from course_lib.models import (
    BertClassifier,
    find_pretrained,
    finding,
    load_tokenizer,
    pretrained_name,
)
from course_lib.models.pretrained import load, most_tokens


def test_an_encoder_without_some_of_its_weights_is_refused(tmp_path):
    make_tiny("bert", tmp_path)
    path = tmp_path / "model.safetensors"
    stored = load_file(path)
    del stored["bert.encoder.layer.1.output.dense.weight"]
    save_file(stored, path, {"format": "pt"})
    with pytest.raises(ValueError, match=r"1 parts of its encoder.*layer\.1\.output"):
        BertClassifier(tmp_path, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: (f / "config.json").unlink(), "config.json"),
        (lambda f: (f / "config.json").write_text("{"), "not a valid JSON"),
        (lambda f: (f / "config.json").write_text("{}"), "model_type"),
        (lambda f: put(f, model_type="my-own"), "my-own"),
        (lambda f: put(f, auto_map={"AutoConfig": "m.C"}, model_type="x"), "code"),
        (lambda f: put(f, pad_token_id=99), "num_embeddings"),
        (lambda f: put(f, hidden_size=17), "hidden size"),
        (lambda f: (f / "model.safetensors").unlink(), "no file named model.safe"),
        (lambda f: (f / "model.safetensors").write_text("no"), "header"),
    ],
)
def test_a_folder_without_a_whole_model_is_an_error_of_one_line(
    change, message, tmp_path
):
    change(make_tiny("bert", tmp_path))
    with pytest.raises(OSError, match=f"no model can be loaded from .*{message}") as no:
        load(tmp_path, 2)
    assert str(tmp_path) in str(no.value)
    assert len(str(no.value)) < 300
    assert "\n" not in str(no.value)


def put(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_folder_that_is_not_there_is_named(tmp_path):
    for nowhere in (tmp_path / "nowhere", str(tmp_path / "nowhere")):
        with pytest.raises(OSError, match=r"no model can be loaded from .*nowhere"):
            load(nowhere, 2)
        with pytest.raises(OSError, match=r"no tokenizer can be loaded .*nowhere"):
            load_tokenizer(nowhere)


@pytest.mark.parametrize(
    ("family", "config", "limit"),
    [
        ("bert", {"max_position_embeddings": 34}, 34),
        ("distilbert", {"max_position_embeddings": 34}, 34),
        ("gpt2", {"n_positions": 34}, 34),
        ("roberta", {"max_position_embeddings": 34}, 32),
        ("roberta", {"max_position_embeddings": 34, "pad_token_id": 3}, 30),
        ("bart", {"max_position_embeddings": 34}, 34),
        ("llama", {"max_position_embeddings": 34}, None),
        ("t5", {}, None),
    ],
)
def test_how_many_tokens_a_model_has_positions_for(family, config, limit, tmp_path):
    make_tiny(family, tmp_path, **config)
    with torch.device("meta"):
        model = load(tmp_path, 2)
    assert most_tokens(model) == limit


@pytest.mark.parametrize("family", ["bert", "roberta", "distilbert", "gpt2"])
def test_the_limit_is_one_that_transformers_can_read_and_no_smaller(family, tmp_path):
    make_tiny(family, tmp_path)
    theirs = AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    most = most_tokens(theirs)
    theirs(input_ids=torch.full((1, most), 5))
    with pytest.raises((IndexError, RuntimeError, ValueError)):
        theirs(input_ids=torch.full((1, most + 1), 5))


@pytest.mark.parametrize(
    ("own", "limit"), [(None, 40), (25, 25), (512, 40), (1e30, 40)]
)
def test_the_smaller_of_a_tokenizers_and_its_models_limits_counts(own, limit, tmp_path):
    make_tiny("bert", tmp_path)
    make_tokenizer(tmp_path, model_max_length=own)
    tokenizer, most = load_tokenizer(tmp_path)
    assert most == limit
    assert tokenizer.unk_token_id not in tokenizer("good film")["input_ids"]


@pytest.mark.parametrize("family", ["bert", "roberta", "distilbert", "gpt2"])
def test_a_folder_without_a_tokenizer_is_refused(family, tmp_path):
    """transformers makes one of it that knows no word and reads all as unknown."""
    make_tiny(family, tmp_path)
    with pytest.raises(OSError, match=r"has no tokenizer, or one without a word"):
        load_tokenizer(tmp_path)


def test_a_tokenizer_of_another_model_is_refused(tmp_path):
    make_tiny("bert", tmp_path)
    make_tokenizer(tmp_path, words=34)
    with pytest.raises(ValueError, match=r"up to 40, and its model has vectors for 40"):
        load_tokenizer(tmp_path)
    # A token that no text becomes may have a number beyond: Llama's padding has.
    make_tokenizer(tmp_path, words=33)
    tokenizer, _ = load_tokenizer(tmp_path)
    tokenizer.add_special_tokens({"pad_token": "<never>"})
    tokenizer.save_pretrained(tmp_path)
    assert load_tokenizer(tmp_path)[0].pad_token_id == 40


@pytest.fixture
def no_bert(tmp_path, monkeypatch):
    """A machine without a BERT: an empty cache, no hub, and no package."""
    monkeypatch.delenv("COURSE_BERT", raising=False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(finding, "CARRIED", "a_package_that_nobody_has")
    hub_has = finding.hub_has
    hub_has.cache_clear()
    yield tmp_path
    hub_has.cache_clear()


def put_into_cache(tmp_path, *names, model="bert-base-uncased"):
    folder = tmp_path / "hub" / f"models--{model.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("abc")
    snapshot = folder / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    for name in names:
        (snapshot / name).touch()
    return str(snapshot)


def test_without_any_bert_the_error_says_what_to_do(no_bert):
    with pytest.raises(FileNotFoundError, match=r"a-package-that.* set COURSE_BERT"):
        find_pretrained()


def test_the_readers_own_choice_comes_first(no_bert, monkeypatch):
    put_into_cache(no_bert, "model.safetensors", "config.json", "tokenizer.json")
    monkeypatch.setenv("COURSE_BERT", str(no_bert))
    assert find_pretrained() == str(no_bert)


def test_a_choice_that_is_nowhere_is_quoted_without_a_wait(no_bert, monkeypatch):
    for nowhere in ("my/bert", str(no_bert / "nowhere"), "a/b/c"):
        monkeypatch.setenv("COURSE_BERT", nowhere)
        with pytest.raises(FileNotFoundError, match=f"COURSE_BERT is '{nowhere}': "):
            find_pretrained()


def test_a_name_that_the_cache_or_the_hub_knows_may_be_chosen(no_bert, monkeypatch):
    put_into_cache(no_bert, "config.json")
    monkeypatch.setenv("COURSE_BERT", "bert-base-uncased")
    assert find_pretrained() == "bert-base-uncased"
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(finding, "get_hf_file_metadata", lambda url, timeout: True)
    monkeypatch.setenv("COURSE_BERT", "my/bert")
    assert find_pretrained() == "my/bert"


def test_what_the_cache_holds_is_taken_without_asking_the_hub(no_bert, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(finding, "hub_has", lambda name: pytest.fail("asked"))
    folder = put_into_cache(no_bert, *finding.FILES, model=finding.SMALL)
    assert find_pretrained() == folder
    assert pretrained_name(folder) == finding.SMALL


def test_half_a_model_in_the_cache_is_none(no_bert):
    put_into_cache(no_bert, "model.safetensors", "config.json")
    with pytest.raises(FileNotFoundError):
        find_pretrained()


def test_the_package_is_found_without_being_imported(no_bert, monkeypatch):
    (no_bert / "carries_bert").mkdir()
    (no_bert / "carries_bert" / "__init__.py").write_text("raise SystemError")
    monkeypatch.syspath_prepend(no_bert)
    monkeypatch.setattr(finding, "CARRIED", "carries_bert")
    # Offline, the hub must not even be asked.
    monkeypatch.setattr(finding, "Thread", lambda **_: pytest.fail("asked"))
    assert find_pretrained() == str(no_bert / "carries_bert" / "model")
    assert "carries_bert" not in sys.modules


def test_a_hub_that_answers_is_asked_once(no_bert, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    asked = []
    monkeypatch.setattr(
        finding,
        "get_hf_file_metadata",
        lambda url, timeout: asked.append(url) or True,
    )
    monkeypatch.setenv("COURSE_SCALE", "full")
    assert find_pretrained() == find_pretrained() == "bert-base-uncased"
    assert len(asked) == 1
    assert "bert-base-uncased" in asked[0]


@pytest.mark.parametrize("scale", ["smoke", "cpu", "full"])
def test_the_scale_decides_which_bert_and_the_other_is_better_than_none(
    scale, no_bert, monkeypatch
):
    """A page that was written for the small one meets it on Colab, too."""
    monkeypatch.setenv("COURSE_SCALE", scale)
    both = [finding.SMALL, finding.BASE]
    other, wanted = both if scale == "full" else both[::-1]
    there = put_into_cache(no_bert, *finding.FILES, model=other)
    assert find_pretrained() == there
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(finding, "get_hf_file_metadata", lambda url, timeout: True)
    finding.hub_has.cache_clear()
    assert find_pretrained() == wanted


def test_a_model_that_a_package_carries_is_called_by_its_name():
    folder = f"/somewhere/{finding.CARRIED}/model"
    assert pretrained_name(folder) == finding.SMALL


@pytest.mark.parametrize("problem", ["error", "silence"])
def test_a_hub_that_does_not_answer_is_given_up_quietly(
    problem, no_bert, monkeypatch, capfd
):
    over = []

    def ask(url, timeout):
        if problem == "error":
            raise OSError("no route to host")
        while not over:
            time.sleep(0.01)

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(finding, "SECONDS", 0.05)
    monkeypatch.setattr(finding, "get_hf_file_metadata", ask)
    assert not finding.hub_has("my/bert")
    over.append(True)
    assert capfd.readouterr() == ("", "")
