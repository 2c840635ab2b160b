"""A made-up language, and pairs of an English sentence and what it becomes there.

The verb comes last, an adverb first, adjectives and the word for *the* behind their
noun, and both end as the noun's class wants it. It has four dialects, with other nouns
and verbs; who begins in one goes on in it. So each sentence has four right
translations, and nothing in it says which is wanted: `DIALECTS` states how often each
is.
"""

import numpy as np

#: Where the translators of these pairs come from, and how often.
DIALECTS = {"hill": 0.4, "coast": 0.3, "wood": 0.2, "town": 0.1}

NOUNS = ["cat", "dog", "king", "baker", "boat", "house", "letter", "lamp"]
VERBS = ["sees", "likes", "finds", "paints"]
ADJECTIVES = ["old", "red", "small", "quiet"]
ADVERBS = ["today", "again"]


def _made() -> dict[str, tuple[str, ...]]:
    """Return for each English word what it may become: by dialect, or by class."""
    stems = [a + b + c for a in "bdfgklmnprstvz" for b in "aeiou" for c in "lmnrskt"]
    order = iter(np.random.default_rng(23).permutation(len(stems)))
    new = (stems[i] for i in order)
    words = {w: tuple(next(new) for _ in DIALECTS) for w in NOUNS + VERBS}
    for word in ADJECTIVES:
        stem = next(new)
        words[word] = (stem + "o", stem + "a")
    words.update({word: (next(new),) for word in ADVERBS})
    return {**words, "the": ("lo", "la"), "a": (), ".": (".",)}


#: What each English word may become.
WORDS = _made()
#: All words of both languages, in an order that is always the same.
VOCABULARY = [*WORDS, *sorted({w for made in WORDS.values() for w in made} - {"."})]


def translations(sentence: list[str]) -> list[list[str]]:
    """Return the right translations, one a dialect, in the order of `DIALECTS`.

    >>> hill, *others = translations("the old cat sees a boat .".split())
    >>> " ".join(hill), len(others)
    ('tit beto lo bak gur .', 3)
    """
    words = list(sentence)
    said: list[list[str]] = []
    verb = next(i for i, word in enumerate(words) if word in VERBS)
    first = [words[0]] if words[0] in ADVERBS else []
    for dialect in range(len(DIALECTS)):
        made = [WORDS[word][0] for word in first]
        for part in (words[len(first) : verb], words[verb + 1 : -1]):
            article, *adjectives, noun = part
            kind = NOUNS.index(noun) % 2
            made += [WORDS[noun][dialect], *(WORDS[a][kind] for a in adjectives)]
            made += [WORDS["the"][kind]] if article == "the" else []
        said.append([*made, WORDS[words[verb]][dialect], "."])
    return said


def made_pairs(
    count: int, *, split: str, seed: int = 0
) -> list[tuple[list[str], list[str]]]:
    """Return pairs of an English sentence and one translation; no split shares any.

    >>> for english, other in made_pairs(2, split="train"):
    ...     print(" ".join(english), "|", " ".join(other))
    today the old letter paints the lamp . | nal vur beto lo zuk la dam .
    the small house finds a quiet lamp . | zus zana la zuk suta duk .
    """
    splits = ("train", "validation", "test")
    if split not in splits:
        raise ValueError(f"split is {split!r}; expected one of {', '.join(splits)}")
    random = np.random.default_rng([seed, 77])

    def pick(options: list[str]) -> str:
        return options[random.integers(len(options))]

    def thing() -> list[str]:
        several = random.permutation(ADJECTIVES)[: random.integers(2)]
        return [pick(["the", "a"]), *map(str, several), pick(NOUNS)]

    found: dict[str, tuple[list[str], list[str]]] = {}
    while len(found) < count:
        first = [pick(ADVERBS)] if random.random() < 0.5 else []
        words = [*first, *thing(), pick(VERBS), *thing(), "."]
        dialect = int(random.choice(len(DIALECTS), p=list(DIALECTS.values())))
        # Ten parts, by the sentence itself: one for each of the other two splits.
        part = min(sum(map(ord, "".join(words))) % 10, 2)
        if splits[(part + 1) % 3] != split:
            continue
        found.setdefault(" ".join(words), (words, translations(words)[dialect]))
    return list(found.values())
