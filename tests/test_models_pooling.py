import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny_berts import make_tiny
from torch.nn import functional as F
from transformers import AutoModelForSequenceClassification, RobertaModel

from course_lib.models import (
    last_token,
    masked_mean_and_max,
    places_in_text,
    reverse_within_length,
)


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


blanks = st.lists(
    st.tuples(st.integers(0, 4), st.integers(1, 5), st.integers(0, 4)),
    min_size=1,
    max_size=4,
)


def stand(texts):
    """A mask, from blanks before, tokens and blanks behind of each text."""
    width = max(sum(text) for text in texts)
    mask = torch.zeros(len(texts), width, dtype=torch.long)
    for row, (before, tokens, _) in zip(mask, texts, strict=True):
        row[before : before + tokens] = 1
    return mask


@given(blanks)
def test_the_last_token_and_the_places_on_whichever_side_blanks_are(texts):
    mask = stand(texts)
    states = torch.randn(*mask.shape, 3)
    last, places = last_token(states, mask), places_in_text(mask)
    assert torch.equal(last_token(states, mask.bool()), last)
    assert torch.equal(places_in_text(mask.bool()), places)
    for i, (before, tokens, _) in enumerate(texts):
        assert torch.equal(last[i], states[i, before + tokens - 1])
        assert places[i, before : before + tokens].tolist() == list(range(tokens))
    assert (places[mask == 0] >= 0).all()  # a table has to look them up


def test_a_gradient_reaches_the_last_token_alone():
    states = torch.randn(2, 3, 2, requires_grad=True)
    last_token(states, torch.tensor([[1, 1, 0], [0, 1, 1]])).sum().backward()
    felt = states.grad.abs().sum(-1) > 0
    assert felt.tolist() == [[False, True, False], [False, False, True]]


def test_a_text_without_a_token_and_a_mask_that_does_not_fit_are_refused():
    states = torch.zeros(2, 3, 4)
    with pytest.raises(ValueError, match=r"texts \[1\] of the batch have no token"):
        last_token(states, torch.tensor([[1, 0, 0], [0, 0, 0]]))
    with pytest.raises(ValueError, match=r"mask is \(2, 4\) and the states are \(2, 3"):
        last_token(states, torch.ones(2, 4))


@pytest.mark.parametrize("before", [False, True])
def test_with_both_a_gpt2_gives_what_transformers_gives(before, tmp_path):
    make_tiny("gpt2", tmp_path)
    theirs = AutoModelForSequenceClassification.from_pretrained(tmp_path)
    theirs = theirs.double().eval()
    theirs.config.pad_token_id = 0
    rows = [torch.tensor(row) for row in ([5, 6, 7, 8, 9], [3, 4], [11])]
    pads = [(5 - len(row), 0) if before else (0, 5 - len(row)) for row in rows]
    tokens = torch.stack([F.pad(r, p) for r, p in zip(rows, pads, strict=True)])
    mask = tokens != 0
    given_to_both = {"attention_mask": mask, "position_ids": places_in_text(mask)}
    states = theirs.base_model(tokens, **given_to_both).last_hidden_state
    ours = theirs.score(last_token(states, mask))
    together = theirs(tokens, **given_to_both).logits
    torch.testing.assert_close(ours, together, atol=1e-12, rtol=0)
    for row, logits in zip(rows, ours, strict=True):
        alone = theirs(row[None]).logits[0]
        torch.testing.assert_close(logits, alone, atol=1e-10, rtol=0)


def test_a_roberta_counts_places_as_we_do_and_begins_behind_its_padding(tmp_path):
    body = RobertaModel.from_pretrained(make_tiny("roberta", tmp_path))
    tokens = torch.tensor([[1, 1, 0, 5, 2], [0, 7, 2, 1, 1]])
    theirs = body.embeddings.create_position_ids_from_input_ids(tokens, 1)
    real = tokens != 1
    assert torch.equal(theirs[real], (places_in_text(real) + 2)[real])
