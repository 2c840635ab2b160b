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


ANSWERS = {
    "agreement": [agree],
    "parameters": [count],
    "gradient": [gradient],
    "is_wrong": [by_gradient],
}

WRONG = {
    "agreement": [
        (lambda s, t: 100 * agree(s, t), "per cent"),
        (lambda s, t: 1 - agree(s, t), "differ"),
        (lambda s, t: agree(s, t) * len(s), "how many"),
    ],
    "parameters": [
        (lambda v, e, h: count(v, e, h, directions=1), "two directions"),
        (lambda v, e, h: count(v, e, h, biases=1), "two bias"),
        (lambda v, e, h: count(v, e, h, embedding=0), "embedding"),
        (lambda v, e, h: count(v, e, h, width=0, last=0), "linear layer at the end"),
        (lambda v, e, h: count(v, e, h, width=4), "4 · hidden wide"),
        (lambda v, e, h: count(v, e, h, last=0), "a bias for each label"),
    ],
    "gradient": [
        (by_autograd, "asked autograd"),
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
