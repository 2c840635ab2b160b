"""Spans, tags and F1: by hand, as properties, and for odd files."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import spans
from course_lib.reviews.table import DataError
from course_lib.reviews.tagged import Sentence, begun_with_b, read_conll

TAGS = spans.tag_names(["PER", "LOC"])
any_tags = st.lists(st.sampled_from(TAGS), max_size=12)


@given(any_tags)
def test_whatever_a_model_says_is_names_and_their_tags_say_the_same(tags):
    found = spans.spans_of(tags)
    again = spans.tags_of(found, len(tags))
    assert spans.spans_of(again) == found
    assert [tag == "O" for tag in again] == [tag == "O" for tag in tags]
    assert sum(stop - start for _, start, stop in found) == len(tags) - tags.count("O")


@given(any_tags)
def test_tags_that_are_in_order_come_back_as_they_were(tags):
    good = begun_with_b(tags)
    assert begun_with_b(good) == good
    assert spans.tags_of(spans.spans_of(good), len(good)) == good


def test_b_parts_two_names_and_another_kind_ends_one():
    assert spans.spans_of(["B-PER", "B-PER"]) == [("PER", 0, 1), ("PER", 1, 2)]
    assert spans.spans_of(["B-PER", "I-LOC"]) == [("PER", 0, 1), ("LOC", 1, 2)]
    assert spans.spans_of(["B-PER", "O", "I-PER"]) == [("PER", 0, 1), ("PER", 2, 3)]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([("PER", 0, 2), ("LOC", 1, 3)], "overlap"),
        ([("PER", 2, 5)], "4 words"),
        ([("PER", 1, 1)], "does not lie"),
    ],
)
def test_names_that_bio_cannot_say_are_refused(found, said):
    with pytest.raises(ValueError, match=said):
        spans.tags_of(found, 4)


def test_a_name_counts_only_whole_and_of_its_kind():
    true = [["B-PER", "I-PER", "O", "B-LOC"]]
    for said, hits in (
        (true[0], 2),
        (["B-PER", "O", "O", "B-LOC"], 1),  # an end is wrong
        (["B-LOC", "I-LOC", "O", "B-LOC"], 1),  # the kind
        (["B-PER", "I-PER", "B-LOC", "I-LOC"], 1),  # the beginning
    ):
        assert spans.span_counts([said], true).tolist() == [[hits, 2, 2]]
        assert spans.span_f1([said], true) == hits / 2
    assert spans.span_f1([["O"] * 4], true) == 0.0
    assert spans.span_f1([["O"]], [["O"]]) == 0.0


def test_f1_is_of_all_names_together_and_no_mean_of_texts():
    counts = np.array([[3, 3, 4], [0, 1, 0]])
    assert spans.f1_of(counts) == 2 * 3 / (4 + 4)


def test_texts_of_other_lengths_are_refused():
    with pytest.raises(ValueError, match="text 0 has 2 words and 1"):
        spans.span_counts([["O"]], [["O", "O"]])
    with pytest.raises(ValueError, match="1 texts against those of 0"):
        spans.span_counts([["O"]], [])


def write(folder, text):
    path = folder / "names.conll"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_read_in_the_ways_it_comes(tmp_path):
    path = write(
        tmp_path,
        "\ufeff-DOCSTART- -X- O O\n\nAnna NNP I-NP B-PER\nWort NNP I-NP I-PER\n\n\n"
        "Oslo\tB-LOC\r\n\u7eff B-LOC",
    )
    assert read_conll(path) == [
        Sentence(["Anna", "Wort"], ["B-PER", "I-PER"]),
        Sentence(["Oslo", "\u7eff"], ["B-LOC", "B-LOC"]),
    ]


def test_a_name_that_does_not_start_with_b_is_quoted_and_can_be_read(tmp_path):
    path = write(tmp_path, "in O\nOslo I-LOC\nNord I-LOC\n")
    with pytest.raises(DataError, match=r"line 2 of .*'Oslo I-LOC'.*B-LOC.*older=True"):
        read_conll(path)
    (sentence,) = read_conll(path, older=True)
    assert sentence.tags == ["O", "B-LOC", "I-LOC"]
    with pytest.raises(DataError, match="line 2"):  # another kind goes on with nothing
        read_conll(write(tmp_path, "Oslo B-LOC\nNord I-PER\n"))
    with pytest.raises(DataError, match="line 3"):  # nor does one of another sentence
        read_conll(write(tmp_path, "Oslo B-LOC\n\nNord I-LOC\n"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Oslo\n", "expected a word and its tag"),
        ("Oslo LOC\n", "'LOC' is no tag of BIO"),
        ("Oslo B-\n", "'B-' is no tag of BIO"),
        ("Oslo E-LOC\n", "'E-LOC' is no tag"),
        ("\n\n", "has no sentence"),
    ],
)
def test_what_is_no_bio_is_named_with_its_line(tmp_path, text, said):
    with pytest.raises(DataError, match=said) as caught:
        read_conll(write(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_another_encoding_is_named(tmp_path):
    path = tmp_path / "latin.conll"
    path.write_bytes("Zürich B-LOC\n".encode("latin-1"))
    with pytest.raises(DataError, match="not in UTF-8"):
        read_conll(path)
