"""Writing a synthetic review: the random process behind text and labels."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from course_lib.reviews.synthetic.grammar import MARKS, Grammar, Pattern

ARTICLE = re.compile(r"\b([Aa]) (?=[aeiou])")
ENDINGS, ENDING_WEIGHTS = (".", "!", "..."), (17, 2, 1)
Item = TypeVar("Item")


@dataclass(frozen=True)
class Recipe:
    """The numbers of the process; a tuple of weights is indexed by what it draws."""

    praise_given_verdict: tuple[float, float] = (0.3, 0.75)  # panned film, praised film
    aspects: tuple[int, ...] = (0, 20, 30, 25, 15, 7, 3)  # how many are mentioned
    verdict_said: float = 0.6
    said_twice: float = 0.2  # of each topic that is mentioned
    pair: float = 0.25  # two topics share a sentence
    ambiguity: float = 0.2  # of the other sentences with an opinion
    label_noise: float = 0.02  # each label is flipped in the end
    filler: tuple[tuple[int, int, int], ...] = (  # weight, fewest and most sentences
        (45, 0, 1),
        (42, 1, 3),
        (10, 4, 8),
        (3, 18, 28),
    )
    aside: float = 0.4
    lead: float = 0.15
    typo: float = 0.01  # of each word
    lower_case: float = 0.1  # of each review


RECIPE = Recipe()  # of the default data set


class Draw:
    """Random choices that are the same on every platform and Python version.

    Everything rests on `Random.random()`, the one sequence Python promises to keep.
    """

    def __init__(self, *seed: str | int) -> None:
        digest = hashlib.sha256(repr(seed).encode()).digest()
        self._random = random.Random(int.from_bytes(digest[:8], "big")).random

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self._random() < probability

    def weighted(self, weights: Sequence[int]) -> int:
        """An index, drawn in proportion to its weight."""
        left = self._random() * sum(weights)
        for index, weight in enumerate(weights):
            left -= weight
            if left < 0:
                return index
        return len(weights) - 1

    def below(self, count: int) -> int:
        """A whole number from 0 up to but not `count`."""
        return int(self._random() * count)

    def pick(self, items: Sequence[Item]) -> Item:
        """One of the items."""
        return items[self.below(len(items))]

    def shuffled(self, items: Iterable[Item]) -> list[Item]:
        """The items in a random order."""
        left = list(items)
        return [left.pop(self.below(len(left))) for _ in range(len(left))]


class Writer:
    """Writes one review after another.

    The order of the choices matters for `oracle`: which topics are mentioned, how
    often, in which kind of sentence, and what stands around them is always settled
    without a look at what is thought of them.
    """

    def __init__(self, grammar: Grammar, recipe: Recipe, draw: Draw) -> None:
        self.grammar, self.recipe, self.draw = grammar, recipe, draw
        self._clear_weights = [pattern.weight for pattern in grammar.clear]
        self._filler_weights = [weight for weight, _, _ in recipe.filler]

    def review(self, film: str) -> tuple[str, list[int]]:
        """One text, and for each topic whether it is praised, flips included."""
        draw, recipe, grammar = self.draw, self.recipe, self.grammar
        verdict = draw.chance(0.5)
        aspects = draw.shuffled(range(1, len(grammar.labels)))
        aspects = aspects[: draw.weighted(recipe.aspects)]
        praised = {0: verdict}
        for aspect in aspects:
            praised[aspect] = draw.chance(recipe.praise_given_verdict[verdict])
        topics = aspects + [0] * draw.chance(recipe.verdict_said)
        topics += [topic for topic in topics if draw.chance(recipe.said_twice)]
        body = self._opinions(draw.shuffled(topics), praised)
        _, fewest, most = recipe.filler[draw.weighted(self._filler_weights)]
        for _ in range(fewest + draw.below(most - fewest + 1)):
            body.append(self._write(draw.pick(grammar.filler)))
        opening = self._write(draw.pick(grammar.openings), film=film)
        text = self._finish([opening, *draw.shuffled(body)])
        labels = [bool(praised.get(topic)) for topic in range(len(grammar.labels))]
        return text, [int(label != draw.chance(recipe.label_noise)) for label in labels]

    def _opinions(self, topics: list[int], praised: dict[int, bool]) -> list[str]:
        """A sentence for each topic, or for two at once."""
        draw, grammar, sentences = self.draw, self.grammar, []
        while topics:
            said = [topics.pop()]
            if topics and topics[-1] != said[0] and draw.chance(self.recipe.pair):
                said.append(topics.pop())
                pattern = draw.pick(grammar.pairs)
            elif draw.chance(self.recipe.ambiguity):
                pattern = draw.pick(grammar.unclear)
            else:
                pattern = grammar.clear[draw.weighted(self._clear_weights)]
            opinions = [(topic, praised[topic]) for topic in said]
            sentences.append(self._write(pattern, opinions))
        return sentences

    def _write(
        self, pattern: Pattern, said: Sequence[tuple[int, bool]] = (), film: str = ""
    ) -> str:
        """Fill the slots of a pattern; `said` are its topics, each praised or not."""
        words = {"{film}": film}
        if said:
            words |= self.draw.pick(self.grammar.forms[said[0][0]])
        if len(said) == 2:
            other = self.draw.pick(self.grammar.forms[said[1][0]])
            words |= {"{u}": other["{t}"], "{are}": other["{is}"]}
            words |= {"{were}": other["{was}"]}
        written = []
        for piece in pattern.pieces:
            if piece in words:
                written.append(words[piece])
            elif piece in ("{x}", "{y}", "{z}"):
                written.append(self._opinion_word(piece, pattern.kind, said))
            elif piece.startswith("{"):
                written.append(self._plain_word(piece))
            else:
                written.append(piece)
        return "".join(written)

    def _opinion_word(
        self, slot: str, kind: str, said: Sequence[tuple[int, bool]]
    ) -> str:
        draw, grammar = self.draw, self.grammar
        if not kind:  # an opinion of something else: the weather, another film
            return draw.pick(grammar.praise if draw.chance(0.5) else grammar.pan)
        topic, praised = said[1] if kind == "pair" and slot == "{y}" else said[0]
        if kind == "?":
            weights = [good if praised else bad for _, good, bad in grammar.ambiguous]
            return grammar.ambiguous[draw.weighted(weights)][0]
        turned_round = kind == "-" or slot == "{z}"
        return draw.pick(grammar.said_of[topic][praised != turned_round])

    def _plain_word(self, slot: str) -> str:
        draw, grammar = self.draw, self.grammar
        if slot == "{,}":
            if draw.chance(self.recipe.aside):
                return f", {self._write(draw.pick(grammar.asides))},"
            return ""
        if slot == "{m}":
            return draw.pick(draw.pick(grammar.forms))["{t}"]
        return draw.pick(grammar.nouns[slot[1:-1]])

    def _finish(self, sentences: list[str]) -> str:
        """Add openers, articles, capitals, full stops and typing errors."""
        draw, recipe, finished = self.draw, self.recipe, []
        for place, sentence in enumerate(sentences):
            if place and draw.chance(recipe.lead):
                sentence = f"{self._write(draw.pick(self.grammar.leads))}, {sentence}"
            sentence = ARTICLE.sub(r"\1n ", sentence)
            ending = ENDINGS[draw.weighted(ENDING_WEIGHTS)]
            finished.append(sentence[0].upper() + sentence[1:] + ending)
        words = " ".join(finished).split(" ")
        text = " ".join(
            self._mistype(w) if draw.chance(recipe.typo) else w for w in words
        )
        return text.lower() if draw.chance(recipe.lower_case) else text

    def _mistype(self, word: str) -> str:
        core = word.strip(MARKS)
        forms = self.grammar.typos.get(core.lower())
        if not forms:
            return word
        wrong = self.draw.pick(forms)
        return word.replace(core, wrong.capitalize() if core[0].isupper() else wrong)
