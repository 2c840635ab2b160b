import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.reviews import DataError
from course_lib.reviews.corruptions import WORD, denied, renamed, typos
from course_lib.reviews.synthetic import LABELS, posterior
from course_lib.reviews.synthetic.lexicon import NOUNS
from course_lib.reviews.synthetic.sentences import praised, sentences, topics_of

TEXTS = sentences("test", 150).texts


@given(st.text() | st.sampled_from(TEXTS), st.floats(0, 1), st.integers(0, 9))
def test_a_typo_keeps_length_letters_and_all_that_is_no_letter(text, rate, seed):
    broken = typos(text, rate, seed)
    assert len(broken) == len(text) and sorted(broken) == sorted(text)
    assert WORD.sub("", broken) == WORD.sub("", text)
    for old, new in zip(WORD.findall(text), WORD.findall(broken), strict=True):
        places = [i for i in range(len(old)) if old[i] != new[i]]
        assert len(places) in (0, 2)
        assert not {0, len(old) - 1} & set(places)
        assert not places or places[1] == places[0] + 1


@given(st.text(), st.integers(0, 9))
def test_no_rate_no_typo(text, seed):
    assert typos(text, 0.0, seed) == text


def changed(before, after):
    """How many words differ, of how many."""
    pairs = [
        (WORD.findall(a), WORD.findall(b)) for a, b in zip(before, after, strict=True)
    ]
    words = [(a, b) for old, new in pairs for a, b in zip(old, new, strict=True)]
    return np.array([a != b for a, b in words])


def test_the_share_of_typos_is_the_rate():
    able = changed(TEXTS, [typos(text, 1.0) for text in TEXTS])
    for rate in (0.1, 0.4):
        hit = changed(TEXTS, [typos(text, rate, seed=1) for text in TEXTS])
        assert not hit[~able].any()
        assert hit[able].mean() == pytest.approx(rate, abs=0.04)


def test_a_higher_rate_adds_to_the_typos_of_a_lower_one():
    some = changed(TEXTS, [typos(text, 0.1) for text in TEXTS])
    more = changed(TEXTS, [typos(text, 0.3) for text in TEXTS])
    assert (more >= some).all() and more.sum() > some.sum()
    for text in TEXTS[:50]:
        few, many = typos(text, 0.1), typos(text, 0.3)
        kept = [w for w, o in zip(few.split(), text.split(), strict=True) if w != o]
        assert set(kept) <= set(many.split())


def test_typos_depend_on_the_seed_and_on_nothing_else():
    assert [typos(t, 0.3, 1) for t in TEXTS] == [typos(t, 0.3, 1) for t in TEXTS]
    assert [typos(t, 0.3, 1) for t in TEXTS] != [typos(t, 0.3, 2) for t in TEXTS]


@pytest.mark.parametrize("rate", [-0.1, 1.5, 20])
def test_a_rate_is_a_share(rate):
    with pytest.raises(ValueError, match=f"rate is {rate}; expected a share"):
        typos("a text", rate)


def test_what_is_denied_means_the_opposite():
    """By the oracle, which knows the meaning of every sentence there is."""
    pairs = [(text, denied(text)) for text in TEXTS if denied(text)]
    assert len(pairs) > 20
    before, after = (praised(half) for half in zip(*pairs, strict=True))
    assert (before + after == 1).all()
    assert all(after.replace(" never", "") == before for before, after in pairs)


@pytest.mark.parametrize(
    "text",
    ["The plot is dull at best.", "The plot is never dull.", "Far from good, it is bad",
     "It may not be new, but it is dull.", "Dull.", "", "The plot was simply dull."],
)  # fmt: skip
def test_what_is_not_understood_is_not_denied(text):
    assert denied(text) is None


def test_the_ending_stays_at_the_end():
    assert denied("The jokes are crude...") == "The jokes are never crude..."
    assert denied("The plot is old-fashioned", by="not") == (
        "The plot is not old-fashioned"
    )


NAMES = NOUNS["who"].split()


@given(st.lists(st.sampled_from(NAMES), max_size=6), st.integers(0, 5))
def test_everybody_gets_another_name_and_nobody_the_same_as_another(who, seed):
    text = f"({', '.join(who)}) in Marlowe"  # which begins as a name does
    new = re.findall(r"\w+", renamed(text, NAMES, seed))[:-2]
    assert len(new) == len(who)
    assert all(a != b and b in NAMES for a, b in zip(who, new, strict=True))
    assert len(set(zip(who, new, strict=True))) == len(set(who)) == len(set(new))
    assert renamed(text, NAMES, seed).endswith(") in Marlowe")


def test_names_do_not_change_what_a_sentence_says():
    towns = [text for text in TEXTS if renamed(text, NOUNS["town"].split()) != text]
    new = [renamed(text, NOUNS["town"].split()) for text in towns]
    assert len(towns) > 3
    assert (posterior(towns) == posterior(new)).all()


def test_one_name_cannot_be_swapped():
    with pytest.raises(ValueError, match=r"\['Quill'\]; expected at least two"):
        renamed("Quill", ["Quill", "Quill"])


@pytest.mark.parametrize(
    ("text", "label", "topic"),
    [
        ("The acting is dull.", 0, "acting"),
        ("The film is never dull.", 1, "positive"),
        ("The plot is loud.", -1, "story"),
        ("The film is loud.", -1, "positive"),
        ("The cast is dull and the plot is witty.", -1, None),
        ("The jokes won a prize in Leeds, I am told.", -1, "humour"),
        ("So this is The Iron River.", -1, None),
    ],
)
def test_a_sentence_praises_or_pans_one_topic_or_is_left_out(text, label, topic):
    assert praised([text]).tolist() == [label]
    place = LABELS.index(topic) if topic else -1
    assert topics_of([text]).tolist() == [place]


def test_what_no_review_says_is_not_judged():
    with pytest.raises(DataError, match="no synthetic review says"):
        praised(["The film is dull in parts."])


def test_sentences_have_their_labels_and_topics_once_and_none_is_long():
    found = sentences("validation", 100, seed=3, longest=9)
    assert (praised(found.texts) == found.labels).all()
    named = [LABELS[topic] for topic in topics_of(found.texts)]
    assert named == found.extra["topic"].tolist()
    assert len(set(found.texts)) == len(found) > 50
    assert max(len(text.split()) for text in found.texts) <= 9
    assert 0.3 < found.labels.mean() < 0.7
    assert found.texts == sentences("validation", 100, seed=3, longest=9).texts
