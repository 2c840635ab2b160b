import pytest
import torch

from course_lib.models import LabelwiseLSTM, WideLabelwiseLSTM, count_parameters
from tests.test_models_recurrent import LENGTHS, make_batch


def make_model(labels=3, kind=LabelwiseLSTM, **options):
    torch.manual_seed(1)
    return kind(30, labels, 5, 6, **options).double().eval()


def make_wide(**options):
    """A wide model whose table of words is no longer zero."""
    model = make_model(kind=WideLabelwiseLSTM, **options)
    torch.nn.init.normal_(model.words.weight)
    return model


def test_each_label_reads_its_own_weighted_mean_of_the_states():
    model = make_model()
    tokens, lengths = make_batch()
    logits, embeddings = model(tokens, lengths, with_embeddings=True)
    states = model.states(tokens, lengths)
    for row, length in enumerate(lengths):
        for label in range(3):
            own = states[row, :length]
            weights = torch.softmax(own @ model.query.weight[label], 0)
            seen = weights @ own
            expected = seen @ model.head.weight[label] + model.head.bias[label]
            assert logits[row, label].item() == pytest.approx(expected.item())
            assert torch.allclose(embeddings[row, label], seen)


@pytest.mark.parametrize("make", [make_model, make_wide])
def test_padding_changes_nothing(make):
    model = make(num_layers=2)
    tokens, lengths = make_batch()
    wider = torch.nn.functional.pad(tokens, (0, 9))
    assert torch.allclose(model(tokens, lengths), model(wider, lengths))
    alone = [model(tokens[i : i + 1, :n], n.view(1)) for i, n in enumerate(lengths)]
    assert torch.allclose(model(tokens, lengths), torch.cat(alone))


def test_one_label_does_not_read_anothers_query():
    model = make_model()
    tokens, lengths = make_batch()
    before = model(tokens, lengths)
    with torch.no_grad():
        model.query.weight[2] += 1
    after = model(tokens, lengths)
    assert torch.equal(before[:, :2], after[:, :2])
    assert not torch.allclose(before[:, 2], after[:, 2])


def test_dropout_acts_in_train_mode_only():
    model, batch = make_model(), make_batch()
    assert torch.equal(model(*batch), model(*batch))
    model.train()
    assert not torch.equal(model(*batch), model(*batch))


def test_it_has_one_query_and_one_row_of_the_head_a_label():
    assert count_parameters(make_model(4)) - count_parameters(make_model(3)) == 12 + 13


def test_every_weight_gets_a_gradient():
    model = make_model().train()
    model(*make_batch(LENGTHS)).square().sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in model.parameters())


def test_a_wide_model_begins_as_the_lstm_alone():
    batch = make_batch()
    wide = make_model(kind=WideLabelwiseLSTM)
    assert torch.equal(wide(*batch), make_model()(*batch))


def test_each_word_adds_its_row_over_the_root_of_the_length():
    model = make_wide()
    tokens, lengths = make_batch()
    lstm = make_model()(tokens, lengths)
    for row, length in enumerate(lengths):
        added = model.words.weight[tokens[row, :length]].sum(0) / length.sqrt()
        assert torch.allclose(model(tokens, lengths)[row], lstm[row] + added)


def test_the_table_of_words_learns_from_its_first_step():
    model = make_model(kind=WideLabelwiseLSTM).train()
    tokens, lengths = make_batch()
    model(tokens, lengths).square().sum().backward()
    used = model.words.weight.grad.any(1).nonzero().flatten()
    read = [tokens[row, :length] for row, length in enumerate(lengths)]
    assert torch.equal(used, torch.cat(read).unique())
