"""The generator writes what it says it writes, and the oracle knows it exactly."""

import hashlib
import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.multiclass import OneVsRestClassifier

from course_lib.reviews import DataError, load, synthetic
from course_lib.reviews.leaks import normalise
from course_lib.reviews.synthetic.grammar import (
    Grammar,
    patterns,
    standard,
    weighted_patterns,
)
from course_lib.reviews.synthetic.oracle import Oracle
from course_lib.reviews.synthetic.writer import Draw, Recipe, Writer
from course_lib.reviews.table import SPLITS

# ---------------------------------------------------------------- brute force

TINY = Grammar(
    labels=("positive", "acting", "music"),
    clear=weighted_patterns(
        "+ 1 the {t} {is} {x}\n- 2 the {t} {is} not {x}\n* 1 not {z} but {y} {t}"
    ),
    pairs=patterns("{x} {t}, {y} {u}", "pair"),
    unclear=patterns("the {t} {is} {x}", "?"),
    openings=patterns("I saw {film}"),
    filler=patterns("the seats were {x}"),
    asides=patterns("they say"),
    leads=patterns("frankly"),
    topic_nouns=(("film^",), ("acting",), ("songs*",)),
    nouns={"shade": ("Red",), "title": ("River",)},
    pan=("dull",),
    praise=("good",),
    special=(((), ()),) * 3,
    ambiguous=(("loud", 1, 3), ("odd", 2, 2), ("slow", 3, 1)),
)
TINY_RECIPE = Recipe(
    praise_given_verdict=(0.3, 0.75),
    aspects=(1, 2, 0),
    verdict_said=0.6,
    said_twice=0.0,
    pair=0.25,
    ambiguity=0.2,
    label_noise=0.1,
    filler=((1, 0, 0),),
    aside=0.0,
    lead=0.0,
    typo=0.0,
    lower_case=0.0,
)


class EveryPath(Draw):
    """Takes every way through the generator in turn, with its probability."""

    def __init__(self):
        self.path, self.step, self.probability = [], 0, 1.0

    def weighted(self, weights):
        options = [index for index, weight in enumerate(weights) if weight > 0]
        if len(options) == 1:
            return options[0]
        if self.step == len(self.path):
            self.path.append([0, len(options)])
        choice = options[self.path[self.step][0]]
        self.step += 1
        self.probability *= weights[choice] / sum(weights)
        return choice

    def chance(self, probability):
        return bool(self.weighted([1 - probability, probability]))

    def below(self, count):
        return self.weighted([1] * count)

    def advance(self):
        """Turn to the next path; False after the last."""
        while self.path and self.path[-1][0] == self.path[-1][1] - 1:
            self.path.pop()
        if self.path:
            self.path[-1][0] += 1
        self.step, self.probability = 0, 1.0
        return bool(self.path)


def every_review(recipe):
    """P(text, labels), summed over everything the generator could do."""
    draw = EveryPath()
    writer = Writer(TINY, recipe, draw)
    joint = Counter()
    while True:
        text, labels = writer.review("The Red River")
        # How a sentence ends says nothing; without this there are 3^4 times more.
        joint[re.sub(r"[.!]+", ".", text), tuple(labels)] += draw.probability
        if not draw.advance():
            return joint


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"aspects": (0, 1, 2), "verdict_said": 0.0, "label_noise": 0.0},
        {
            "aspects": (0, 1, 0),
            "verdict_said": 0.0,
            "said_twice": 0.5,
            "ambiguity": 0.5,
        },
    ],
)
def test_the_oracle_equals_a_sum_over_all_the_generator_could_do(changes, monkeypatch):
    monkeypatch.setattr("course_lib.reviews.synthetic.writer.ENDING_WEIGHTS", (1, 0, 0))
    recipe = replace(TINY_RECIPE, **changes)
    joint = every_review(recipe)
    assert sum(joint.values()) == pytest.approx(1, abs=1e-9)
    texts = sorted({text for text, _ in joint})
    assert len(texts) > 100
    of_text = Counter()
    praised = {text: np.zeros(3) for text in texts}
    for (text, labels), probability in joint.items():
        of_text[text] += probability
        praised[text] += probability * np.array(labels)
    exact = np.array([praised[text] / of_text[text] for text in texts])
    np.testing.assert_allclose(Oracle(TINY, recipe).posterior(texts), exact, atol=1e-9)


# ---------------------------------------------------------------- calibration


@pytest.mark.parametrize("ambiguity, noise", [(0.2, 0.02), (0.9, 0.1)])
def test_what_the_oracle_calls_likely_is_as_frequent_as_it_says(ambiguity, noise):
    reviews = synthetic.generate(8000, 5, ambiguity=ambiguity, label_noise=noise)
    p = synthetic.posterior(reviews.texts, label_noise=noise)
    for label in range(len(synthetic.LABELS)):
        bins = np.digitize(p[:, label], np.linspace(0, 1, 11))
        for chosen in np.unique(bins):
            rows = bins == chosen
            expected = p[rows, label].sum()
            spread = np.sqrt((p[rows, label] * (1 - p[rows, label])).sum())
            observed = reviews.labels[rows, label].sum()
            assert abs(observed - expected) < 4.5 * spread + 1e-6


def test_without_noise_a_clear_review_leaves_no_doubt():
    texts = [
        "So this is The Iron River. The acting is never dull. The songs were "
        "simply tuneless from the first scene to the last.",
        "So this is The Iron River. While the jokes are crude, the plot is gripping! "
        "Far from being tedious, the film is superb...",
    ]
    p = synthetic.posterior(texts, label_noise=0)
    by_label = [dict(zip(synthetic.LABELS, row, strict=True)) for row in p.tolist()]
    assert by_label[0]["acting"] == 1
    assert by_label[0]["music"] == by_label[0]["story"] == 0
    assert by_label[1]["positive"] == by_label[1]["story"] == 1
    assert by_label[1]["humour"] == 0
    # One aspect praised, one panned: (.3 * .7) for a bad film, (.75 * .25) for a good.
    assert by_label[0]["positive"] == pytest.approx(0.1875 / (0.1875 + 0.21))
    logits = synthetic.oracle_logits(texts, label_noise=0)
    assert logits.dtype == np.float32
    assert logits[0, 1] == synthetic.LOG_ODDS_BOUND == -logits[0, 2]


def test_oracle_logits_are_the_log_odds_of_the_posterior():
    texts = synthetic.generate(200, 6).texts
    logits = synthetic.oracle_logits(texts).astype(np.float64)
    p = synthetic.posterior(texts)
    np.testing.assert_allclose(1 / (1 + np.exp(-logits)), p, atol=1e-6)


def test_a_text_that_was_not_generated_is_refused():
    for text in ("I liked it.", "So this is The Iron River. The acting is very dull."):
        with pytest.raises(DataError, match="no synthetic review says"):
            synthetic.posterior([text])
    both = "So this is The Iron River. The acting is dull. The acting is superb."
    with pytest.raises(DataError, match="says all of"):
        synthetic.posterior([both])


# ---------------------------------------------------------------- the language


def test_no_word_has_two_meanings():
    grammar = standard()
    pools = [*grammar.nouns.values(), grammar.pan, grammar.praise]
    pools += [pool for pools in grammar.special for pool in pools]
    pools += [[word for word, _, _ in grammar.ambiguous]]
    pools += [[form["{t}"] for forms in grammar.forms for form in forms]]
    counts = Counter(word.lower() for pool in pools for word in pool)
    assert [word for word, count in counts.items() if count > 1] == []
    praise, pan = (sum(row[i] for row in grammar.ambiguous) for i in (1, 2))
    assert praise == pan


def test_every_typing_error_can_be_put_right():
    grammar = standard()
    forms = [form for forms in grammar.typos.values() for form in forms]
    assert len(forms) == len(set(forms)) > 1000
    assert not set(forms) & grammar.vocabulary


def test_two_patterns_that_read_alike_are_refused():
    alike = TINY.unclear + patterns("the {t} {was} {x}\nthe {t} {is} {x}", "?")
    with pytest.raises(ValueError, match="read alike"):
        Oracle(replace(TINY, unclear=alike), TINY_RECIPE)


def test_typing_errors_and_lower_case_change_nothing():
    recipe = replace(synthetic.RECIPE, typo=0.5, lower_case=0.5)
    writer = Writer(standard(), recipe, Draw("typos"))
    oracle = Oracle(standard(), recipe)
    reviews = [writer.review("The Iron River") for _ in range(300)]
    p = oracle.posterior([text for text, _ in reviews])
    labels = np.array([labels for _, labels in reviews])
    assert ((p > 0.5) == labels).mean() > 0.9


# ---------------------------------------------------------------- the data set


def digest(reviews):
    content = "\n".join(reviews.texts).encode()
    if reviews.labels is not None:
        content += reviews.labels.astype("<f4").tobytes()
    return hashlib.sha256(content).hexdigest()[:16]


def test_the_same_seed_gives_the_same_bytes_everywhere():
    # Whoever changes the generator changes every published number with it.
    assert digest(synthetic.generate(500, 0)) == "2c3c5f27970f1edc"
    assert digest(synthetic.generate(200, 7, split="test")) == "ea7dd9ee994518d9"
    assert digest(synthetic.generate(200, 0)) != digest(synthetic.generate(200, 1))


@pytest.fixture(scope="module")
def default():
    return {split: load("synthetic", split) for split in SPLITS}


def test_the_default_set_has_the_promised_shape(default):
    for split, reviews in default.items():
        assert len(reviews) == synthetic.SIZES[split]
        assert len(set(reviews.ids)) == len(reviews)
        assert reviews.label_names == synthetic.LABELS
    assert default["unlabelled"].labels is None
    labels = default["train"].labels
    assert labels.dtype == np.float32
    assert labels.shape == (8000, 7)
    words = [len(text.split()) for text in default["train"].texts]
    assert 50 <= np.median(words) <= 62
    assert min(words) <= 12
    assert max(words) >= 300


def test_no_text_and_no_film_is_in_two_splits(default):
    texts = [{normalise(text) for text in default[split].texts} for split in SPLITS]
    films = [set(default[split].films) for split in SPLITS]
    assert sum(map(len, texts)) == len(set.union(*texts)) == 29_000
    assert sum(map(len, films)) == len(set.union(*films))


def test_a_limit_gives_the_first_reviews_and_writes_no_others(default, monkeypatch):
    written = []
    write = Writer.review

    def counted(self, film):
        written.append(film)
        return write(self, film)

    monkeypatch.setattr(Writer, "review", counted)
    for split in SPLITS:
        part = load("synthetic", split, limit=50)
        assert (part.texts, part.ids) == (
            default[split].texts[:50],
            default[split].ids[:50],
        )
        assert split == "unlabelled" or part.labels.shape == (50, 7)
        assert load("synthetic", split, limit=20).ids == part.ids[:20]
    assert len(written) < 4 * (50 + 20) + 20  # a text that was written is left out


def test_words_alone_leave_much_to_learn(default):
    train, test = default["train"].select(range(3000)), default["test"]
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    model = OneVsRestClassifier(LogisticRegression(C=10, solver="liblinear"))
    model.fit(vectorizer.fit_transform(train.texts), train.labels)
    scores = model.decision_function(vectorizer.transform(test.texts))
    bag_of_words = average_precision_score(test.labels, scores)
    best = average_precision_score(test.labels, synthetic.posterior(test.texts))
    chance = test.labels.mean()
    assert best > 0.9
    assert chance + 0.2 < bag_of_words < best - 0.2


def test_the_dials_turn_what_they_say():
    clear = synthetic.generate(1000, 2, ambiguity=0, label_noise=0)
    p = synthetic.posterior(clear.texts, label_noise=0)
    np.testing.assert_array_equal(p[:, 1:], clear.labels[:, 1:])
    doubt = synthetic.generate(1000, 2, ambiguity=1, label_noise=0)
    p = synthetic.posterior(doubt.texts, label_noise=0)
    assert (np.abs(p - doubt.labels) > 0.05).mean() > 0.3
    noisy = synthetic.generate(4000, 3, ambiguity=0, label_noise=0.3)
    truth = synthetic.posterior(noisy.texts, label_noise=0)
    assert (truth != noisy.labels)[:, 1:].mean() == pytest.approx(0.3, abs=0.01)
    with pytest.raises(ValueError, match=r"label_noise 0\.7"):
        synthetic.generate(1, label_noise=0.7)
