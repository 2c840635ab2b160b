from exercises import exercise_tests

from course_lib import text
from course_lib.checks import text_pipeline as check


def both_ends(tokens, most):
    return text.first_and_last(tokens, most)


def words(counts, share):
    wanted, covered = share * sum(counts), 0
    for place, count in enumerate(sorted(counts, reverse=True), start=1):
        covered += count
        if covered >= wanted:
            return place
    return len(counts)


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


ANSWERS = {
    "first_and_last": [
        both_ends,
        lambda t, n: t if len(t) <= n else t[: (n + 1) // 2] + t[len(t) - n // 2 :],
        lambda t, n: tuple(both_ends(t, n)),
    ],
    "words_for": [words, lambda counts, share: float(words(counts, share))],
    "padding_share": [
        blank,
        lambda n, size, pool: blank(n, size, pool, lambda b: sorted(b, key=float)),
    ],
    "fewest_pieces": [fewest],
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
    ],
    "words_for": [
        (
            lambda c, s: next(
                n for n in range(1, 9) if sum(c[:n]) >= s * sum(c) - 1e-9
            ),
            "counts [2, 4, 1, 1, 1, 6]",
            "Sort first",
        ),
        (
            lambda c, s: next(
                n for n in range(1, 9) if sum(sorted(c)[:n]) >= s * sum(c) - 1e-9
            ),
            "counts [2, 4, 1, 1, 1, 6]",
            "not the rarest",
        ),
        (lambda c, s: words(c, s) - 1, "share = 0.5", "do not reach"),
        (lambda c, s: words(c, s) + 1, "share = 0.5", "One word fewer"),
        (lambda c, s: sorted(c), "share = 0.5", "one number"),
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
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)
