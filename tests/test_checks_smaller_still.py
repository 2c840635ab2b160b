import numpy as np
import torch
from exercises import exercise_tests

from course_lib.checks import smaller_still as check
from course_lib.checks.smaller_still import nearest_marks
from course_lib.models.rounding import straight_through, to_codes


def codes(row, bits):
    most = 2 ** (bits - 1) - 1
    scale = row.abs().max() / most
    return (row / scale.clamp(min=1e-30)).round(), scale


def codes_in_numpy(row, bits):
    row = row.numpy()
    scale = max(abs(row)) / (2 ** (bits - 1) - 1)
    return (np.rint(row / scale) if scale else 0 * row), scale


def codes_by_the_library(row, bits):
    found, scale = to_codes(row[None], bits)
    return found[0], row.abs().max().item() / (2 ** (bits - 1) - 1) or scale


def codes_as_lists(row, bits):
    largest = max(abs(x) for x in row.tolist())
    scale = largest / (2 ** (bits - 1) - 1)
    return [round(x / scale) if scale else 0 for x in row.tolist()], scale


def by_another_scale(change):
    def answer(row, bits):
        scale = change(row, bits)
        return (row / scale).round(), scale

    return answer


def by_other_codes(change):
    def answer(row, bits):
        _, scale = codes(row, bits)
        return change(row, scale), scale

    return answer


class Through(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    def backward(ctx, pull):
        return pull


def through_a_hook(x):
    zero = x - x.detach()
    return x.detach().round() + zero


def trained(x, y, start, see=straight_through, steps=500, rate=0.01, keep=True):
    weight = start.clone().requires_grad_()
    adam = torch.optim.Adam([weight], lr=rate)
    best, least = start, float("inf")
    for _ in range(steps):
        seen = see(weight, 2)
        loss = (x @ seen.T - y).square().mean()
        if loss < least or not keep:
            best, least = seen.detach().clone(), loss.item()
        adam.zero_grad()
        loss.backward()
        adam.step()
    return best


def true_slope(weight, bits):
    return (
        weight / weight.detach().abs().amax(1, keepdim=True)
    ).round() * weight.detach().abs().amax(1, keepdim=True)


def one_at_a_time(x, y, start):
    """No gradient: try the three marks of each number in turn, for several scales."""
    gram, cross = x.T @ x, x.T @ y

    def loss(q, output):
        s = (q @ cross[:, output]) / (q @ gram @ q).clamp(min=1e-9)
        return float(s * (s * (q @ gram @ q) - 2 * q @ cross[:, output])), s

    rows = []
    for output, row in enumerate(nearest_marks(start)):
        q = row.sign()
        for _ in range(6):
            for place in range(len(q)):
                tried = []
                for mark in (-1.0, 0.0, 1.0):
                    other = q.clone()
                    other[place] = mark
                    tried.append((loss(other, output)[0], mark))
                q[place] = min(tried)[1]
        rows.append(loss(q, output)[1] * q)
    return torch.stack(rows)


def straight_by_hand(x, y, start):
    """The step written out: the gradient at the rounded weight moves the other one."""
    weight, best, least = start.clone(), start, float("inf")
    moment = torch.zeros_like(weight)
    for _ in range(800):
        seen = nearest_marks(weight)
        missed = x @ seen.T - y
        if missed.square().mean() < least:
            best, least = seen, missed.square().mean()
        moment = 0.9 * moment + missed.T @ x / len(x)
        weight = weight - 0.02 * moment / moment.abs().amax(1, keepdim=True)
    return best


ANSWERS = {
    "codes": [codes, codes_in_numpy, codes_by_the_library, codes_as_lists],
    "straight": [
        Through.apply,
        through_a_hook,
        lambda x: x + (x.round() - x).detach(),
        lambda x: x - (x - x.round()).detach(),
    ],
    "two_bits": [trained, straight_by_hand, one_at_a_time],
}
WRONG = {
    "codes": [
        (
            by_another_scale(lambda r, b: r.abs().max() / 2 ** (b - 1)),
            "marks to either",
        ),
        (
            by_another_scale(lambda r, b: r.max() / (2 ** (b - 1) - 1)),
            "whatever its sign",
        ),
        (
            by_another_scale(lambda r, b: (r.max() - r.min()) / (2**b - 1)),
            "over all marks",
        ),
        (by_another_scale(lambda r, b: r.abs().max()), "distance of two marks"),
        (lambda r, b: (codes(r, b)[0], 1 / codes(r, b)[1]), "one over the scale"),
        (by_other_codes(lambda r, s: (r / s).trunc()), "Nearest, not towards zero"),
        (by_other_codes(lambda r, s: (r / s).floor()), "not the next below"),
        (by_other_codes(lambda r, s: r / s), "no whole numbers"),
        (by_other_codes(lambda r, s: (r / s).round() * s), "once they are back"),
        (by_another_scale(lambda r, b: r.abs().max() / (2 ** (b - 1) - 1)), "by zero"),
        (lambda r, b: codes(r, b)[0], "codes and a scale"),
        (lambda r, b: (codes(r, b)[0], "a quarter"), "a quarter"),
    ],
    "straight": [
        (torch.round, "true slope"),
        (lambda x: x, "Nothing is rounded"),
        (lambda x: x.round().detach(), "no gradient arrives"),
        (lambda x: x.floor().detach() + (x - x.detach()), "not the next below"),
        (lambda x: x.trunc().detach() + (x - x.detach()), "not towards zero"),
        (lambda x: x.round().detach() - (x - x.detach()), "other sign"),
        (lambda x: x.round().detach() + 2 * (x - x.detach()), "twice"),
        (lambda x: x * (x.round() / x).detach(), "a gradient of"),
        (lambda x: x.round().detach().requires_grad_(), "no gradient arrives"),
    ],
    "two_bits": [
        (lambda x, y, start: nearest_marks(start), "gradient get past"),
        (lambda x, y, start: trained(x, y, start, true_slope), "gradient get past"),
        (lambda x, y, start: start, "sizes in row"),
        (lambda x, y, start: trained(x, y, start, lambda w, b: w), "sizes in row"),
        (lambda x, y, start: torch.linalg.lstsq(x, y).solution.T, "sizes in row"),
        (lambda x, y, start: to_codes(start, 2)[0] * to_codes(start, 3)[1], "lose"),
        (lambda x, y, start: torch.zeros_like(start), "lose 100%"),
        (lambda x, y, start: torch.full_like(start, torch.nan), "no numbers"),
        (lambda x, y, start: to_codes(start, 2), "you returned tuple"),
        (lambda x, y, start: trained(x, y, start).T, "shape (16, 4)"),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)
