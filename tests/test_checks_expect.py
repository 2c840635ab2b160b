import math

import numpy as np
import pytest
import torch
from hypothesis import given as drawn
from hypothesis import strategies as st

from course_lib.checks.expect import (
    OTHER_SHAPE,
    Open,
    Wrong,
    always,
    call,
    call_noting,
    call_without_autograd,
    close,
    read,
    refuses,
    same,
)


def said(*arguments, **options):
    """What `same` says of an answer that is wrong."""
    with pytest.raises(Wrong) as error:
        same(*arguments, **options)
    return str(error.value)


# --- What agrees ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "truth"),
    [
        (2.0, 2),
        (torch.tensor(2), 2),
        (np.array([2]), 2),
        (0.50049, 0.5),
        (torch.tensor([0.5], requires_grad=True), 0.5),
        (math.inf, math.inf),
        (5e-7, 0.0),
        (np.bool_(True), True),
        (torch.tensor(False), False),
        ((1, np.int64(2)), [1, 2]),
        (torch.tensor([1, 2]), [1, 2]),
        (torch.tensor([1.0004, 2.0]), torch.tensor([1.0, 2.0])),
        (torch.tensor([1.0, 0.0]), torch.tensor([True, False])),
        ([[1, 2]], np.array([[1.0, 2.0]])),
        (torch.tensor([[1.0, 2.0]]), np.array([[1.0, 2.0]])),
    ],
)
def test_an_answer_in_another_form_is_the_truth(value, truth):
    same(value, truth, "this")


@pytest.mark.parametrize(
    ("value", "truth"),
    [
        (1_000_001, 1_000_000),  # an int is met exactly
        (0.5006, 0.5),
        (math.nan, 0.5),
        (-math.inf, math.inf),
        (2e-6, 0.0),
        (False, True),
        ([2, 1], [1, 2]),
        ([1, 2, 3], [1, 2]),
        (torch.tensor([10_001]), torch.tensor([10_000])),
        (torch.tensor([1.0, 2.1]), torch.tensor([1.0, 2.0])),
        (torch.tensor([0.9, 0.1]), torch.tensor([True, False])),
    ],
)
def test_what_is_not_the_truth_is_told_with_both(value, truth):
    assert said(value, truth, "this").startswith("For this you returned ")
    assert "; expected " in said(value, truth, "this")


def test_an_estimate_may_be_off_and_so_may_its_slips():
    same(2.09, 2.0, "this", within=0.1)
    assert said(1.09, 2.0, "this", {"Half.": 1.0}, within=0.1).endswith("Half.")
    assert "Half" not in said(1.09, 2.0, "this", {"Half.": 1.0})


@drawn(
    st.floats(-1e6, 1e6, allow_nan=False),
    st.floats(-1e6, 1e6, allow_nan=False) | st.floats(0.99, 1.01),
)
def test_two_numbers_that_are_told_apart_never_look_alike(truth, factor):
    value = truth * factor if 0.9 < factor < 1.1 else factor
    if not close(value, truth):
        _, told = said(value, truth, "this").split(" returned ")
        got, expected = told.rstrip(".").split("; expected ")
        assert got != expected


# --- What the message says -----------------------------------------------------------


def test_a_count_is_shown_with_all_its_digits_and_a_number_with_four():
    assert said(9_534_719, 9_534_720, "this") == (
        "For this you returned 9,534,719; expected 9,534,720."
    )
    assert said(2 / 3, 1 / 3, "this") == (
        "For this you returned 0.6667; expected 0.3333."
    )
    assert said(torch.tensor([2 / 3]), torch.tensor([1.0]), "this") == (
        "For this you returned [0.6667]; expected [1.0]."
    )
    assert said((np.int64(2), "b"), ["a", 1], "this") == (
        "For this you returned [2, 'b']; expected ['a', 1]."
    )


@pytest.mark.parametrize(
    ("value", "truth", "words"),
    [
        ("x", 1.0, "you returned str; expected one number."),
        ([1.0], 1.0, "you returned list; expected one number."),
        (1j, 1.0, "you returned complex; expected one number."),
        (torch.ones(3), 1, "Tensor of shape (3,); expected one number."),
        (1, True, "you returned int; expected True or False."),
        (torch.tensor([True]), True, "Tensor; expected True or False."),
        ("ab", ["a", "b"], "you returned str; expected a list."),
        ({1, 2}, [1, 2], "you returned set; expected a list."),
        ([1.0], torch.ones(1), "list; expected a tensor of shape (1,)."),
        (torch.ones(3), torch.ones(1), "shape (3,); expected a tensor of shape (1,)."),
        ([["x"]], np.ones((1, 1)), "list; expected an array of shape (1, 1)."),
        ([[1], [1, 2]], np.ones((1, 2)), "list; expected an array of shape (1, 2)."),
        (3, np.ones(2), "int of shape (); expected an array of shape (2,)."),
    ],
)
def test_an_answer_of_another_kind_is_named(value, truth, words):
    assert words in said(value, truth, "this", {"Never said of a kind.": always})
    with pytest.raises(Wrong, match="For this you returned"):
        read(value, truth, "this")


# --- Which hint is said --------------------------------------------------------------


def test_the_first_slip_that_fits_is_said_and_no_other():
    slips = {"Twice.": 4.0, "One of two.": (6.0, 8.0), "Odd.": lambda got: got % 2}
    for value, hint in [(4.0, "Twice."), (8.0, "One of two."), (3.0, "Odd.")]:
        told = said(value, 2.0, "this", slips)
        assert told.endswith(f"expected 2. {hint}")
    assert said(10.0, 2.0, "this", slips).endswith("expected 2.")
    both = {"First.": always, "Second.": 4.0}
    assert said(4.0, 2.0, "this", both).endswith("expected 2. First.")


def test_a_slip_that_is_right_here_is_not_held_against_anyone():
    same(2.0, 2.0, "this", {"Wrong elsewhere.": 2.0, "Always.": always})


def test_a_slip_that_does_not_exist_here_is_nan():
    assert "hint" not in said(math.nan, 2.0, "this", {"No hint.": math.nan})


def test_a_slip_may_be_of_another_shape():
    truth, rows = torch.ones(2), torch.ones(2, 2)
    slips = {"The batch.": rows, "One each.": OTHER_SHAPE, "Of the same.": always}
    assert said(rows, truth, "this", slips).endswith("The batch.")
    assert said(torch.ones(3), truth, "this", slips).endswith("One each.")
    assert said(torch.zeros(2), truth, "this", slips).endswith("Of the same.")
    summed = {"Sum.": OTHER_SHAPE, "Of the same.": always}
    assert said(torch.ones(3), 1.0, "this", summed).endswith("Sum.")


# --- The reader's function -----------------------------------------------------------


@pytest.mark.parametrize(
    "data", [torch.ones(2), np.ones(2), [1.0, 1.0]], ids=["tensor", "array", "list"]
)
def test_the_readers_function_may_change_what_it_is_given(data):
    def in_place(given):
        given[0] = 7.0
        return given

    assert call(in_place, data)[0] == 7.0
    assert data[0] == 1.0


def test_what_is_no_data_is_handed_over_itself():
    model = torch.nn.Linear(1, 1)
    assert call(lambda m: m, model) is model


@pytest.mark.parametrize("nothing", [None, ...])
def test_a_function_that_returns_nothing_is_open(nothing):
    with pytest.raises(Open):
        call(lambda: nothing)


def test_refuses_wants_a_value_error_that_names_what_is_wrong():
    def raising(error):
        def attempt():
            raise error

        return attempt

    refuses(raising(ValueError("no war")), "No 'war'", "a ValueError", "war")
    for attempt, words in [
        (raising(ValueError("no")), "raised ValueError: no; expected a ValueError."),
        (raising(KeyError("war")), "raised KeyError: 'war'; expected"),
        (lambda: [0.12345], r"returned \[0.1235\] all the same; expected"),
        (lambda: None, "returned None all the same; expected"),
    ]:
        with pytest.raises(Wrong, match=f"No 'war', and you {words}"):
            refuses(attempt, "No 'war'", "a ValueError", "war")


def by_backward(x):
    y = x.clone().requires_grad_()
    y.square().sum().backward()
    return y.grad


def by_transform(x):
    return torch.func.grad(lambda y: y.square().sum())(x)


def out_of_inference_mode(x):
    with torch.inference_mode(False), torch.enable_grad():
        y = torch.tensor(x.tolist(), requires_grad=True)
        return torch.autograd.grad(y.square().sum(), y)[0]


@pytest.mark.parametrize("way", [by_backward, by_transform, out_of_inference_mode])
def test_autograd_is_refused_whatever_it_is_called_and_works_afterwards(way):
    with pytest.raises(Wrong, match="asked autograd"):
        call_without_autograd(way, torch.ones(2))
    assert way(torch.ones(2)).tolist() == [2, 2]
    formula = call_without_autograd(lambda x: 2 * x, torch.ones(2))
    assert formula.tolist() == [2, 2]


def test_what_a_function_uses_of_a_module_is_noted_and_of_no_other():
    def mean(numbers):
        return math.fsum(numbers) / len(numbers)

    assert call_noting(mean, "statistics", [1, 3]) == (2.0, [])
    value, used = call_noting(mean, __name__, [1, 3])
    assert (value, used) == (2.0, ["mean"])
    assert call_noting(mean, __name__[:-1], [1, 3])[1] == []  # part of a name
