r"""Reading a synthetic review back, and the exact probability of each of its labels.

Every sentence reduces to a *skeleton*: nouns become slots, topic nouns `{t}`, opinion
words `{x}` (or `{?}`, where both sides use the word), and asides and openers are cut
out. No two patterns share a skeleton, so it names the pattern, and the pattern says how
its words are meant. No choice of the writer but these words depends on an opinion, so
all the rest of a review's probability cancels in Bayes' rule. Let $\ell_t(s)$ be the
product over the sentences on topic $t$ of the probability of what they say if $s$ is
thought of it. Then, with $v$ the verdict and $a$ an aspect that is mentioned,

$$P(v \mid \text{text}) \propto P(v)\, \ell_0(v)
\prod_a \sum_s P(s \mid v)\, \ell_a(s)$$

$$P(a \text{ praised} \mid \text{text}) = \sum_v P(v \mid \text{text})\,
\frac{P(\text{praise} \mid v)\, \ell_a(\text{praise})}{\sum_s P(s \mid v)\, \ell_a(s)}$$

An aspect that is not mentioned is not praised, and a flip of each label with
probability $\epsilon$ turns $p$ into $p (1 - \epsilon) + (1 - p)\, \epsilon$.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from course_lib.reviews.synthetic.grammar import MARKS, Grammar, Pattern, standard
from course_lib.reviews.synthetic.writer import RECIPE, Recipe
from course_lib.reviews.table import DataError

SENTENCE_END = re.compile(r"(?<=[.!])\s+")
# Words that only agree with others, and articles, which are dropped.
AGREEMENT = {"are": "is", "were": "was", "they": "it", "them": "it", "a": "", "an": ""}
SAME_SLOT = {
    **dict.fromkeys(("{t}", "{u}", "{m}"), "{t}"),
    **dict.fromkeys(("{is}", "{are}"), "is"),
    **dict.fromkeys(("{was}", "{were}"), "was"),
    **dict.fromkeys(("{it}", "{them}"), "it"),
    **dict.fromkeys(("{a}", "{,}"), ""),
    "{film}": "the {shade} {title}",
}
OPINION_SLOTS = ("{x}", "{y}", "{z}")
LOG_ODDS_BOUND = 10.0  # odds of 22,000 to 1, where the exact log-odds may be infinite


def posterior(
    texts: Iterable[str], *, label_noise: float = RECIPE.label_noise
) -> np.ndarray:
    """P(label | text), exactly: float64 (reviews, labels), in the order of `LABELS`.

    `label_noise` is that of the labels to predict; 0 gives the posterior of what the
    review truly says. `ambiguity` makes no difference. Raises `DataError` for a text
    that the generator cannot have written.

    >>> text = "So this is The Iron River. The acting is never dull."
    >>> posterior([text], label_noise=0).round(3).tolist()
    [[0.714, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]]
    """
    return Oracle(standard(), replace(RECIPE, label_noise=label_noise)).posterior(texts)


def oracle_logits(
    texts: Iterable[str], *, label_noise: float = RECIPE.label_noise
) -> np.ndarray:
    """The best logits there are: float32 (reviews, labels), in ±`LOG_ODDS_BOUND`.

    Raises `DataError` as `posterior` does.

    >>> text = "So this is The Iron River. The acting is never dull."
    >>> oracle_logits([text]).round(2)[0, :3]
    array([ 0.87,  3.89, -3.89], dtype=float32)
    """
    p = posterior(texts, label_noise=label_noise)
    with np.errstate(divide="ignore"):
        log_odds = np.log(p) - np.log1p(-p)
    return np.clip(log_odds, -LOG_ODDS_BOUND, LOG_ODDS_BOUND).astype(np.float32)


class Oracle:
    """Knows a grammar and a recipe, and so the posterior of every label."""

    def __init__(self, grammar: Grammar, recipe: Recipe) -> None:
        self.grammar, self.recipe = grammar, recipe
        self._corrected = {
            form: word for word, forms in grammar.typos.items() for form in forms
        }
        self._topic = {
            form["{t}"]: topic
            for topic, forms in enumerate(grammar.forms)
            for form in forms
        }
        self._praising = {
            word: bool(praise)
            for pools in grammar.said_of
            for praise, pool in enumerate(pools)
            for word in pool
        }
        words, praise, pan = zip(*grammar.ambiguous, strict=True)
        self._weights = {  # P(word | praise), P(word | pan)
            word: (good / sum(praise), bad / sum(pan))
            for word, good, bad in zip(words, praise, pan, strict=True)
        }
        self._slot = {
            **{
                w.lower(): f"{{{s}}}"
                for s, words in grammar.nouns.items()
                for w in words
            },
            **dict.fromkeys(self._topic, "{t}"),
            **dict.fromkeys(self._praising, "{x}"),
            **dict.fromkeys(self._weights, "{?}"),
            **AGREEMENT,
        }
        both = (*grammar.asides, *grammar.leads)
        extras = [re.escape(self._blank(pattern, cut=False)) for pattern in both]
        extras.sort(key=len, reverse=True)  # the longer first, should one begin another
        self._extras = re.compile(f"(?<= )(?:{'|'.join(extras)})(?= )")
        self._meaning: dict[str, Pattern] = {}
        for pattern in grammar.sentences:
            skeleton = self._blank(pattern)
            if skeleton in self._meaning:
                raise ValueError(f"two patterns read alike: {skeleton!r}")
            self._meaning[skeleton] = pattern

    def posterior(self, texts: Iterable[str]) -> np.ndarray:
        """P(label | text) for every label: float64 (reviews, labels).

        Raises `DataError` for a text that the grammar cannot have written.
        """
        rows = [self._praise_probabilities(text) for text in texts]
        p = np.array(rows, dtype=np.float64).reshape(-1, len(self.grammar.labels))
        flip = self.recipe.label_noise
        return p * (1 - flip) + (1 - p) * flip

    def _praise_probabilities(self, text: str) -> list[float]:
        likelihood: dict[int, list[float]] = {}  # of a topic's sentences: pan, praise
        for sentence in SENTENCE_END.split(text.strip()):
            for topic, pan, praise in self._mentions(sentence):
                so_far = likelihood.setdefault(topic, [1.0, 1.0])
                so_far[0] *= pan
                so_far[1] *= praise
        verdict = likelihood.pop(0, [1.0, 1.0])  # times an even prior, which cancels
        if_verdict: dict[int, list[float]] = {}  # P(aspect praised | verdict, text)
        for aspect, (pan, praise) in likelihood.items():
            if_verdict[aspect] = []
            for v, prior in enumerate(self.recipe.praise_given_verdict):
                both = (1 - prior) * pan + prior * praise
                if not both:
                    raise DataError(f"no synthetic review says all of {text!r}")
                verdict[v] *= both
                if_verdict[aspect].append(prior * praise / both)
        p = verdict[1] / sum(verdict)
        row = [0.0] * len(self.grammar.labels)
        row[0] = p
        for aspect, (if_pan, if_praise) in if_verdict.items():
            row[aspect] = (1 - p) * if_pan + p * if_praise
        return row

    def _mentions(self, sentence: str) -> Iterator[tuple[int, float, float]]:
        """For each topic of a sentence, how probable its words are: if panned, praised.

        Up to a common factor, which cancels.
        """
        words = [word.strip(MARKS) for word in sentence.lower().split()]
        words = [self._corrected.get(word, word) for word in words]
        pattern = self._meaning.get(self._skeleton(words))
        if pattern is None:
            raise DataError(f"no synthetic review says {sentence!r}")
        if not pattern.kind:
            return
        topics = [self._topic[word] for word in words if word in self._topic]
        if pattern.kind == "?":
            praise, pan = next(w for word in words if (w := self._weights.get(word)))
            yield topics[0], pan, praise
            return
        opinions = [self._praising[word] for word in words if word in self._praising]
        if pattern.kind == "-":
            opinions = [not opinions[0]]
        elif pattern.kind == "*":  # one word says it, the other denies the opposite
            slots = [piece for piece in pattern.pieces if piece in OPINION_SLOTS]
            opinions = [opinions[slots.index("{y}")]]
        # A topic may be named twice ("where others saw ... songs, I saw ... songs").
        for topic, praised in zip(topics, opinions, strict=False):
            yield topic, 1.0 - praised, float(praised)

    def _skeleton(self, words: Sequence[str], cut: bool = True) -> str:
        slots = f" {' '.join(filter(None, (self._slot.get(w, w) for w in words)))} "
        return " ".join((self._extras.sub("", slots) if cut else slots).split())

    def _blank(self, pattern: Pattern, cut: bool = True) -> str:
        """The skeleton of a pattern."""
        opinion = dict.fromkeys(OPINION_SLOTS, "{?}" if pattern.kind == "?" else "{x}")
        same = SAME_SLOT | opinion
        plain = "".join(same.get(piece, piece) for piece in pattern.pieces)
        words = [word.strip(MARKS) for word in plain.lower().split()]
        return self._skeleton(words, cut)
