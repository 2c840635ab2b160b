import math

import numpy as np
import torch
from exercises import exercise_tests
from torch.nn import functional as F

from course_lib.checks import lstm_teacher as check
from course_lib.models import reverse_within_length


def at_last_word(states, lengths):
    return states[torch.arange(len(states)), lengths - 1]


def score(words):
    f = 0.5 ** (1 / words)
    return math.log(f / (1 - f))


def by_columns(tokens, lengths):
    columns = torch.arange(tokens.shape[1])
    turned = lengths[:, None] - 1 - columns
    return tokens.gather(1, torch.where(turned >= 0, turned, columns))


def row_by_row(tokens, lengths):
    pairs = zip(tokens, lengths, strict=True)
    return torch.stack([torch.cat([r[:n].flip(0), r[n:]]) for r, n in pairs])


def in_lists(tokens, lengths):
    pairs = zip(tokens.tolist(), lengths.tolist(), strict=True)
    return [row[:n][::-1] + row[n:] for row, n in pairs]


def reversed_rows(tokens, lengths):
    return reverse_within_length(tokens.unsqueeze(-1), lengths).squeeze(-1)


def blanks_matter(model, tokens, lengths, blanks=20, atol=1e-4):
    was_training = model.training
    model.eval()
    with torch.inference_mode():
        before = model(tokens, lengths)
        after = model(F.pad(tokens, (0, blanks)), lengths)
    model.train(was_training)
    return not torch.allclose(before, after, atol=atol)


def without_eval(model, tokens, lengths):
    return not torch.allclose(
        model(tokens, lengths), model(F.pad(tokens, (0, 20)), lengths), atol=1e-4
    )


def by_verdict(model, tokens, lengths):
    model.eval()
    wider = model(F.pad(tokens, (0, 20)), lengths)
    return bool((model(tokens, lengths).argmax(1) != wider.argmax(1)).any())


def by_exact_equality(model, tokens, lengths):
    model.eval()
    wider = model(F.pad(tokens, (0, 20)), lengths)
    return not torch.equal(model(tokens, lengths), wider)


def alone_or_in_company(model, tokens, lengths):
    model.eval()
    alone = [
        model(row[None, :n], n[None]) for row, n in zip(tokens, lengths, strict=True)
    ]
    return not torch.allclose(model(tokens, lengths), torch.cat(alone), atol=1e-4)


ANSWERS = {
    "last_state": [
        at_last_word,
        lambda s, n: torch.stack([row[i - 1] for row, i in zip(s, n, strict=True)]),
        lambda s, n: s.gather(1, (n - 1)[:, None, None].expand(-1, 1, s.shape[2]))[
            :, 0
        ],
    ],
    "forget_score": [
        score,
        lambda words: -math.log(2 ** (1 / words) - 1),
        lambda words: torch.logit(
            torch.tensor(0.5, dtype=torch.float64) ** (1 / words)
        ),
    ],
    "reverse": [
        reversed_rows,
        by_columns,
        lambda tokens, lengths: torch.from_numpy(by_columns(tokens, lengths).numpy()),
    ],
    "depends_on_padding": [
        blanks_matter,
        lambda *given: blanks_matter(*given, blanks=1),
        lambda *given: torch.tensor(blanks_matter(*given)),
        lambda *given: np.bool_(blanks_matter(*given)),
    ],
}

WRONG = {
    "last_state": [
        (lambda s, n: s[:, -1], "lengths [3, 1]", "last column"),
        (
            lambda s, n: s[torch.arange(len(s)), n.clamp(max=s.shape[1] - 1)],
            "lengths [3, 1]",
            "one too far",
        ),
        (lambda s, n: s[:, n - 1], "lengths [3, 1]", "last words of all rows"),
        (lambda s, n: s[:, 0], "lengths [3, 1]", "first word"),
        (lambda s, n: s.mean(1), "lengths [3, 1]", "expected [[2.0], [4.0]]"),
        (lambda s, n: at_last_word(s, n).squeeze(), "[3, 1]", "shape (2, 1)"),
        (lambda s, n: at_last_word(s, n).tolist(), "[3, 1]", "returned list"),
    ],
    "forget_score": [
        (lambda words: 0.5 ** (1 / words), "words = 10", "the gate itself"),
        (lambda words: -score(words), "words = 10", "sign is turned round"),
        (lambda words: math.log(0.5) / words, "words = 10", "undo the sigmoid"),
        (
            lambda words: math.log(1 / (math.exp(1 / words) - 1)),
            "words = 10",
            "1/e is left",
        ),
        (lambda words: math.log(max(words - 1, 1)), "words = 10", "is near"),
        (lambda words: "long", "words = 10", "one number"),
        (lambda words: 2.6338, "words = 1 ", "expected 0"),
    ],
    "reverse": [
        (row_by_row, "more reviews take more operations", "no loop"),
        (lambda t, n: torch.tensor(in_lists(t, n)), "more operations, or lists", ""),
        (lambda t, n: t.flip(1), "lengths [4, 2]", "padding came to the front"),
        (lambda t, n: t.flip(0), "lengths [4, 2]", "in reverse order"),
        (lambda t, n: t, "lengths [4, 2]", "Nothing was turned round"),
        (
            lambda t, n: torch.stack(
                [
                    torch.cat([r[:i].roll(-1).flip(0), r[i:]])
                    for r, i in zip(t, n, strict=True)
                ]
            ),
            "lengths [4, 2]",
            "one off",
        ),
        (lambda t, n: t[:, :2], "lengths [4, 2]", "shape (2, 4)"),
    ],
    "depends_on_padding": [
        (lambda *given: True, "'last word' and a batch", "expected False"),
        (lambda *given: False, "'last column' and a batch", "expected True"),
        (without_eval, "'teacher in train mode'", "dropout"),
        (by_verdict, "'last column' and a batch of lengths [6, 3, 1]", "verdicts"),
        (by_exact_equality, "and a batch", "torch.allclose"),
        (alone_or_in_company, "lengths [4, 4], without padding", "append some blanks"),
        (lambda *given: "yes", "'last word'", "expected True or False"),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)


def test_the_readers_random_numbers_are_left_alone():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    check.depends_on_padding(blanks_matter)
    assert torch.rand(3).equal(expected)
