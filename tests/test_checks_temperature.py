import math
from functools import partial

import numpy as np
import torch
from exercises import exercise_tests
from scipy.optimize import brentq, minimize_scalar
from torch.nn import functional as F

from course_lib import losses
from course_lib.checks import temperature as check


def reheat(p, T):
    return (p.log() / T).softmax(-1)


def variance(z, T):
    p = (z / T).softmax(-1)
    return (p * (z - (p * z).sum()) ** 2).sum()


def _centred(z, T):
    return z / T - (z / T).softmax(-1) @ (z / T)


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
        loss = F.cross_entropy(beta * z.double(), labels)
        loss.backward()
        return loss

    optimizer.step(closure)
    return 1 / beta.item()


def reheat_looped(p, T):
    rows = p.double().reshape(-1, p.shape[-1]).tolist()
    powers = [[x ** (1 / T) for x in row] for row in rows]
    return torch.tensor([[x / sum(row) for x in row] for row in powers]).view(p.shape)


def reheat_last_of_two(p, T):
    return (p.log() / T).softmax(min(1, p.dim() - 1))


def slope_looped(z, T):
    powers = [math.exp(x / T - z.max().item() / T) for x in z.tolist()]
    p = [x / sum(powers) for x in powers]
    mean = sum(a * b for a, b in zip(p, z.tolist(), strict=True))
    pairs = zip(p, z.tolist(), strict=True)
    return np.float64(sum(a * (b - mean) ** 2 for a, b in pairs) / T**3)


def slope_by_autograd(z, T):
    heat = torch.tensor(T, requires_grad=True)
    log_p = (z / heat).log_softmax(-1)
    entropy = -(log_p.exp() * log_p).sum()
    return torch.autograd.grad(entropy, heat)[0]


def slope_by_func_grad(z, T):
    def entropy(T):
        log_p = (z / T).log_softmax(-1)
        return -(log_p.exp() * log_p).sum()

    return torch.func.grad(entropy)(torch.tensor(T))


def slope_by_numpy(z, T):
    p = (z.double() / T).softmax(-1).numpy()
    return np.cov(z.double().numpy(), aweights=p, ddof=0) / T**3


def temperature_by_root(z, classes):
    z = z.double().numpy()

    def too_many(log_T):
        p = np.exp((z - z.max()) / np.exp(log_T))
        p = p / p.sum()
        here = p > 0
        return np.exp(-(p[here] * np.log(p[here])).sum()) - classes

    return np.exp(brentq(too_many, -9, 9))


def by_halving(z, labels, rows=None, classes=None):
    z, labels = z.double()[:rows], labels[:rows]
    goal = z.gather(1, labels[:, None]).mean()
    low, high = 1e-4, 1e4
    for _ in range(60):
        beta = math.sqrt(low * high)
        p = (beta * z)[:, :classes].softmax(-1)
        low, high = (
            (beta, high) if (p * z[:, :classes]).sum(-1).mean() < goal else (low, beta)
        )
    return 1 / beta


def by_scipy(z, labels, loss=None):
    def of(log_T):
        return F.cross_entropy(z.double() / math.exp(log_T), labels).item()

    return np.exp(minimize_scalar(loss or of, bounds=(-3, 3), method="bounded").x)


def by_brier(z, labels):
    y = F.one_hot(labels, z.shape[1])

    def of(log_T):
        return ((z / math.exp(log_T)).softmax(-1) - y).square().sum(-1).mean().item()

    return by_scipy(z, labels, of)


def on_a_coarse_grid(z, labels):
    grid = torch.arange(0.27, 6, 0.1)
    return grid[torch.stack([F.cross_entropy(z / T, labels) for T in grid]).argmin()]


def on_a_narrow_grid(z, labels):
    grid = torch.linspace(0.4, 4, 1801)
    return grid[torch.stack([F.cross_entropy(z / T, labels) for T in grid]).argmin()]


def by_mean_sureness(z, labels):
    right = (z.argmax(-1) == labels).float().mean()

    def gap(log_T):
        return ((z / math.exp(log_T)).softmax(-1).amax(-1).mean() - right).item()

    return math.exp(brentq(gap, -3, 4))


def by_adam(z, labels):
    log_T = torch.zeros((), requires_grad=True)
    optimizer = torch.optim.Adam([log_T], lr=0.05)
    for _ in range(400):
        optimizer.zero_grad()
        F.cross_entropy(z / log_T.exp(), labels).backward()
        optimizer.step()
    return log_T.exp()


def per_example(z, labels):
    return torch.tensor(
        [by_halving(a[None], b[None]) for a, b in zip(z, labels, strict=True)]
    )


def linear(x, y, classes, penalty=0.001, steps=300, lr=0.1, dtype=torch.float32):
    w = torch.zeros(x.shape[1], classes, dtype=dtype, requires_grad=True)
    optimizer = torch.optim.Adam([w], lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(x.to(dtype) @ w, y) + penalty * w.square().sum()
        loss.backward()
        optimizer.step()
    return w.detach()


def fitted(x, y, held_x, held_y, classes, calibrate=by_halving, **training):
    w = linear(x, y, classes, **training)
    return calibrate(held_x.to(w.dtype) @ w, held_y)


def fitted_by_descent(x, y, held_x, held_y, classes):
    w = torch.zeros(x.shape[1], classes, dtype=torch.float64)
    x, one_hot = x.double(), F.one_hot(y, classes)
    for _ in range(4_000):
        w -= 0.5 * (x.T @ ((x @ w).softmax(-1) - one_hot) / len(x) + 0.002 * w)
    return torch.tensor(by_newton(held_x.double() @ w, held_y))


def on_its_own(x, y, held_x, held_y, classes):
    return fitted(x, y, x, y, classes)


def on_both(x, y, held_x, held_y, classes):
    return fitted(x, y, torch.cat([x, held_x]), torch.cat([y, held_y]), classes)


ANSWERS = {
    "reheat": [
        reheat,
        lambda p, T: p ** (1 / T) / (p ** (1 / T)).sum(-1, True),
        lambda p, T: reheat(p.double(), T).numpy(),
        reheat_looped,
        lambda p, T: p.pow_(1 / T).div_(p.sum(-1, keepdim=True)),
    ],
    "entropy_slope": [
        lambda z, T: variance(z, T) / T**3,
        lambda z, T: variance(z.double(), T).item() / T**3,
        slope_looped,
        by_differences,
        slope_by_numpy,
        lambda z, T: torch.einsum("i,i", (z / T).softmax(-1), _centred(z, T) ** 2) / T,
    ],
    "temperature_for": [
        temperature_for,
        lambda z, c: torch.tensor(temperature_for(z, c)),
        temperature_by_root,
        lambda z, c: np.array([temperature_for(z, c)]),
    ],
    "calibration": [
        by_newton,
        by_halving,
        by_scipy,
        by_adam,
        lambda z, labels: torch.tensor(by_halving(z, labels)),
    ],
    "fitted_temperature": [
        fitted,
        partial(fitted, steps=2_000, lr=0.02, dtype=torch.float64, calibrate=by_scipy),
        fitted_by_descent,
    ],
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
        (reheat_last_of_two, "(2, 1, 3)"),
        (lambda p, T: reheat(p.float(), T), "double precision"),
        (lambda p, T: reheat(p, max(T, 1)), "T = 0.5"),
        (lambda p, T: p.sqrt() / p.sqrt().sum(-1, True), "T = 8"),
        (lambda p, T: (torch.logit(p) / T).softmax(-1), "T = 2"),
        (lambda p, T: (p.half().log() / T).softmax(-1), "1e-30"),
        (lambda p, T: reheat(p.clamp(min=1e-38), T), "double precision"),
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
        (slope_by_autograd, "You asked autograd"),
        (slope_by_func_grad, "You asked autograd"),
        (lambda z, T: variance(z, T) / 27, "T = 0.5"),
        (lambda z, T: 0.379, "[1.0, 0.0]"),
    ],
    "temperature_for": [
        (lambda z, c: 1 / temperature_for(z, c), "β"),
        (lambda z, c: temperature_for(z, math.exp(c)), "H itself"),
        (lambda z, c: 3.0, "the film's logits"),
        (lambda z, c: 0.0, "above 0"),
        (lambda z, c: temperature_for(torch.tensor(check.FILM), c), "doubled"),
        (lambda z, c: temperature_for(z, c, 1.0, 1e3), "0.01"),
        (lambda z, c: temperature_for(z, c, 1e-3, 20.0), "times 20"),
        (lambda z, c: temperature_for(z - z.mean(), 3.0), "1.5 classes"),
    ],
    "calibration": [
        (lambda z, labels: 1.0, "At T = 1"),
        (lambda z, labels: 1 / by_newton(z, labels), "β"),
        (lambda z, labels: max(1.0, by_newton(z, labels)), "half as sure"),
        (lambda z, labels: 1.05 * by_newton(z, labels), "three times too sure"),
        (lambda z, labels: by_halving(z, labels, rows=100), "expected 2.9"),
        (lambda z, labels: 2.949, "half as sure"),
        (on_a_coarse_grid, "expected"),
        (by_brier, "expected"),
        (by_mean_sureness, "expected 2.9"),
        (on_a_narrow_grid, "six times too sure"),
        (lambda z, labels: per_example(z[:50], labels[:50]).median(), "expected"),
    ],
    "fitted_temperature": [
        (lambda *given: 1.0, "no change"),
        (on_its_own, "trained on"),
        (lambda *given: 1 / fitted(*given), "β"),
        (lambda a, b, c, d, k: fitted(c, d, c, d, k), "on the held-out"),
        (on_both, "200 examples"),
        (partial(fitted, penalty=0.0), "50 examples"),
        (partial(fitted, penalty=0.01), "50 examples"),
        (partial(fitted, steps=20), "50 examples"),
        (lambda *given: 2.053, "200 examples"),
        (lambda *given: max(1.0, fitted(*given)), "3,000 examples"),
        (lambda a, b, c, d, k: fitted(a, b.clamp(max=2), c, d, k), "50 examples"),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)
