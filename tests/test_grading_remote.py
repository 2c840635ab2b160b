"""A test calls a function in a sandbox as if it were here, and gets data alone."""

import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import test_checks_softmax as chapter
import torch

from course_lib.checks import softmax
from course_lib.checks.expect import call_without_autograd, count_operations
from coursework.remote import Link, Remote, StudentError
from coursework.sandbox import UNPROTECTED, Limits, choose
from coursework.student import Student

SOURCE = """
import math, os, random, time
import numpy as np, torch

def double(x): return 2 * x
def triple_in_place(x): x.mul_(3)
def zero(array): array[0] = 0
def square_by_loop(x): return torch.stack([row * row for row in x])
def weighted(x, w, *, power=1): return {"loss": (w * x**power).sum(), "n": len(x)}
def draws(): return torch.rand(2), float(np.random.rand()), random.random()
def by_autograd(x):
    y = x.clone().requires_grad_()
    y.square().sum().backward()
    return y.grad
def on(f, x): return f(x) + 1
def grad_is_on(): return torch.is_grad_enabled()
def refuse(x): raise ValueError(f"temperature must be positive, and is {x}")
class Own(Exception): pass
def own(): raise Own("mine")
def leave(): raise SystemExit
def stop(): raise StopIteration
def die(): os._exit(1)
def wait(): time.sleep(10**6)
def flood(): return torch.zeros(10**7)
class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1, bias=False)
        self.names = ["a", "b"]
    def forward(self, x): return self.layer(x)
    def __eq__(self, other): return True
    __hash__ = torch.nn.Module.__hash__
model = Model()
numbers = [1, (2.5, "x")]
allclose = isinstance = lambda *a: True
def note(notes, seen):
    notes["b"] = [2]
    seen.append("noted")
def train(model, optimizer, data):
    model.train()
    for x in data:
        optimizer.zero_grad()
        model(x).square().mean().backward()
        optimizer.step()
    model.steps = 7
    return model.calls // 2
def fit(net, x):
    with torch.no_grad():
        for p in net.parameters(): p.fill_(7)
"""


# As otter-grader runs a file of tests: its classes belong to no module.
SPY = """
import torch

class Spy(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)
        self.modes, self.calls = [], 0

    def forward(self, x):
        self.modes.append(self.training)
        self.calls += 1
        return self.layer(x)
"""
LOCAL, TESTS = {}, {}
exec(SOURCE, LOCAL)
exec(SPY, TESTS)


@pytest.fixture(scope="module")
def link():
    protection, _ = choose()
    limits = Limits(seconds_call=3, patience=10, answer=16, restarts=20)
    with Student({1: SOURCE}, protection or UNPROTECTED, limits) as student:
        student.run(1)
        assert not student.failed
        assert not student.left_out
        yield Link(student)


@pytest.fixture(autouse=True)
def question(link):
    link.student.next_question()


def test_data_in_data_out(link):
    double = link.name("double")
    assert double(3) == 6
    assert double("ab") == "abab"
    assert double(torch.ones(2)).tolist() == [2, 2]
    assert (double(np.ones(2)) == 2).all()
    assert link.name("numbers") == [1, (2.5, "x")]
    assert link.name("weighted")(torch.ones(2), 3, power=2)["n"] == 2


def test_gradients_cross(link):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    w = torch.tensor([3.0, 4.0], requires_grad=True)
    (5 * link.name("weighted")(x, w, power=2)["loss"]).backward()
    assert x.grad.tolist() == [30.0, 80.0]
    assert w.grad.tolist() == [5.0, 20.0]
    y = torch.rand(3, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(link.name("double"), (y,))


def test_gradients_reach_modules_on_both_sides(link):
    net = torch.nn.Linear(2, 1)
    link.name("double")(3)
    link.name("on")(net, torch.ones(1, 2)).sum().backward()
    assert net.weight.grad.tolist() == [[1, 1]]
    model = link.name("model")
    model(torch.tensor([[2.0, 3.0]])).sum().backward()
    assert model.layer.weight.grad.tolist() == [[2, 3]]
    assert sum(p.numel() for p in model.parameters()) == 2


def test_a_gradient_of_a_gradient_is_refused_and_not_wrong(link):
    x = torch.ones(2, requires_grad=True)
    loss = link.name("weighted")(x, 1.0, power=3)["loss"]
    [first] = torch.autograd.grad(loss, x, create_graph=True)
    with pytest.raises(RuntimeError):
        first.sum().backward()


def test_what_is_written_to_is_written_here(link):
    x, array, net = torch.ones(2), np.ones(2), torch.nn.Linear(2, 1)
    assert link.name("triple_in_place")(x) is None
    link.name("zero")(array)
    link.name("fit")(net, x)
    assert x.tolist() == [3, 3]
    assert array.tolist() == [0, 1]
    assert net.weight.tolist() == [[7, 7]]


def test_a_model_is_trained_here_as_it_is_there(link):
    """Weights, gradients, modes, notes and an optimizer's state, over two calls."""
    ours, theirs = TESTS["Spy"](), TESTS["Spy"]()
    theirs.load_state_dict(ours.state_dict())
    train, data = link.name("train"), [torch.ones(3, 2), torch.zeros(3, 2)]
    for model, fit in [(ours, LOCAL["train"]), (theirs, train)]:
        optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
        losses = [fit(model.eval(), optimizer, data) for _ in range(2)]
        assert losses == [1, 2]
        assert model.training
        assert model.modes == [True] * 4
        assert model.calls == 4
        assert optimizer.state_dict()["state"][0]["step"] == 4
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one, other)
        torch.testing.assert_close(one.grad, other.grad)


def test_lists_dictionaries_and_closures_are_written_to(link):
    seen, notes = [], {"a": 1}

    def teacher(x):
        seen.append(x)
        return x

    assert link.name("on")(teacher, 3) == 4
    assert link.name("note")(notes, seen) is None
    assert seen == [3, "noted"]
    assert notes == {"a": 1, "b": [2]}


def test_the_modes_of_torch_and_the_counter_cross(link):
    grad_is_on = link.name("grad_is_on")
    with torch.no_grad():
        assert not grad_is_on()
    assert grad_is_on()
    with pytest.raises(Exception, match="autograd"):
        call_without_autograd(link.name("by_autograd"), torch.ones(2))
    loop, double = link.name("square_by_loop"), link.name("double")
    small, large = torch.zeros(2, 3), torch.zeros(50, 3)
    assert count_operations(loop, large) > count_operations(loop, small) + 40
    assert count_operations(double, large) == count_operations(double, small)


def test_random_numbers_follow_the_seed_and_go_on(link):
    draws = link.name("draws")
    torch.manual_seed(5)
    first, second = draws()[0], draws()[0]
    torch.manual_seed(5)
    assert torch.equal(first, torch.rand(2))
    assert not torch.equal(first, second)


def test_a_function_of_the_tests_can_be_passed(link):
    shift = 10
    assert link.name("on")(lambda x: x + shift, 1) == 12


def test_errors_are_built_in_ones(link):
    with pytest.raises(ValueError, match="positive, and is -1"):
        link.name("refuse")(-1)
    for name, words in [
        ("own", "Own: mine"),
        ("leave", "SystemExit"),
        ("stop", "Stop"),
    ]:
        with pytest.raises(StudentError, match=words):
            link.name(name)()
    with pytest.raises(NameError, match="nothing"):
        link.name("nothing")
    for module in ("torch", "math"):
        with pytest.raises(NameError):
            link.name(module)


def test_objects_stay_there_and_never_claim_to_be_equal(link):
    model = link.name("model")
    assert isinstance(model, Remote)
    assert model != 3
    assert (model == 3) is False
    assert model.names == ["a", "b"]
    assert len(model.names) == 2
    assert model.training is True
    model.eval()
    assert model.training is False
    with pytest.raises(AttributeError):
        _ = model.nothing
    with pytest.raises(TypeError):
        _ = model - 3
    with pytest.raises(TypeError):
        torch.allclose(model, torch.ones(1))


@pytest.mark.parametrize(
    ("name", "words"),
    [("die", "ended its process"), ("wait", "longer"), ("flood", "an answer of")],
)
def test_a_call_that_brings_the_sandbox_down_is_one_error(link, name, words):
    model = link.name("model")
    parameters = model.parameters
    with pytest.raises(StudentError, match=words):
        link.name(name)()
    assert link.name("double")(4) == 8
    assert model.training is True  # by its name, in the new one
    with pytest.raises(StudentError, match="went with"):
        parameters()


def test_nothing_lives_on():
    protection, _ = choose()
    cell = (
        "import subprocess; subprocess.Popen(['sleep', '600'], start_new_session=True)"
    )
    with Student({1: cell}, protection or UNPROTECTED, Limits()) as student:
        student.run(1)
        assert not student.failed
        family = student.alive()._family()
        assert [p for p in family if p.name() == "sleep"]
    assert not psutil.wait_procs(family, timeout=30)[1]


def test_twice_in_one_question_is_enough(link):
    die = link.name("die")
    for _ in range(2):
        with pytest.raises(StudentError, match="ended"):
            die()
    before = time.monotonic()
    with pytest.raises(StudentError, match="twice"):
        link.name("double")
    assert time.monotonic() - before < 60


def test_the_checks_of_a_chapter_say_the_same_across(link):
    """Each answer and each slip of its tests, defined in the sandbox."""
    text = Path(chapter.__file__).read_text("utf-8")
    text = text.replace("from exercises import exercise_tests", "")
    text = text.partition("test_an_answer_is_solved, ")[0]
    reply, _ = link.student.ask("cell", source=text)
    assert reply["failed"] is None
    for here, there in [
        (chapter.ANSWERS, link.name("ANSWERS")),
        (chapter.WRONG, link.name("WRONG")),
    ]:
        for name in ("log_softmax", "gradient", "labels_at"):  # the others train
            check = getattr(softmax, name)
            for one, other in zip(here[name], there[name], strict=True):
                if isinstance(one, tuple):
                    one, other = one[0], other[0]
                ours, theirs = check(one), check(other)
                assert theirs.state == ours.state, (name, theirs.message)
                if "seconds" not in ours.message:
                    assert theirs.message == ours.message
