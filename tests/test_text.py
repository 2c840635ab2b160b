import numpy as np
import pytest

from course_lib.text import (
    PADDING,
    UNKNOWN,
    build_vocabulary,
    encode,
    first_and_last,
    tokenize,
)

TEXTS = ["A good film.", "Not a good film!", "good, good plot"]


def test_the_tokenizer_lowercases_and_splits_punctuation_off():
    assert tokenize("Isn't it GOOD?") == ["isn", "'", "t", "it", "good", "?"]


def test_words_are_numbered_by_frequency_then_alphabet_after_two_specials():
    vocabulary = build_vocabulary(TEXTS, max_size=6)
    assert vocabulary.itos == ["<pad>", "<unk>", "good", "a", "film", "!"]
    assert vocabulary.itos[PADDING] == "<pad>"
    assert vocabulary.itos[UNKNOWN] == "<unk>"


def test_the_vocabulary_does_not_depend_on_the_order_of_the_texts():
    assert build_vocabulary(TEXTS, 8).itos == build_vocabulary(reversed(TEXTS), 8).itos


def test_encoding_and_looking_up_again_gives_the_words_back():
    vocabulary = build_vocabulary(TEXTS, max_size=100)
    numbers = encode(["a good plot"], vocabulary, max_tokens=10)[0]
    assert [vocabulary.itos[n] for n in numbers] == ["a", "good", "plot"]


def test_an_unseen_word_is_unknown_and_leaves_the_vocabulary_as_it_was():
    vocabulary = build_vocabulary(TEXTS, max_size=100)
    size = len(vocabulary.stoi)
    assert encode(["a zebra"], vocabulary, 10)[0][1] == UNKNOWN
    assert len(vocabulary.stoi) == size


def test_no_word_is_ever_encoded_as_padding():
    vocabulary = build_vocabulary(TEXTS, max_size=100)
    encoded = encode([*TEXTS, "", "<pad> ?"], vocabulary, 10)
    assert all((review != PADDING).all() and len(review) for review in encoded)


@pytest.mark.parametrize(
    ("count", "kept"), [(3, "abc"), (4, "abcd"), (5, "abde"), (9, "abhi")]
)
def test_a_long_review_keeps_its_first_and_last_half(count, kept):
    assert first_and_last(list("abcdefghi")[:count], 4) == list(kept)


def test_an_odd_limit_keeps_one_more_at_the_start():
    assert first_and_last(list("abcdefg"), 3) == ["a", "b", "g"]
    assert first_and_last(list("ab"), 1) == ["a"]


def test_encoded_reviews_are_int32_and_within_the_limit():
    vocabulary = build_vocabulary(TEXTS, max_size=100)
    (review,) = encode(["good " * 50], vocabulary, max_tokens=7)
    assert review.dtype == np.int32
    assert len(review) == 7


def test_limits_that_leave_no_room_are_refused():
    with pytest.raises(ValueError, match="max_size is 2"):
        build_vocabulary(TEXTS, max_size=2)
    with pytest.raises(ValueError, match="max_tokens is 0"):
        encode(TEXTS, build_vocabulary(TEXTS, 9), max_tokens=0)
