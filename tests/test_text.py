import json
import re

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from torchtext.data.utils import get_tokenizer
from transformers import PreTrainedTokenizerFast

from course_lib.text import (
    PADDING,
    RULES,
    SPACELESS,
    UNKNOWN,
    build_vocabulary,
    encode,
    encode_pieces,
    first_and_last,
    tokenize,
    writable,
)

TEXTS = ["A good film.", "Not a good film!", "good, good plot"]


def test_the_tokenizer_lowercases_and_splits_punctuation_off():
    assert tokenize("Isn't it GOOD?") == ["isn", "'", "t", "it", "good", "?"]


@settings(max_examples=200)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_where_words_have_spaces_the_tokens_are_those_of_torchtext(text):
    assume(not re.search(f"[{SPACELESS}]", text))
    assert tokenize(text) == get_tokenizer("basic_english")(text)


@settings(max_examples=300)
@given(
    st.text(
        st.characters(exclude_categories=["Cs"])
        | st.sampled_from("这好。ก็นา\u200b'.<br/> ")
    )
)
def test_other_programs_split_by_the_rules_as_we_do(text):
    """`config.json` of a saved student holds them."""
    ours, text = tokenize(text), text.lower()
    for pattern, replacement in RULES:
        text = re.sub(pattern, replacement, text)
    assert text.split() == ours


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("这部电影很好看。", "这 部 电 影 很 好 看 。"),
        ("iPhone手机，不好！Café", "iphone 手 机 ， 不 好 ！ café"),
        ("すごい映画「ラーメン」", "す ご い 映 画 「 ラ ー メ ン 」"),
        ("か\u3099", "か\u3099"),  # a letter and its mark
        ("หนังดีมาก", "ห นั ง ดี ม า ก"),
        ("ຮູບເງົາດີ", "ຮູ ບ ເ ງົ າ ດີ"),
        ("ខ្មែរ\u200bភាព\u200bល្អ។", "ខ្មែ រ ភា ព ល្អ ។"),
        ("မြန်မာ", "မြ န် မာ"),
        ("한국어 영화", "한국어 영화"),  # Korean has spaces
    ],
)
def test_without_spaces_each_character_is_a_token(text, expected):
    assert tokenize(text) == expected.split(" ")


def test_a_sentence_without_spaces_is_known_by_its_characters():
    vocabulary = build_vocabulary(["这部电影很好", "这部电影不好"], 20)
    (numbers,) = encode(["电影好"], vocabulary, 10)
    assert [vocabulary.itos[n] for n in numbers] == ["电", "影", "好"]


def test_half_a_surrogate_pair_is_replaced_and_a_whole_one_is_joined():
    halves = json.loads(r'"\ud83d good \ude00 \ud83d\ude00 \ud83d"')
    assert writable(halves) == "\ufffd good \ufffd 😀 \ufffd"
    assert tokenize(halves) == ["\ufffd", "good", "\ufffd", "😀", "\ufffd"]
    assert pieces_of(halves + " a", 9).endswith(" a [SEP]")


@given(st.text(st.characters(categories=["Cs", "Cc", "Cf", "Ll", "So", "Lo"])))
def test_any_text_can_be_read_and_its_words_be_written(text):
    """A vocabulary is a file of one word a line, whatever a table of texts holds."""
    vocabulary = build_vocabulary([text], 99)
    lines = "\n".join(vocabulary.itos).encode().decode().splitlines()
    assert lines == vocabulary.itos
    assert UNKNOWN not in encode([text], vocabulary, 99)[0] or not tokenize(text)
    assert len(encode_pieces([text], make_tokenizer(), 99)[0]) >= 2


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


def make_tokenizer(special=True):
    """A tokenizer as BERT has one, or one as GPT-2's, which adds nothing."""
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"abcdefghi", "##x", "[", "]", "SEP"]
    numbers = {piece: number for number, piece in enumerate(pieces)}
    made = Tokenizer(WordPiece(numbers, unk_token="[UNK]"))
    made.pre_tokenizer = Whitespace()
    if special:
        made.post_processor = TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
    names = {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]"}
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        model_max_length=4,
        **{f"{name}_token": piece for name, piece in names.items()},
    )


def pieces_of(text, max_tokens, tokenizer=None):
    tokenizer = tokenizer or make_tokenizer()
    (encoded,) = encode_pieces([text], tokenizer, max_tokens)
    assert encoded.dtype == np.int32
    return " ".join(tokenizer.convert_ids_to_tokens(encoded))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", "[CLS] a [SEP]"),
        ("a b c d", "[CLS] a b c d [SEP]"),
        ("a b c d e", "[CLS] a b d e [SEP]"),
        ("a b c d e f g h i", "[CLS] a b h i [SEP]"),
        ("ax zebra", "[CLS] a ##x [UNK] [SEP]"),
        ("", "[CLS] [SEP]"),
    ],
)
def test_special_tokens_stand_at_both_ends_of_what_is_kept(text, expected):
    assert pieces_of(text, 6) == expected


def test_a_tokenizer_without_special_tokens_keeps_the_halves_alone():
    bare = make_tokenizer(special=False)
    assert pieces_of("a b c d e f", 4, bare) == "a b e f"
    assert pieces_of("", 4, bare) == "[UNK]"


def test_a_special_token_that_a_reviewer_writes_is_text():
    assert pieces_of("a [SEP] b", 9) == "[CLS] a [ SEP ] b [SEP]"


def test_pieces_are_in_the_order_of_the_texts():
    encoded = encode_pieces(["b", "a a", "c"], make_tokenizer(), 8)
    assert [row.tolist() for row in encoded] == [[2, 5, 3], [2, 4, 4, 3], [2, 6, 3]]


def test_a_long_text_gives_no_warning(caplog, capfd):
    assert len(pieces_of("a " * 900, 512).split()) == 512
    assert not caplog.records
    assert capfd.readouterr().err == ""


def test_special_tokens_must_leave_room_for_the_text():
    assert pieces_of("a b", 3) == "[CLS] a [SEP]"
    with pytest.raises(ValueError, match="max_tokens is 2; give at least 3"):
        pieces_of("a b", 2)
