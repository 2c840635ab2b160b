"""What must hold for every model that has a name."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from course_lib.models import (
    STUDENTS,
    TEACHERS,
    NgramTable,
    count_parameters,
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
    model = recipe.build(vocabulary_size, 3).eval()
    for part in model.modules():
        if isinstance(part, NgramTable):  # it knows some, and has learnt of them
            part.choose([np.arange(2, vocabulary_size), np.arange(2, 9)])
            torch.nn.init.normal_(part.rows.weight)
    return model


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
    """Alone or in a batch, narrow or wide, zeros or words behind its end."""
    model = make(WORD_MODELS[name])
    words, lengths = make_batch(lengths, max(lengths) + more, seed)
    behind = torch.arange(words.shape[1]) >= lengths.unsqueeze(1)
    with torch.no_grad():
        padded = model(words.masked_fill(behind, 0), lengths)
        torch.testing.assert_close(model(words, lengths), padded, atol=1e-6, rtol=0)
        for row, n, together in zip(words, lengths, padded, strict=True):
            alone = model(row[None, :n], n[None])[0]
            torch.testing.assert_close(alone, together, atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", WORD_MODELS)
def test_every_weight_of_a_model_is_used(name):
    model = make(WORD_MODELS[name]).train()
    words, lengths = make_batch([9, 5, 1], 9)
    model(words, lengths).square().sum().backward()
    learnt = [p for p in model.parameters() if p.requires_grad]
    assert all(p.grad is not None and p.grad.any() for p in learnt)


@pytest.mark.parametrize("recipe", WORD_MODELS.values(), ids=WORD_MODELS)
@pytest.mark.parametrize("shape", [lambda model: model, quantise], ids=["", "INT8"])
def test_sizes_are_those_of_the_file(recipe, shape, tmp_path):
    model = shape(make(recipe, 500))
    save_file(model.state_dict(), tmp_path / "model.safetensors")
    assert file_bytes(model) == (tmp_path / "model.safetensors").stat().st_size
    known = sizes(recipe, 500, 3)
    if shape is not quantise:
        assert 0 < file_bytes(model) - known.bytes < 4_000
        assert known.parameters == count_parameters(model)
        learnt = [p.numel() for p in model.parameters() if p.requires_grad]
        assert known.trainable == sum(learnt)


def test_sizes_take_no_memory():
    """This one would need 2.4 TB."""
    huge = sizes(STUDENTS["lstm"], 40_000_000_000, 2)
    assert huge.parameters > 15 * 40_000_000_000
    assert huge.bytes == 4 * huge.parameters


def test_frozen_numbers_count_but_are_not_trainable():
    recipe = TEACHERS["bert-head"]
    known, model = sizes(recipe, 0, 2), recipe.build(0, 2)
    assert known.parameters == count_parameters(model)
    assert known.trainable == count_parameters(model.head) < known.parameters / 1000


@pytest.mark.parametrize("name", STUDENTS)
def test_the_int8_file_of_a_student_is_below_a_megabyte(name):
    """With 28 labels; or below two with two, of which a quarter is for n-grams."""
    labels, most = (2, 2_000_000) if name == "ngram-lstm" else (28, 1_000_000)
    assert sizes(STUDENTS[name], 20_000, 2).parameters <= 1_100_000
    assert file_bytes(quantise(STUDENTS[name].build(20_000, labels))) <= most


@pytest.mark.parametrize("size", [2_000, 20_000])
def test_the_default_student_has_at_most_a_quarter_of_its_teachers_parameters(size):
    teacher, student = (sizes(d["lstm"], size, 2) for d in (TEACHERS, STUDENTS))
    assert student.parameters <= teacher.parameters / 4


def test_every_model_says_how_many_labels_it_has():
    for recipe in WORD_MODELS.values():
        assert make(recipe).num_labels == 3
