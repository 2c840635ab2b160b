"""So many synthetic reviews of each split, with their labels and films."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from course_lib.reviews.synthetic.grammar import standard
from course_lib.reviews.synthetic.writer import RECIPE, Draw, Writer
from course_lib.reviews.table import Reviews

SIZES = {"train": 8_000, "validation": 1_000, "test": 4_000, "unlabelled": 16_000}
LABELS = standard().labels
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


def _films(split: str) -> list[str]:
    shades, titles = (standard().nouns[slot] for slot in ("shade", "title"))
    return [
        f"The {shade} {title}"
        for row, shade in enumerate(shades)
        for column, title in enumerate(titles)
        if (row + column) % 12 in FILM_SHARES[split]
    ]
