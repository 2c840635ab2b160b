import pytest
import torch
from torch.nn import functional as F

from course_lib.checks import lstm_to_lstm as check
from course_lib.losses import DistillationLoss
from course_lib.models import LSTMClassifier, count_parameters


def stub(*arguments): ...


def count(v, e, h, *, directions=2, biases=2, embedding=1, head=1):
    gates = directions * 4 * h * (e + h + biases)
    return embedding * v * e + gates + head * (8 * h + 2)


def gradient(s, t, label, temperature, alpha, power=1, sign=1):
    hard = s.softmax(0) - F.one_hot(torch.tensor(label), 2)
    soft = (s / temperature).softmax(0) - (t / temperature).softmax(0)
    return sign * (alpha * temperature**power * soft + (1 - alpha) * hard)


def agree(s, t):
    return (s.argmax(1) == t.argmax(1)).float().mean()


CHECKS = [check.agreement, check.parameters, check.gradient, check.is_wrong]


@pytest.mark.parametrize("test", CHECKS)
def test_a_stub_is_open(test):
    assert test(stub).state == "open"


S = torch.tensor([[1.0, -1], [0.5, 2], [-3, 1]])
T = torch.tensor([[-2.0, 1], [0, 4], [-1, -2]])
Y = torch.tensor([0, 1, 0])


def by_gradient(loss, temperature, alpha, *, teacher_too=True, sound=None):
    s, t = S.clone().requires_grad_(), T.clone().requires_grad_()
    ours = sound or DistillationLoss(temperature, alpha)
    expected = torch.autograd.grad(ours(s, t, Y), s)[0]
    got, leak = torch.autograd.grad(loss(s, t, Y), (s, t), allow_unused=True)
    leaks = teacher_too and leak is not None and leak.abs().max() > 1e-6
    return bool(leaks or not torch.allclose(got, expected, atol=1e-5))


def by_value(loss, temperature, alpha):
    difference = loss(S, T, Y) - DistillationLoss(temperature, alpha)(S, T, Y)
    return abs(difference.item()) > 1e-5


def test_the_answers_are_solved():
    assert check.is_wrong(by_gradient)
    assert check.agreement(agree)
    assert check.parameters(count)
    assert check.gradient(gradient)


def test_the_expected_count_is_that_of_the_model():
    model = LSTMClassifier(30, 2, 5, 7)
    assert check.lstm_parameters(30, 5, 7) == count_parameters(model)


def test_the_expected_gradient_is_that_of_the_loss():
    s = torch.tensor([[1.0, -0.5]], requires_grad=True)
    t = torch.tensor([[-1.0, 2.0]])
    DistillationLoss(3.0, 0.6)(s, t, torch.tensor([1])).backward()
    expected = gradient(s.detach()[0], t[0], 1, 3.0, 0.6)
    torch.testing.assert_close(s.grad[0], expected)


@pytest.mark.parametrize(
    ("test", "wrong", "hint"),
    [
        (check.agreement, lambda s, t: 100 * agree(s, t), "per cent"),
        (check.agreement, lambda s, t: 1 - agree(s, t), "differ"),
        (check.agreement, lambda s, t: agree(s, t) * len(s), "how many"),
        (check.agreement, lambda s, t: "all", "str"),
        (check.parameters, lambda v, e, h: count(v, e, h, directions=1), "two dir"),
        (check.parameters, lambda v, e, h: count(v, e, h, biases=1), "two bias"),
        (check.parameters, lambda v, e, h: count(v, e, h, embedding=0), "embedding"),
        (check.parameters, lambda v, e, h: count(v, e, h, head=0), "linear layer"),
        (check.gradient, lambda *a: gradient(*a, sign=-1), "sign"),
        (check.gradient, lambda *a: gradient(*a, power=-1), "T² is missing"),
        (check.gradient, lambda *a: gradient(*a, power=0), "one T"),
        (check.gradient, lambda s, t, y, T, a: gradient(s, t, y, T, 1 - a), "weight"),
        (check.gradient, lambda *a: 0.5, "float"),
        (check.is_wrong, lambda *a: True, "a sound one"),
        (check.is_wrong, lambda *a: False, "without T²"),
        (check.is_wrong, by_value, "entropy"),
        (
            check.is_wrong,
            lambda *a: by_gradient(*a, teacher_too=False),
            "reaches the teacher",
        ),
        (check.is_wrong, lambda *a: "yes", "str"),
    ],
)
def test_a_typical_slip_gets_its_hint(test, wrong, hint):
    result = test(wrong)
    assert result.state == "not yet"
    assert hint in result.message
    assert "expected" in result.message


@pytest.mark.parametrize("name", check.LOSSES)
def test_each_loss_is_what_its_name_says(name):
    changed, wrong = check.LOSSES[name]
    assert by_gradient(check.mixture(4.0, 0.7, **changed), 4.0, 0.7) == wrong
