"""Made-up news with written summaries, of which every fact is known.

`made_stories` fills the gaps of `topics`. A summary says in other words what three of
a story's sentences say. In most stories these come first, as in a newspaper; in others
a scene comes first, or the news stands at the end. No place of one split comes up in
another, and some wordings are the test's alone. The twenty `written_stories` beside
them were written one by one, without it.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from course_lib.reviews.made_news.topics import ANYWHERE, FILLERS, TOPICS
from course_lib.reviews.stories import Story, story_from

#: Where a story's news stands, and how often.
SHAPES = {"first": 0.55, "scene": 0.3, "last": 0.15}
#: Halves of the names of places, and what else a story needs.
NAMES = {
    "start": "Vel Tarn Quill Osk Brev Mirr Dool Ferr Gant Hesk Jorr Kell Lomm Nerr Pell"
    " Rask Sorv Thry Ull Wend",
    "end": "brook mere wick holt combe stead gate haven low ness",
    "day": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
}
STARTS, ENDS, DAYS = (words.split() for words in NAMES.values())
#: Which part of the places each split has.
SHARES = {"train": (0.0, 0.6), "validation": (0.6, 0.7), "test": (0.7, 1.0)}


def made_stories(
    count: int, *, split: str, topics: Sequence[str] = tuple(TOPICS), seed: int = 0
) -> list[Story]:
    """Return stories of a split, each once, of some or all topics.

    Raises `ValueError` for a split or a topic that does not exist.

    >>> story = made_stories(1, split="train")[0]
    >>> story.summary
    'Refuse collectors in Heskmere are on strike for ...'
    """
    if split not in SHARES:
        raise ValueError(f"split is {split!r}; expected one of {', '.join(SHARES)}")
    if not topics or set(topics) - set(TOPICS):
        raise ValueError(
            f"topics are {list(topics)}; expected some of {', '.join(TOPICS)}"
        )
    random = np.random.default_rng([seed, list(SHARES).index(split)])
    places = [a + b for a in STARTS for b in ENDS]
    places = [places[i] for i in np.random.default_rng(23).permutation(len(places))]
    low, high = (int(share * len(places)) for share in SHARES[split])
    writer = _Writer(random, places[low:high], split == "test")
    found: dict[str, Story] = {}
    while len(found) < count:
        story = writer.write(topics[int(random.integers(len(topics)))])
        found.setdefault(story.text, story)
    return list(found.values())


def written_stories() -> list[Story]:
    """Return twenty short news items and their summaries, written one by one.

    Their places and people are invented; they are under this project's licence for
    texts, CC BY 4.0.

    >>> len(written_stories())
    20
    """
    file = Path(__file__).parent / "written.txt"
    items = file.read_text(encoding="utf-8").strip().split("\n=====\n")
    return [
        story_from(item, f"{file.name}, item {place}")
        for place, item in enumerate(items, start=1)
    ]


class _Writer:
    def __init__(
        self, random: np.random.Generator, places: list[str], everything: bool
    ) -> None:
        self.random, self.places, self.everything = random, places, everything

    def one(self, options: Sequence[str]) -> str:
        """One of the wordings that this split may use."""
        known = len(options) if self.everything else max(len(options) - 1, 1)
        return options[int(self.random.integers(known))]

    def some(self, options: Sequence[str], count: int) -> list[str]:
        return [options[i] for i in self.random.permutation(len(options))[:count]]

    def write(self, topic: str) -> Story:
        """A story: its news among sentences that are none, and its summary."""
        parts, random = TOPICS[topic], self.random
        what, then, next_ = (self.one(parts[k]) for k in ("what", "then", "next"))
        scene = self.some(parts["scene"], 2)
        rest = self.some(parts["more"], 3) + self.some(ANYWHERE, 3)
        more = [rest[i] for i in random.permutation(len(rest))]
        shape = random.choice(list(SHAPES), p=list(SHAPES.values()))
        if shape == "first":
            near = [next_, more[0]] if random.random() < 0.5 else [more[0], next_]
            order = [what, then, *near, *more[1:], scene[0]]
        elif shape == "scene":
            order = [*scene, what, more[0], then, more[1], next_, *more[2:]]
        else:
            order = [scene[0], *more[:4], scene[1], *more[4:], what, then, next_]
        facts = self.facts(topic)
        text = " ".join(sentence.format_map(facts) for sentence in order)
        return Story(text, self.one(parts["summary"]).format_map(facts))

    def facts(self, topic: str) -> dict[str, str]:
        """What fills the gaps of a story, with a capital where it begins a sentence."""
        place, other = self.some(self.places, 2)
        day, random = DAYS[self.random.integers(len(DAYS))], self.random
        found = {"place": place, "other": other, "day": day}
        for gap, options in FILLERS[topic].items():
            found[gap] = options[random.integers(len(options))]
            found[gap.capitalize()] = found[gap][0].upper() + found[gap][1:]
        numbers = {"n": (11, 90), "m": (2, 10), "k": (110, 990), "year": (1850, 1990)}
        for gap, (least, most) in numbers.items():
            found[gap] = str(random.integers(least, most))
        return found
