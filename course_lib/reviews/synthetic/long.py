"""Long synthetic reviews: the verdict is said once, and much else is said around it.

Each says what it thinks of some aspects, and its verdict in one sentence: the first,
the last, or one between. The rest is talk of the plot and of popcorn, as much as fills
the review. How much, and where the verdict stands, is settled without a look at what
the verdict is. So what can be known of a review from a part of its sentences is exactly
what `oracle` says of these, and `verdict_probability` asks it.

The sentences are a selection of the data set's own, with fewer words and no detours.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

import numpy as np

from course_lib.reviews.synthetic.grammar import Grammar, standard
from course_lib.reviews.synthetic.oracle import Oracle
from course_lib.reviews.synthetic.writer import RECIPE, Draw, Writer
from course_lib.reviews.table import Reviews

PLACES = ("beginning", "middle", "end")
PLACE_WEIGHTS = (1, 1, 2)
ASPECT_WEIGHTS = (1, 2, 1)  # of two, three and four aspects
LONG = replace(
    RECIPE,
    filler=((3, 0, 2), (3, 3, 7), (2, 8, 15), (1, 16, 30)),
    ambiguity=0.3,
    pair=0.0,
    aside=0.0,
    typo=0.0,
    lower_case=0.0,
    label_noise=0.0,
)


@lru_cache(maxsize=1)
def plain() -> Grammar:
    """The data set's language with fewer words, and each opinion said as it is meant.

    >>> "never" in plain().vocabulary, len(plain().praise)
    (False, 6)
    """
    whole = standard()
    return replace(
        whole,
        clear=tuple(p for p in whole.clear if p.kind == "+"),
        praise=whole.praise[:6],
        pan=whole.pan[:6],
        special=tuple(((), ()) for _ in whole.special),
    )


class LongWriter(Writer):
    """Writes reviews whose verdict is said once, at a place of its own."""

    def long_review(self) -> tuple[str, int, int]:
        """One text, its verdict, and the place of that among `PLACES`."""
        draw, recipe, grammar = self.draw, self.recipe, self.grammar
        verdict = draw.chance(0.5)
        aspects = draw.shuffled(range(1, len(grammar.labels)))
        aspects = aspects[: 2 + draw.weighted(ASPECT_WEIGHTS)]
        prior = recipe.praise_given_verdict[verdict]
        praised = {0: verdict, **{aspect: draw.chance(prior) for aspect in aspects}}
        body = self._opinions(aspects, praised)
        _, fewest, most = recipe.filler[draw.weighted(self._filler_weights)]
        for _ in range(fewest + draw.below(most - fewest + 1)):
            body.append(self._write(draw.pick(grammar.filler)))
        body = draw.shuffled(body)
        place = draw.weighted(PLACE_WEIGHTS)
        between = 1 + draw.below(len(body) - 1)
        body.insert((0, between, len(body))[place], *self._opinions([0], praised))
        return self._finish(body), int(verdict), place


def generate_long(count: int, seed: int = 0, *, split: str = "train") -> Reviews:
    """Write `count` long reviews, with int64 (count,) verdicts: 1 is praise.

    `extra["place"]` says which of `PLACES` the verdict stands in. The same arguments
    give the same bytes on every platform and Python version, and a larger count begins
    with the reviews of a smaller one. Raises `ValueError` for a count below 1.

    >>> two = generate_long(2, seed=3)
    >>> two.labels.tolist(), [PLACES[place] for place in two.extra["place"]]
    ([1, 0], ['end', 'end'])
    """
    if count < 1:
        raise ValueError(f"count is {count}; ask for at least one review")
    writer = LongWriter(plain(), LONG, Draw("long reviews", split, int(seed)))
    written: dict[str, tuple[int, int]] = {}
    while len(written) < count:
        text, verdict, place = writer.long_review()
        written.setdefault(text, (verdict, place))
    verdicts, places = np.array(list(written.values()), dtype=np.int64).T
    return Reviews(
        name="long",
        split=split,
        texts=list(written),
        labels=None if split == "unlabelled" else verdicts,
        label_names=("pan", "praise"),
        ids=[f"{split}/{seed}/{row}" for row in range(count)],
        extra={"place": places},
    )


def verdict_probability(texts: Iterable[str]) -> np.ndarray:
    """P(praise | text), exactly: float64 (reviews,), for long reviews or parts of them.

    A part is any number of whole sentences; of none, the answer is a half. Raises
    `DataError` for a sentence that no long review can have.

    >>> texts = ["I found the film dull.", "What superb music!", ""]
    >>> verdict_probability(texts).round(3)
    array([0.   , 0.714, 0.5  ])
    """
    oracle = Oracle(plain(), LONG)
    said = [oracle.posterior([text])[0, 0] if text else 0.5 for text in texts]
    return np.array(said, dtype=np.float64)
