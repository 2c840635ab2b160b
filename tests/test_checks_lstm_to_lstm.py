import math

import numpy as np
import pytest
import torch
from exercises import exercise_tests
from torch.nn import functional as F

from course_lib.checks import lstm_to_lstm as check
from course_lib.losses import DistillationLoss
from course_lib.models import LSTMClassifier, count_parameters

S = torch.tensor([[1.0, -1], [0.5, 2], [-3, 1]])
T = torch.tensor([[-2.0, 1], [0, 4], [-1, -2]])
Y = torch.tensor([0, 1, 0])


def agree(s, t):
    return (s.argmax(1) == t.argmax(1)).float().mean()


def count(v, e, h, *, directions=2, biases=2, embedding=1, width=8, last=2):
    gates = directions * 4 * h * (e + h + biases)
    return embedding * v * e + gates + width * h + last


def gradient(s, t, label, temperature, alpha, power=1, sign=1):
    hard = s.softmax(0) - F.one_hot(torch.tensor(label), 2)
    soft = (s / temperature).softmax(0) - (t / temperature).softmax(0)
    return sign * (alpha * temperature**power * soft + (1 - alpha) * hard)


def by_gradient(loss, temperature, alpha, *, teacher_too=True):
    s, t = S.clone().requires_grad_(), T.clone().requires_grad_()
    ours = DistillationLoss(temperature, alpha)
    expected = torch.autograd.grad(ours(s, t, Y), s)[0]
    got, leak = torch.autograd.grad(loss(s, t, Y), (s, t), allow_unused=True)
    leaks = teacher_too and leak is not None and leak.abs().max() > 1e-6
    return bool(leaks or not torch.allclose(got, expected, atol=1e-5))


def by_value(loss, temperature, alpha):
    difference = loss(S, T, Y) - DistillationLoss(temperature, alpha)(S, T, Y)
    return abs(difference.item()) > 1e-5


def by_autograd(s, t, label, T, alpha):
    s = s.clone().requires_grad_()
    soft = F.kl_div((s / T).log_softmax(0), (t / T).softmax(0), reduction="sum")
    hard = F.cross_entropy(s[None], torch.tensor([label]))
    (alpha * T**2 * soft + (1 - alpha) * hard).backward()
    return s.grad


def agree_in_python(s, t):
    pairs = zip(s.tolist(), t.tolist(), strict=True)
    same = [a.index(max(a)) == b.index(max(b)) for a, b in pairs]
    return sum(same) / len(same)


def by_products(s, t):
    one, other = (F.one_hot(z.argmax(-1), z.shape[-1]).double() for z in (s, t))
    return torch.einsum("nk,nk->n", one, other).mean()


def with_two_classes(s, t):
    return ((s[:, 1] > s[:, 0]) == (t[:, 1] > t[:, 0])).float().mean()


def by_function_transform(s, t, label, T, alpha):
    """Autograd by another name."""

    def loss(s):
        soft = F.kl_div((s / T).log_softmax(0), (t / T).softmax(0), reduction="sum")
        return alpha * T**2 * soft - (1 - alpha) * s.log_softmax(0)[label]

    return torch.func.grad(loss)(s)


def outside_inference_mode(s, t, label, T, alpha):
    with torch.inference_mode(False), torch.enable_grad():
        s, t = torch.tensor(s.tolist()), torch.tensor(t.tolist())
        return by_autograd(s, t, label, T, alpha)


def hard_at_temperature(s, t, label, T, alpha):
    q, p = (s / T).softmax(0), (t / T).softmax(0)
    hard = q - F.one_hot(torch.tensor(label), 2)
    return alpha * T * (q - p) + (1 - alpha) * hard


def count_by_shapes(v, e, h):
    """As PyTorch itself would have them."""
    with torch.device("meta"):
        model = LSTMClassifier(v, 2, e, h)
    return sum(p.numel() for p in model.parameters())


def count_in_parts(v, e, h):
    gate = np.int64(h * e + h * h + 2 * h)
    return v * e + gate * 4 * 2 + (4 * h + 1) * 2


def by_mirror(s, t, label, temperature, alpha):
    """Two classes: the second logit's gradient is the first one's, turned round."""
    q, p = (((z[0] - z[1]) / temperature).sigmoid() for z in (s, t))
    hard = (s[0] - s[1]).sigmoid() - float(label == 0)
    first = alpha * temperature * (q - p) + (1 - alpha) * hard
    return torch.stack([first, -first])


def in_lists(s, t, label, temperature, alpha):
    def softmax(z):
        powers = [math.exp(v) for v in z]
        return [v / sum(powers) for v in powers]

    q, p = (softmax((z / temperature).tolist()) for z in (s, t))
    hard = softmax(s.tolist())
    y = [1 - label, label]
    return torch.tensor(
        [
            alpha * temperature * (q[i] - p[i]) + (1 - alpha) * (hard[i] - y[i])
            for i in (0, 1)
        ]
    )


def by_differences(loss, temperature, alpha):
    """How the loss moves with the student, and whether the teacher gets a gradient."""
    ours, moved = DistillationLoss(temperature, alpha), S + 0.5 * S.flip(1) - 0.1
    step = loss(moved, T, Y) - loss(S, T, Y)
    t = T.clone().requires_grad_()
    value = loss(S.clone().requires_grad_(), t, Y)
    (leak,) = torch.autograd.grad(value, t, allow_unused=True)
    off = (step - (ours(moved, T, Y) - ours(S, T, Y))).abs() > 1e-5
    return bool(off) or (leak is not None and bool(leak.any()))


def by_double_gradient(loss, temperature, alpha):
    s, t = (z.double().clone().requires_grad_() for z in (S, T))
    got, leak = torch.autograd.grad(loss(s, t, Y), (s, t), allow_unused=True)
    expected = torch.stack(
        [
            gradient(s[i].detach(), t[i].detach(), int(Y[i]), temperature, alpha)
            for i in range(len(Y))
        ]
    )
    return np.bool_(not torch.allclose(got, expected / len(Y)) or leak is not None)


def descend(x, targets, steps=1_000, rate=2.0):
    w = torch.zeros(x.shape[1])
    for _ in range(steps):
        w = w - rate * x.T @ ((x @ w).sigmoid() - targets) / len(x)
    return w


def by_autograd_and_lbfgs(x, targets):
    w = torch.zeros(x.shape[1], requires_grad=True)
    optimizer = torch.optim.LBFGS([w], max_iter=200)

    def closure():
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(x @ w, targets)
        loss.backward()
        return loss

    optimizer.step(closure)
    return w


def newton(x, targets):
    x, targets = x.double().numpy(), targets.double().numpy()
    w = np.zeros(x.shape[1])
    for _ in range(30):
        q = 1 / (1 + np.exp(-x @ w))
        hessian = (x.T * (q * (1 - q))) @ x + 1e-9 * np.eye(len(w))
        w += np.linalg.solve(hessian, x.T @ (targets - q))
    return torch.tensor(w)


ANSWERS = {
    "agreement": [
        agree,
        agree_in_python,
        by_products,
        lambda s, t: np.mean(s.numpy().argmax(1) == t.numpy().argmax(1)),
    ],
    "parameters": [count, count_by_shapes, count_in_parts],
    "gradient": [
        gradient,
        by_mirror,
        in_lists,
        lambda *a: gradient(*a).numpy(),
        lambda s, t, *a: gradient(s.double(), t.double(), *a),
    ],
    "is_wrong": [by_gradient, by_differences, by_double_gradient],
    "from_doubts": [
        descend,
        by_autograd_and_lbfgs,
        newton,
        lambda x, y: newton(x, y).numpy(),
    ],
}

WRONG = {
    "agreement": [
        (lambda s, t: 100 * agree(s, t), "per cent"),
        (lambda s, t: 1 - agree(s, t), "differ"),
        (lambda s, t: agree(s, t) * len(s), "how many"),
        (lambda s, t: 2 / 3, "[-1.0, -2]"),  # right for the printed example
        (lambda s, t: ((s > 0) == (t > 0)).all(1).float().mean(), "expected"),
        (with_two_classes, "[3.0, 2, 1]"),
        (lambda s, t: 1 - agree(s, -t), "[3.0, 2, 1]"),  # the same worst one
        (lambda s, t: (s.argmax(1) == t.argmax(1)).sum() / 3, "[-1.0, -2]"),
    ],
    "parameters": [
        (lambda v, e, h: count(v, e, h, directions=1), "two directions"),
        (lambda v, e, h: count(v, e, h, biases=1), "two bias"),
        (lambda v, e, h: count(v, e, h, embedding=0), "embedding"),
        (lambda v, e, h: count(v, e, h, width=0, last=0), "linear layer at the end"),
        (lambda v, e, h: count(v, e, h, width=4), "4 · hidden wide"),
        (lambda v, e, h: count(v, e, h, last=0), "a bias for each label"),
        (lambda v, e, h: count(v, e, h) - e, "vocabulary 10"),  # no row for padding
        (lambda v, e, h: count(v, e, h, directions=1.5), "vocabulary 10"),  # a GRU
        (lambda v, e, h: 160, "vocabulary 1000"),  # as printed
    ],
    "gradient": [
        (by_autograd, "asked autograd"),
        (by_function_transform, "asked autograd"),
        (outside_inference_mode, "asked autograd"),
        (hard_at_temperature, "temperature 4.0"),
        (lambda s, t, y, T, a: gradient(s, t, 1, T, a), "label 0"),
        (lambda *a: gradient(*a, sign=-1), "sign"),
        (lambda *a: gradient(*a, power=-1), "T² is missing"),
        (lambda *a: gradient(*a, power=0), "one T"),
        (lambda s, t, y, T, a: gradient(s, t, y, T, 1 - a), "weight"),
    ],
    "is_wrong": [
        (lambda *a: True, "a sound one"),
        (lambda *a: False, "without T²"),
        (by_value, "entropy"),
        (lambda *a: by_gradient(*a, teacher_too=False), "reaches the teacher"),
        (lambda loss, T, a: loss(S, S, Y) < 0, "without T²"),
        (lambda loss, T, a: by_gradient(loss, 4.0, 0.7), "temperature 2.0"),
        (lambda loss, T, a: by_gradient(loss, T, a) or T < 4, "temperature 2.0"),
    ],
    "from_doubts": [
        (lambda x, y: descend(x, y.round()), "do not round"),
        (lambda x, y: descend(x, y, steps=5), "Train for longer"),
        (lambda x, y: -descend(x, y), "the opposite"),
        (lambda x, y: descend(x, y)[:20].new_ones(20), "stand at"),
        (lambda x, y: descend(x[:, :5], y), "shape"),
        (lambda x, y: x.T @ (y - 0.5), "stand at"),
        (lambda x, y: torch.zeros(x.shape[1]), "stand at 90°"),
        (lambda x, y: descend(x, y if x.shape[1] == 20 else y.round()), "5 features"),
        (lambda x, y: torch.linalg.pinv(x) @ (y - 0.5), "stand at"),  # no sigmoid
        # Solves for the log-odds, which a label does not have.
        (
            lambda x, y: torch.linalg.lstsq(x, y.logit()[:, None]).solution[:, 0],
            "4000 labels",
        ),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)


def test_the_expected_count_is_that_of_the_model():
    model = LSTMClassifier(30, 2, 5, 7)
    assert check.lstm_parameters(30, 5, 7) == count_parameters(model)


def test_the_expected_gradient_is_that_of_the_loss():
    s = torch.tensor([[1.0, -0.5]], requires_grad=True)
    t = torch.tensor([[-1.0, 2.0]])
    DistillationLoss(3.0, 0.6)(s, t, torch.tensor([1])).backward()
    expected = gradient(s.detach()[0], t[0], 1, 3.0, 0.6)
    torch.testing.assert_close(s.grad[0], expected)


@pytest.mark.parametrize("name", check.LOSSES)
def test_each_loss_is_what_its_name_says(name):
    changed, wrong = check.LOSSES[name]
    assert by_gradient(check.mixture(4.0, 0.7, **changed), 4.0, 0.7) == wrong
