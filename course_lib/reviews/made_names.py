"""Made sentences about people, places and studios, with exact tags.

Names are made of syllables. Of each kind's some have an ending that gives it away, and
many do not: then only the words around it say what it is, and in some sentences not
even these do: there a person comes up half of the time, which `UNCLEAR` states. No name
of one split comes up in another, but for first names, so that a list learnt by heart is
of little use.
"""

import re

import numpy as np

from course_lib.reviews.tagged import Sentence
from course_lib.spans import Span, tags_of

KINDS = ("PER", "LOC", "ORG")
#: How often each kind stands where the sentence does not say which.
UNCLEAR = {"PER": 0.5, "LOC": 0.3, "ORG": 0.2}

FIRST = [
    "anna",
    "bert",
    "carla",
    "david",
    "elena",
    "frank",
    "greta",
    "hugo",
    "irene",
    "jonas",
    "karin",
    "leo",
    "maria",
    "nils",
    "olga",
    "paul",
    "rosa",
    "simon",
    "tina",
    "victor",
]
STARTS = sorted([*"bdfghklmnprstvwz", "br", "dr", "gr", "kl", "st", "tr"])
VOWELS = ["a", "e", "i", "o", "u", "ai", "ei", "oo"]
CLOSES = ["l", "n", "r", "s", "k", "m", "nd", "rt", "x", "lm"]  # codespell:ignore nd
ENDINGS = {
    "PER": ("son", "ski", "ova"),
    "LOC": ("berg", "ford", "mouth"),
    "ORG": ("tex", "soft", "film"),
}
#: Which part of the made names each split has.
SHARES = {"train": (0.0, 0.6), "validation": (0.6, 0.7), "test": (0.7, 1.0)}

WORDS = {
    "did": "smiled wept slept shrugged laughed sneezed nodded frowned yawned whispered",
    "firm": (
        "hired|sold shares to|went bankrupt with|signed|sued|paid|recruited|insured"
    ),
    "who": "actor director writer cook dancer nurse painter singer clerk thief",
    "where": "harbour station market bridge castle cathedral river suburbs beach",
    "what": "shareholders accountants headquarters lawyers profits workers board",
    "road": "arrived in|lived near|drove through|flew to|got lost in|was born in",
    "when": "yesterday|last spring|on sunday|in the end|that night|years ago",
    "how": "quiet famous expensive tired old generous boring late proud strange",
}
CLEAR = (
    "{PER} {did} {when} .",
    "{PER} , the {who} , {did} .",
    "the {who} {PER} {road} {LOC} .",
    "{PER} {road} {LOC} {when} .",
    "{when} {PER} met {PER} in {LOC} .",
    "the {where} of {LOC} was {how} .",
    "they shot it in {LOC} , near the {where} .",
    "the {what} of {ORG} were {how} .",
    "{ORG} {firm} the {who} {when} .",
    "{ORG} {firm} {PER} .",
    "in {LOC} {PER} {did} .",
    "to {PER} {LOC} was {how} .",
    "{X:PER} was {how} , and so was her brother .",
    "{X:LOC} was {how} , and so was its {where} .",
    "{X:ORG} was {how} , and so were its {what} .",
    "when {X:PER} was young , she {road} {LOC} .",
    "when {X:ORG} was young , it {firm} nobody .",
    "she left {X:PER} because he {did} .",
    "she left {X:LOC} because its {where} was {how} .",
    "she left {X:ORG} because its {what} were {how} .",
)
OPEN = (
    "everybody talked about {X} {when} .",
    "{X} was {how} {when} .",
    "the film is about {X} .",
    "she left {X} {when} .",
)


def stems() -> list[str]:
    """Return all made names without an ending, in an order that is always the same."""
    made = [a + b + c for a in STARTS for b in VOWELS for c in CLOSES]
    order = np.random.default_rng(19).permutation(len(made))
    return [made[i] for i in order]


def made_sentences(
    count: int, *, split: str, seed: int = 0, unclear: float = 0.2
) -> list[Sentence]:
    """Return sentences of a split, each once; `unclear` is the share that do not say.

    >>> for sentence in made_sentences(2, split="train"):
    ...     print(" ".join(sentence.words), "|", *sentence.tags)
    in Saint Rukberg Wort nodded . | O B-LOC I-LOC B-PER O O
    to Wartski Saint Traik was famous . | O B-PER B-LOC I-LOC O O O
    """
    if split not in SHARES:
        raise ValueError(f"split is {split!r}; expected one of {', '.join(SHARES)}")
    random = np.random.default_rng([seed, list(SHARES).index(split)])
    all_stems = stems()
    low, high = (int(share * len(all_stems)) for share in SHARES[split])
    writer = _Writer(random, all_stems[low:high])
    found: dict[str, Sentence] = {}
    while len(found) < count:
        pool = OPEN if random.random() < unclear else CLEAR
        sentence = writer.write(pool[random.integers(len(pool))])
        found.setdefault(" ".join(sentence.words), sentence)
    return list(found.values())


class _Writer:
    def __init__(self, random: np.random.Generator, names: list[str]) -> None:
        self.random, self.names = random, names
        self.words = {
            slot: said.split("|") if "|" in said else said.split()
            for slot, said in WORDS.items()
        }

    def pick(self, options: list[str]) -> str:
        return options[self.random.integers(len(options))]

    def write(self, template: str) -> Sentence:
        """Fill a template's slots, and note where its names stand."""
        words: list[str] = []
        spans: list[Span] = []
        for part in template.split():
            slot = re.fullmatch(r"\{(\w+):?(\w*)\}", part)
            if not slot:
                words.append(part)
            elif slot[1] in self.words:
                words += self.pick(self.words[slot[1]]).split()
            else:
                kind, bare = slot[1], slot[1] == "X"
                if bare:
                    kinds, shares = list(UNCLEAR), list(UNCLEAR.values())
                    kind = slot[2] or str(self.random.choice(kinds, p=shares))
                name = [self.bare()] if bare else self.name(kind)
                spans.append((kind, len(words), len(words) + len(name)))
                words += name
        return Sentence(words, tags_of(spans, len(words)))

    def bare(self) -> str:
        """A name that says nothing of its kind."""
        return self.pick(self.names).capitalize()

    def name(self, kind: str) -> list[str]:
        """A name of a kind, of one word or several."""
        chance = self.random.random()
        last = self.bare()
        if self.random.random() < 0.3:
            last += self.pick(list(ENDINGS[kind]))
        if kind == "PER" and chance < 0.5:
            return [self.pick(FIRST).capitalize(), last]
        if kind == "LOC" and chance < 0.25:
            return [self.pick(["New", "Port", "Saint"]), last]
        if kind == "ORG" and chance < 0.35:
            return [last, self.pick(["Pictures", "Brothers", "Media"])]
        return [last]
