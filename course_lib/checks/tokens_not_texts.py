"""Checks for the exercises of the chapter on taggers."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checks import check
from course_lib.checks.expect import Slips, call, require, same
from course_lib.reviews.made_names import made_sentences
from course_lib.spans import span_f1, spans_of
from course_lib.tagged import IGNORED, Pieces


@check("Right: a B- begins, an I- of the same kind goes on, and all else ends.")
def names(function: Callable[[list[str]], Any]) -> None:
    """The names that BIO tags say, as (kind, first word, behind the last).

    >>> names(spans_of)
    ✅ Right: a B- begins, an I- of the same kind goes on, and all else ends.
    >>> names(lambda tags: [])
    ❌ For B-PER I-PER O B-LOC you returned []; expected [['PER', 0, 2], ['LOC', 3, 4]].
    """
    for said in (
        "B-PER I-PER O B-LOC",
        "B-PER B-PER I-PER",
        "O B-ORG O B-ORG I-ORG",
        "B-LOC B-PER",
        "O O",
        "B-LOC I-LOC I-LOC",
    ):
        tags = said.split()
        truth: list[list[Any]] = [list(span) for span in spans_of(tags)]
        without_b = [tag.replace("B-", "I-") for tag in tags]
        slips: Slips = {
            "Give the place behind the last word, as a slice does.": (
                [[kind, a, b - 1] for kind, a, b in truth],
            ),
            "A B- begins a name of its own, also beside another.": (
                [list(span) for span in spans_of(without_b)],
            ),
            "Each word by itself is no name: an I- goes on with one.": (
                [[t[2:], i, i + 1] for i, t in enumerate(tags) if t != "O"],
            ),
            "A name may end with the text.": truth[:-1],
        }
        value = call(function, tags)
        if isinstance(value, list | tuple):
            value = [list(v) if isinstance(v, list | tuple) else v for v in value]
        same(value, truth, said, slips)


@check("Right: the first piece answers for its word, and nothing else counts.")
def align(function: Callable[[list[int | None], list[int]], Any]) -> None:
    """A label for each piece, from each piece's word and the words' tags.

    >>> align(lambda words, tags: Pieces([""] * len(words), words).spread(tags))
    ✅ Right: the first piece answers for its word, and nothing else counts.
    >>> align(lambda words, tags: [-100 if w is None else tags[w] for w in words])
    ❌ For words [None, 0, 0, 1, None] and tags [3, 0] you returned [-100, 3, 3, 0,
    -100]; expected [-100, 3, -100, 0, -100]. Only the first piece of a word counts.
    """
    cases: list[tuple[list[int | None], list[int]]] = [
        ([None, 0, 0, 1, None], [3, 0]),
        ([None, 0, 1, 1, 1, 2, None], [0, 5, 5]),  # two words with one tag
        ([0, 0], [1]),
        ([None, 0, 1, 2, None, None, None], [0, 1, 2]),  # padding as well
    ]
    for words, tags in cases:
        truth = Pieces([""] * len(words), words).spread(tags)
        everywhere = [IGNORED if w is None else tags[w] for w in words]
        behind = [*words[1:], None]
        last = [
            IGNORED if w is None or w == after else tags[w]
            for w, after in zip(words, behind, strict=True)
        ]
        changed = [
            label if i == 0 or label != everywhere[i - 1] else IGNORED
            for i, label in enumerate(everywhere)
        ]
        slips: Slips = {
            "Only the first piece of a word counts.": everywhere,
            "That is the last piece of each word.": last,
            "A 0 is a tag, O: what does not count has -100.": (
                [0 if label == IGNORED else label for label in truth],
                [
                    0 if w is None else label
                    for w, label in zip(words, truth, strict=True)
                ],
            ),
            "Two words may have the same tag: compare words, not tags.": changed,
        }
        given = f"words {words} and tags {tags}"
        value = call(function, list(words), list(tags))
        if isinstance(value, Tensor | np.ndarray | tuple):
            value = np.asarray(value).tolist()
        same(value, truth, given, slips)


@check("Right: a mean over what counts, and over nothing else.")
def loss(function: Callable[[Tensor, Tensor, Tensor, float], Any]) -> None:
    """T² KL(teacher‖student), its mean over the tokens that count.

    >>> from course_lib.losses.tokens import token_soft_target_loss
    >>> loss(token_soft_target_loss)
    ✅ Right: a mean over what counts, and over nothing else.
    >>> loss(lambda s, t, counted, T: token_soft_target_loss(s, t, counted, T) / T**2)
    ❌ For 2 texts of 3 tokens, 4 of which count, and T = 2 you returned 0.07...;
    expected 0.31... T² is missing.
    """
    for seed, (batch, tokens, temperature) in enumerate(
        ((2, 3, 2.0), (3, 6, 1.0), (1, 4, 4.0))
    ):
        generator = torch.Generator().manual_seed(seed)
        shape = (batch, tokens, 3)
        student, teacher = torch.randn(2, *shape, generator=generator).double()
        counted = torch.arange(tokens) < tokens - torch.arange(batch)[:, None]
        counted[0, -1] = False
        if tokens > 3:
            counted[:, 1] = False
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        each = temperature**2 * (log_p.exp() * (log_p - log_q)).sum(-1)
        other = temperature**2 * (log_q.exp() * (log_q - log_p)).sum(-1)
        zeroed = each * counted
        texts = torch.stack([each[i][counted[i]].mean() for i in range(batch)])
        truth = each[counted].mean().item()
        slips: Slips = {
            "Tokens that must not count do, there.": each.mean().item(),
            "They are 0 above, and still counted below.": zeroed.mean().item(),
            "That is a mean over texts of a sum: 'batchmean' knows no tokens.": (
                zeroed.sum().item() / batch,
                each.sum().item() / batch,
            ),
            "That is a sum; expected a mean.": zeroed.sum().item(),
            "A mean of means: a token of a short text counts for more.": (
                texts.mean().item()
            ),
            "Sum over the tags; only over tokens it is a mean.": truth / 3,
            "T² is missing.": truth / temperature**2,
            "Student and teacher have changed places.": other[counted].mean().item(),
        }
        given = (
            f"{batch} texts of {tokens} tokens, {int(counted.sum())} of which count, "
            f"and T = {temperature:g}"
        )
        same(
            call(function, student, teacher, counted, temperature), truth, given, slips
        )
        student[~counted], teacher[~counted] = torch.nan, torch.inf
        value = call(function, student, teacher, counted, temperature)
        hint = "0 times no number is no number: leave tokens out before the softmax."
        given += ", and no numbers where they do not,"
        same(value, truth, given, {hint: lambda got: bool(np.isnan(got).any())})


LEAST = 0.55


@check("Right: what stands around a name says a good part of what it is.")
def around(
    function: Callable[[list[list[str]], list[list[str]]], Any],
) -> None:
    """A tagger that learns from sentences, and then meets names like no other.

    `function` takes sentences as lists of words, and their tags; it returns one that
    takes sentences and returns tags.

    >>> around(lambda words, tags: lambda new: [["O"] * len(text) for text in new])
    ❌ For 400 sentences to learn from and 300 with names like no other, F1 over names
    is 0.0%; expected ...% or more. ...
    """
    train = made_sentences(400, split="train", seed=5)
    random = np.random.default_rng(3)
    new, true = [], []
    for sentence in made_sentences(300, split="test", seed=5):
        words = list(sentence.words)
        for _, start, stop in spans_of(sentence.tags):
            for place in range(start, stop):
                letters = "".join(random.choice(list("BCQXZ"), 5))
                words[place] = letters.capitalize()
        new.append(words)
        true.append(sentence.tags)
    given = "For 400 sentences to learn from and 300 with names like no other"
    tag = call(function, [s.words for s in train], [s.tags for s in train])
    require(
        callable(tag),
        f"{given}, you returned {type(tag).__name__}; expected a function.",
    )
    said = call(tag, [list(words) for words in new])
    fits = isinstance(said, Sequence) and len(said) == len(new)
    rows = [[str(t) for t in row] for row in said] if fits else []
    require(
        fits and [len(row) for row in rows] == [len(words) for words in new],
        f"{given}, your function gave no list with a tag for each word; expected one.",
    )
    f1 = span_f1(rows, true)
    require(
        f1 >= LEAST,
        f"{given}, F1 over names is {f1:.1%}; expected {LEAST:.0%} or more. A "
        "model that knows three words on both sides, and which are capital, will do.",
    )
