"""What must hold for every model that has a name."""

import numpy as np
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from course_lib.models import (
    STUDENTS,
    TEACHERS,
    GRUClassifier,
    LSTMClassifier,
    TextCNN,
    count_parameters,
    export_onnx,
    file_bytes,
    quantise,
    sizes,
)

WORD_MODELS = {
    f"{kind} {name}": recipe
    for kind, recipes in (("teacher", TEACHERS), ("student", STUDENTS))
    for name, recipe in recipes.items()
    if recipe.reads == "words"
}


def make(recipe, vocabulary_size=60):
    torch.manual_seed(0)
    return recipe.build(vocabulary_size, 3).eval()


def make_batch(lengths, width, seed=0):
    """Reviews of these lengths in a batch that is so wide; words behind their ends."""
    random = np.random.default_rng(seed)
    words = torch.from_numpy(random.integers(2, 60, (len(lengths), width)))
    return words, torch.tensor(lengths)


@pytest.mark.parametrize("name", WORD_MODELS)
@settings(max_examples=15)
@given(
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    more=st.integers(0, 9),
    seed=st.integers(0, 99),
)
def test_padding_never_changes_a_result(name, lengths, more, seed):
    """Alone, in a batch, in a wider one, zeros or words behind its end: all the same."""
    model = make(WORD_MODELS[name])
    words, lengths = make_batch(lengths, max(lengths) + more, seed)
    behind = torch.arange(words.shape[1]) >= lengths.unsqueeze(1)
    with torch.no_grad():
        padded = model(words.masked_fill(behind, 0), lengths)
        torch.testing.assert_close(model(words, lengths), padded, atol=1e-6, rtol=0)
        for row, n, together in zip(words, lengths, padded, strict=True):
            alone = model(row[None, :n], n[None])[0]
            torch.testing.assert_close(alone, together, atol=1e-6, rtol=0)


@pytest.mark.parametrize("width", [3, 4, 5])
def test_a_filter_reads_what_the_convolution_of_the_review_alone_gives(width):
    """Also where its answers are all below those to padding."""
    torch.manual_seed(0)
    model = TextCNN(60, 2, 5, 4, widths=(width,), dropout=0.0).eval()
    filters = model.convolutions[0]
    with torch.no_grad():
        filters.weight.neg_().abs_().neg_()
        model.embedding.weight[2:].abs_()
        filters.bias.fill_(5.0)  # the answer to padding: the largest of all
        words, lengths = make_batch([2, 7], 11)
        logits = model(words, lengths)
        for row, n, logit in zip(words, lengths, logits, strict=True):
            x = model.embedding(row[:n]).T[None]
            answers = nn.functional.conv1d(
                x, filters.weight, filters.bias, padding=width - 1
            )
            expected = model.head(answers.amax(2).relu())[0]
            torch.testing.assert_close(logit, expected)


@pytest.mark.parametrize("name", WORD_MODELS)
def test_every_weight_of_a_model_is_used(name):
    model = make(WORD_MODELS[name]).train()
    words, lengths = make_batch([9, 5, 1], 9)
    model(words, lengths).square().sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in model.parameters())


@pytest.mark.parametrize("name", [*TEACHERS, *STUDENTS])
def test_sizes_are_known_before_a_model_is_made(name):
    for recipe in (d[name] for d in (TEACHERS, STUDENTS) if name in d):
        size, model = sizes(recipe, 500, 3), recipe.build(500, 3)
        assert size.parameters == count_parameters(model)
        trained = [p.numel() for p in model.parameters() if p.requires_grad]
        assert size.trained == sum(trained)
        assert 0 < file_bytes(model) - size.bytes < 20_000  # the header


@pytest.mark.parametrize("name", STUDENTS)
def test_the_int8_file_of_a_student_is_below_a_megabyte(name):
    model = STUDENTS[name].build(20_000, 2)
    assert count_parameters(model) <= 1_100_000
    assert file_bytes(quantise(model)) <= 1_000_000


def test_a_student_is_below_a_quarter_of_the_default_teacher():
    teacher = sizes(TEACHERS["lstm"], 20_000, 2).parameters
    for recipe in STUDENTS.values():
        assert sizes(recipe, 20_000, 2).parameters <= teacher / 4


EXPORTED = {name: make(recipe) for name, recipe in WORD_MODELS.items()}
EXPORTED |= {
    "two layers": LSTMClassifier(60, 3, 5, 6, num_layers=2),
    "one direction": GRUClassifier(60, 3, 5, 6, bidirectional=False),
    "INT8": quantise(make(STUDENTS["lstm"])),
}


@pytest.mark.parametrize("name", EXPORTED)
def test_onnx_gives_the_same_logits_for_batches_and_reviews_of_any_size(name, tmp_path):
    model = EXPORTED[name]
    export_onnx(model, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    for lengths, width in (([1], 1), ([4, 1, 6], 6), ([30, 40, 2, 5, 9, 9, 9], 55)):
        words, lengths = make_batch(lengths, width)
        with torch.no_grad():
            expected = model(words, lengths).numpy()
        inputs = {"tokens": words.numpy(), "lengths": lengths.numpy()}
        (logits,) = session.run(["logits"], inputs)
        np.testing.assert_allclose(logits, expected, atol=1e-5)
