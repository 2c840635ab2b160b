import numpy as np
import pytest
import torch

from course_lib.models import NgramLSTM, NgramTable, count_parameters, quantise
from course_lib.models.ngrams import ends_of, names_of
from course_lib.text import cut

RANDOM = np.random.default_rng(0)
TEXTS = [RANDOM.integers(1, 60, size=n).astype(np.int32) for n in (40, 25, 9, 2, 1, 30)]


def ngrams(text, longest):
    text = list(map(int, text))
    return [
        tuple(text[i : i + n])
        for n in range(1, longest + 1)
        for i in range(len(text) - n + 1)
    ]


def filled(places=2**16, features=1, longest=3, texts=TEXTS):
    torch.manual_seed(0)
    table = NgramTable(places, features, longest)
    table.choose(texts)
    torch.nn.init.normal_(table.rows.weight)
    return table.double()


def padded(texts, extra=0):
    lengths = torch.tensor([len(text) for text in texts])
    tokens = torch.zeros(len(texts), int(lengths.max()) + extra, dtype=torch.int64)
    for row, text in zip(tokens, texts, strict=True):
        row[: len(text)] = torch.from_numpy(text)
    return tokens, lengths


def number_of(table, ngram):
    """What the table holds for an n-gram, read by itself and alone."""
    *_, names = names_of(torch.tensor([ngram]), len(ngram))
    place = int(names) % len(table.marks)
    mark = int(names) // len(table.marks) % (2**15 - 19)
    return table.rows.weight[place] if table.marks[place] == mark else 0.0


@pytest.mark.parametrize("longest", [1, 2, 3, 4])
@pytest.mark.parametrize("features", [1, 5])
def test_a_text_is_the_sum_of_its_ngrams(longest, features):
    table = filled(longest=longest, features=features)
    got = table(*padded(TEXTS))
    for row, text in zip(got, TEXTS, strict=True):
        expected = sum(number_of(table, ngram) for ngram in ngrams(text, longest))
        torch.testing.assert_close(row, expected)


def test_names_tell_ngrams_apart_and_not_their_places():
    """Also those of other lengths, and those of the same words in another order."""
    names = {}
    for text in TEXTS:
        for n, found in enumerate(names_of(padded([text])[0], 3), start=1):
            for ngram, name in zip(
                [g for g in ngrams(text, 3) if len(g) == n],
                found[0].tolist(),
                strict=True,
            ):
                assert names.setdefault(ngram, name) == name
    assert len(set(names.values())) == len(names) > 200


def test_padding_changes_nothing():
    table = filled()
    expected = table(*padded(TEXTS))
    tokens, lengths = padded(TEXTS, extra=7)
    torch.testing.assert_close(table(tokens, lengths), expected)
    # Nor do words of another text behind its end.
    behind = torch.arange(tokens.shape[1]) >= lengths[:, None]
    tokens[behind] = tokens[0, 0]
    torch.testing.assert_close(table(tokens, lengths), expected)


def test_an_ngram_that_no_text_had_says_nothing():
    """Though nearly every place of a small table is taken by another one."""
    table = filled(places=64)
    assert (table.marks >= 0).float().mean() > 0.9
    new = [np.array([70, 80, 90, 100], dtype=np.int32)]
    assert table(*padded(new)).item() == 0


def test_the_more_frequent_keeps_the_place():
    often, seldom = np.array([3], np.int32), np.array([3 + 64], np.int32)
    for texts in ([often, often, seldom], [seldom, often, often]):
        table = filled(places=64, longest=1, texts=texts)
        assert table(*padded([often])).item() != 0
        assert table(*padded([seldom])).item() == 0
    # Once a text counts, however often it has it.
    repeated = np.array([3 + 64] * 5, np.int32)
    table = filled(places=64, longest=1, texts=[often, often, repeated])
    assert table(*padded([often])).item() != 0


def make(labels=2, **sizes):
    torch.manual_seed(0)
    sizes = {"places": 2**10, "embedding_size": 4, "hidden_size": 3, **sizes}
    model = NgramLSTM(60, labels, **sizes).eval()
    model.ngrams.choose(TEXTS)
    return model


@pytest.mark.parametrize("most", [1, 2, 5, 8, 25, 40, 99])
def test_the_lstm_reads_the_ends_as_a_cut_text_has_them(most):
    for extra in (0, 7):
        tokens, lengths = ends_of(*padded(TEXTS, extra), most)
        short = padded([cut(text, most) for text in TEXTS])
        width = short[0].shape[1]
        assert torch.equal(tokens[:, :width], short[0])
        assert not tokens[:, width:].any()
        assert torch.equal(lengths, short[1])
    whole, ends = make(), make(ends=10)
    assert torch.equal(ends(*padded([cut(TEXTS[0], 10)])), ends(*padded([TEXTS[0]])))
    assert not torch.equal(ends(*padded([TEXTS[0]])), whole(*padded([TEXTS[0]])))


@pytest.mark.parametrize("labels", [1, 2, 3])
def test_logits_are_those_of_the_lstm_and_the_ngrams(labels):
    model = make(labels)
    lstm = super(NgramLSTM, model).forward(*padded(TEXTS))
    assert torch.equal(model(*padded(TEXTS)), lstm)  # a fresh table says nothing
    torch.nn.init.normal_(model.ngrams.rows.weight)
    added = model(*padded(TEXTS)) - lstm
    said = model.PACE * model.ngrams(*padded(TEXTS))
    if labels == 2:
        torch.testing.assert_close(added[:, 1:] - added[:, :1], said)
    else:
        torch.testing.assert_close(added, said)


def test_both_parts_learn_and_the_marks_stay():
    model = make().train()
    model(*padded(TEXTS)).square().sum().backward()
    assert model.ngrams.rows.weight.grad.abs().sum() > 0
    assert model.embedding.weight.grad.abs().sum() > 0
    assert model.ngrams.marks.grad is None


def test_what_it_keeps_is_counted():
    """Marks are not learnt, but a file without them would be of no use."""
    lstm = count_parameters(make(places=2)) - 2 * 2
    assert count_parameters(make(places=2**10)) == lstm + 2 * 2**10
    assert "ngrams.marks" in make().state_dict()


def test_in_int8_it_says_nearly_the_same():
    model = make()
    torch.nn.init.normal_(model.ngrams.rows.weight)
    small = quantise(model)
    whole, rounded = model(*padded(TEXTS)), small(*padded(TEXTS))
    assert not torch.equal(whole, rounded)
    # 120 n-grams, each off by at most half of the largest in 127.
    step = model.ngrams.rows.weight.abs().max() / 127
    bound = 120 * step * model.PACE / 2 / 2 + 0.05
    assert (whole - rounded).abs().max() < bound


def test_how_far_it_reads_is_seen_in_its_description():
    """Or a training with other ends would be taken for this one."""
    sizes = {"places": 8, "embedding_size": 2, "hidden_size": 2}
    assert "ends=7" in repr(NgramLSTM(10, 2, ends=7, **sizes))
