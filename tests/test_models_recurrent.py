import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from course_lib.models import (
    GRUClassifier,
    LSTMClassifier,
    RNNClassifier,
    reverse_within_length,
)

LENGTHS = torch.tensor([7, 1, 4, 7, 2])
KINDS = [LSTMClassifier, GRUClassifier, RNNClassifier]


def make_batch(lengths=LENGTHS, vocabulary_size=30):
    torch.manual_seed(0)
    tokens = torch.randint(2, vocabulary_size, (len(lengths), int(lengths.max())))
    tokens[torch.arange(tokens.shape[1]) >= lengths.unsqueeze(1)] = 0
    return tokens, lengths


def make_model(kind=LSTMClassifier, num_layers=1, **options):
    torch.manual_seed(1)
    return kind(30, 3, 5, 6, num_layers=num_layers, **options).double()


class PackedReference(nn.Module):
    """The same network, written with torch's own layers and directions on packed text.

    Its weights have the names that torch gives them; `weights` says which are ours.
    """

    def __init__(self, model):
        super().__init__()
        layers = len(model.forwards)
        self.embedding, self.head = model.embedding, model.head
        self.rnn = model.cell(
            model.embedding.embedding_dim,
            model.forwards[0].hidden_size,
            layers,
            batch_first=True,
            bidirectional=bool(model.backwards),
        ).double()
        self.weights = {
            name.replace("_l0", f"_l{layer}{suffix}"): weight
            for layer in range(layers)
            for suffix, stack in [("", model.forwards), ("_reverse", model.backwards)]
            if stack
            for name, weight in stack[layer].named_parameters()
        }
        self.rnn.load_state_dict({k: w.detach() for k, w in self.weights.items()})

    def forward(self, tokens, lengths):
        packed = pack_padded_sequence(
            self.embedding(tokens), lengths, batch_first=True, enforce_sorted=False
        )
        out, _ = pad_packed_sequence(self.rnn(packed)[0], batch_first=True)
        rows = [o[:n] for o, n in zip(out, lengths, strict=True)]
        pooled = [torch.cat([r.mean(0), r.max(0).values]) for r in rows]
        return self.head(torch.stack(pooled))


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_outputs_and_gradients_equal_those_of_packed_sequences(
    kind, num_layers, bidirectional
):
    model = make_model(kind, num_layers, bidirectional=bidirectional).eval()
    reference = PackedReference(model)
    tokens, lengths = make_batch()
    weights = torch.randn(5, 3, dtype=torch.float64)

    ours = model(tokens, lengths)
    (ours * weights).sum().backward()
    our_embedding = model.embedding.weight.grad.clone()
    model.embedding.zero_grad()

    theirs = reference(tokens, lengths)
    (theirs * weights).sum().backward()
    same = {"atol": 1e-12, "rtol": 0}
    torch.testing.assert_close(ours, theirs, **same)
    torch.testing.assert_close(our_embedding, reference.embedding.weight.grad, **same)
    named = dict(reference.rnn.named_parameters())
    assert named.keys() == reference.weights.keys()
    for name, weight in reference.weights.items():
        torch.testing.assert_close(weight.grad, named[name].grad, **same)


def test_both_directions_read_the_whole_review():
    """Swapping two inner words must change what each direction says."""
    model = make_model().eval()
    tokens, lengths = torch.tensor([[2, 3, 4, 5, 6]]), torch.tensor([5])
    swapped = torch.tensor([[2, 4, 3, 5, 6]])
    assert not torch.allclose(model(tokens, lengths), model(swapped, lengths))
    backwards = reverse_within_length(model.embedding(tokens), lengths)
    assert torch.equal(backwards, model.embedding(tokens.flip(1)))


def test_dropout_acts_in_train_mode_only():
    model = make_model(dropout=0.5)
    tokens, lengths = make_batch()
    model.train()
    assert not torch.equal(model(tokens, lengths), model(tokens, lengths))
    model.eval()
    assert torch.equal(model(tokens, lengths), model(tokens, lengths))


def test_the_padding_row_of_the_embedding_stays_zero():
    model = make_model()
    tokens, lengths = make_batch()
    model(tokens, lengths).sum().backward()
    assert (model.embedding.weight[0] == 0).all()
    assert (model.embedding.weight.grad[0] == 0).all()
