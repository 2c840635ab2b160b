from collections import Counter

import numpy as np
import pytest
import torch
from exercises import exercise_tests

from course_lib import text
from course_lib.checks import text_pipeline as check


def both_ends(tokens, most):
    return text.first_and_last(tokens, most)


def two_at_most(tokens, most):
    if len(tokens) <= most:
        return tokens
    tail = min(most // 2, 2)
    return tokens[: most - tail] + tokens[len(tokens) - tail :]


def middle_deleted(tokens, most):
    if len(tokens) > most:
        del tokens[most - most // 2 : len(tokens) - most // 2]
    return tokens


def batches(lengths, size):
    return [lengths[i : i + size] for i in range(0, len(lengths), size)]


def blank(lengths, size, pool, arrange=sorted):
    cells = 0
    for bucket in batches(lengths, pool * size):
        cells += sum(len(b) * max(b) for b in batches(list(arrange(bucket)), size))
    return 1 - sum(lengths) / cells


def mean_of_shares(lengths, size, pool):
    rows = [
        batch
        for bucket in batches(lengths, pool * size)
        for batch in batches(sorted(bucket), size)
    ]
    return sum(1 - sum(b) / (len(b) * max(b)) for b in rows) / len(rows)


def fewest(word, pieces, start=0, mark="##", best=min):
    """By recursion, where the check goes forward."""
    if start == len(word):
        return 0
    rest = []
    for end in range(start + 1, len(word) + 1):
        if (mark if start else "") + word[start:end] in pieces:
            found = fewest(word, pieces, end, mark, best)
            if found or end == len(word):
                rest.append(found + 1)
    return best(rest) if rest else 0


def greedy(word, pieces):
    taken = start = 0
    while start < len(word):
        for end in range(len(word), start, -1):
            if ("##" if start else "") + word[start:end] in pieces:
                break
        else:
            return 0
        start, taken = end, taken + 1
    return taken


def ends_by_place(tokens, most):
    head, count = most - most // 2, len(tokens)
    ends = [i for i in range(count) if i < head or i >= count - most // 2]
    return tokens if count <= most else [tokens[i] for i in ends]


def blank_by_numpy(lengths, size, pool):
    cells, row = 0, np.array(lengths)
    for start in range(0, len(row), pool * size):
        bucket = np.sort(row[start : start + pool * size])
        cells += sum(
            b.size * b.max() for b in np.split(bucket, range(size, 99, size)) if b.size
        )
    return np.float64(1 - row.sum() / cells)


def breadth_first(word, pieces):
    reached, steps = {0}, 0
    while reached and len(word) not in reached:
        steps += 1
        reached = {
            end
            for start in reached
            for end in range(start + 1, len(word) + 1)
            if ("##" if start else "") + word[start:end] in pieces
        }
    return steps if reached else 0


def from_the_right(word, pieces):
    end, taken = len(word), 0
    while end:
        for start in range(end):
            if ("##" if start else "") + word[start:end] in pieces:
                break
        else:
            return 0
        end, taken = start, taken + 1
    return taken


def by_chance(pair, first, second):
    return pair / (first * second)


def by_count(pair, first, second):
    return pair


def needed(words, unread, size, score):
    pieces = set(check.learned(words, size, score))
    taken = sum(n * (greedy(w, pieces) or 1) for w, n in unread.items())
    return taken / sum(unread.values())


def none_for_unknown(words, unread, size, score):
    pieces = set(check.learned(words, size, score))
    taken = sum(n * greedy(w, pieces) for w, n in unread.items())
    return taken / sum(unread.values())


def needed_by_numpy(words, unread, size, score):
    pieces = check.learned(words, size, score)
    taken = [greedy(word, pieces) or 1 for word in unread]
    return np.average(taken, weights=list(unread.values()))


def needed_word_by_word(words, unread, size, score):
    pieces = set(check.learned(words, size, score))
    running = torch.tensor([float(greedy(w, pieces) or 1) for w in unread.elements()])
    return running.mean()


ANSWERS = {
    "first_and_last": [
        both_ends,
        lambda t, n: t if len(t) <= n else t[: (n + 1) // 2] + t[len(t) - n // 2 :],
        lambda t, n: tuple(both_ends(t, n)),
        ends_by_place,
        middle_deleted,
    ],
    "padding_share": [
        blank,
        lambda n, size, pool: blank(n, size, pool, lambda b: sorted(b, key=float)),
        blank_by_numpy,
        lambda *given: torch.tensor(blank(*given), dtype=torch.float64),
    ],
    "fewest_pieces": [
        fewest,
        breadth_first,
        lambda w, p: np.int64(fewest(w, p)),
        lambda w, p: float(fewest(w, p)),
    ],
    "pieces_a_word": [needed, needed_by_numpy, needed_word_by_word],
}

WRONG = {
    "first_and_last": [
        (lambda t, n: t[:n], "max_tokens = 4", "beginning alone"),
        (lambda t, n: t[-n:], "max_tokens = 4", "end alone"),
        (
            lambda t, n: t if len(t) <= n else t[: n // 2] + t[-(n - n // 2) :],
            "max_tokens = 5",
            "the beginning gets one more",
        ),
        (lambda t, n: t[: n - n // 2] + t[-(n // 2) :], "'c']", "stays as it is"),
        (
            lambda t, n: t if len(t) <= n else t[: n - n // 2] + t[-(n // 2) :],
            "max_tokens = 1",
            "tokens[-0:]",
        ),
        (
            lambda t, n: t if len(t) <= n else t[: n // 2] + t[-(n // 2) :],
            "max_tokens = 5",
            "One more",
        ),
        (lambda t, n: len(t), "max_tokens = 4", "expected a list"),
        # Right for the words of the page, and a hard-coded tail.
        (lambda t, n: t if len(t) <= n else t[: n - 2] + t[-2:], "max_tokens = 1"),
        (lambda t, n: t if len(t) < n else both_ends(t[:-1], n), "max_tokens = 4"),
        (lambda t, n: "".join(both_ends(t, n)), "expected a list"),
        # Right for a tail of one or two, for tokens in order, for each token once.
        (two_at_most, "max_tokens = 7"),
        (lambda t, n: sorted(both_ends(t, n)), "'b', 'a', 'n'"),
        (lambda t, n: list(dict.fromkeys(both_ends(t, n))), "'b', 'a', 'n'"),
    ],
    "padding_share": [
        (
            lambda n, size, pool: blank(n, size, pool, list),
            "lengths [9, 1, 8, 2, 7, 3], batch_size = 2 and pool = 3",
            "without sorting",
        ),
        (
            lambda n, size, pool: blank(n, size, pool, lambda b: sorted(b)[::-1]),
            "[1, 5, 4, 9, 3]",
            "from short to long",
        ),
        (
            lambda n, size, pool: (
                blank(n, 1, pool) if pool == size else blank(n, size, pool)
            ),
            "pool = 2",
            "expected",
        ),
        (
            lambda n, size, pool: blank(n, size, len(n)),
            "pool = 1",
            "sort a pool at a time",
        ),
        (lambda n, size, pool: 1 - blank(n, size, pool), "[4, 2]", "share of words"),
        (
            lambda n, size, pool: sum(n) / (1 - blank(n, size, pool)) - sum(n),
            "[4, 2]",
            "number of blanks",
        ),
        (
            lambda n, size, pool: 1 / (1 - blank(n, size, pool)) - 1,
            "[4, 2]",
            "all cells",
        ),
        (mean_of_shares, "[9, 1, 8, 2, 7, 3]", "mean of the batches' shares"),
        (
            lambda n, size, pool: 1 - sum(n) / (len(n) * max(n)),
            "[9, 1, 8, 2, 7, 3]",
            "own longest review",
        ),
        (lambda n, size, pool: [0.1], "[4, 2]", "one number"),
        # The last batch, which is short, is left out.
        (
            lambda n, size, pool: blank(n[: len(n) // size * size], size, pool),
            "expected",
        ),
        (lambda n, size, pool: blank(n, 2, 1), "pool = 3"),
        (lambda n, size, pool: blank(n, 2, pool), "batch_size = 3"),
        (lambda n, size, pool: round(blank(n, size, pool), 2), "expected 0.375"),
    ],
    "fewest_pieces": [
        (greedy, "'abcde'", "another way is shorter"),
        (
            lambda w, p: greedy(w, p) and fewest(w, p),
            "'abcd'",
            "gets stuck here",
        ),
        (lambda w, p: fewest(w, p, mark=""), "'unable'", "expected 2"),
        (lambda w, p: fewest(w, p, best=max), "'film'", "longest way"),
        (lambda w, p: len(w), "'film'", "number of letters"),
        (lambda w, p: ["film"], "'film'", "one number"),
        # The first way that is found from the right.
        (from_the_right, "'abcde'", "expected 2"),
        (
            lambda w, p: min(greedy(w, p), from_the_right(w, p)) or fewest(w, p),
            "'abcdeuvwxyz'",
            "expected 4",
        ),
        (lambda w, p: fewest(w, p) or -1, "expected 0"),
    ],
    "pieces_a_word": [
        (lambda w, u, *rest: needed(w, w, *rest), "unread ones"),
        (lambda w, u, *rest: needed(w, Counter(set(u)), *rest), "running word"),
        (lambda w, u, size, score: needed(w, u, 0, score), "its letters"),
        (lambda w, u, *rest: needed(w, u, *rest) * u.total(), "not the mean"),
        (
            lambda w, u, *rest: needed(w, u, *rest) * u.total() / len(u),
            "the different ones",
        ),
        (lambda w, u, size, score: needed(w, u, size, by_count), "the other score"),
        (lambda w, u, size, score: needed(w, u, size, by_chance), "the other score"),
        (lambda w, u, size, score: needed(w, u, size + 1, score), "too many"),
        (lambda w, u, size, score: needed(w, u, size - 1, score), "too few"),
        (lambda w, u, size, score: needed(w, u, 9, score), "14 pieces"),
        (lambda w, u, size, score: 1.5, "9 pieces", "expected"),
        (lambda *given: [needed(*given), 0.0], "one number"),
        (
            lambda w, u, *rest: needed(
                w, Counter({x: n for x, n in u.items() if "z" not in x}), *rest
            ),
            "expected",
        ),
        (lambda w, u, *rest: needed(w + u, u, *rest), "expected"),
        (lambda w, u, *rest: needed(Counter(set(w)), u, *rest), "expected"),
        (none_for_unknown, "one piece, [UNK]"),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)


@pytest.mark.parametrize("guess", ["half", -1, 0, False])
def test_what_is_no_factor_is_no_guess(guess):
    result = check.pieces_a_word(needed, guess)
    assert result.state == "not yet"
    assert "expected a number" in result.message


def test_any_guess_is_a_guess_and_none_is_open():
    assert check.pieces_a_word(needed, 3).state == "solved"
    assert check.pieces_a_word(needed, ...).state == "open"
