from copy import deepcopy

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from course_lib.batches import Examples
from course_lib.models import BagOfEmbeddings, LSTMClassifier, file_bytes, quantise
from course_lib.models.compress import (
    bytes_by_part,
    factorised,
    largest,
    packed,
    pruned,
    rounded,
    settled,
)
from course_lib.training import train

WAYS = {
    "rounded": lambda model: rounded(model, 2),
    "pruned": lambda model: pruned(model, 0.8),
    "factorised": lambda model: factorised(model, 2),
    "packed": lambda model: packed(model, 4),
}


def lstm():
    torch.manual_seed(0)
    return LSTMClassifier(60, 2, 8, 4, dropout=0.0)


def read(model):
    torch.manual_seed(1)
    tokens, lengths = torch.randint(2, 60, (5, 9)), torch.tensor([9, 3, 1, 5, 9])
    with torch.no_grad():
        return model.eval()(tokens, lengths)


def task(count=64):
    """Is there a 5?"""
    torch.manual_seed(2)
    tokens = torch.randint(6, 60, (count, 4))
    labels = torch.arange(count) % 2
    tokens[:, 0] = torch.where(labels == 1, 5, tokens[:, 0])
    return Examples(list(tokens.numpy()), labels)


def go_on(model, epochs=3):
    examples = task()
    train(model, examples, examples, epochs=epochs, batch_size=16, learning_rate=3e-2)
    return model


@pytest.mark.parametrize("way", WAYS)
def test_the_model_itself_stays_as_it_was(way):
    model = lstm()
    before, said = deepcopy(model.state_dict()), read(model)
    small = WAYS[way](model)
    if way != "packed":
        go_on(small, epochs=1)
    assert all(torch.equal(before[name], w) for name, w in model.state_dict().items())
    assert torch.equal(read(model), said)
    assert not torch.equal(read(small), said)


@pytest.mark.parametrize("way", WAYS)
def test_a_smaller_model_comes_back_from_its_file(way, tmp_path):
    small = WAYS[way](lstm())
    save_file(small.state_dict(), tmp_path / "small.safetensors")
    torch.manual_seed(9)
    again = WAYS[way](LSTMClassifier(60, 2, 8, 4, dropout=0.0))
    again.load_state_dict(load_file(tmp_path / "small.safetensors"))
    assert torch.equal(read(small), read(again))


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_what_was_trained_rounded_reads_the_same_when_packed(bits):
    model = go_on(rounded(lstm(), bits))
    behind = model.embedding.parametrizations.weight.original
    assert not torch.equal(behind, lstm().embedding.weight)  # it was trained
    torch.testing.assert_close(read(packed(model, bits)), read(model), atol=0, rtol=0)
    assert torch.equal(read(settled(model)), read(model))


def test_packed_with_eight_bits_it_is_what_quantise_makes():
    assert torch.equal(read(packed(lstm(), 8)), read(quantise(lstm())))
    assert file_bytes(packed(lstm(), 2)) < file_bytes(packed(lstm(), 8))


def test_a_pruned_number_stays_zero_through_training():
    small = pruned(lstm(), 0.8)
    zeros = small.embedding.weight == 0
    assert zeros.sum() == round(0.8 * 60 * 8)
    go_on(small)
    assert torch.equal(small.embedding.weight == 0, zeros)
    plain = settled(small)
    assert isinstance(plain.embedding.weight, nn.Parameter)
    assert torch.equal(read(plain), read(small))
    assert file_bytes(plain) == file_bytes(lstm())  # zeros take their bytes


def test_the_smallest_go_by_magnitude():
    weight = torch.tensor([[3.0, -0.1, 0.2], [-2.0, 0.3, 1.0]])
    assert largest(weight, 0.5).tolist() == [[True, False, False], [True, False, True]]
    assert largest(weight, 0.0).all() and not largest(weight, 1.0).any()
    assert largest(torch.ones(2, 2), 0.5).sum() == 2  # also where all are alike
    for share in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="share is"):
            largest(weight, share)


@pytest.mark.parametrize("rank", [1, 3, 8])
def test_what_a_low_rank_leaves_out_is_the_tail_of_the_singular_values(rank):
    model = lstm()
    table = model.embedding.weight.detach().double()
    thin = factorised(model, rank).embedding
    near = thin(torch.arange(60)).detach().double()
    tail = torch.linalg.svdvals(table)[rank:].square().sum()
    torch.testing.assert_close(
        (table - near).square().sum(), tail, atol=1e-8, rtol=1e-4
    )
    assert torch.linalg.matrix_rank(near, atol=1e-5) == rank
    assert (near[0] == 0).all()
    a, b = thin.table.weight, thin.widen.weight
    torch.testing.assert_close(a.T @ a, b.T @ b)  # half of each value to either side


def test_a_factorised_model_trains_and_padding_stays_zero():
    small = go_on(factorised(lstm(), 2))
    assert (small.embedding(torch.tensor([0])) == 0).all()
    assert small.training is False


def test_a_table_without_padding_keeps_its_first_row():
    model = nn.Sequential(nn.Embedding(9, 3))
    near = factorised(model, 3)(torch.tensor([0]))
    torch.testing.assert_close(near, model(torch.tensor([0])))


def test_bytes_are_counted_by_part():
    parts = bytes_by_part(lstm())
    assert list(parts) == ["embedding", "forwards", "backwards", "head"]
    assert parts["embedding"] == 60 * 8 * 4
    assert sum(parts.values()) == 4 * sum(w.numel() for w in lstm().parameters())
    small = bytes_by_part(packed(lstm(), 2))
    assert small == parts | {"embedding": 60 * (2 + 2)}


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="ranks from 1 to 8"):
        factorised(lstm(), 9)
    with pytest.raises(ValueError, match="Linear has no table"):
        pruned(nn.Linear(2, 2), 0.5)
    with pytest.raises(ValueError, match="bits is 3"):
        packed(lstm(), 3)
    with pytest.raises(ValueError, match="bits is 1"):
        rounded(BagOfEmbeddings(9, 2, 3), 1)
