import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from course_lib.models import (
    STUDENTS,
    FactorisedEmbedding,
    LSTMClassifier,
    QuantisedEmbedding,
    quantise,
)


def make_table(rows=200, size=16):
    torch.manual_seed(0)
    table = nn.Embedding(rows, size, padding_idx=0)
    with torch.no_grad():  # words of very different sizes
        table.weight[1:] *= torch.logspace(-3, 3, rows - 1).unsqueeze(1)
    return table


def test_a_quantised_row_is_within_half_a_step_of_the_row():
    table = make_table()
    quantised = QuantisedEmbedding.of(table)
    tokens = torch.arange(200).view(4, 50)
    error = (quantised(tokens) - table(tokens)).abs()
    step = table(tokens).abs().amax(-1, keepdim=True) / 127
    assert (error <= 0.51 * step).all()
    assert (quantised(tokens)[0, 0] == 0).all()  # padding
    assert quantised.rows.dtype == torch.int8
    assert quantised.rows.abs().max() == 127


@pytest.mark.parametrize("largest", [1e-6, 1.0, 60_000.0])
def test_tiny_and_huge_rows_survive(largest):
    table = nn.Embedding(3, 4)
    with torch.no_grad():
        table.weight.copy_(torch.tensor([[0.0] * 4, [largest] * 4, [-largest / 2] * 4]))
    got = QuantisedEmbedding.of(table)(torch.arange(3))
    error = (got - table.weight).abs().max().item()
    assert error <= max(largest / 127, 1e-5)


def test_quantising_moves_a_models_logits_little_and_leaves_it_alone():
    torch.manual_seed(0)
    model = STUDENTS["lstm"].build(500, 2).eval()
    before = {name: w.clone() for name, w in model.state_dict().items()}
    small = quantise(model)
    tokens = torch.randint(2, 500, (8, 20))
    lengths = torch.full((8,), 20)
    gap = (small(tokens, lengths) - model(tokens, lengths)).abs().max()
    assert 0 < gap < 0.02
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, before[name])


def test_a_quantised_model_comes_back_from_its_file(tmp_path):
    def build():
        return LSTMClassifier(500, 2, 8, 8, rank=4)

    small = quantise(build())
    save_file(small.state_dict(), tmp_path / "small.safetensors")
    again = quantise(build())
    again.load_state_dict(load_file(tmp_path / "small.safetensors"))
    tokens, lengths = torch.randint(2, 500, (8, 20)), torch.full((8,), 20)
    assert torch.equal(small(tokens, lengths), again(tokens, lengths))


def test_a_factorised_table_is_a_table_of_rank_r():
    torch.manual_seed(0)
    factorised = FactorisedEmbedding(100, 16, rank=3)
    whole = factorised(torch.arange(100))
    assert torch.linalg.matrix_rank(whole[1:]) == 3
    assert (whole[0] == 0).all()
    expected = factorised.table.weight @ factorised.widen.weight.T
    torch.testing.assert_close(whole, expected)
    count = sum(p.numel() for p in factorised.parameters())
    assert count == 100 * 3 + 3 * 16
