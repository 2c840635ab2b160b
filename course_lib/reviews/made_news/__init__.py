"""Made-up news with written summaries, of which every fact is known.

`made_stories` fills the gaps of `topics`. A summary says in other words what three of
a story's sentences say. In most stories these come first, as in a newspaper; in others
a scene comes first, or the news stands at the end. No place of one split comes up in
another, and some wordings are the test's alone. The twenty `written_stories` beside
them were written by hand, and no program has seen them.
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
