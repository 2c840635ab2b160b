"""Long reviews: one verdict, where it is said to stand, and exactly known."""

import re

import numpy as np
import pytest

from course_lib.reviews import DataError
from course_lib.reviews.synthetic.grammar import standard
from course_lib.reviews.synthetic.lexicon import TOPICS
from course_lib.reviews.synthetic.long import (
    PLACE_WEIGHTS,
    PLACES,
    generate_long,
    verdict_probability,
)

MANY = generate_long(1_500, seed=4)
SENTENCES = [re.split(r"(?<=[.!])\s+", text) for text in MANY.texts]
P = verdict_probability(MANY.texts)
VERDICT_WORDS = {noun.rstrip("*^") for noun in TOPICS["positive"].split()}


def opinions(sentences):
    """Whether a sentence alone says something of the verdict."""
    return verdict_probability(sentences) != 0.5


def test_the_same_seed_writes_the_same_and_more_begins_with_less():
    again = generate_long(20, seed=4)
    assert again.texts == MANY.texts[:20]
    assert again.labels.tolist() == MANY.labels[:20].tolist()
    assert generate_long(20, seed=5).texts != again.texts
    assert not set(generate_long(300, seed=4, split="test").texts) & set(MANY.texts)
    assert generate_long(3, split="unlabelled").labels is None


def test_the_verdict_stands_where_it_is_said_to():
    """The one sentence that speaks of the film with an opinion that counts."""
    for sentences, place in list(zip(SENTENCES, MANY.extra["place"], strict=True))[
        :400
    ]:
        of_film = [
            bool(set(re.findall(r"[a-z]+", s.lower())) & VERDICT_WORDS)
            for s in sentences
        ]
        at = {"beginning": [0], "end": [-1]}.get(
            PLACES[place], range(1, len(sentences) - 1)
        )
        assert any(of_film[i] for i in at)


def test_places_and_verdicts_are_as_frequent_as_they_should_be():
    shares = np.bincount(MANY.extra["place"]) / len(MANY)
    wanted = np.array(PLACE_WEIGHTS) / sum(PLACE_WEIGHTS)
    assert np.abs(shares - wanted).max() < 0.05
    assert abs(MANY.labels.mean() - 0.5) < 0.05
    words = np.array([len(text.split()) for text in MANY.texts])
    by_verdict = [words[label == MANY.labels].mean() for label in (0, 1)]
    assert abs(by_verdict[0] - by_verdict[1]) < 0.1 * words.mean()
    assert np.percentile(words, 90) > 4 * np.percentile(words, 10)


def test_the_exact_probability_is_met():
    """Of those with p in some range, a share of p is praise."""
    for low, high in ((0.0, 0.1), (0.1, 0.4), (0.4, 0.6), (0.6, 0.9), (0.9, 1.01)):
        rows = (low <= P) & (high > P)
        error = (P[rows].mean() * (1 - P[rows].mean()) / rows.sum()) ** 0.5
        assert abs(MANY.labels[rows].mean() - P[rows].mean()) < 4 * error + 1e-9


def test_the_head_alone_is_read_exactly_too():
    """Which sentences come first is settled without a look at the verdict."""
    head = verdict_probability([" ".join(s[:2]) for s in SENTENCES])
    for low, high in ((0.0, 0.35), (0.35, 0.65), (0.65, 1.01)):
        rows = (low <= head) & (high > head)
        for other in (MANY.labels, P):
            error = (0.25 / rows.sum()) ** 0.5
            assert abs(other[rows].mean() - head[rows].mean()) < 4 * error
    label, read_on = ((MANY.labels - head) ** 2).mean(), ((P - head) ** 2).mean()
    settled = ((MANY.labels - P) ** 2).mean()
    assert abs(label - settled - read_on) < 0.03


def test_the_order_of_sentences_does_not_matter_to_the_oracle():
    turned = [" ".join(reversed(s)) for s in SENTENCES[:100]]
    np.testing.assert_allclose(verdict_probability(turned), P[:100])


def test_nothing_said_is_a_half_and_what_cannot_be_said_is_refused():
    assert verdict_probability([""]).tolist() == [0.5]
    with pytest.raises(DataError, match="no synthetic review says"):
        verdict_probability(["A fine film."])
    with pytest.raises(ValueError, match="count is 0; ask for at least one"):
        generate_long(0)


def test_the_language_of_the_data_set_is_left_as_it_was():
    assert len(standard().praise) > 6
