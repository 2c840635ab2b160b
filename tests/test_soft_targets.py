import pytest
import torch
from torch import nn

from course_lib.batches import Examples
from course_lib.models import LSTMClassifier
from course_lib.soft_targets import predict_logits
from tests.test_batches import make_examples


class FirstToken(nn.Module):
    """A model whose logits say which review it read; dropout shows its mode."""

    def __init__(self):
        super().__init__()
        self.dropout = nn.Dropout(0.5)

    def forward(self, tokens, lengths):
        first = self.dropout(tokens[:, 0].float())
        return torch.stack([first, lengths.float()], dim=1)


@pytest.mark.parametrize("batch_size", [1, 7, 1000])
def test_row_i_is_review_i_however_it_was_batched(batch_size):
    examples = make_examples()
    logits = predict_logits(FirstToken(), examples, batch_size=batch_size)
    assert logits[:, 0].tolist() == [float(i + 2) for i in range(300)]
    assert logits[:, 1].tolist() == [float(len(t)) for t in examples.tokens]


def test_the_teacher_is_read_without_dropout_and_left_as_it_came():
    model, examples = FirstToken(), make_examples()
    for mode in (True, False):
        model.train(mode)
        first = predict_logits(model, examples)
        assert torch.equal(first, predict_logits(model, examples))
        assert model.training is mode


def test_the_mode_comes_back_even_when_the_model_fails():
    class Broken(nn.Module):
        def forward(self, tokens, lengths):
            raise RuntimeError("no")

    model = Broken().train()
    with pytest.raises(RuntimeError, match="no"):
        predict_logits(model, make_examples(3))
    assert model.training


def test_parts_in_different_modes_are_left_in_them():
    model = nn.Sequential(FirstToken(), nn.Dropout(0.5)).train()
    model[1].eval()  # a frozen part, inside a model that is being trained
    model.forward = lambda tokens, lengths: model[0](tokens, lengths)
    predict_logits(model, make_examples(3))
    assert [m.training for m in model.modules()] == [True, True, True, False]


@pytest.mark.parametrize("most", [1, 7, 100])
def test_a_batch_that_does_not_fit_in_memory_is_read_in_parts(most):
    class Small(FirstToken):
        sizes = ()

        def forward(self, tokens, lengths):
            if len(tokens) > most:
                torch.empty(2**55)
            self.sizes += (len(tokens),)
            return super().forward(tokens, lengths)

    model, examples = Small(), make_examples()
    logits = predict_logits(model, examples, batch_size=256)
    assert torch.equal(logits, predict_logits(FirstToken(), examples))
    assert 2 * max(model.sizes) > most >= max(model.sizes)  # one is asked first


def test_a_review_that_does_not_fit_in_memory_is_told_by_its_length():
    class Short(FirstToken):
        def forward(self, tokens, lengths):
            if tokens.shape[1] > 38:
                torch.empty(2**55)
            return super().forward(tokens, lengths)

    with pytest.raises(MemoryError, match="a batch of 1, the longest of 39 tokens"):
        predict_logits(Short(), make_examples())


def test_logits_are_float32_without_a_graph_and_usable_in_training():
    torch.manual_seed(0)
    model = LSTMClassifier(400, 2, 3, 4).double()
    logits = predict_logits(model, make_examples())
    assert logits.dtype == torch.float32
    assert not logits.requires_grad
    assert not logits.is_inference()
    weight = torch.ones(2, requires_grad=True)
    (logits * weight).sum().backward()
    assert weight.grad is not None


def test_the_result_equals_reading_each_review_alone():
    torch.manual_seed(0)
    model = LSTMClassifier(400, 2, 3, 4).eval()
    examples = make_examples(20)
    logits = predict_logits(model, examples, batch_size=6)
    for i, tokens in enumerate(examples.tokens):
        row = torch.from_numpy(tokens).long().unsqueeze(0)
        alone = model(row, torch.tensor([len(tokens)]))[0]
        torch.testing.assert_close(logits[i], alone, atol=1e-5, rtol=1e-5)


def test_soft_targets_of_another_split_are_refused():
    logits = predict_logits(FirstToken(), make_examples(10))
    other = make_examples(12)
    with pytest.raises(ValueError, match="12 reviews but 10 soft targets"):
        Examples(other.tokens, other.labels).with_soft_targets(logits)
