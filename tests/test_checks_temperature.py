import math

import torch
from exercises import exercise_tests

from course_lib import losses
from course_lib.checks import temperature as check


def reheat(p, T):
    return (p.log() / T).softmax(-1)


def variance(z, T):
    p = (z / T).softmax(-1)
    return (p * (z - (p * z).sum()) ** 2).sum()


def by_differences(z, T):
    z = z.double()
    up, down = losses.entropy(z, T + 1e-5), losses.entropy(z, T - 1e-5)
    return (up - down) / 2e-5


def temperature_for(z, classes, low=1e-6, high=1e6):
    for _ in range(100):
        T = math.sqrt(low * high)
        if losses.entropy(z.double(), T).exp() < classes:
            low = T
        else:
            high = T
    return T


def by_newton(z, labels):
    beta = torch.ones(1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([beta], max_iter=100, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(beta * z.double(), labels)
        loss.backward()
        return loss

    optimizer.step(closure)
    return 1 / beta.item()


ANSWERS = {
    "reheat": [reheat, lambda p, T: p ** (1 / T) / (p ** (1 / T)).sum(-1, True)],
    "entropy_slope": [lambda z, T: variance(z, T) / T**3, by_differences],
    "temperature_for": [
        temperature_for,
        lambda z, c: torch.tensor(temperature_for(z, c)),
    ],
    "calibration": [by_newton],
}

WRONG = {
    "reheat": [
        (lambda p, T: p ** (1 / T), "sum to 1"),
        (lambda p, T: (p / T).softmax(-1), "log p"),
        (lambda p, T: (p.log() * T).softmax(-1), "colder"),
        (lambda p, T: p, "came in"),
        (lambda p, T: p ** (1 / T) / (p ** (1 / T)).sum(), "of its own"),
        (lambda p, T: (p.log() / T).softmax(0), "of its own"),
        (lambda p, T: ((p + 1e-6).log() / T).softmax(-1), "1e-30"),
    ],
    "entropy_slope": [
        (lambda z, T: variance(z, T) / T**2, "another 1/T"),
        (lambda z, T: variance(z, T), "divide it by T³"),
        (lambda z, T: -variance(z, T) / T, "dβ/dT"),
        (lambda z, T: -variance(z, T) / T**3, "sign"),
        (lambda z, T: variance(z, T).sqrt() / T**3, "deviation"),
        (lambda z, T: variance(z, 1.0) / T**3, "at T, not at 1"),
        (lambda z, T: z.var() / T**3, "Weigh each logit"),
        (lambda z, T: z.var(correction=0) / T**3, "Weigh each logit"),
        (lambda z, T: variance(z, T) / T**4, "logits = [10.0"),
    ],
    "temperature_for": [
        (lambda z, c: 1 / temperature_for(z, c), "β"),
        (lambda z, c: temperature_for(z, math.exp(c)), "H itself"),
        (lambda z, c: 3.0, "the film's logits"),
        (lambda z, c: 0.0, "above 0"),
        (lambda z, c: temperature_for(torch.tensor(check.FILM), c), "doubled"),
        (lambda z, c: temperature_for(z, c, 1.0, 100.0), "0.01"),
    ],
    "calibration": [
        (lambda z, labels: 1.0, "At T = 1"),
        (lambda z, labels: 1 / by_newton(z, labels), "β"),
        (lambda z, labels: max(1.0, by_newton(z, labels)), "half as sure"),
        (lambda z, labels: 1.05 * by_newton(z, labels), "three times too sure"),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)
