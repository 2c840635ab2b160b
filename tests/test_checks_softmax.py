import math

import numpy as np
import torch
from exercises import exercise_tests
from torch.nn import functional as F

from course_lib.checks import softmax as check


def shifted(z):
    z = z - z.amax(-1, keepdim=True)
    return z - z.exp().sum(-1, keepdim=True).log()


def through_one_maximum(z):
    z = z - z.max()
    return z - z.exp().sum(-1, keepdim=True).log()


def without_a_shift(z):
    return z - z.exp().sum(-1, keepdim=True).log()


def ratio_of_exponentials(z):
    return (z.exp() / z.exp().sum(-1, keepdim=True)).log()


def by_autograd(z, y):
    z = z.clone().requires_grad_()
    F.cross_entropy(z, y).backward()
    return z.grad


def by_functional_autograd(z, y):
    return torch.autograd.grad(F.cross_entropy(z.requires_grad_(), y), z)[0]


def by_func_grad(z, y):
    return torch.func.grad(lambda logits: F.cross_entropy(logits, y))(z)


def by_forward_mode(z, y):
    return torch.func.jacfwd(lambda logits: F.cross_entropy(logits, y))(z)


def by_autograd_turned_on_again(z, y):
    with torch.inference_mode(False):
        z = torch.tensor(z.tolist(), requires_grad=True)
        F.cross_entropy(z, torch.tensor(y.tolist())).backward()
        return z.grad


def gradient_in_place(z, y):
    p = z.softmax(-1)
    p[torch.arange(len(y)), y] -= 1
    return p.div_(len(y))


def gradient_by_numpy(z, y):
    z = z.double().numpy()
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    return np.einsum("bc,b->bc", p - np.eye(z.shape[1])[y], np.full(len(y), 1 / len(y)))


def row_by_row(z):
    rows = [row - row.max() for row in z.reshape(-1, z.shape[-1])]
    logs = [row - math.log(sum(math.exp(x) for x in row.tolist())) for row in rows]
    return torch.stack(logs).reshape(z.shape)


def label_by_label(z, p):
    return [[1 / (1 + math.exp(-x)) > p for x in row] for row in z.tolist()]


def gradient_row_by_row(z, y):
    rows = z.softmax(-1).clone()
    for row, label in zip(rows, y, strict=True):
        row[label] -= 1
    return rows / len(rows)


def trained(outer, optimizer=torch.optim.Adam, lr=0.1, steps=400):
    """Free logits trained on a teacher; `outer` makes of them log q."""

    def student(teacher, times, start):
        z = start.clone().requires_grad_()
        steered = optimizer([z], lr=lr)
        for _ in range(steps):
            loss = -(teacher * outer(z, times)).sum()
            steered.zero_grad()
            loss.backward()
            steered.step()
        return outer(z, times).exp()

    return student


def log_q(z, times):
    return (z if times == 1 else z.softmax(-1)).log_softmax(-1)


def inner(z, times):
    return z.softmax(-1)


def by_hand(teacher, times, start):
    z = start.double().numpy().copy()
    for _ in range(6_000):
        p = np.exp(z - z.max())
        p /= p.sum()
        if times == 1:
            z -= 0.5 * (p - teacher.numpy())
            continue
        q = np.exp(p) / np.exp(p).sum()
        pull = q - teacher.numpy()
        z -= 2 * p * (pull - p @ pull)
    return p if times == 1 else q


ANSWERS = {
    "log_softmax": [
        shifted,
        lambda z: z.log_softmax(-1),
        lambda z: shifted(z.double()),
        lambda z: shifted(z).numpy(),
        row_by_row,
    ],
    "student": [
        trained(log_q),
        trained(log_q, torch.optim.SGD, lr=2.0, steps=3_000),
        by_hand,
        lambda teacher, times, start: trained(log_q)(teacher, times, start).tolist(),
    ],
    "labels_at": [
        label_by_label,
        lambda z, p: z.sigmoid() > p,
        lambda z, p: z > math.log(p / (1 - p)),
        lambda z, p: (z.sigmoid() > p).long(),
    ],
    "gradient": [
        lambda z, y: (z.softmax(-1) - F.one_hot(y, z.shape[-1])) / len(z),
        lambda z, y: (z.double().softmax(-1) - torch.eye(z.shape[-1])[y]) / len(y),
        gradient_row_by_row,
        lambda z, y: gradient_row_by_row(z, y).numpy(),
        gradient_in_place,
        gradient_by_numpy,
    ],
    "classes_behind": [
        lambda floor: 1 + math.e * (math.exp(floor) - 1),
        lambda floor: round(1 + math.e * (math.exp(floor) - 1)),
        lambda floor: torch.tensor(1 + math.e * (math.exp(floor) - 1)),
        lambda floor: np.float32(1 + np.e * np.expm1(floor)),
    ],
}


WRONG = {
    "log_softmax": [
        (lambda z: z.softmax(-1), "log 1, log 2, log 5", "are the probabilities"),
        (lambda z: -z.log_softmax(-1), "log 1, log 2, log 5", "sign is turned round"),
        (lambda z: z.log_softmax(0), "the batch [[1.0, 2.0, 5.0]", "runs over the"),
        (
            lambda z: z - z.flatten().logsumexp(0),
            "the batch [[1.0, 2.0, 5.0]",
            "over the whole batch",
        ),
        (lambda z: z.log_softmax(min(1, z.dim() - 1)), "three dimensions", "dim=-1"),
        (without_a_shift, "[[1000.0, 0.0]]", "subtract the largest logit"),
        (ratio_of_exponentials, "[[1000.0, 0.0]]", "subtract the largest logit"),
        (lambda z: z.softmax(-1).log(), "[[1000.0, 0.0]]", "rounded to 0 before"),
        (through_one_maximum, "[[2000.0, 0.0], [0.0, 1.0]]", "drowns the other row"),
        (
            lambda z: z - z.logsumexp(-1, keepdim=True),
            "[[1000000.25, 1000001.5, 999998.0]]",
            "the large maximum was still in",
        ),
        (lambda z: z.logsumexp(-1), "log 1, log 2, log 5", "shape ()"),
        (lambda z: z.tolist(), "log 1, log 2, log 5", "you returned [0.0"),
        (lambda z: z.half().log_softmax(-1), "the batch [[1.0, 2.0, 5.0]"),
        (
            lambda z: shifted(z.reshape(-1, z.shape[-1])).long().reshape(z.shape),
            "log 1, log 2, log 5",
        ),
        (
            lambda z: (z.softmax(-1) + 1e-9).log(),
            "[[1000.0, 0.0]]",
        ),
    ],
    "student": [
        (lambda teacher, times, start: teacher, "2 softmaxes", "through both"),
        (trained(lambda z, times: z.log_softmax(-1)), "2 softmaxes", "through both"),
        (trained(lambda z, times: log_q(z, 2)), "1 softmax ", "where `times` is 1"),
        (
            lambda teacher, times, start: (
                inner(trained(log_q)(teacher, times, start).log(), times)
                if times == 1
                else F.one_hot(teacher.argmax(), len(teacher))
            ),
            "2 softmaxes",
            "inner probabilities",
        ),
        (trained(log_q, lr=0.01, steps=20), "1 softmax ", "Train longer"),
        (
            lambda teacher, times, start: trained(log_q)(
                F.one_hot(teacher.argmax(), len(teacher)), times, start
            ),
            "1 softmax ",
            "where labels lead",
        ),
        (
            lambda teacher, times, start: trained(log_q)(teacher, times, start).log(),
            "take exp",
        ),
        (
            lambda teacher, times, start: (
                teacher if times == 1 else torch.tensor([0.5761, 0.2119, 0.2119])
            ),
            "[0.02, 0.95, 0.02, 0.01], 2 softmaxes",
        ),
        (
            lambda teacher, times, start: (
                teacher
                if times == 1
                else F.one_hot(teacher.argmax(), len(teacher)).float().softmax(-1)
            ),
            "[0.4, 0.35, 0.25], 2 softmaxes",
        ),
    ],
    "labels_at": [
        (
            lambda z, p: z > p,
            "[[2.0, 1.9, 0.3, -1.0]] and p = 0.5",
            "with a probability",
        ),
        (lambda z, p: z > 0, "[[3.0, 2.0, 0.5]] and p = 0.9", "for p = 0.5 only"),
        (lambda z, p: z.softmax(-1) > p, "p = 0.5", "share one whole"),
        (lambda z, p: z.sigmoid() < p, "p = 0.5", "to leave out"),
        (lambda z, p: z.sigmoid() >= p, "[[0.0, 0.1, -0.1]]", "at p is not above"),
        (lambda z, p: z.sigmoid(), "p = 0.5", "only True or False"),
        (lambda z, p: (z.sigmoid() > p).any(), "p = 0.5", "shape (1, 4)"),
        (lambda z, p: z[:1].sigmoid() > p, "shape (3, 2)", "each logit"),
        (lambda z, p: z > 4 * (p - 0.5), "p = 0.9"),
    ],
    "gradient": [
        (by_autograd, "asked autograd", "the formula"),
        (by_functional_autograd, "asked autograd", "the formula"),
        (by_func_grad, "asked autograd", "the formula"),
        (by_forward_mode, "asked autograd", "the formula"),
        (by_autograd_turned_on_again, "asked autograd", "the formula"),
        (
            lambda z, y: (z.softmax(-1) - F.one_hot(y, z.shape[-1])) / 2,
            "labels [0, 1, 1, 0]",
        ),
        (lambda z, y: z.softmax(-1) - F.one_hot(y, z.shape[-1]), "labels", "its size"),
        (
            lambda z, y: (F.one_hot(y, z.shape[-1]) - z.softmax(-1)) / len(z),
            "labels [1, 0]",
            "downhill",
        ),
        (lambda z, y: z.softmax(-1) / len(z), "labels [1, 0]", "label is missing"),
        (
            lambda z, y: (z.softmax(-1) - F.one_hot(y, z.shape[-1])) / z.numel(),
            "labels [1, 0]",
            "not by the classes",
        ),
        (
            lambda z, y: (
                (z.exp() / z.exp().sum(-1, True) - F.one_hot(y, z.shape[-1])) / len(z)
            ),
            "[[1000.0, 0.0]",
            "stable softmax",
        ),
        (F.cross_entropy, "labels [1, 0]", "shape ()"),
    ],
    "classes_behind": [
        (math.exp, "a floor of 0.3133", "only guesses"),
        (lambda floor: math.e * (math.exp(floor) - 1), "0.3133", "right one too"),
        (lambda floor: math.e * math.exp(floor), "0.3133", "subtract what is not K"),
        (lambda floor: 2, "a floor of 0.5514", "expected 3"),
        (lambda floor: int(1 + math.e * (math.exp(floor) - 1) + 1e-6), "0.74", "4"),
        (lambda floor: "four", "a floor of 0.3133", "expected one number"),
        (lambda floor: min(round(1 + math.e * math.expm1(floor)), 100), "5.9095"),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)
