import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from course_lib.models import (
    STUDENTS,
    TEACHERS,
    GRUClassifier,
    LSTMClassifier,
    count_parameters,
    file_bytes,
    masked_mean_and_max,
    reverse_within_length,
)

LENGTHS = torch.tensor([7, 1, 4, 7, 2])


def make_batch(lengths=LENGTHS, vocabulary_size=30):
    torch.manual_seed(0)
    tokens = torch.randint(2, vocabulary_size, (len(lengths), int(lengths.max())))
    tokens[torch.arange(tokens.shape[1]) >= lengths.unsqueeze(1)] = 0
    return tokens, lengths


def make_model(kind=LSTMClassifier, num_layers=1, **options):
    torch.manual_seed(1)
    return kind(30, 3, 5, 6, num_layers=num_layers, **options).double()


class PackedReference(nn.Module):
    """The same network, written with torch's own many layers, on packed sequences."""

    def __init__(self, model):
        super().__init__()
        layers, first = len(model.forwards), model.forwards[0]
        both = model.backwards is not None
        self.embedding, self.head = model.embedding, model.head
        self.stack = type(first)(
            first.input_size,
            first.hidden_size,
            layers,
            batch_first=True,
            bidirectional=both,
        ).double()
        self.load_state_dict(
            {f"stack.{name}": w for name, w in packed_names(model).items()},
            strict=False,
        )

    def forward(self, tokens, lengths):
        packed = pack_padded_sequence(
            self.embedding(tokens), lengths, batch_first=True, enforce_sorted=False
        )
        out, _ = pad_packed_sequence(self.stack(packed)[0], batch_first=True)
        rows = [o[:n] for o, n in zip(out, lengths, strict=True)]
        pooled = [torch.cat([r.mean(0), r.max(0).values]) for r in rows]
        return self.head(torch.stack(pooled))


def packed_names(model):
    """Our recurrent weights under the names that torch gives them in one stack."""
    stacks = [("", model.forwards)]
    if model.backwards is not None:
        stacks.append(("_reverse", model.backwards))
    return {
        name.replace("_l0", f"_l{layer}{suffix}"): weight
        for suffix, stack in stacks
        for layer, cell in enumerate(stack)
        for name, weight in cell.named_parameters()
    }


@pytest.mark.parametrize("kind", [LSTMClassifier, GRUClassifier])
@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_outputs_and_gradients_equal_those_of_packed_sequences(
    kind, num_layers, bidirectional
):
    model = make_model(kind, num_layers, bidirectional=bidirectional).eval()
    reference = PackedReference(model)
    tokens, lengths = make_batch()
    weights = torch.randn(5, 3, dtype=torch.float64)

    ours = model(tokens, lengths)
    (ours * weights).sum().backward()
    our_grads = {n: w.grad.clone() for n, w in packed_names(model).items()}
    our_embedding = model.embedding.weight.grad.clone()
    model.zero_grad()

    theirs = reference(tokens, lengths)
    (theirs * weights).sum().backward()
    torch.testing.assert_close(ours, theirs, atol=1e-12, rtol=0)
    torch.testing.assert_close(
        our_embedding, reference.embedding.weight.grad, atol=1e-12, rtol=0
    )
    for name, grad in our_grads.items():
        expected = getattr(reference.stack, name).grad
        torch.testing.assert_close(grad, expected, atol=1e-12, rtol=0)


@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("more", [1, 13])
def test_padding_never_changes_a_result(num_layers, more):
    model = make_model(num_layers=num_layers).eval()
    tokens, lengths = make_batch()
    padded = nn.functional.pad(tokens, (0, more))
    # Whatever stands behind the end must not matter, not only zeros.
    garbage = padded.clone()
    behind = torch.arange(padded.shape[1]) >= lengths.unsqueeze(1)
    garbage[behind] = torch.randint(2, 30, (int(behind.sum()),))
    expected = model(tokens, lengths)
    torch.testing.assert_close(model(padded, lengths), expected, atol=1e-12, rtol=0)
    torch.testing.assert_close(model(garbage, lengths), expected, atol=1e-12, rtol=0)


def test_a_review_alone_gets_the_logits_it_gets_in_a_batch():
    model = make_model().eval()
    tokens, lengths = make_batch()
    together = model(tokens, lengths)
    for i, n in enumerate(lengths):
        alone = model(tokens[i : i + 1, :n], lengths[i : i + 1])
        assert alone.shape == (1, 3)
        torch.testing.assert_close(alone[0], together[i], atol=1e-12, rtol=0)


def test_both_directions_read_the_whole_review():
    """Swapping two inner words must change what each direction says."""
    model = make_model().eval()
    tokens, lengths = torch.tensor([[2, 3, 4, 5, 6]]), torch.tensor([5])
    swapped = torch.tensor([[2, 4, 3, 5, 6]])
    assert not torch.allclose(model(tokens, lengths), model(swapped, lengths))
    backwards = reverse_within_length(model.embedding(tokens), lengths)
    assert torch.equal(backwards, model.embedding(tokens.flip(1)))


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_reversing_twice_gives_the_sequence_back(sizes):
    lengths = torch.tensor(sizes)
    x = torch.randn(len(sizes), 9, 2)
    once = reverse_within_length(x, lengths)
    assert torch.equal(reverse_within_length(once, lengths), x)
    for row, reverse, n in zip(x, once, sizes, strict=True):
        assert torch.equal(reverse[:n], row[:n].flip(0))
        assert torch.equal(reverse[n:], row[n:])


def test_pooling_leaves_padding_out_even_where_it_is_largest():
    x = torch.tensor([[[-1.0], [-3.0], [100.0]], [[2.0], [4.0], [6.0]]])
    pooled = masked_mean_and_max(x, torch.tensor([2, 3]))
    assert pooled.tolist() == [[-2.0, -1.0], [4.0, 6.0]]


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


@pytest.mark.parametrize("size", [2_000, 20_000])
def test_the_default_student_has_at_most_a_quarter_of_its_teachers_parameters(size):
    teacher, student = (d["lstm"].build(size, 2) for d in (TEACHERS, STUDENTS))
    assert count_parameters(student) <= count_parameters(teacher) / 4


def test_parameters_and_bytes_are_those_of_the_file(tmp_path):
    from safetensors.torch import load_file, save_file

    model = STUDENTS["lstm"].build(100, 2)
    save_file(model.state_dict(), tmp_path / "m.safetensors")
    assert file_bytes(model) == (tmp_path / "m.safetensors").stat().st_size
    stored = load_file(tmp_path / "m.safetensors")
    assert count_parameters(model) == sum(t.numel() for t in stored.values())
