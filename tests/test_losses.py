"""The losses against closed forms, against torch, in their limits, and on bad input.

The references are written with numpy and scipy in float64 and share no code with
`course_lib.losses`. Gradients are compared with their closed forms too: a loss whose
value is right and whose gradient is not trains the wrong student.
"""

import ast
import math
import re
import sys
import warnings
from decimal import Decimal, localcontext
from functools import partial
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp
from scipy.special import expit, log_expit, log_softmax
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from course_lib import losses
from course_lib.losses import (
    DistillationLoss,
    cross_entropy,
    entropy,
    js_divergence,
    kl_divergence,
    logit_matching_loss,
    multilabel_soft_target_loss,
    soft_target_loss,
    softmax,
)

few = settings(max_examples=20, deadline=None, derandomize=True, database=None)
TEMPERATURES = [0.5, 1.0, 3.0, 32.0]
CLASSES = [1, 2, 3, 28, 1000]
multilabel_logit_matching_loss = partial(logit_matching_loss, multilabel=True)

# Every loss as a function of (student, teacher), for what must hold of all of them.
STUDENT_TEACHER = {
    "soft": partial(soft_target_loss, temperature=3.0),
    "multilabel": partial(multilabel_soft_target_loss, temperature=3.0),
    "matching": logit_matching_loss,
    "multilabel matching": multilabel_logit_matching_loss,
}
PAIRS = {"cross-entropy": cross_entropy, "KL": kl_divergence, "JS": js_divergence}
BINARY = STUDENT_TEACHER | PAIRS
every_loss = pytest.mark.parametrize("loss", BINARY.values(), ids=BINARY.keys())
every_student_loss = pytest.mark.parametrize(
    "loss", STUDENT_TEACHER.values(), ids=STUDENT_TEACHER.keys()
)


def random_logits(*shape, scale=1.0, dtype=torch.float64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(*shape, generator=generator, dtype=torch.float64) * scale
    return logits.clamp(-1e4, 1e4).to(dtype)


def gradients(loss, *inputs):
    """Return the value, and for each input its gradient as float64, or None."""
    leaves = [x.detach().clone().requires_grad_() for x in inputs]
    value = loss(*leaves)
    value.backward()
    return value.item(), *(x.grad if x.grad is None else array(x.grad) for x in leaves)


def array(tensor):
    return tensor.detach().double().numpy()


# --- Values that can be worked out by hand -------------------------------------------

SEVENTY = torch.tensor([[0.7, 0.3]], dtype=torch.float64).log()
SIXTY = torch.tensor([[0.6, 0.4]], dtype=torch.float64).log()


def test_softmax_by_hand():
    one_to_three = torch.tensor([[0.0, math.log(2), math.log(3)]])
    expected = torch.tensor([[1 / 6, 2 / 6, 3 / 6]])
    torch.testing.assert_close(softmax(one_to_three), expected)
    squared = torch.tensor([[1 / 14, 4 / 14, 9 / 14]])
    torch.testing.assert_close(softmax(one_to_three, temperature=0.5), squared)
    roots = torch.tensor([1.0, 2**0.5, 3**0.5])
    torch.testing.assert_close(softmax(one_to_three[0], 2.0), roots / roots.sum())


def test_divergences_by_hand():
    forward = 0.7 * math.log(0.7 / 0.6) + 0.3 * math.log(0.3 / 0.4)
    reverse = 0.6 * math.log(0.6 / 0.7) + 0.4 * math.log(0.4 / 0.3)
    assert forward == pytest.approx(0.0216, abs=5e-5)
    assert reverse == pytest.approx(0.0226, abs=5e-5)
    assert kl_divergence(SEVENTY, SIXTY).item() == pytest.approx(forward, rel=1e-12)
    assert kl_divergence(SIXTY, SEVENTY).item() == pytest.approx(reverse, rel=1e-12)
    h = -0.7 * math.log(0.7) - 0.3 * math.log(0.3)
    assert entropy(SEVENTY).item() == pytest.approx(h, rel=1e-12)
    assert cross_entropy(SEVENTY, SIXTY).item() == pytest.approx(h + forward, rel=1e-12)
    js = 0.7 * math.log(0.7 / 0.65) + 0.3 * math.log(0.3 / 0.35)
    js += 0.6 * math.log(0.6 / 0.65) + 0.4 * math.log(0.4 / 0.35)
    assert js_divergence(SEVENTY, SIXTY).item() == pytest.approx(js / 2, rel=1e-12)


def test_the_teacher_is_the_first_argument_of_kl_and_the_second_of_the_loss():
    """The order matters by 5 % here, so a swap cannot hide."""
    teacher_first = kl_divergence(SEVENTY, SIXTY).item()
    loss = soft_target_loss(student_logits=SIXTY, teacher_logits=SEVENTY, temperature=1)
    assert loss.item() == pytest.approx(teacher_first, rel=1e-12)
    assert soft_target_loss(SIXTY, SEVENTY, 1).item() == loss.item()
    whole = DistillationLoss(1.0, alpha=1.0)(SIXTY, SEVENTY, torch.tensor([0]))
    assert whole.item() == pytest.approx(teacher_first, rel=1e-12)


def test_multilabel_by_hand():
    seventy = torch.tensor([[0.7, 0.5]], dtype=torch.float64).logit()
    sixty = torch.tensor([[0.6, 0.5]], dtype=torch.float64).logit()
    one_label = 0.7 * math.log(0.7 / 0.6) + 0.3 * math.log(0.3 / 0.4)
    loss = multilabel_soft_target_loss(sixty, seventy, temperature=1.0)
    assert loss.item() == pytest.approx(one_label / 2, rel=1e-12)  # mean of 2 labels
    whole = DistillationLoss(1.0, 1.0, multilabel=True)(sixty, seventy, seventy > 0)
    assert whole.item() == pytest.approx(one_label / 2, rel=1e-12)


def test_logit_matching_by_hand():
    """Differences of 5 and 1: ±2 about their mean, so (4 + 4) / (2 · 2) for softmax."""
    student, teacher = torch.tensor([[4.0, 3.0]]), torch.tensor([[-1.0, 2.0]])
    assert logit_matching_loss(student, teacher).item() == pytest.approx(2)
    twice = torch.cat([student, teacher]), torch.cat([teacher, student])
    assert logit_matching_loss(*twice).item() == pytest.approx(2)
    loss = multilabel_logit_matching_loss(student, teacher)
    assert loss.item() == pytest.approx((25 + 1) / 2 / 8)


def test_certainty_by_hand():
    """Logits of 1e4 are certain: p log p is 0, and being wrong costs the whole gap."""
    yes, no = torch.tensor([[1e4, 0.0]]), torch.tensor([[0.0, 1e4]])
    for function, expected in [
        (entropy, 0),
        (softmax, 1),
        (js_divergence, math.log(2)),
    ]:
        inputs = (yes, no) if function is js_divergence else (yes,)
        value, *grads = gradients(lambda *z, f=function: f(*z).sum(), *inputs)
        assert value == pytest.approx(expected)
        for grad in grads:
            np.testing.assert_allclose(grad, 0, atol=1e-12)
    for function in (cross_entropy, kl_divergence):
        assert function(yes, no).item() == pytest.approx(1e4)
        assert function(yes, yes).item() == 0
    # One label from sure to unsure, the other from unsure to sure.
    loss = multilabel_soft_target_loss(no, yes, temperature=1.0)
    assert loss.item() == pytest.approx((math.log(2) + 5e3 - math.log(2)) / 2)


def test_distillation_loss_by_hand():
    student = torch.zeros(1, 2, dtype=torch.float64)
    teacher = torch.tensor([[2 * math.log(3), 0.0]], dtype=torch.float64)
    soft = 4 * (0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(0.25 / 0.5))
    loss = DistillationLoss(temperature=2.0, alpha=0.9)
    expected = 0.9 * soft + 0.1 * math.log(2)
    assert loss(student, teacher, torch.tensor([1])).item() == pytest.approx(expected)

    both = DistillationLoss(temperature=2.0, alpha=0.9, multilabel=True)
    half = (
        4 * (0.75 * math.log(1.5) + 0.25 * math.log(0.5)) / 2
    )  # label 2 costs nothing
    expected = 0.9 * half + 0.1 * math.log(2)
    loss = both(student, teacher, torch.tensor([[1, 0]]))
    assert loss.item() == pytest.approx(expected)


def test_a_softmax_is_blind_where_a_sigmoid_is_not():
    """A shift of all logits takes each label from .95 to .05; only one loss notices."""
    teacher = torch.full((1, 4), math.log(19))
    student = -teacher
    assert soft_target_loss(student, teacher, 1.0).item() == pytest.approx(0, abs=1e-6)
    expected = 0.9 * math.log(19)  # .95 log(.95/.05) + .05 log(.05/.95)
    loss = multilabel_soft_target_loss(student, teacher, 1.0)
    assert loss.item() == pytest.approx(expected, rel=1e-6)
    whole = DistillationLoss(1.0, 1.0, multilabel=True)(student, teacher, teacher > 0)
    assert whole.item() == pytest.approx(expected, rel=1e-6)


# --- The two parts together ----------------------------------------------------------


@pytest.mark.parametrize("multilabel", [False, True])
def test_distillation_loss_is_the_weighted_sum_of_its_parts(multilabel):
    student, teacher = random_logits(6, 4, seed=1), random_logits(6, 4, seed=2)
    if multilabel:
        labels = (random_logits(6, 4, seed=3) > 0).float()
        soft_loss, hard_loss = (
            multilabel_soft_target_loss,
            F.binary_cross_entropy_with_logits,
        )
        hard = partial(hard_loss, target=labels.double())
    else:
        labels = torch.tensor([0, 1, 2, 3, 3, 0])
        soft_loss, hard = soft_target_loss, partial(F.cross_entropy, target=labels)
    for T in TEMPERATURES:
        soft_value, soft_grad, _ = gradients(
            partial(soft_loss, temperature=T), student, teacher
        )
        hard_value, hard_grad = gradients(hard, student)  # at T = 1, whatever T is
        for alpha in (0, 0.25, 1.0):
            loss = DistillationLoss(T, alpha, multilabel)
            value, grad, teacher_grad = gradients(
                partial(loss, labels=labels), student, teacher
            )
            expected = alpha * soft_value + (1 - alpha) * hard_value
            assert value == pytest.approx(expected, rel=1e-12)
            expected_grad = alpha * soft_grad + (1 - alpha) * hard_grad
            np.testing.assert_allclose(grad, expected_grad, rtol=1e-10, atol=1e-15)
            assert teacher_grad is None


def test_labels_of_any_whole_or_multi_hot_dtype():
    student, teacher = random_logits(2, 3, seed=1), random_logits(2, 3, seed=2)
    single, multi = DistillationLoss(2.0, 0.5), DistillationLoss(2.0, 0.5, True)
    indices = torch.tensor([2, 0])
    for dtype in (torch.int64, torch.int32, torch.uint8):
        assert single(student, teacher, indices.to(dtype)) == single(
            student, teacher, indices
        )
    hot = torch.tensor([[1, 0, 1], [0, 0, 0]])
    for dtype in (torch.bool, torch.int64, torch.float16, torch.float32, torch.float64):
        assert multi(student, teacher, hot.to(dtype)) == multi(student, teacher, hot)


def test_distillation_loss_is_a_module_without_state():
    loss = DistillationLoss(np.float64(4), alpha=np.float64(0.5))
    assert not list(loss.parameters())
    assert not loss.state_dict()
    assert (loss.temperature, loss.alpha, loss.multilabel) == (4, 0.5, False)
    arguments = random_logits(2, 3, seed=1), random_logits(2, 3), torch.tensor([0, 1])
    assert loss.train()(*arguments) == loss.eval()(*arguments)


# --- Side effects --------------------------------------------------------------------


@every_student_loss
def test_no_gradient_reaches_the_teacher(loss):
    weights = torch.ones(3, dtype=torch.float64, requires_grad=True)
    student = random_logits(2, 3, seed=1).requires_grad_()
    loss(student, random_logits(2, 3, seed=2) * weights).backward()
    assert weights.grad is None
    assert student.grad.abs().sum() > 0


def test_no_gradient_reaches_the_teacher_through_the_whole_loss():
    for multilabel, labels in [(False, torch.tensor([0, 1])), (True, torch.ones(2, 3))]:
        teacher = random_logits(2, 3, seed=2).requires_grad_()
        student = random_logits(2, 3, seed=1).requires_grad_()
        DistillationLoss(2.0, 0.5, multilabel)(student, teacher, labels).backward()
        assert teacher.grad is None
        assert student.grad.abs().sum() > 0


@every_loss
def test_inputs_are_left_alone_and_strides_do_not_matter(loss):
    student, teacher = random_logits(3, 4, seed=1), random_logits(3, 4, seed=2)
    copies = student.clone(), teacher.clone()
    first = loss(student, teacher)
    assert torch.equal(student, copies[0])
    assert torch.equal(teacher, copies[1])
    assert loss(student, teacher) == first
    torch.testing.assert_close(loss(student.T.contiguous().T, teacher), first)


class NoLook(TorchFunctionMode):
    """Fails where a value is read: that would make a GPU wait."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        name = getattr(function, "__name__", "")
        assert name not in ("__bool__", "__float__", "__int__", "item", "nonzero"), name
        return function(*args, **kwargs or {})


@every_loss
def test_no_value_is_read_from_a_device(loss):
    """A meta tensor has no values, but is treated as one on a GPU would be."""
    student = torch.empty(3, 4, device="meta", requires_grad=True)
    with NoLook():
        loss(student, torch.empty(3, 4, device="meta")).backward()
    assert student.grad.shape == (3, 4)


def test_the_whole_loss_reads_no_value_from_a_device():
    logits = torch.empty(3, 4, device="meta")
    indices = torch.empty(3, device="meta", dtype=torch.int64)
    with NoLook():
        assert DistillationLoss(2.0, 0.5)(logits, logits, indices).shape == ()
        assert DistillationLoss(2.0, 0.5, True)(logits, logits, logits).shape == ()


# --- Under torch's transforms --------------------------------------------------------

TRANSFORMED = BINARY | {
    "whole": partial(DistillationLoss(2.0, 0.5), labels=torch.tensor([0, 3, 1])),
    "whole multilabel": partial(
        DistillationLoss(2.0, 0.5, True), labels=torch.eye(4)[:3]
    ),
}


class AsModule(torch.nn.Module):
    """What `torch.export` takes."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, student, teacher):
        return self.function(student, teacher)


@pytest.mark.parametrize("loss", TRANSFORMED.values(), ids=TRANSFORMED.keys())
def test_functional_transforms_give_the_same_numbers(loss):
    students, teachers = random_logits(2, 3, 4, seed=1), random_logits(2, 3, 4, seed=2)
    student, teacher = students[0], teachers[0]
    _, gradient, _ = gradients(loss, student, teacher)
    same = partial(torch.testing.assert_close, rtol=1e-12, atol=1e-14)

    each = [loss(s, t) for s, t in zip(students, teachers, strict=True)]
    same(torch.vmap(loss)(students, teachers), torch.stack(each))
    same(torch.func.grad(loss)(student, teacher).numpy(), gradient)
    per_sample = torch.vmap(torch.func.grad(loss))(students, teachers)
    same(per_sample[0].numpy(), gradient)


@pytest.mark.parametrize("name", ["KL", "matching", "whole", "whole multilabel"])
def test_compiled_exported_and_traced_losses_give_the_same_numbers(name):
    """Four that run every check between them: a compiler takes its time."""
    loss = TRANSFORMED[name]
    students, teachers = random_logits(2, 3, 4, seed=1), random_logits(2, 3, 4, seed=2)
    student, teacher = students[0], teachers[0]
    value = loss(student, teacher).item()
    same = partial(torch.testing.assert_close, rtol=1e-12, atol=1e-14)
    program = torch.export.export(AsModule(loss), (student, teacher))
    same(program.module()(student, teacher).item(), value)
    compiled = torch.compile(loss, fullgraph=True, backend="eager")
    same(compiled(student, teacher).item(), value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a trace notes that it fixes the shapes
        traced = torch.jit.trace(AsModule(loss), (student, teacher))
    same(traced(students[1], teachers[1]), loss(students[1], teachers[1]))


def test_a_compiled_loss_takes_any_temperature():
    compiled = torch.compile(soft_target_loss, fullgraph=True, backend="eager")
    student, teacher = random_logits(3, 4, seed=1), random_logits(3, 4, seed=2)
    for T in (1, 2.0, 3.5):
        expected = soft_target_loss(student, teacher, T)
        torch.testing.assert_close(compiled(student, teacher, T), expected)


def test_values_are_looked_at_again_outside():
    """What a transform switches off is on before and after it."""
    torch.vmap(kl_divergence)(NAN[None], NAN[None])
    with pytest.raises(ValueError, match=r"\[1, 1\] is nan"):
        kl_divergence(NAN, NAN)
    with pytest.raises(ValueError, match=r"\[1, 1\] is nan"):
        torch.func.grad(kl_divergence)(NAN, NAN)


def test_the_package_can_be_lifted_out():
    """It imports torch and the standard library, and nothing else of the course."""
    imported = set()
    for file in Path(losses.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0
                if not node.module.startswith("course_lib.losses"):
                    imported.add(node.module.split(".")[0])
    assert imported - sys.stdlib_module_names == {"torch"}


# --- Refusals: each says what came and what was expected -----------------------------

GOOD = torch.zeros(2, 3)
NAN = torch.tensor([[0.0, 1.0, 2.0], [0.0, math.nan, math.nan]])
INFINITE = torch.tensor([[0.0, 1.0, -math.inf], [0.0, 1.0, 2.0]])
BAD_LOGITS = {
    "integers": (torch.zeros(2, 3, dtype=torch.int64), "int64.*expected.*float"),
    "booleans": (torch.zeros(2, 3, dtype=torch.bool), "bool.*expected.*float"),
    "complex": (torch.zeros(2, 3, dtype=torch.complex64), "complex.*expected.*float"),
    "list": ([[0.0, 1.0, 2.0]], "list.*expected a tensor"),
    "NaN": (NAN, r"\[1, 1\] is nan.*expected finite"),
    "infinity": (INFINITE, r"\[0, 2\] is -inf.*expected finite"),
    "no examples": (torch.zeros(0, 3), r"\(0, 3\).*expected \(.*classes\)"),
    "no classes": (torch.zeros(2, 0), r"\(2, 0\).*expected \(.*classes\)"),
    "a scalar": (torch.tensor(1.0), r"\(\).*expected \(.*classes\)"),
    "an array": (np.zeros((2, 3)), "ndarray.*expected a tensor"),
    "None": (None, "None.*expected a tensor"),
    "too large to square": (
        torch.full((2, 3), 1e151, dtype=torch.float64),
        "expected fin",
    ),
}
bad_logits = pytest.mark.parametrize(
    ("bad", "message"), BAD_LOGITS.values(), ids=BAD_LOGITS.keys()
)


@bad_logits
@every_loss
def test_bad_logits_are_refused(loss, bad, message):
    with pytest.raises(ValueError, match=f"(student|p)_logits.*{message}"):
        loss(bad, GOOD)
    with pytest.raises(ValueError, match=f"(teacher|q)_logits.*{message}"):
        loss(GOOD, bad)


@bad_logits
def test_bad_logits_are_refused_by_the_rest(bad, message):
    for function in (softmax, entropy):
        with pytest.raises(ValueError, match=f"logits.*{message}"):
            function(bad)
    for multilabel, labels in [(False, torch.tensor([0, 1])), (True, torch.ones(2, 3))]:
        loss = DistillationLoss(2.0, 0.5, multilabel)
        with pytest.raises(ValueError, match=f"student_logits.*{message}"):
            loss(bad, GOOD, labels)
        with pytest.raises(ValueError, match=f"teacher_logits.*{message}"):
            loss(GOOD, bad, labels)


@every_loss
@pytest.mark.parametrize("shape", [(2, 4), (3, 3), (1, 3), (2, 1), (3,), (1, 2, 3)])
def test_shapes_that_differ_are_refused_even_where_they_would_broadcast(loss, shape):
    with pytest.raises(ValueError, match=r"differ.*\(2, 3\).*expected the same"):
        loss(GOOD, torch.zeros(shape))


@every_student_loss
@pytest.mark.parametrize("shape", [(4,), (2, 5, 4)])
def test_a_loss_wants_one_row_of_logits_for_each_example(loss, shape):
    with pytest.raises(ValueError, match=r"\(.*4.*\); expected \(batch, classes\)"):
        loss(torch.zeros(shape), torch.zeros(shape))


def test_divergences_take_one_distribution_or_a_block_of_them():
    block = random_logits(2, 5, 4, seed=1), random_logits(2, 5, 4, seed=2)
    flat = [z.flatten(0, 1) for z in block]
    torch.testing.assert_close(entropy(block[0]), entropy(flat[0]))
    torch.testing.assert_close(softmax(block[0]).flatten(0, 1), softmax(flat[0]))
    for function in PAIRS.values():
        torch.testing.assert_close(function(*block), function(*flat))
        one = function(block[0][0, 0], block[1][0, 0])
        torch.testing.assert_close(one, function(block[0][0, :1], block[1][0, :1]))


NO_NUMBERS = ["0.5", None, True, [0.5], np.array([0.5, 1]), torch.tensor([0.5, 1]), 1j]


def in_words(value):
    """What every message says of a value that is no number, and stays in one line."""
    name = type(value).__name__
    names = {"bool": "True", "int": "1", "Tensor": r"torch.float32 of shape \(2,\)"}
    return names.get(name, name)


@pytest.mark.parametrize(
    "T",
    [0, 0.0, -1.0, math.nan, math.inf, -math.inf, 1e-300, 9e-19, 10_001, 1e8, 10**400],
)
def test_temperature_must_be_in_the_range_that_the_arithmetic_carries(T):
    refused_temperature(T, re.escape(repr(T)[:9]))


@pytest.mark.parametrize("T", NO_NUMBERS, ids=str)
def test_temperature_must_be_a_number(T):
    refused_temperature(T, in_words(T))


def refused_temperature(T, said):
    calls = [
        lambda: softmax(GOOD, T),
        lambda: entropy(GOOD, T),
        lambda: kl_divergence(GOOD, GOOD, T),
        lambda: cross_entropy(GOOD, GOOD, T),
        lambda: js_divergence(GOOD, GOOD, T),
        lambda: soft_target_loss(GOOD, GOOD, T),
        lambda: multilabel_soft_target_loss(GOOD, GOOD, T),
        lambda: DistillationLoss(T, 0.5),
        lambda: DistillationLoss(T, 0.5, True),
    ]
    for call in calls:
        match = f"^temperature is {said}.*; expected 0 < T, 1e-18 to 1e4$"
        with pytest.raises(ValueError, match=match):
            call()


@pytest.mark.parametrize("alpha", [-0.1, 1.1, 50, math.nan, math.inf])
def test_alpha_must_be_a_share(alpha):
    with pytest.raises(ValueError, match=f"alpha is {alpha!r}; expected 0 .* to 1"):
        DistillationLoss(2.0, alpha)


@pytest.mark.parametrize("alpha", NO_NUMBERS, ids=str)
def test_alpha_must_be_a_number(alpha):
    match = f"^alpha is {in_words(alpha)}.*; expected 0 .* to 1 "
    with pytest.raises(ValueError, match=match):
        DistillationLoss(2.0, alpha)
    with pytest.raises(ValueError, match=r"^multilabel is .*; expected True or False$"):
        DistillationLoss(2.0, 0.5, multilabel=None if alpha is True else alpha)


@pytest.mark.parametrize("multilabel", [False, True])
@pytest.mark.parametrize("labels", [[0, 1], (0, 1), np.array([0, 1]), "01", 1], ids=str)
def test_labels_must_be_a_tensor(labels, multilabel):
    kind = r"multi-hot.*\(2, 3\)" if multilabel else r"class ind.*\(2,\)"
    match = f"^labels are {in_words(labels)}.*; expected {kind}, as a tensor$"
    with pytest.raises(ValueError, match=match):
        DistillationLoss(2.0, 0.5, multilabel)(GOOD, GOOD, labels)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (torch.zeros(2, 3), r"float32 of shape \(2, 3\); expected class ind.*\(2,\)"),
        (torch.zeros(2, 3, dtype=torch.int64), r"shape \(2, 3\); expected .*\(2,\)"),
        (torch.zeros(2, 1, dtype=torch.int64), r"shape \(2, 1\); expected .*\(2,\)"),
        (torch.zeros(3, dtype=torch.int64), r"shape \(3,\); expected .*\(2,\)"),
        (torch.tensor(0), r"shape \(\); expected .*\(2,\)"),
        (torch.zeros(2), "float32 .*expected class indices"),
        (torch.zeros(2, dtype=torch.bool), "bool .*expected class indices"),
        (torch.zeros(2, dtype=torch.complex64), "complex64 .*expected class indices"),
        (torch.tensor([0, 3]), "from 0 to 3; class indices are 0 to 2"),
        (torch.tensor([-1, 2]), "from -1 to 2; class indices are 0 to 2"),
        (torch.tensor([-100, 2]), "from -100 to 2; class indices are 0 to 2"),
    ],
)
def test_class_indices_are_checked(labels, message):
    with pytest.raises(ValueError, match=message):
        DistillationLoss(2.0, 0.5)(GOOD, GOOD, labels)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (torch.tensor([0, 1]), r"int64 of shape \(2,\); expected multi-hot.*\(2, 3\)"),
        (torch.zeros(2, 1), r"shape \(2, 1\); expected multi-hot.*\(2, 3\)"),
        (torch.zeros(3), r"shape \(3,\); expected multi-hot.*\(2, 3\)"),
        (torch.zeros(3, 2), r"shape \(3, 2\); expected multi-hot.*\(2, 3\)"),
        (
            torch.tensor([[0, 1, 2], [0, 0, 0]]),
            "from 0 to 2; multi-hot labels are 0 to 1",
        ),
        (torch.zeros(2, 3, dtype=torch.complex64), "complex64 .*expected multi-hot"),
        (GOOD - 0.5, "from -0.5 to -0.5; multi-hot labels are 0 to 1"),
        (NAN * 0, "from nan to nan; multi-hot labels are 0 to 1"),
    ],
)
def test_multi_hot_labels_are_checked(labels, message):
    with pytest.raises(ValueError, match=message):
        DistillationLoss(2.0, 0.5, multilabel=True)(GOOD, GOOD, labels)


def test_one_class_warns_and_more_do_not():
    one = torch.tensor([[3.0], [-1.0]])
    with pytest.warns(
        UserWarning, match="1 class.*multilabel_soft_target_loss"
    ) as seen:
        assert soft_target_loss(one, -one, 2.0) == 0
    assert seen[0].filename == __file__  # it points at the caller
    with pytest.warns(UserWarning, match="1 class"):
        DistillationLoss(2.0, 0.5)(one, -one, torch.tensor([0, 0]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        soft_target_loss(GOOD[:, :2], GOOD[:, :2], 2.0)
        assert multilabel_soft_target_loss(one, -one, 2.0) > 0
        DistillationLoss(2.0, 0.5, True)(one, -one, torch.ones(2, 1))


# --- References: for a whole batch the value, and the gradient for each argument -----


def ref_kl(p_logits, q_logits, T):
    log_p, log_q = (
        log_softmax(p_logits / T, axis=-1),
        log_softmax(q_logits / T, axis=-1),
    )
    p, q, batch = np.exp(log_p), np.exp(log_q), len(p_logits)
    rows = (p * (log_p - log_q)).sum(-1, keepdims=True)
    return rows.mean(), p * (log_p - log_q - rows) / (T * batch), (q - p) / (T * batch)


def ref_cross_entropy(p_logits, q_logits, T):
    log_p, log_q = (
        log_softmax(p_logits / T, axis=-1),
        log_softmax(q_logits / T, axis=-1),
    )
    p, q, batch = np.exp(log_p), np.exp(log_q), len(p_logits)
    rows = -(p * log_q).sum(-1, keepdims=True)
    return rows.mean(), p * (-log_q - rows) / (T * batch), (q - p) / (T * batch)


def ref_js(p_logits, q_logits, T):
    log_p, log_q = (
        log_softmax(p_logits / T, axis=-1),
        log_softmax(q_logits / T, axis=-1),
    )
    p, q, batch = np.exp(log_p), np.exp(log_q), len(p_logits)
    # log1p of the smaller over the larger: a third way to write logaddexp.
    log_m = np.maximum(log_p, log_q) + np.log1p(np.exp(-abs(log_p - log_q))) - np.log(2)
    to_p = (p * (log_p - log_m)).sum(-1, keepdims=True)
    to_q = (q * (log_q - log_m)).sum(-1, keepdims=True)
    by_p = p * (log_p - log_m - to_p) / (2 * T * batch)
    by_q = q * (log_q - log_m - to_q) / (2 * T * batch)
    return (to_p + to_q).mean() / 2, by_p, by_q


def ref_soft(student, teacher, T):
    value, _, by_student = ref_kl(teacher, student, T)
    return T**2 * value, T**2 * by_student, None  # None: the teacher gets no gradient


def ref_multilabel(student, teacher, T):
    s, t = student / T, teacher / T
    kl = expit(t) * (log_expit(t) - log_expit(s))
    kl += expit(-t) * (log_expit(-t) - log_expit(-s))
    # expit(s) - expit(t), written so that it keeps its digits where both are near 1.
    slope = np.where(t > 0, expit(-t) - expit(-s), expit(s) - expit(t))
    return T**2 * kl.mean(), T * slope / kl.size, None


# --- Value and gradient against the references: sizes, temperatures, dtypes ----------

# Units in the last place. The result is float32 unless an input is float64; a gradient
# has its input's dtype. The last few operations, which cancel nothing, round as well.
VALUE = {torch.float64: 2**-49}
GRADIENT = {
    torch.float64: 2**-49,
    torch.float32: 2**-22,
    torch.bfloat16: 2**-8,
    torch.float16: 2**-11,
}


def rounding(*logits, T):
    """Return how far float64 may be off: in log p, and in sums like Σ p log p.

    No |log p| is above `largest`. Each of the two that are compared, the loss and its
    reference, rounds z / T, the sum of the exponentials (in a tree, so once a level),
    its logarithm and the difference, to a unit in the last place of `largest` at most.
    That is `slip`; in p it is the relative error. So a term p (log p - log q), or what
    it differs by from its mean, is off by p slip (2 + largest), whatever cancels.
    """
    classes = logits[0].shape[-1]
    largest = max(2 * abs(array(z)).max() / T for z in logits) + math.log(classes + 1)
    slip = 2 * (4 + math.log2(classes)) * np.spacing(largest)
    return slip, slip * (2 + largest)


all_sizes = pytest.mark.parametrize("scale", [0.01, 1.0, 30.0, 5e3])
all_dtypes = pytest.mark.parametrize("dtype", GRADIENT, ids=lambda d: str(d)[6:])


@all_sizes
@all_dtypes
@pytest.mark.filterwarnings("ignore:softmax over 1 class")
@pytest.mark.parametrize(
    ("loss", "reference"),
    [
        (soft_target_loss, ref_soft),
        (multilabel_soft_target_loss, ref_multilabel),
        (kl_divergence, ref_kl),
        (cross_entropy, ref_cross_entropy),
        (js_divergence, ref_js),
    ],
    ids=["soft", "multilabel", "KL", "cross-entropy", "JS"],
)
def test_value_and_gradients_match_the_closed_form(loss, reference, scale, dtype):
    for T in TEMPERATURES:
        for classes in CLASSES:
            first = random_logits(3, classes, scale=scale, dtype=dtype, seed=1)
            second = random_logits(3, classes, scale=scale, dtype=dtype, seed=2)
            value, *grads = gradients(partial(loss, temperature=T), first, second)
            expected, *expected_grads = reference(array(first), array(second), T)
            _, noise = rounding(first, second, T=T)
            if loss in (soft_target_loss, multilabel_soft_target_loss):
                noise *= T**2
            rtol = VALUE.get(dtype, 2**-23)
            case = f"T={T}, {classes} classes"
            assert value == pytest.approx(expected, rel=rtol, abs=noise), case
            # A gradient is such a sum over T and the batch; it may underflow.
            atol = max(noise / (3 * T), torch.finfo(dtype).smallest_normal)
            for grad, expected_grad in zip(grads, expected_grads, strict=True):
                if expected_grad is None:
                    assert grad is None, case
                    continue
                np.testing.assert_allclose(
                    grad, expected_grad, GRADIENT[dtype], atol, err_msg=case
                )


@all_sizes
@all_dtypes
def test_softmax_and_entropy_match_their_closed_forms(scale, dtype):
    for T in TEMPERATURES:
        for classes in CLASSES:
            logits = random_logits(3, classes, scale=scale, dtype=dtype)
            log_p = log_softmax(array(logits) / T, axis=-1)
            p, rtol = np.exp(log_p), VALUE.get(dtype, 2**-23)
            slip, noise = rounding(logits, T=T)
            np.testing.assert_allclose(array(softmax(logits, T)), p, rtol + slip, 1e-37)
            rows = -(p * log_p).sum(-1, keepdims=True)
            value, grad = gradients(partial(entropy, temperature=T), logits)
            assert value == pytest.approx(rows.mean(), rel=rtol, abs=noise)
            atol = max(noise / (3 * T), torch.finfo(dtype).smallest_normal)
            expected = -p * (log_p + rows) / (T * 3)
            np.testing.assert_allclose(grad, expected, GRADIENT[dtype], atol)


@pytest.mark.parametrize("gap", [10, 17, 20, 36, 60, 89, 104, 746, 1e4])
def test_a_wide_gap_costs_what_it_should(gap):
    """Where a probability underflows, or a clamp on one would bite, nothing happens."""
    teacher, student = torch.tensor([[gap, 0.0]]), torch.tensor([[0.0, gap]])
    soft = partial(soft_target_loss, temperature=1.0)
    value, grad, _ = gradients(soft, student, teacher)
    sure = math.tanh(gap / 2)  # p - (1 - p)
    assert value == pytest.approx(gap * sure, rel=1e-6)
    np.testing.assert_allclose(grad, [[-sure, sure]], rtol=1e-6)
    value, grad, _ = gradients(soft, teacher, teacher)
    assert value == 0
    np.testing.assert_allclose(grad, 0, atol=1e-15)
    multilabel = partial(multilabel_soft_target_loss, temperature=1.0)
    value, grad, _ = gradients(multilabel, student - gap / 2, teacher - gap / 2)
    assert value == pytest.approx(gap / 2 * math.tanh(gap / 4), rel=1e-6)
    np.testing.assert_allclose(
        grad, [[-math.tanh(gap / 4) / 2, math.tanh(gap / 4) / 2]]
    )


@pytest.mark.parametrize("T", TEMPERATURES)
def test_equal_to_the_library(T):
    """The same as torch's own functions, each called by its own conventions."""
    student, teacher = random_logits(5, 4, seed=1), random_logits(5, 4, seed=2)
    log_q, log_p = F.log_softmax(student / T, -1), F.log_softmax(teacher / T, -1)
    same = partial(torch.testing.assert_close, rtol=1e-12, atol=1e-14)
    same(softmax(student, T), F.softmax(student / T, -1))
    kl = F.kl_div(log_q, log_p, reduction="batchmean", log_target=True)
    same(kl_divergence(teacher, student, T), kl)
    same(soft_target_loss(student, teacher, T), T**2 * kl)
    same(cross_entropy(teacher, student, T), F.cross_entropy(student / T, log_p.exp()))
    p = torch.distributions.Categorical(logits=teacher / T)
    q = torch.distributions.Categorical(logits=student / T)
    same(entropy(teacher, T), p.entropy().mean())
    same(
        kl_divergence(teacher, student, T),
        torch.distributions.kl_divergence(p, q).mean(),
    )
    yes = torch.distributions.Bernoulli(logits=teacher / T)
    also = torch.distributions.Bernoulli(logits=student / T)
    each = torch.distributions.kl_divergence(yes, also)
    same(multilabel_soft_target_loss(student, teacher, T), T**2 * each.mean())
    bce = F.binary_cross_entropy_with_logits(student / T, yes.probs)
    same(each.mean(), bce - yes.entropy().mean())


@every_loss
def test_gradcheck(loss):
    student = random_logits(3, 4, seed=1).requires_grad_()
    teacher = random_logits(3, 4, seed=2)
    assert torch.autograd.gradcheck(lambda s: loss(s, teacher), student)
    if loss in PAIRS.values():
        assert torch.autograd.gradcheck(loss, (student, teacher.requires_grad_()))


def test_gradcheck_softmax_and_entropy():
    logits = random_logits(3, 4).requires_grad_()
    for T in (0.5, 8.0):
        assert torch.autograd.gradcheck(partial(softmax, temperature=T), logits)
        assert torch.autograd.gradcheck(partial(entropy, temperature=T), logits)


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("multilabel", [False, True])
def test_autocast_changes_nothing(half, multilabel):
    """A model's half-precision logits go in; the loss is what float64 makes of them."""
    features, head = random_logits(8, 6).float(), torch.nn.Linear(6, 3)
    teacher = random_logits(8, 3, seed=1, scale=30.0).to(half)
    labels = torch.arange(24).view(8, 3) % 2 if multilabel else torch.arange(8) % 3
    loss = DistillationLoss(32.0, 0.5, multilabel)
    with torch.autocast("cpu", dtype=half):
        logits = head(features)
        assert logits.dtype == half
        result = loss(logits, teacher, labels)
        pieces = [call(logits, teacher) for call in BINARY.values()]
        probabilities = softmax(logits, 2.0)
    assert result.dtype == torch.float32
    wide = loss(logits.double(), teacher.double(), labels)
    assert result.item() == pytest.approx(wide.item(), rel=1e-6)
    for piece, call in zip(pieces, BINARY.values(), strict=True):
        expected = call(logits.double(), teacher.double()).item()
        assert piece.item() == pytest.approx(expected, rel=1e-6)
        assert piece.dtype == torch.float32
    torch.testing.assert_close(probabilities.sum(-1), torch.ones(8))
    result.backward()
    assert head.weight.grad.isfinite().all()
    assert head.weight.grad.abs().sum() > 0


@every_loss
def test_dtypes_of_result_and_gradient(loss):
    for dtype in GRADIENT:
        student = random_logits(2, 3, dtype=dtype, seed=1).requires_grad_()
        result = loss(student, random_logits(2, 3, dtype=dtype))
        wide = dtype == torch.float64
        assert result.dtype == (torch.float64 if wide else torch.float32)
        assert result.shape == ()
        result.backward()
        assert student.grad.dtype == dtype
    # Soft targets kept in half precision serve a float32 student as they are.
    mixed = loss(student.detach().float(), random_logits(2, 3, dtype=torch.float16))
    assert mixed.dtype == torch.float32


# --- Limits, and where training ends -------------------------------------------------


def test_the_size_of_the_gradient_does_not_depend_on_temperature():
    student, teacher = random_logits(16, 10, seed=1), random_logits(16, 10, seed=2)
    for loss in (soft_target_loss, multilabel_soft_target_loss):
        sizes = [
            np.linalg.norm(gradients(partial(loss, temperature=T), student, teacher)[1])
            for T in (2.0, 4.0, 8.0, 16.0, 32.0)
        ]
        assert max(sizes) / min(sizes) < 1.35
        assert max(sizes[2:]) / min(sizes[2:]) < 1.1


@pytest.mark.parametrize("classes", [2, 3, 50])
@pytest.mark.parametrize(
    ("loss", "limit"),
    [
        (soft_target_loss, logit_matching_loss),
        (multilabel_soft_target_loss, multilabel_logit_matching_loss),
    ],
    ids=["softmax", "sigmoids"],
)
def test_logit_matching_is_the_limit_of_high_temperature(loss, limit, classes):
    student = random_logits(4, classes, seed=1) * 2 + 5  # a shift, which only one sees
    teacher = random_logits(4, classes, seed=2)
    value, grad, _ = gradients(limit, student, teacher)
    errors = []
    for T in (1e2, 1e3, 1e4):
        at_T = gradients(partial(loss, temperature=T), student, teacher)
        errors.append(abs(at_T[0] / value - 1) + abs(at_T[1] - grad).max())
    assert errors[0] < 0.1
    assert errors[1] < errors[0] / 5 + 1e-9  # of order 1/T, or better by symmetry
    assert errors[2] < 1e-3


def exact(student, teacher, T, multilabel=False):
    """T² KL in 60 decimal digits, of lists of float64 logits."""
    with localcontext() as context:
        context.prec, T = 60, Decimal(T)
        if multilabel:
            pairs = [([s, 0], [t, 0]) for s, t in zip(student, teacher, strict=True)]
        else:
            pairs = [(student, teacher)]
        total = Decimal(0)
        for pair in pairs:
            z, log_sums = [[Decimal(x) / T for x in logits] for logits in pair], []
            for logits in z:
                top = max(logits)
                rest = sum((x - top).exp() for x in logits)
                log_sums.append(top + rest.ln())
            for s, t in zip(*z, strict=True):
                log_q, log_p = s - log_sums[0], t - log_sums[1]
                total += log_p.exp() * (log_p - log_q)
        return float(T**2 * total / len(pairs))


@pytest.mark.parametrize("classes", [2, 28])
@pytest.mark.parametrize("T", [1e-18, 1e-9, 1e-3, 1.0, 100.0, 1e4])
def test_the_whole_range_of_temperatures_is_carried(T, classes):
    """At both of its ends, too: there, to what float32 rounds, as the module says."""
    student, teacher = random_logits(2, 1, classes, seed=3)
    for multilabel in (False, True):
        loss = DistillationLoss(T, 1.0, multilabel)
        labels = torch.ones(1, classes) if multilabel else torch.tensor([0])
        expected = exact(student[0].tolist(), teacher[0].tolist(), T, multilabel)
        noise = T**2 * rounding(student, teacher, T=T)[1]
        value = loss(student, teacher, labels).item()
        assert value == pytest.approx(expected, rel=2**-48, abs=noise)
        narrow = loss(student.float(), teacher.float(), labels).item()
        for found in (value, narrow):
            assert found == pytest.approx(expected, rel=1e-6, abs=T**2 * 2**-51)


def test_logits_as_large_as_a_mask_of_float32_are_carried():
    """Classes are often left out by the least float32."""
    mask = torch.finfo(torch.float32).min
    masked = torch.tensor([[1.0, 0.0, mask]])
    for function in (soft_target_loss, multilabel_soft_target_loss):
        for T in (1e-18, 1.0, 1e4):
            assert function(masked, masked, T) == 0
    assert entropy(masked).item() == pytest.approx(entropy(masked[:, :2]).item())
    wide = torch.tensor([[1e150, -1e150, 0.0]], dtype=torch.float64)
    for loss in BINARY.values():
        assert loss(wide, -wide).isfinite()


def test_logit_matching_closed_form():
    student, teacher = random_logits(4, 3, seed=1), random_logits(4, 3, seed=2)
    d = array(student) - array(teacher)
    value, grad, teacher_grad = gradients(
        multilabel_logit_matching_loss, student, teacher
    )
    assert value == pytest.approx((d**2).mean() / 8, rel=1e-12)
    np.testing.assert_allclose(grad, d / (4 * d.size), rtol=1e-12)
    assert teacher_grad is None
    value, grad, teacher_grad = gradients(logit_matching_loss, student, teacher)
    assert value == pytest.approx(d.var(axis=-1).mean() / 2, rel=1e-12)
    centred = d - d.mean(-1, keepdims=True)
    np.testing.assert_allclose(grad, centred / d.size, rtol=1e-10)
    assert teacher_grad is None


def minimise(loss, shape):
    """Return the free logits at which `loss`, a function of them, is least."""
    logits = torch.zeros(shape, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [logits],
        max_iter=300,
        tolerance_grad=1e-12,
        tolerance_change=1e-16,
        line_search_fn="strong_wolfe",
    )

    def closure():
        optimizer.zero_grad()
        value = loss(logits)
        value.backward()
        return value

    optimizer.step(closure)
    return logits.detach()


TEACHER = torch.tensor([[2.0, 0.0, -1.0], [0.5, 0.4, 3.0]], dtype=torch.float64)


@pytest.mark.parametrize("T", TEMPERATURES)
@pytest.mark.parametrize(
    "name", ["soft", "matching", "KL", "reverse KL", "JS", "whole"]
)
def test_free_logits_reach_the_teacher(name, T):
    loss = {
        "soft": lambda s: soft_target_loss(s, TEACHER, T),
        "matching": lambda s: logit_matching_loss(s, TEACHER),
        "KL": lambda s: kl_divergence(TEACHER, s, T) * T**2,
        "reverse KL": lambda s: kl_divergence(s, TEACHER, T) * T**2,
        "JS": lambda s: js_divergence(s, TEACHER, T) * T**2,
        "whole": lambda s: DistillationLoss(T, 1.0)(s, TEACHER, torch.tensor([2, 1])),
    }[name]
    found = minimise(loss, TEACHER.shape)
    torch.testing.assert_close(softmax(found), softmax(TEACHER), rtol=0, atol=1e-4)


@pytest.mark.parametrize("T", TEMPERATURES)
@pytest.mark.parametrize("name", ["soft", "matching", "whole"])
def test_free_logits_reach_every_label_of_the_teacher(name, T):
    loss = {
        "soft": lambda s: multilabel_soft_target_loss(s, TEACHER, T),
        "matching": lambda s: multilabel_logit_matching_loss(s, TEACHER),
        "whole": lambda s: DistillationLoss(T, 1.0, True)(s, TEACHER, TEACHER > 9),
    }[name]
    found = minimise(loss, TEACHER.shape)
    torch.testing.assert_close(found.sigmoid(), TEACHER.sigmoid(), rtol=0, atol=1e-4)


@pytest.mark.parametrize("alpha", [0.1, 0.5, 0.9])
def test_at_temperature_one_the_best_student_mixes_teacher_and_labels(alpha):
    """Free logits end at alpha · teacher + (1 - alpha) · labels, exactly."""
    labels = torch.tensor([2, 1])
    found = minimise(
        lambda s: DistillationLoss(1.0, alpha)(s, TEACHER, labels), TEACHER.shape
    )
    hot = F.one_hot(labels, 3)
    mixed = alpha * TEACHER.softmax(-1) + (1 - alpha) * hot
    torch.testing.assert_close(found.softmax(-1), mixed, rtol=0, atol=1e-4)
    found = minimise(
        lambda s: DistillationLoss(1.0, alpha, True)(s, TEACHER, hot), TEACHER.shape
    )
    mixed = alpha * TEACHER.sigmoid() + (1 - alpha) * hot
    torch.testing.assert_close(found.sigmoid(), mixed, rtol=0, atol=1e-4)


# --- What must hold for any logits ---------------------------------------------------


@st.composite
def logits_of(draw, count=2, min_classes=1):
    shape = draw(st.tuples(st.integers(1, 5), st.integers(min_classes, 6)))
    numbers = st.floats(-60, 60, allow_subnormal=False)
    arrays = [
        draw(hnp.arrays(np.float64, shape, elements=numbers)) for _ in range(count)
    ]
    return [torch.from_numpy(values) for values in arrays]


temperatures = st.floats(0.5, 32)


@few
@given(logits_of(1), temperatures, st.floats(-1e3, 1e3))
def test_softmax_properties(logits, T, shift):
    (z,) = logits
    p = softmax(z, T)
    torch.testing.assert_close(p.sum(-1), torch.ones(len(z), dtype=torch.float64))
    assert (p >= 0).all()
    torch.testing.assert_close(softmax(z + shift, T), p, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(softmax(z / T), p, rtol=1e-9, atol=1e-12)
    best = z.argmax(-1, keepdim=True)
    assert (p.gather(-1, best) == p.max(-1, keepdim=True).values).all()
    assert entropy(z, T) <= entropy(z, 2 * T) + 1e-12  # flatter as T grows
    assert -1e-12 <= entropy(z, T) <= math.log(z.shape[1]) + 1e-12


@few
@given(logits_of(2), temperatures)
def test_divergences_are_positive_and_zero_only_at_equality(logits, T):
    a, b = logits
    assert kl_divergence(a, a, T) == 0
    assert js_divergence(a, a, T) == pytest.approx(0, abs=1e-14)
    # Pinsker's inequality: where p and q differ, KL is at least half the square of
    # their distance. JS is the mean of two KLs, each over half the distance.
    distance = (softmax(a, T) - softmax(b, T)).abs().sum(-1)
    least = (distance**2).mean().item() / 2
    kl, reverse = kl_divergence(a, b, T).item(), kl_divergence(b, a, T).item()
    assert min(kl, reverse) >= least - 1e-12
    js = js_divergence(a, b, T).item()
    assert least / 4 - 1e-12 <= js <= math.log(2) + 1e-12
    assert js == pytest.approx(js_divergence(b, a, T).item(), abs=1e-14)
    assert js <= (kl + reverse) / 4 + 1e-12


@few
@given(logits_of(2, min_classes=2), temperatures)
def test_cross_entropy_is_entropy_plus_kl(logits, T):
    student, teacher = logits
    expected = T**2 * (cross_entropy(teacher, student, T) - entropy(teacher, T))
    loss = soft_target_loss(student, teacher, T)
    torch.testing.assert_close(loss, expected, rtol=1e-9, atol=1e-9)
    assert cross_entropy(teacher, teacher, T).item() == pytest.approx(
        entropy(teacher, T).item(), abs=1e-12
    )


@few
@given(logits_of(2, min_classes=2), temperatures, st.floats(1, 50), st.floats(-50, -1))
def test_only_sigmoids_notice_a_shift(logits, T, up, down):
    student, teacher = logits
    for loss in (soft_target_loss, kl_divergence, cross_entropy, js_divergence):
        torch.testing.assert_close(
            loss(student + up, teacher + down, T),
            loss(student, teacher, T),
            rtol=1e-8,
            atol=1e-8,
        )
    torch.testing.assert_close(
        logit_matching_loss(student + up, teacher + down),
        logit_matching_loss(student, teacher),
    )
    teacher = teacher.clamp(-4, 4)
    assert multilabel_soft_target_loss(teacher + up, teacher, T) > 1e-5
    assert multilabel_logit_matching_loss(teacher + up, teacher) >= 1 / 8 - 1e-9


@few
@given(logits_of(2, min_classes=1), temperatures)
def test_a_sigmoid_is_a_softmax_of_two_opposite_logits(logits, T):
    """One label with logit z is a choice between z/2 and -z/2, or between z and 0."""
    student, teacher = (z[:, :1] for z in logits)
    expected = multilabel_soft_target_loss(student, teacher, T)
    for s, t in [
        (torch.cat([student, -student], 1) / 2, torch.cat([teacher, -teacher], 1) / 2),
        (F.pad(student, (0, 1)), F.pad(teacher, (0, 1))),
    ]:
        torch.testing.assert_close(softmax(s, T)[:, :1], (student / T).sigmoid())
        loss = soft_target_loss(s, t, T)
        torch.testing.assert_close(loss, expected, rtol=1e-9, atol=1e-9)
    # As two labels, yes and no, the question counts twice and its mean is the same.
    yes_no = [torch.cat([z, -z], 1) for z in (student, teacher)]
    loss = multilabel_soft_target_loss(*yes_no, T)
    torch.testing.assert_close(loss, expected, rtol=1e-9, atol=1e-12)


@few
@given(logits_of(2, min_classes=2), st.randoms(use_true_random=False))
def test_a_batch_is_the_mean_of_its_examples_and_classes_have_no_order(logits, random):
    student, teacher = logits
    order = list(range(student.shape[1]))
    random.shuffle(order)
    for loss in BINARY.values():
        whole = loss(student, teacher)
        same = partial(torch.testing.assert_close, expected=whole, rtol=1e-9, atol=1e-9)
        pairs = zip(student.split(1), teacher.split(1), strict=True)
        same(torch.stack([loss(s, t) for s, t in pairs]).mean())
        same(loss(student.repeat(3, 1), teacher.repeat(3, 1)))
        same(loss(student.flip(0), teacher.flip(0)))
        same(loss(student[:, order], teacher[:, order]))
    for loss in (multilabel_soft_target_loss, soft_target_loss):
        once = loss(student, teacher, 2.0)
        twice = loss(student.repeat(1, 2), teacher.repeat(1, 2), 2.0)
        torch.testing.assert_close(twice, once, rtol=1e-9, atol=1e-9)
