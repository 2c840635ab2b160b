"""Texts as they also might have come: misspelt, denied, about somebody else.

Functions from a text to a text. What they draw depends on the seed and on the text
itself, so that a text meets the same fate in whatever order texts come.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from course_lib.reviews.synthetic.writer import Draw

WORD = re.compile(r"[^\W\d_]+")
SHORTEST = 4  # of three letters, only one is inside
SAID_OF = re.compile(r"^(.*\b(?:is|are))( [\w-]+[.!]*)$", re.DOTALL)
TURNS = re.compile(r"\b(?:not|never|no|nothing|nobody|far|but)\b", re.IGNORECASE)


def typos(text: str, rate: float, seed: int = 0) -> str:
    """Swap two neighbouring letters inside each word, with probability `rate`.

    The first and the last letter stay, as hasty fingers often have it, and so do words
    of less than four letters, words without two different neighbours inside, and all
    that is no letter: the length is kept. A higher rate adds to the typos of a lower
    one. Raises `ValueError` for a rate outside 0 to 1.

    >>> typos("The story is gripping, and never dull.", 0.5, seed=3)
    'The story is girpping, and never dlul.'
    >>> typos("The story is gripping, and never dull.", 0.0)
    'The story is gripping, and never dull.'
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"rate is {rate}; expected a share of words, from 0 to 1")
    draw = Draw("typos", int(seed), text)

    def mistyped(found: re.Match[str]) -> str:
        word = found.group()
        inner = range(1, len(word) - 2)
        places = [i for i in inner if word[i].lower() != word[i + 1].lower()]
        if len(word) < SHORTEST or not places:
            return word
        hit, i = draw.chance(rate), draw.pick(places)  # both drawn, whatever the rate
        return word[:i] + word[i + 1] + word[i] + word[i + 2 :] if hit else word

    return WORD.sub(mistyped, text)


def denied(text: str, by: str = "never") -> str | None:
    """Deny what a sentence says last: "... is dull." becomes "... is never dull."

    None for a sentence that does not end with *is* or *are* and one word, or that turns
    something round already: what would deny it is not known. Half of a minimal pair, of
    which the other half is the text (Kaushik et al. 2020; Gardner et al. 2020).

    >>> denied("The plot, I am told, is dull."), denied("The plot is dull at best.")
    ('The plot, I am told, is never dull.', None)
    """
    found = None if TURNS.search(text) else SAID_OF.match(text)
    return f"{found[1]} {by}{found[2]}" if found else None


def renamed(text: str, names: Sequence[str], seed: int = 0) -> str:
    """Give each of the `names` that occurs in a text another one of them.

    The same name gets the same new one throughout, and two names do not become one.
    Whole words in their own spelling. A text without any comes back as it was. Raises
    `ValueError` for fewer than two names.

    >>> renamed("Quill and Petrov; Quill sings.", ["Quill", "Petrov", "Varga"], seed=2)
    'Petrov and Varga; Petrov sings.'
    """
    names = list(dict.fromkeys(names))
    if len(names) < 2:
        raise ValueError(f"names are {names}; expected at least two, to swap them")
    # A step around the list, in random order: nobody keeps a name, no two share one.
    order = Draw("renamed", int(seed), text).shuffled(names)
    new = dict(zip(order, order[1:] + order[:1], strict=True))
    longest = sorted(map(re.escape, names), key=len, reverse=True)
    return re.sub(rf"\b(?:{'|'.join(longest)})\b", lambda m: new[m[0]], text)
