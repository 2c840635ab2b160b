"""A scorer of sentences: against a loop, and whoever shares its batch."""

import numpy as np
import pytest
import torch

from course_lib.mean_comparison import compare_means
from course_lib.models.summariser import SentenceScorer, sentence_means
from course_lib.reviews.stories import Story
from course_lib.summaries import ROUGE, rouge_table

MARK = 2
TEXTS = [[2, 5, 6, 2, 7, 2, 8, 9, 4], [2, 3], [2, 2, 5, 5, 5, 6]]


def batch_of(texts):
    lengths = torch.tensor([len(text) for text in texts])
    tokens = torch.zeros(len(texts), int(lengths.max()), dtype=torch.long)
    for row, text in zip(tokens, texts, strict=True):
        row[: len(text)] = torch.tensor(text)
    return tokens, lengths


def test_means_are_those_of_a_loop():
    tokens, lengths = batch_of(TEXTS)
    x = torch.randn(*tokens.shape, 4, dtype=torch.float64)
    means, count, which = sentence_means(x, tokens == MARK, lengths)
    assert count.tolist() == [3, 1, 2]
    for row, text in enumerate(TEXTS):
        starts = [i for i, token in enumerate(text) if token == MARK]
        for place, (a, b) in enumerate(
            zip(starts, [*starts[1:], len(text)], strict=True)
        ):
            assert torch.allclose(means[row, place], x[row, a:b].mean(0))
            assert set(which[row, a:b].tolist()) == {place}
        assert (means[row, len(starts) :] == 0).all()


@pytest.mark.parametrize("places", [0, 2, 12])
def test_a_text_says_the_same_alone_and_in_company(places):
    torch.manual_seed(0)
    scorer = SentenceScorer(10, 2, MARK, 4, 3, places=places).eval()
    together = scorer(*batch_of(TEXTS))
    for row, text in enumerate(TEXTS):
        alone = scorer(*batch_of([text]))[0]
        assert torch.allclose(together[row, : len(text)], alone, atol=1e-6)


def test_the_answer_at_a_mark_is_that_of_all_tokens_of_its_sentence():
    torch.manual_seed(0)
    said = SentenceScorer(10, 2, MARK, 4, 3).eval()(*batch_of(TEXTS))
    assert torch.equal(said[0, 0], said[0, 2]) and torch.equal(said[0, 5], said[0, 8])
    assert not torch.equal(said[0, 0], said[0, 3])


def test_without_places_equal_sentences_far_apart_are_alike():
    text = [2, 5] * 9
    for places, alike in ((0, True), (12, False)):
        torch.manual_seed(0)
        said = SentenceScorer(10, 2, MARK, 4, 3, places=places).eval()(
            *batch_of([text])
        )
        assert torch.allclose(said[0, 4], said[0, 8]) is alike


def test_a_text_without_a_mark_in_front_is_named():
    tokens, lengths = batch_of([[2, 5], [5, 2]])
    with pytest.raises(ValueError, match="text 1 of the batch does not begin"):
        SentenceScorer(10, 2, MARK, 4, 3)(tokens, lengths)


STORIES = [
    Story("A barn burned. It rained. Nobody came.", "A barn burned."),
    Story("It snowed. A cat sang. All slept well.", "A cat sang."),
]
SUMMARIES = [story.summary for story in STORIES]
PARTS = [[p + "." for p in s.text.rstrip(".").split(". ")] for s in STORIES]


def test_rouge_of_a_choice_and_its_differences():
    good, half = [[0], [1]], [[0], [0]]
    table = {
        name: rouge_table(SUMMARIES, PARTS, places)
        for name, places in {"good": good, "half": half}.items()
    }
    assert table["good"] == pytest.approx(np.ones((2, 3)))
    found = compare_means([table] * 3, ROUGE, differences={"lead": ("good", "half")})
    assert found["headline"] == "rouge_1"
    assert found["half"]["metrics"]["rouge_1"] == pytest.approx(0.5)
    assert found["lead"]["value"] == pytest.approx(0.5)
    low, high = found["lead"]["interval"]
    assert low < 0.5 < high  # two stories of which one differs: nobody knows much
    assert found["good"]["intervals"]["rouge_l"] == (1.0, 1.0)
    with pytest.raises(
        ValueError, match="2 summaries, sentences of 2 and choices of 1"
    ):
        rouge_table(SUMMARIES, PARTS, good[:1])
