import pytest
import torch
from safetensors.torch import load_file, save_file

from course_lib.models import (
    STUDENTS,
    FactorisedEmbedding,
    LSTMClassifier,
    QuantisedEmbedding,
    quantise,
)


def make_weight(rows=2000, size=16):
    torch.manual_seed(0)
    weight = torch.randn(rows, size)
    weight[1:] *= torch.logspace(-9, 3, rows - 1).unsqueeze(1)  # of all magnitudes
    weight[0] = 0
    return weight


def test_a_quantised_row_is_within_half_a_step_of_the_row():
    weight = make_weight()
    quantised = QuantisedEmbedding(weight)
    tokens = torch.arange(2000).view(40, 50)
    error = (quantised(tokens).view(2000, 16) - weight).abs()
    assert (error <= quantised.scales.float() / 2 * (1 + 1e-6)).all()
    step = weight.abs().amax(1, keepdim=True) / 127
    usual = step >= 2**-14
    assert 500 < usual.sum() < 1500
    # A scale in float16 is off by one part in 2,048 at most.
    assert (error <= step / 2 * (1 + 2**-11))[usual.expand_as(error)].all()
    assert (error[~usual.squeeze()] <= 2**-15).all()
    assert (quantised(tokens)[0, 0] == 0).all()  # padding
    assert (quantised.rows.dtype, quantised.scales.dtype) == (torch.int8, torch.half)
    assert (quantised.rows[usual.squeeze()].abs().amax(1) == 127).all()


def test_rows_of_one_number_share_a_scale():
    """Within half a step of the largest; and no row takes more than its one byte."""
    weight = torch.tensor([[0.0], [-1.27], [0.5], [0.004]])
    quantised = QuantisedEmbedding(weight)
    assert (quantised.rows.shape, quantised.scales.shape) == ((4, 1), (1, 1))
    got = quantised(torch.arange(4))
    torch.testing.assert_close(got, weight, atol=0.005 * (1 + 2**-10), rtol=2**-10)
    assert got[0] == 0


def test_a_row_comes_back_with_its_sign():
    weight = torch.tensor([[0.0, 0.0], [-1.27, 0.5], [127.0, -1.0]])
    got = QuantisedEmbedding(weight)(torch.arange(3))
    torch.testing.assert_close(got, weight, atol=0, rtol=1e-3)


def test_logits_move_by_no_more_than_the_rounding_says():
    """The logits of a bag are linear in its words, so there is a bound in closed form.

    Each entry of a text's mean moves by half of the mean scale of its words at most.
    """
    torch.manual_seed(0)
    model = STUDENTS["bag"].build(500, 3).eval()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    small = quantise(model.train())
    assert not small.training
    tokens, lengths = torch.randint(2, 500, (8, 20)), torch.full((8,), 20)
    moved = (small(tokens, lengths) - model.eval()(tokens, lengths)).abs()
    mean_scale = small.embedding.scales.float()[tokens].mean(1)  # (batch, 1)
    bound = mean_scale / 2 * model.head.weight.abs().sum(1)  # (batch, labels)
    assert (moved <= bound + 1e-6).all()
    assert moved.max() > 1e-5
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, before[name])


@pytest.mark.parametrize("name", STUDENTS)
def test_quantising_moves_the_logits_of_each_student_little(name):
    torch.manual_seed(0)
    model = STUDENTS[name].build(500, 2).eval()
    tokens, lengths = torch.randint(2, 500, (8, 20)), torch.full((8,), 20)
    expected = model(tokens, lengths)
    moved = (quantise(model)(tokens, lengths) - expected).abs().max()
    assert 0 < moved < 0.05 * expected.std()


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
