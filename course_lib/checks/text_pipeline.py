"""Checks for the exercises of the chapter on text, tokens and batches."""

import random
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

from course_lib.checks import check
from course_lib.checks.expect import Slips, always, call, require, same


@check("Right: both ends, the odd one at the beginning, and a single token as well.")
def first_and_last(function: Callable[[list[str], int], Any]) -> None:
    """Keep the first and last tokens, together at most `max_tokens`.

    >>> from course_lib import text
    >>> first_and_last(text.first_and_last)
    ✅ Right: both ends, the odd one at the beginning, and a single token as well.
    >>> first_and_last(lambda tokens, n: tokens[:n])
    ❌ For tokens ['a', 'b', 'c', 'd', 'e', 'f', 'g'] and max_tokens = 4 you returned
    ['a', 'b', 'c', 'd']; expected ['a', 'b', 'f', 'g']. That is the beginning alone.
    """
    cases = (("abcdefg", 4), ("abcdefg", 5), ("abc", 4), ("abcd", 1), ("banana", 6))
    for text, most in (*cases, ("mississippi", 7)):
        tokens, tail = list(text), most // 2
        head = most - tail
        truth = tokens[:head] + tokens[-tail:] * (tail > 0)
        slips: Slips = {
            "That is the beginning alone.": tokens[:most],
            "That is the end alone.": tokens[-most:],
            "tokens[-0:] is the whole list.": tokens[:head] + tokens[-tail:],
            "Of an odd number the beginning gets one more.": (
                tokens[:tail] + tokens[-head:]
            ),
            "One more token would fit.": tokens[:tail] + tokens[-tail:],
        }
        if len(tokens) <= most:
            truth, slips = tokens, {"A short list stays as it is.": always}
        given = f"tokens {tokens} and max_tokens = {most}"
        same(call(function, tokens, most), truth, given, slips)


@check("Right: and this bucket really has a bottom.")
def padding_share(function: Callable[[list[int], int, int], Any]) -> None:
    """The share of padding in batches that were sorted by length in pools.

    >>> def blank(lengths, size, pool):
    ...     batches = batched(lengths, size, pool * size, sorted)
    ...     return 1 - sum(lengths) / sum(len(b) * max(b) for b in batches)
    >>> padding_share(blank)
    ✅ Right: and this bucket really has a bottom.
    >>> padding_share(lambda *given: 1 - blank(*given))
    ❌ For lengths [4, 2], batch_size = 2 and pool = 1 you returned 0.75; expected
    0.25. That is the share of words; the rest is padding.
    """
    cases = [
        ([4, 2], 2, 1),
        ([9, 1, 8, 2, 7, 3], 2, 1),
        ([9, 1, 8, 2, 7, 3], 2, 3),
        ([9, 1, 8, 2, 30, 3, 40, 4], 2, 2),
        ([1, 5, 4, 9, 3], 2, 10),
        ([6, 6, 6], 2, 1),
        ([5, 1, 7, 2, 9, 3, 8, 4, 6, 2, 20], 3, 2),
    ]
    for lengths, size, pool in cases:
        cells = partial(count_cells, lengths, size)
        words, everything, step = sum(lengths), len(lengths), pool * size
        whole = cells(step)
        shares = [
            1 - sum(batch) / (len(batch) * max(batch))
            for batch in batched(lengths, size, step, sorted)
        ]
        slips = {
            "That is the share without sorting.": 1 - words / cells(everything, list),
            "That is with all reviews sorted at once: sort a pool at a time.": (
                1 - words / cells(everything)
            ),
            "A pool is that many batches, not that many reviews.": (
                1 - words / cells(pool)
            ),
            "Sort from short to long, so that a long one is left over.": (
                1 - words / cells(step, lambda part: sorted(part)[::-1])
            ),
            "That is the share of words; the rest is padding.": words / whole,
            "That is the number of blanks, not their share.": whole - words,
            "Divide by all cells of the rectangles, not by the words.": (
                whole / words - 1
            ),
            "That is the mean of the batches' shares; a larger rectangle counts for "
            "more.": sum(shares) / len(shares),
            "Each batch is as wide as its own longest review, not as the longest of "
            "all.": 1 - words / (everything * max(lengths)),
        }
        given = f"lengths {lengths}, batch_size = {size} and pool = {pool}"
        same(call(function, lengths, size, pool), 1 - words / whole, given, slips)


Order = Callable[[list[int]], list[int]]


def batched(
    lengths: list[int], size: int, in_bucket: int, order: Order
) -> list[list[int]]:
    """Cut a list into buckets, order each, and cut them into batches.

    >>> batched([3, 1, 2, 9, 8], 2, 4, sorted)
    [[1, 2], [3, 9], [8]]
    """
    buckets = [
        order(lengths[i : i + in_bucket]) for i in range(0, len(lengths), in_bucket)
    ]
    return [b[i : i + size] for b in buckets for i in range(0, len(b), size)]


def count_cells(
    lengths: list[int], size: int, in_bucket: int, order: Order = sorted
) -> int:
    """Return the number of cells of all rectangles.

    >>> count_cells([3, 1, 2, 9, 8], 2, 4)  # 2 × 2 + 2 × 9 + 1 × 8
    30
    """
    batches = batched(lengths, size, in_bucket, order)
    return sum(len(batch) * max(batch) for batch in batches)


@check("Right: greed took more, or got stuck, and you found the way.")
def fewest_pieces(function: Callable[[str, set[str]], Any]) -> None:
    """The fewest pieces a word can be cut into, 0 if there is no way.

    >>> fewest_pieces(fewest)
    ✅ Right: greed took more, or got stuck, and you found the way.
    >>> fewest_pieces(greedy)
    ❌ For 'abcde' and pieces ['##cde', '##d', '##e', 'ab', 'abc'] you returned 3;
    expected 2. That is what greedy matching takes; another way is shorter.
    """
    cases = [
        ("film", {"film", "f", "##ilm"}),
        ("unable", {"un", "##able", "##a", "##b", "##l", "##e"}),
        ("abcde", {"ab", "abc", "##cde", "##d", "##e"}),
        ("abcd", {"abc", "ab", "##cd"}),
        ("able", {"a", "ble", "##b"}),
        ("xyz", {"x", "##y"}),
        ("abcde", {"abc", "##cde", "##de", "a", "##b"}),  # greed from the end
        (  # greed from either end
            "abcdeuvwxyz",
            {"ab", "abc", "##cde", "##d", "##e"}
            | {"##uvw", "##xyz", "##wxyz", "##u", "##v"},
        ),
    ]
    for word, pieces in cases:
        taken = greedy(word, pieces)
        longer = "That is what greedy matching takes; another way is shorter."
        stuck = "Greedy matching gets stuck here, but there is a way."
        slips = {
            longer if taken else stuck: taken,
            "A piece inside a word must start with ##.": (
                fewest(word, pieces, bare=True)
            ),
            "That is the longest way.": fewest(word, pieces, best=max),
            "That is its number of letters.": len(word),
        }
        given = f"{word!r} and pieces {sorted(pieces)}"
        same(call(function, word, pieces), fewest(word, pieces), given, slips)


def marked(word: str, start: int, end: int) -> str:
    """Return a part of a word as a list of pieces writes it.

    >>> marked("unable", 0, 2), marked("unable", 2, 6)
    ('un', '##able')
    """
    return ("##" if start else "") + word[start:end]


def greedy(word: str, pieces: set[str]) -> int:
    """Return how many pieces greedy matching takes, 0 if it gets stuck.

    >>> greedy("abc", {"a", "ab", "##bc"})
    0
    """
    start = taken = 0
    while start < len(word):
        ends = range(len(word), start, -1)
        end = next((e for e in ends if marked(word, start, e) in pieces), 0)
        if not end:
            return 0
        start, taken = end, taken + 1
    return taken


def fewest(
    word: str, pieces: set[str], best: Callable[..., int] = min, bare: bool = False
) -> int:
    """Return the fewest pieces, or the most (`max`); `bare` forgets the ## marks.

    >>> fewest("abc", {"a", "ab", "##bc"})
    2
    """
    ways: dict[int, int] = {0: 0}
    for end in range(1, len(word) + 1):
        found = [
            ways[start] + 1
            for start in range(end)
            if start in ways
            and (word[start:end] if bare else marked(word, start, end)) in pieces
        ]
        if found:
            ways[end] = best(found)
    return ways.get(len(word), 0)


Score = Callable[[int, int, int], float]


@check("Right: the same letters, the same size, and another score.")
def pieces_a_word(
    function: Callable[[Counter[str], Counter[str], int, Score], Any], guess: Any = 1
) -> None:
    """How many pieces of a learned list a running word takes.

    >>> def needed(words, unread, size, score):
    ...     pieces = set(learned(words, size, score))
    ...     taken = sum(n * (greedy(w, pieces) or 1) for w, n in unread.items())
    ...     return taken / sum(unread.values())
    >>> pieces_a_word(needed)
    ✅ Right: the same letters, the same size, and another score.
    >>> pieces_a_word(lambda words, *rest: needed(words, words, *rest[1:]))
    ❌ For ... you returned ...; expected ... Those are the words that the list was
    learned from; count the unread ones.
    """
    is_number = isinstance(guess, int | float) and not isinstance(guess, bool)
    require(
        is_number and guess > 0,
        f"Your guess is {guess!r}; expected a number, the factor that you predict.",
    )
    scores = {
        "by chance": lambda pair, first, second: pair / (first * second),
        "by count": lambda pair, first, second: pair,
    }
    for letters, size in (("abc", 9), ("abcd", 14), ("abcd", 20)):
        words, unread = drawn_words(letters, 0), drawn_words(letters, 1)
        unread["az"] += 40  # with a letter of which there is no piece
        for name, score in scores.items():
            pieces = set(learned(words, size, score))
            letters_only = {p for p in pieces if len(p.removeprefix("##")) == 1}

            def mean(
                counted: Counter[str], weigh: bool = True, known: set[str] = pieces
            ) -> float:
                times = counted if weigh else Counter(set(counted))
                taken = sum(n * (greedy(w, known) or 1) for w, n in times.items())
                return taken / times.total()

            other = next(s for n, s in scores.items() if n != name)
            slips = {
                "Those are the words that the list was learned from; count the unread "
                "ones.": mean(words),
                "A running word: each counts as often as it occurs.": (
                    mean(unread, weigh=False)
                ),
                "Those are its letters; learn the pieces first.": (
                    mean(unread, known=letters_only)
                ),
                "That is the number of all pieces, not the mean of a word.": (
                    mean(unread) * unread.total()
                ),
                "Divide by the running words, not by the different ones.": (
                    mean(unread) * unread.total() / len(unread)
                ),
                "A word that cannot be cut is one piece, [UNK].": (
                    sum(n * greedy(w, pieces) for w, n in unread.items())
                    / unread.total()
                ),
                "That is with the other score.": (
                    mean(unread, known=set(learned(words, size, other)))
                ),
                "One merge too many.": (
                    mean(unread, known=set(learned(words, size + 1, score)))
                ),
                "One merge too few.": (
                    mean(unread, known=set(learned(words, size - 1, score)))
                ),
            }
            given = f"{len(words)} different words, {size} pieces and a score {name}"
            value = call(function, words, unread, size, score)
            same(value, mean(unread), given, slips)


def drawn_words(letters: str, seed: int) -> Counter[str]:
    """Return counted words of two to six letters, in which some pairs are frequent.

    >>> drawn_words("ab", 0) == drawn_words("ab", 0)
    True
    """
    chance = random.Random(seed)
    counted: Counter[str] = Counter()
    for _ in range(60):
        word = chance.choice(letters)
        for _ in range(chance.randint(1, 5)):
            likely = letters[(letters.index(word[-1]) + 1) % len(letters)]
            word += chance.choice([likely, likely, *letters])
        counted[word] += chance.randint(1, 9)
    return counted


def learned(words: Counter[str], size: int, score: Score) -> list[str]:
    """Return the letters and the merges with the best score, until there are `size`.

    Of equal scores the first in the order of the alphabet is taken.

    >>> learned(Counter(dull=5, fun=4), 7, lambda pair, first, second: pair)
    ['##l', '##n', '##u', 'd', 'f', '##ll', '##ull']
    """
    cut = {w: [marked(w, i, i + 1) for i in range(len(w))] for w in words}
    pieces = dict.fromkeys(sorted({p for row in cut.values() for p in row}))
    while len(pieces) < size:
        alone: Counter[str] = Counter()
        pairs: Counter[tuple[str, str]] = Counter()
        for word, times in words.items():
            for piece in cut[word]:
                alone[piece] += times
            for pair in pairwise(cut[word]):
                pairs[pair] += times
        if not pairs:
            break
        first, second = max(
            sorted(pairs), key=lambda p: score(pairs[p], alone[p[0]], alone[p[1]])
        )
        new = first + second.removeprefix("##")
        pieces[new] = None
        for row in cut.values():
            for i in reversed(range(len(row) - 1)):
                if row[i : i + 2] == [first, second]:
                    row[i : i + 2] = [new]
    return list(pieces)
