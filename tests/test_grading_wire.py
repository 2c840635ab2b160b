"""What crosses comes back as it was; what is no plain data is refused."""

import socket
import struct

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from coursework.wire import Broken, Packer, receive, send, unpack

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES = st.recursive(
    SCALARS | st.complex_numbers(),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text() | st.integers(), inner)
    ),
    max_leaves=12,
)


def crossed(value, keep=lambda x: {"object": 0}, make=lambda node: "stays"):
    ours, theirs = socket.socketpair()
    packer = Packer(keep)
    with ours, theirs:
        send(ours, {"value": packer.tree(value)}, packer.blob())
        head, blob = receive(theirs.recv, 1 << 20)
    return unpack(head["value"], blob, make)


@given(VALUES)
def test_plain_values_come_back_with_their_types(value):
    back = crossed(value)
    assert repr(back) == repr(value)


@pytest.mark.parametrize(
    "value",
    [
        *(torch.arange(6).reshape(2, 3).to(t) for t in (torch.bool, torch.int64)),
        *(torch.rand(2, 3).to(t) for t in (torch.float64, torch.bfloat16)),
        torch.zeros(0, 3),
        torch.rand(3, 2).T,
        torch.rand(4)[::2],
        torch.tensor(1.5),
    ],
)
def test_tensors_keep_value_type_and_shape(value):
    back = crossed({"x": [value, value]})["x"]
    for one in back:
        assert one.dtype == value.dtype
        assert torch.equal(one, value)


@pytest.mark.parametrize(
    "value",
    [np.arange(3), np.array(["a", "bc"]), np.array([[1.5]]), np.array([True])],
)
def test_arrays_too(value):
    back = crossed(value)
    assert isinstance(back, np.ndarray)
    assert back.dtype == value.dtype
    assert (back == value).all()


def test_numbers_of_numpy_dtypes_sizes_and_dots():
    assert crossed(np.float32(0.25)) == np.float32(0.25)
    assert type(crossed(np.int64(3))) is np.int64
    assert crossed([torch.float16, torch.Size([2]), ...]) == [torch.float16, (2,), ...]


def test_a_parameter_brings_its_gradient():
    layer = torch.nn.Linear(2, 1)
    layer(torch.ones(1, 2)).sum().backward()
    back = crossed(layer.weight)
    assert torch.equal(back, layer.weight)
    assert torch.equal(back.grad, torch.ones(1, 2))


def test_what_is_no_plain_data_stays_where_it_is():
    class Answer(str):
        def __eq__(self, other):
            return True

        __hash__ = str.__hash__

    assert crossed(object()) == "stays"
    assert crossed({1: [len]}) == {1: ["stays"]}
    assert crossed(np.array([object()])) == "stays"
    assert type(crossed(Answer("x"))) is str


@pytest.mark.parametrize(
    "tree",
    [
        {"eval": "1"},
        {"tensor": "0"},
        {"tensor": ["0"]},
        {"dtype": "load"},
        {"dtype": "__name__"},
        {"list": 3},
        {"dict": [[{"list": []}, 1]]},
        {"complex": ["a", "b"]},
        {"list": [], "tuple": []},
        {"parameter": []},
        {},
        [],
    ],
)
def test_a_hostile_tree_is_refused(tree):
    with pytest.raises(Broken):
        unpack(tree, b"", make=lambda node: node)


def test_a_pickle_is_no_blob():
    import pickle

    with pytest.raises(Broken):
        unpack(None, pickle.dumps(1), make=lambda node: node)


def test_depth_is_bounded_on_both_sides():
    value, tree = 1, 1
    for _ in range(500):
        value, tree = [value], {"list": [tree]}
    with pytest.raises(ValueError, match="deep"):
        crossed(value)
    with pytest.raises(Broken):
        unpack(tree, b"", make=lambda node: node)


@pytest.mark.parametrize(
    "message",
    [
        struct.pack(">QQ", 10**12, 0),
        struct.pack(">QQ", 2, 10**12) + b"{}",
        struct.pack(">QQ", 2, 0) + b"[]",
        struct.pack(">QQ", 2, 0) + b"{'",
        struct.pack(">QQ", 100_000, 0) + b"[" * 100_000,
        struct.pack(">QQ", 5_000, 0) + b"9" * 5_000,
    ],
)
def test_a_hostile_message_is_refused_before_it_is_read_whole(message):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(message)
        with pytest.raises(Broken):
            receive(theirs.recv, 1 << 20)


def test_half_a_message_is_the_end():
    ours, theirs = socket.socketpair()
    with theirs:
        ours.sendall(struct.pack(">QQ", 2, 0) + b"{")
        ours.close()
        with pytest.raises(EOFError):
            receive(theirs.recv)
