import torch
from exercises import exercise_tests
from sklearn.linear_model import LogisticRegression
from torch import nn
from torch.nn import functional as F

from course_lib.checks import which_teacher as check
from course_lib.models import last_token, places_in_text


def last_by_loop(states, mask):
    rows = []
    for one, marks in zip(states, mask.tolist(), strict=True):
        rows.append(one[max(i for i, mark in enumerate(marks) if mark)])
    return torch.stack(rows)


def last_by_flip(states, mask):
    from_the_end = mask.flip(1).argmax(1)
    return states[torch.arange(len(states)), mask.shape[1] - 1 - from_the_end]


def last_by_gather(states, mask):
    place = (torch.arange(mask.shape[1]) * mask).max(1).values
    return states.gather(1, place[:, None, None].expand(-1, 1, states.shape[2]))[:, 0]


def last_by_weights(states, mask):
    """One where no token follows in the text."""
    is_last = (mask.flip(1).cumsum(1).flip(1) == 1) & mask.bool()
    return (states * is_last[..., None]).sum(1)


def counted(states, mask):
    """As BioGPT in transformers until June 2026."""
    return states[torch.arange(len(states)), mask.sum(1) - 1]


def places_by_loop(mask):
    found = torch.zeros_like(mask)
    for row, marks in enumerate(mask.tolist()):
        place = 0
        for column, mark in enumerate(marks):
            if mark:
                found[row, column] = place
                place += 1
    return found


def places_by_first(mask):
    return torch.arange(mask.shape[1]) - mask.argmax(1)[:, None]


def fit(states, labels):
    head = nn.Linear(states.shape[1], 2)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.1)
    for _ in range(150):
        optimizer.zero_grad()
        F.cross_entropy(head(states), labels).backward()
        optimizer.step()
    return head


def reads(pool):
    """A reader that is trained and asked at what `pool` gives it."""

    def reader(states, mask, labels):
        torch.manual_seed(0)
        head = fit(pool(states, mask), labels)
        return lambda new, new_mask: head(pool(new, new_mask)).argmax(1)

    return reader


def by_sklearn(states, mask, labels):
    model = LogisticRegression().fit(last_by_loop(states, mask).numpy(), labels)
    return lambda new, m: torch.tensor(model.predict(last_by_loop(new, m).numpy()))


def by_least_squares(states, mask, labels):
    weights = torch.linalg.lstsq(
        last_token(states, mask), 2.0 * labels[:, None] - 1
    ).solution
    return lambda new, m: (last_token(new, m) @ weights)[:, 0] > 0


def mean_of_all(states, mask):
    return states.mean(1)


def trained_right_asked_wrong(states, mask, labels):
    torch.manual_seed(0)
    head = fit(last_token(states, mask), labels)
    return lambda new, new_mask: head(counted(new, new_mask)).argmax(1)


ANSWERS = {
    "last": [last_token, last_by_loop, last_by_flip, last_by_gather, last_by_weights],
    "places": [
        places_in_text,
        places_by_loop,
        places_by_first,
        lambda mask: mask.cumsum(1) - 1,
        lambda mask: (mask.cumsum(1) - 1).masked_fill(mask == 0, 1),
    ],
    "reader": [reads(last_token), reads(last_by_flip), by_sklearn, by_least_squares],
}

WRONG = {
    "last": [
        (lambda s, m: s[:, -1], "last column"),
        (lambda s, m: s[:, 0], "first token"),
        (counted, "only if blanks stand behind"),
        (lambda s, m: s[range(len(s)), m.argmax(1)], "texts at"),
        (lambda s, m: (s * m[..., None]).sum(1) / m.sum(1, keepdim=True), "a mean"),
        (lambda s, m: s * m[..., None], "one row a text"),
        (lambda s, m: s.max(1).values, "texts at [[1, 1, 0]"),
        (lambda s, m: last_token(s, m).tolist(), "a tensor"),
    ],
    "places": [
        (lambda m: torch.arange(m.shape[1]).expand(m.shape), "Those are columns"),
        (lambda m: m.cumsum(1), "Count from 0"),
        (lambda m: m.flip(1).cumsum(1).flip(1) - 1, "from the text's end"),
        (lambda m: m, "marks, not places"),
        (lambda m: torch.arange(m.shape[1]), "shape (3, 3)"),
        (lambda m: places_in_text(m)[m.bool()], "shape (3, 3)"),
        # Right for blanks on the left, wrong for those on the right.
        (lambda m: torch.arange(m.shape[1]) - (m == 0).sum(1, keepdim=True), "texts"),
    ],
    "reader": [
        (reads(lambda s, m: s[:, 0]), "seen the whole text"),
        (reads(lambda s, m: s[:, -1]), "seen the whole text"),
        (reads(counted), "with blanks before"),
        (trained_right_asked_wrong, "with blanks before"),
        (reads(mean_of_all), "seen the whole text"),
        (lambda s, m, y: lambda new, n: torch.zeros(len(new)), "seen the whole"),
        (lambda s, m, y: lambda new, n: y, "seen the whole text"),
        (lambda s, m, y: y, "expected a function"),
        (lambda s, m, y: lambda new, n: new[:, 0], "0 or 1"),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)
