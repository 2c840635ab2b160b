"""The default data set: film reviews made by a generator, with an oracle for a teacher.

Each review mentions some aspects of a film (acting, story, music, visuals, pacing,
humour) and praises or pans each; `positive` is the verdict, which the aspects agree
with more often than not. Words of praise and pan are shared by both sides ("never
dull", "not gripping, as some have said, but tedious"), stand far from what they are
about, and are also said of things that no label is for, so that a list of words decides
little. The process is `writer`, the words are `lexicon`, and `oracle` knows the exact
probability of every label given the text: no model can do better than that, and how
much worse one does can be measured.

Both dials keep that true. `ambiguity` is the share of opinions put in a word that
admirers and detractors both use; `label_noise` is the probability that a label is
flipped after the text is written.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from .grammar import standard
from .oracle import Oracle
from .table import Reviews
from .writer import Draw, Recipe, Writer

SIZES = {"train": 8_000, "validation": 1_000, "test": 4_000, "unlabelled": 16_000}
LABELS = standard().labels
RECIPE = Recipe()
LOG_ODDS_BOUND = 10.0  # odds of 22,000 to 1, where the exact log-odds may be infinite
# Which of twelve parts of all films a split is about; no film is in two splits.
FILM_SHARES = {
    "train": (0, 1, 2, 3),
    "validation": (4,),
    "test": (5, 6),
    "unlabelled": (7, 8, 9, 10, 11),
}


def load(split: str, *, seed: int = 0, limit: int | None = None) -> Reviews:
    """The default data set: `SIZES[split]` reviews. Another seed is another text.

    `limit` gives the first so many, and no others are written: since all are drawn in
    the same way, the first are as good as any.
    """
    size = SIZES[split]
    return generate(size if limit is None else min(limit, size), seed, split=split)


def generate(
    count: int,
    seed: int = 0,
    *,
    split: str = "train",
    ambiguity: float = RECIPE.ambiguity,
    label_noise: float = RECIPE.label_noise,
) -> Reviews:
    """Write `count` reviews with float32 (count, 7) labels; none if `unlabelled`.

    The same arguments give the same bytes on every platform and Python version, and a
    larger count begins with the reviews of a smaller one.

    >>> generate(1, seed=3).texts == generate(2, seed=3).texts[:1]
    True
    """
    if not (0 <= ambiguity <= 1 and 0 <= label_noise <= 0.5):
        raise ValueError(
            f"ambiguity is {ambiguity} and label_noise {label_noise}; expected a share "
            "from 0 to 1, and a probability from 0 to 0.5"
        )
    recipe = replace(RECIPE, ambiguity=ambiguity, label_noise=label_noise)
    draw = Draw("reviews", split, int(seed))
    writer, films = Writer(standard(), recipe, draw), _films(split)
    labels: list[list[int]] = []
    written: dict[str, tuple[str, str]] = {}  # lower-cased text -> text, film
    while len(written) < count:
        film = draw.pick(films)
        text, praised = writer.review(film)
        if (
            text.lower() not in written
        ):  # the text decides alone, so no posterior changes
            written[text.lower()] = (text, film)
            labels.append(praised)
    return Reviews(
        name="synthetic",
        split=split,
        texts=[text for text, _ in written.values()],
        labels=None if split == "unlabelled" else np.array(labels, dtype=np.float32),
        label_names=LABELS,
        ids=[f"{split}/{seed}/{row}" for row in range(count)],
        films=[film for _, film in written.values()],
    )


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
    """The best logits there are: float32 (reviews, labels), in ±`LOG_ODDS_BOUND`."""
    p = posterior(texts, label_noise=label_noise)
    with np.errstate(divide="ignore"):
        log_odds = np.log(p) - np.log1p(-p)
    return np.clip(log_odds, -LOG_ODDS_BOUND, LOG_ODDS_BOUND).astype(np.float32)


def _films(split: str) -> list[str]:
    shades, titles = (standard().nouns[slot] for slot in ("shade", "title"))
    return [
        f"The {shade} {title}"
        for row, shade in enumerate(shades)
        for column, title in enumerate(titles)
        if (row + column) % 12 in FILM_SHARES[split]
    ]
