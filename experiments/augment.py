"""Comments that nobody wrote, for a teacher to label.

A small data set without unlabelled texts leaves a student little to ask its teacher
about. Tang et al. (2019, *Distilling task-specific knowledge from BERT into simple
neural networks*) therefore make texts from the ones there are. Whether they make sense
matters less than that the teacher has an opinion on them. Two of their three ways are
here, and one more: some words are replaced by others, a stretch of a comment stands
alone, and the head of one comment is put before the tail of another.
"""

from collections.abc import Sequence

import numpy as np

from course_lib.splits import Splits

MADE = 1  # comments out of each, where there are none without labels
REPLACED = 0.15  # of the words


def transfer_texts(splits: Splits) -> list[str]:
    """Return what the taught student reads; the training texts come first."""
    parts = {name: part.texts for name, part in splits.reviews.items()}
    if "unlabelled" in parts:
        return [*parts["train"], *parts["unlabelled"]]
    # A short comment that is made may be one that somebody has written.
    asked_later = {*parts["validation"], *parts["test"]}
    made = more_comments(parts["train"], each=MADE)
    return [*parts["train"], *(text for text in made if text not in asked_later)]


def more_comments(texts: Sequence[str], each: int = 1, seed: int = 0) -> list[str]:
    """Return new texts, up to `each` for every one given, none of them given or twice.

    >>> more_comments(["what a lovely day", "I am so sad about this"], each=1)
    ['what a lovely sad about this', 'am so']
    """
    random = np.random.default_rng(seed)
    split = [text.split() for text in texts]
    every_word = [word for words in split for word in words]
    made: dict[str, None] = {}
    for words in split:
        for _ in range(each):
            way = random.integers(3)
            if way == 0:
                new = [
                    every_word[random.integers(len(every_word))]
                    if random.random() < REPLACED
                    else word
                    for word in words
                ]
            elif way == 1:
                size = int(random.integers(1, len(words) + 1)) if words else 0
                start = int(random.integers(len(words) - size + 1))
                new = words[start : start + size]
            else:
                other = split[random.integers(len(split))]
                new = words[: len(words) // 2 + 1] + other[len(other) // 2 :]
            made[" ".join(new)] = None
    known = {*texts, ""}
    return [text for text in made if text not in known]
