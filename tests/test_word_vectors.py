import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import block_diag

from course_lib.models import TEACHERS
from course_lib.recipes import start_from_word_vectors
from course_lib.scale import SCALES
from course_lib.splits import prepare
from course_lib.text import PADDING, UNKNOWN, build_vocabulary, numbers_of, tokenize
from course_lib.word_vectors import (
    SMOOTHING,
    WINDOW,
    count_neighbours,
    positive_pmi,
    turned,
    word_vectors,
)

TEXTS = ["the cat sat on the mat", "the dog sat on the cat", "a dog barks", "rain", ""]


def neighbours(texts, vocabulary):
    numbers = numbers_of(map(tokenize, texts), vocabulary)
    return count_neighbours(numbers, len(vocabulary))


def vectors_of(texts, vocabulary, size):
    numbers = numbers_of(map(tokenize, texts), vocabulary)
    return word_vectors(numbers, len(vocabulary), size)


def counted_by_hand(texts, vocabulary):
    """Every pair of places, one by one."""
    counts = np.zeros((len(vocabulary), len(vocabulary)))
    numbers = dict(vocabulary.stoi)
    for text in texts:
        row = [numbers.get(token, UNKNOWN) for token in tokenize(text)]
        for i, one in enumerate(row):
            for j, other in enumerate(row):
                if UNKNOWN not in (one, other) and 0 < abs(i - j) <= WINDOW:
                    counts[one, other] += 1 / abs(i - j)
    return counts


@settings(max_examples=30)
@given(
    texts=st.lists(
        st.lists(st.sampled_from("abcdefgh"), max_size=14).map(" ".join), max_size=6
    ),
    size=st.integers(4, 10),
)
def test_neighbours_are_those_that_one_would_count_by_hand(texts, size):
    """Also with words that have no number, and never across two texts."""
    vocabulary = build_vocabulary([*texts, "a b c"], size)
    expected = counted_by_hand(texts, vocabulary)
    found = neighbours(texts, vocabulary).toarray()
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_counting_in_pieces_changes_nothing(monkeypatch):
    vocabulary = build_vocabulary(TEXTS, 20)
    at_once = neighbours(TEXTS, vocabulary).toarray()
    monkeypatch.setattr("course_lib.word_vectors.TEXTS_AT_ONCE", 2)
    np.testing.assert_allclose(neighbours(TEXTS, vocabulary).toarray(), at_once)


def test_information_is_the_formula_and_never_negative():
    vocabulary = build_vocabulary(TEXTS, 20)
    counts = neighbours(TEXTS, vocabulary)
    joint = counts.toarray() / counts.sum()
    word = joint.sum(1)
    context = word**SMOOTHING / (word**SMOOTHING).sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.log(joint / np.outer(word, context))
    expected = np.where(expected > 0, expected, 0)
    np.testing.assert_allclose(positive_pmi(counts).toarray(), expected, atol=1e-5)


def test_with_all_directions_the_vectors_hold_the_whole_table():
    """The Gram matrix of U sqrt(S) is (M M')^(1/2), up to the scale."""
    vocabulary = build_vocabulary(TEXTS, 20)
    table = positive_pmi(neighbours(TEXTS, vocabulary)).toarray()
    vectors = vectors_of(TEXTS, vocabulary, len(vocabulary) - 1).double().numpy()
    u, s, _ = np.linalg.svd(table)
    gram = (u * s) @ u.T
    found = vectors @ vectors.T
    np.testing.assert_allclose(
        found / np.linalg.norm(found), gram / np.linalg.norm(gram), atol=1e-4
    )


def test_padding_is_zero_and_the_scale_that_of_a_fresh_embedding():
    vocabulary = build_vocabulary(TEXTS, 20)
    vectors = vectors_of(TEXTS, vocabulary, 4)
    assert vectors.dtype == torch.float32
    assert vectors.shape == (len(vocabulary), 4)
    assert not vectors[[PADDING, UNKNOWN]].any()
    assert vectors[2:].std(correction=0).item() == pytest.approx(1, abs=1e-4)


def test_the_same_texts_give_the_same_vectors():
    vocabulary = build_vocabulary(TEXTS, 20)
    first, second = (vectors_of(TEXTS, vocabulary, 4) for _ in range(2))
    assert first.equal(second)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 999), runs=st.lists(st.integers(1, 3), min_size=1))
def test_equal_singular_values_leave_no_choice(seed, runs):
    """However a machine turns the vectors of equal values, the result is the same."""
    random = np.random.default_rng(seed)
    directions = sum(runs)
    s = np.repeat(np.arange(len(runs), 0, -1.0), runs)
    u = np.linalg.qr(random.normal(size=(directions + 4, directions)))[0]
    # Two words that are alike but for round-off: neither may be taken for the longest.
    u = np.concatenate([u, u, -u]) / 3**0.5
    blocks = [np.linalg.qr(random.normal(size=(n, n)))[0] for n in runs]
    other = u @ block_diag(*blocks) + random.normal(size=u.shape) * 1e-15
    noisy = s * (1 + random.normal(size=directions) * 1e-15)
    ours, theirs = turned(u, s), turned(other, noisy)
    np.testing.assert_allclose(ours, theirs, atol=1e-9)
    np.testing.assert_allclose(ours.T @ ours, np.eye(directions), atol=1e-12)
    for start, n in zip(np.cumsum([0, *runs]), runs, strict=False):
        mine, given = (x[:, start : start + n] for x in (ours, u))
        np.testing.assert_allclose(mine @ mine.T, given @ given.T, atol=1e-12)


def test_a_size_that_cuts_equal_singular_values_cuts_them_always_alike():
    """Two pairs of sentences of one pattern: every singular value occurs twice."""
    texts = ["a good film", "a fine film", "the boat sank", "the ship sank"]
    vocabulary = build_vocabulary(texts, 20)
    table = positive_pmi(neighbours(texts, vocabulary)).toarray()
    s = np.linalg.svd(table, compute_uv=False)
    np.testing.assert_allclose(s[0:6:2], s[1:6:2])
    whole = vectors_of(texts, vocabulary, 4)
    for pair in whole.split(2, dim=1):
        lengths = pair.norm(dim=1)
        first, second = pair[(lengths > lengths.max() * 0.999).nonzero()[0, 0]]
        assert first > 0.1
        assert second.abs() < 1e-5
    known = torch.arange(len(whole)) > UNKNOWN
    for size in (1, 2, 3):
        part = vectors_of(texts, vocabulary, size)
        scale = whole[known, :size].std(correction=0)
        torch.testing.assert_close(part, whole[:, :size] / scale, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("size", [0, 11, 200])
def test_a_size_that_cannot_be_is_refused(size):
    vocabulary = build_vocabulary(TEXTS, 11)
    with pytest.raises(ValueError, match=f"size is {size}, and the vocabulary has 11"):
        vectors_of(TEXTS, vocabulary, size)


def test_texts_of_one_word_say_nothing():
    vocabulary = build_vocabulary(["rain", "sun"], 10)
    with pytest.raises(ValueError, match="these 2 texts no two words"):
        vectors_of(["rain", "sun"], vocabulary, 1)


def test_a_teacher_starts_from_them_and_has_read_no_held_out_text():
    """Neither the test nor the validation texts may shape what a word means."""
    scale = SCALES["smoke"]
    splits = prepare("synthetic", scale, seed=0)
    held_out = {*splits.reviews["test"].texts, *splits.reviews["validation"].texts}
    assert not held_out & set(splits.readable_texts)
    assert len(splits.readable_texts) == 2 * scale.run_limit
    model = TEACHERS["lstm-vectors"].build(splits.vocabulary_size, 7)
    start_from_word_vectors(model, splits)
    expected = vectors_of(splits.readable_texts, splits.vocabulary, 100)
    assert model.embedding.weight.detach().equal(expected)
    assert model.embedding.weight.requires_grad
