"""Checks for the exercises of the chapter on text, tokens and batches."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from course_lib.checks import Wrong, call, check, expect


def number(value: Any, given: str) -> float:
    """Return a plain number, or say what came instead."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise Wrong(
            f"For {given} you returned {type(value).__name__}; expected one number."
        ) from None


def same(
    got: float, expected: float, given: str, slips: Sequence[tuple[float, str]]
) -> None:
    """Raise `Wrong` unless two numbers agree; a known slip gets its own hint."""

    def agrees(other: float) -> bool:
        return abs(got - other) < 1e-6

    hint = next((hint for slip, hint in slips if agrees(slip)), "")
    message = f"For {given} you returned {got:.6g}; expected {expected:.6g}. {hint}"
    expect(agrees(expected), message.strip())


@check("Right: both ends, the odd one at the beginning, and a single token as well.")
def first_and_last(function: Callable[[list[str], int], Any]) -> None:
    """Keep the first and last tokens, together at most `max_tokens`."""
    for text, most in (("abcdefg", 4), ("abcdefg", 5), ("abc", 4), ("abcd", 1)):
        tokens = list(text)
        given = f"tokens {tokens} and max_tokens = {most}"
        value = call(function, list(tokens), most)
        if not isinstance(value, (list, tuple)):
            raise Wrong(
                f"For {given} you returned {type(value).__name__}; expected a list."
            )
        got, tail = list(value), most // 2
        cut = len(tokens) > most
        expected = tokens[: most - tail] + tokens[-tail:] * (tail > 0)
        expected = expected if cut else tokens
        slips = [
            (tokens[:most], "That is the beginning alone."),
            (tokens[-most:], "That is the end alone."),
            (tokens[: most - tail] + tokens[-tail:], "tokens[-0:] is the whole list."),
            (
                tokens[:tail] + tokens[-(most - tail) :],
                "Of an odd number the beginning gets one more.",
            ),
            (tokens[:tail] + tokens[-tail:], "One more token would fit."),
        ]
        if not cut:
            slips = [(got, "A short list stays as it is.")]
        hint = next((hint for slip, hint in slips if got == slip), "")
        message = f"For {given} you returned {got}; expected {expected}. {hint}"
        expect(got == expected, message.strip())


@check("Right: and on real text this number is surprisingly small.")
def words_for(function: Callable[[list[int], float], Any]) -> None:
    """How many of the most frequent words make up a share of the text."""
    cases = [
        ([2, 4, 1, 1, 1, 6], 0.5),
        ([1, 5, 1, 3], 0.8),
        ([1, 5, 1, 3], 0.81),
        ([1, 1, 1, 7], 0.1),
        ([2, 3, 5], 1.0),
    ]
    for counts, share in cases:
        given = f"counts {counts} and share = {share}"

        def needed(order: list[int], wanted: float) -> int:
            places = range(1, len(order) + 1)
            return next(n for n in places if sum(order[:n]) >= wanted - 1e-9)

        falling, total = sorted(counts, reverse=True), sum(counts)
        right = needed(falling, share * total)
        got = number(call(function, list(counts), share), given)
        slips = [
            (
                needed(counts, share * total),
                "Sort first: the counts come in no order.",
            ),
            (
                needed(sorted(counts), share * total),
                "Take the most frequent first, not the rarest.",
            ),
            (right - 1, "That many words do not reach the share yet."),
            (right + 1, "One word fewer reaches the share as well."),
            (
                next(
                    (n for n in range(1, len(counts)) if n >= share * len(counts)), -1
                ),
                "That is a share of the different words, not of the text.",
            ),
        ]
        same(got, right, given, slips)


@check("Right: and this bucket really has a bottom.")
def padding_share(function: Callable[[list[int], int, int], Any]) -> None:
    """The share of padding in batches that were sorted by length in pools."""
    cases = [
        ([4, 2], 2, 1),
        ([9, 1, 8, 2, 7, 3], 2, 1),
        ([9, 1, 8, 2, 7, 3], 2, 3),
        ([9, 1, 8, 2, 30, 3, 40, 4], 2, 2),
        ([1, 5, 4, 9, 3], 2, 10),
        ([6, 6, 6], 2, 1),
    ]
    for lengths, size, pool in cases:
        given = f"lengths {lengths}, batch_size = {size} and pool = {pool}"

        cells = partial(count_cells, lengths, size)
        words, everything, step = sum(lengths), len(lengths), pool * size
        whole = cells(step)
        shares = [
            1 - sum(batch) / (len(batch) * max(batch))
            for batch in batched(lengths, size, step, sorted)
        ]
        got = number(call(function, list(lengths), size, pool), given)
        slips = [
            (1 - words / cells(everything, list), "That is the share without sorting."),
            (
                1 - words / cells(everything),
                "That is with all reviews sorted at once: sort a pool at a time.",
            ),
            (
                1 - words / cells(pool),
                "A pool is that many batches, not that many reviews.",
            ),
            (
                1 - words / cells(step, lambda part: sorted(part)[::-1]),
                "Sort from short to long, so that a long one is left over.",
            ),
            (words / whole, "That is the share of words; the rest is padding."),
            (whole - words, "That is the number of blanks, not their share."),
            (
                whole / words - 1,
                "Divide by all cells of the rectangles, not by the words.",
            ),
            (
                sum(shares) / len(shares),
                "That is the mean of the batches' shares; a larger rectangle counts "
                "for more.",
            ),
            (
                1 - words / (everything * max(lengths)),
                "Each batch is as wide as its own longest review, not as the longest "
                "of all.",
            ),
        ]
        same(got, 1 - words / whole, given, slips)


Order = Callable[[list[int]], list[int]]


def batched(
    lengths: list[int], size: int, in_bucket: int, order: Order
) -> list[list[int]]:
    """Cut a list into buckets, order each, and cut them into batches."""
    buckets = [
        order(lengths[i : i + in_bucket]) for i in range(0, len(lengths), in_bucket)
    ]
    return [b[i : i + size] for b in buckets for i in range(0, len(b), size)]


def count_cells(
    lengths: list[int], size: int, in_bucket: int, order: Order = sorted
) -> int:
    """Return the number of cells of all rectangles."""
    batches = batched(lengths, size, in_bucket, order)
    return sum(len(batch) * max(batch) for batch in batches)


def marked(word: str, start: int, end: int) -> str:
    """Return a part of a word as a list of pieces writes it."""
    return ("##" if start else "") + word[start:end]


def greedy(word: str, pieces: set[str]) -> int:
    """Return how many pieces greedy matching takes, 0 if it gets stuck."""
    start = taken = 0
    while start < len(word):
        ends = range(len(word), start, -1)
        end = next((e for e in ends if marked(word, start, e) in pieces), 0)
        if not end:
            return 0
        start, taken = end, taken + 1
    return taken


def fewest(word: str, pieces: set[str], most: bool = False, bare: bool = False) -> int:
    """Return the fewest, or the most, pieces; `bare` forgets the ## marks."""
    ways: dict[int, int] = {0: 0}
    for end in range(1, len(word) + 1):
        found = [
            ways[start] + 1
            for start in range(end)
            if start in ways
            and (word[start:end] if bare else marked(word, start, end)) in pieces
        ]
        if found:
            ways[end] = max(found) if most else min(found)
    return ways.get(len(word), 0)


@check("Right: greed took more, or got stuck, and you found the way.")
def fewest_pieces(function: Callable[[str, set[str]], Any]) -> None:
    """The fewest pieces a word can be cut into, 0 if there is no way."""
    cases = [
        ("film", {"film", "f", "##ilm"}),
        ("unable", {"un", "##able", "##a", "##b", "##l", "##e"}),
        ("abcde", {"ab", "abc", "##cde", "##d", "##e"}),
        ("abcd", {"abc", "ab", "##cd"}),
        ("able", {"a", "ble", "##b"}),
        ("xyz", {"x", "##y"}),
    ]
    for word, pieces in cases:
        given = f"{word!r} and pieces {sorted(pieces)}"
        right = fewest(word, pieces)
        got = number(call(function, word, set(pieces)), given)
        slips = [
            (
                greedy(word, pieces),
                "That is what greedy matching takes; another way is shorter."
                if greedy(word, pieces)
                else "Greedy matching gets stuck here, but there is a way.",
            ),
            (
                fewest(word, pieces, bare=True),
                "A piece inside a word must start with ##.",
            ),
            (fewest(word, pieces, most=True), "That is the longest way."),
            (len(word), "That is its number of letters."),
        ]
        same(got, right, given, slips)
