import logging

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_berts import FAMILIES, LAYERS, make_batch, make_tiny
from torch import nn
from transformers import AutoModelForSequenceClassification

from course_lib.models import (
    BertClassifier,
    FrozenBertClassifier,
    Recipe,
    bert,
    count_parameters,
    file_bytes,
    sizes,
)

each_family = pytest.mark.parametrize("family", FAMILIES)
both = pytest.mark.parametrize("kind", [BertClassifier, FrozenBertClassifier])


@each_family
def test_logits_are_those_of_transformers_for_each_review_alone(family, tmp_path):
    make_tiny(family, tmp_path)
    model = BertClassifier(tmp_path, 2).double().eval()
    theirs = AutoModelForSequenceClassification.from_pretrained(tmp_path)
    theirs = theirs.double().eval()
    tokens, lengths = make_batch()
    together = model(tokens, lengths)
    assert together.shape == (5, 2)
    for row, n, logits in zip(tokens, lengths, together, strict=True):
        alone = theirs(input_ids=row[None, :n]).logits[0]
        torch.testing.assert_close(logits, alone, atol=1e-10, rtol=0)


@each_family
@both
def test_padding_never_changes_a_result(family, kind, tmp_path):
    model = kind(make_tiny(family, tmp_path), 2).double().eval()
    tokens, lengths = make_batch()
    expected = model(tokens, lengths)
    for behind in (0, 1, 7):
        wider = nn.functional.pad(make_batch(behind=behind)[0], (0, 5), value=behind)
        torch.testing.assert_close(model(wider, lengths), expected, atol=1e-10, rtol=0)


@both
def test_roberta_gets_its_own_number_for_padding(kind, tmp_path):
    model = kind(make_tiny("roberta", tmp_path), 2).eval()
    seen = []
    body = model.encoder if kind is FrozenBertClassifier else model.bert.base_model
    words = body.get_input_embeddings()
    words.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    tokens, lengths = torch.tensor([[0, 5, 2, 0], [0, 6, 7, 2]]), torch.tensor([3, 4])
    model(tokens, lengths)
    assert seen[0].tolist() == [[0, 5, 2, 1], [0, 6, 7, 2]]


@each_family
@both
def test_as_many_tokens_as_there_are_positions_can_be_read(family, kind, tmp_path):
    """All tiny models take 40 tokens; two of RoBERTa's 42 positions are never read."""
    model = kind(make_tiny(family, tmp_path), 2).eval()
    assert model.most_tokens == 40
    tokens, lengths = make_batch((40, 3))
    expected = model(tokens, lengths)
    # Padding beyond the last position is no text.
    wider = nn.functional.pad(tokens, (0, 9))
    assert torch.equal(model(wider, lengths), expected)
    tokens, lengths = make_batch((41, 3))
    with pytest.raises(ValueError, match=r"review of 41 tokens; .* positions for 40"):
        model(tokens, lengths)


@both
def test_some_models_have_no_limit(kind, tmp_path):
    """Llama turns its vectors by their position and has no table."""
    model = kind(make_tiny("llama", tmp_path), 2).eval()
    assert model.most_tokens is None
    assert model(*make_batch((300, 3))).isfinite().all()


@both
@pytest.mark.parametrize(
    ("family", "reason"),
    [
        ("convbert", "whose answer changes with padding"),
        ("t5", "which is not read as BERT is"),
    ],
)
def test_families_that_read_padding_or_more_than_a_text_are_refused(
    kind, family, reason, tmp_path
):
    make_tiny(family, tmp_path)
    with pytest.raises(ValueError, match=f"of the family {family}, {reason}.*: take a"):
        kind(tmp_path, 2)


def test_gpt2_reads_a_last_token_that_has_the_number_of_padding(tmp_path):
    model = BertClassifier(make_tiny("gpt2", tmp_path), 2).double().eval()
    theirs = AutoModelForSequenceClassification.from_pretrained(tmp_path)
    tokens, lengths = torch.tensor([[5, 6, 0, 0], [7, 8, 9, 4]]), torch.tensor([3, 4])
    expected = theirs.double().eval()(input_ids=tokens[:1, :3]).logits[0]
    torch.testing.assert_close(model(tokens, lengths)[0], expected, atol=1e-10, rtol=0)


@each_family
@pytest.mark.parametrize("trained_layers", [None, 0, 1, 2])
def test_only_what_is_trained_gets_a_gradient_and_dropout(
    family, trained_layers, tmp_path
):
    model = BertClassifier(make_tiny(family, tmp_path), 2, trained_layers).train()
    stack = bert.find_layers(model.bert)
    assert len(stack) == LAYERS
    for _ in range(2):  # and again after an evaluation, as after each epoch
        model.eval()
        assert not any(module.training for module in model.modules())
        model.train()
    model(*make_batch()).square().sum().backward()
    first_trained = 0 if trained_layers is None else LAYERS - trained_layers
    for number, layer in enumerate(stack):
        trained = number >= first_trained
        assert all((p.grad is not None) is trained for p in layer.parameters())
        assert all(module.training is trained for module in layer.modules())
    words = model.bert.base_model.get_input_embeddings()
    assert (words.weight.grad is not None) is (trained_layers is None)
    head = [
        m for n, m in model.bert.named_children() if n != model.bert.base_model_prefix
    ]
    assert all(p.grad is not None for part in head for p in part.parameters())
    assert all(part.training for part in head)
    if trained_layers == 0:
        assert all(p.grad is None for p in model.bert.base_model.parameters())
    if trained_layers is not None:
        drop = getattr(model.bert.base_model, "drop", None)  # GPT-2, on the words
        assert drop is None or not drop.training


@each_family
def test_a_frozen_encoder_has_no_dropout_and_no_graph(family, tmp_path):
    model = FrozenBertClassifier(make_tiny(family, tmp_path), 3).train()
    tokens, lengths = make_batch()
    seen = []
    model.head.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    logits = model(tokens, lengths)
    assert torch.equal(logits, model(tokens, lengths))
    assert not seen[0].requires_grad
    logits.sum().backward()
    trained = {name for name, p in model.named_parameters() if p.grad is not None}
    assert trained == {"head.weight", "head.bias"}


@each_family
def test_frozen_features_are_the_mean_of_the_last_states(family, tmp_path):
    model = FrozenBertClassifier(make_tiny(family, tmp_path), 3).double().eval()
    tokens, lengths = make_batch()
    for row, n, logits in zip(tokens, lengths, model(tokens, lengths), strict=True):
        states = model.encoder(input_ids=row[None, :n]).last_hidden_state[0]
        expected = model.head(states.mean(0))
        torch.testing.assert_close(logits, expected, atol=1e-10, rtol=0)


def test_more_layers_than_there_are_cannot_be_trained(tmp_path):
    make_tiny("bert", tmp_path)
    for wrong in (-1, LAYERS + 1):
        with pytest.raises(ValueError, match=f"trained_layers is {wrong}; .* 3 layers"):
            BertClassifier(tmp_path, 2, wrong)


@each_family
@both
def test_sizes_need_no_weights(family, kind, tmp_path):
    make_tiny(family, tmp_path)
    model = kind(tmp_path, 5)
    (tmp_path / "model.safetensors").unlink()
    known = sizes(Recipe(kind.__name__, {"pretrained": tmp_path}, 1e-3, "pieces"), 0, 5)
    assert known.parameters == count_parameters(model)
    assert 0 < file_bytes(model) - known.bytes < 20_000
    trainable = [p.numel() for p in model.parameters() if p.requires_grad]
    assert known.trainable == sum(trainable)


def test_a_head_for_other_labels_is_new_and_the_page_stays_clean(
    tmp_path, capfd, caplog
):
    make_tiny("bert", tmp_path, num_labels=2)
    level = logging.getLogger("transformers").level
    capfd.readouterr()
    model = BertClassifier(tmp_path, 28)
    assert model.num_labels == 28
    assert model(*make_batch()).shape == (5, 28)
    stored = load_file(tmp_path / "model.safetensors")
    name = "bert.encoder.layer.2.output.dense.weight"
    assert torch.equal(model.bert.state_dict()[name], stored[name])
    assert capfd.readouterr() == ("", "")
    assert not caplog.records
    assert logging.getLogger("transformers").level == level


def test_weights_stored_in_half_precision_are_trained_in_float32(tmp_path):
    make_tiny("bert", tmp_path)
    path = tmp_path / "model.safetensors"
    half = {name: tensor.half() for name, tensor in load_file(path).items()}
    save_file(half, path, {"format": "pt"})
    model = BertClassifier(tmp_path, 2)
    assert {p.dtype for p in model.parameters()} == {torch.float32}


def test_seeds_decide_about_a_new_head(tmp_path):
    make_tiny("bert", tmp_path)
    heads = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        heads.append(BertClassifier(tmp_path, 3).bert.classifier.weight)
    assert torch.equal(heads[0], heads[1])
    assert not torch.equal(heads[0], heads[2])
