"""Single sentences of synthetic reviews, of which it is certain whether they praise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from course_lib.reviews.synthetic.generator import LABELS, generate
from course_lib.reviews.synthetic.grammar import MARKS, standard
from course_lib.reviews.synthetic.oracle import SENTENCE_END, posterior
from course_lib.reviews.table import Reviews

NAMES = ("pan", "praise")


def sentences(split: str, reviews: int, seed: int = 0, longest: int = 14) -> Reviews:
    """Sentences of so many reviews that certainly praise or pan one topic, each once.

    Labels are 1 for praise and 0 for a pan, without any noise; `extra["topic"]` has the
    topic, one of `LABELS`. In random order, with at most `longest` words.

    >>> few = sentences("test", 3)
    >>> few.texts[0], few.label_names[few.labels[0]], str(few.extra["topic"][0])
    ('There is nothing confident about the viuals.', 'pan', 'visuals')
    """
    said: dict[str, None] = {}
    for text in generate(reviews, seed, split=split).texts:
        for sentence in SENTENCE_END.split(text):
            if len(sentence.split()) <= longest:
                said.setdefault(sentence)
    texts = list(said)
    labels, topics = praised(texts), topics_of(texts)
    order = np.random.PCG64(seed).random_raw(len(texts)).argsort(kind="stable")
    order = order[labels[order] >= 0]
    return Reviews(
        name="sentences",
        split=split,
        texts=[texts[row] for row in order],
        labels=labels[order],
        label_names=NAMES,
        ids=[f"{split}/{seed}/{row}" for row in order],
        extra={"topic": np.array([LABELS[max(topics[row], 0)] for row in order])},
    )


def praised(texts: Sequence[str]) -> np.ndarray:
    """1 where a sentence certainly praises its one topic, 0 where it pans it, else -1.

    int64 (texts,). Raises `DataError` for what no synthetic review says.

    >>> praised(["The acting is dull.", "The film is never dull.", "The plot is loud."])
    array([ 0,  1, -1])
    """
    p, topics = posterior(texts, label_noise=0), topics_of(texts)
    # A topic that is only named ("the music won a prize") leaves the verdict open.
    says = (topics >= 0) & (p[:, 0] != 0.5)
    of_topic = p[np.arange(len(texts)), topics]
    certain = says & ((of_topic == 0) | (of_topic == 1))
    return np.where(certain, of_topic, -1).astype(np.int64)


def topics_of(texts: Sequence[str]) -> np.ndarray:
    """The place in `LABELS` of the only topic that a sentence names, or -1.

    >>> topics_of(["The cast is dull.", "The cast is dull and the plot is witty."])
    array([ 1, -1])
    """
    grammar = standard()
    topic_of = {
        form["{t}"]: topic
        for topic, forms in enumerate(grammar.forms)
        for form in forms
    }
    correct = {form: word for word, forms in grammar.typos.items() for form in forms}
    found = []
    for text in texts:
        words = [word.strip(MARKS) for word in text.lower().split()]
        named = {topic_of.get(correct.get(word, word), -1) for word in words} - {-1}
        found.append(named.pop() if len(named) == 1 else -1)
    return np.array(found, dtype=np.int64)
