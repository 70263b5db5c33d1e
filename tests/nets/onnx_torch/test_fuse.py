"""Groups are found and replaced, and left alone where they only look alike."""

from collections import Counter

import numpy as np
import pytest
from nets.onnx_nets import path_of

pytest.importorskip("torch")

import torch
from torch.nn import functional

from iqmetrics.nets.onnx_torch.fuse import fused
from iqmetrics.nets.onnx_torch.graph import Graph, Node, read


def net(nodes, constants):
    made = {k: np.asarray(v, np.float32) for k, v in constants.items()}
    return Graph(tuple(Node(*n) for n in nodes), made, ("x",), (nodes[-1][2],))


def gelu(half=0.5):
    nodes = [
        ("Div", ("x", "root"), "a"),
        ("Erf", ("a",), "b"),
        ("Add", ("one", "b"), "c"),
        ("Mul", ("x", "c"), "d"),
        ("Mul", ("d", "half"), "y"),
    ]
    return net(nodes, {"root": 2**0.5, "one": 1.0, "half": half})


PRELU_NODES = [
    ("Relu", ("x",), "a"),
    ("Neg", ("x",), "b"),
    ("Relu", ("b",), "c"),
    ("Mul", ("c", "slope"), "d"),
    ("Sub", ("a", "d"), "y"),
]


def prelu(other="x"):
    nodes = [*PRELU_NODES]
    nodes[1] = ("Neg", (other,), "b")
    return net(nodes, {"slope": np.full((3, 1, 1), 0.2), "z": np.zeros(1)})


def kinds(graph):
    return [n.kind for n in fused(graph).nodes]


def test_gelu_with_its_own_numbers_only():
    assert kinds(gelu()) == ["iqm.Gelu"]
    assert kinds(gelu(half=0.4)) == ["Div", "Erf", "Add", "Mul", "Mul"]


def test_prelu_of_one_value_only():
    graph = fused(prelu())
    (node,) = graph.nodes
    assert node.kind == "iqm.PRelu" and graph.constants[node.inputs[1]].shape == (3,)
    assert "iqm.PRelu" not in kinds(prelu(other="z"))


def padded(around, attributes, more=(), value=0.0, **mode):
    nodes = [("Pad", ("x", "around", *more), "a", mode), ("Conv", ("a", "w"), "y", attributes)]
    given = {"around": np.array(around), "w": np.zeros((2, 2, 3, 3)), "v": value}
    return net(nodes, given)


def test_a_convolution_pads_by_itself_where_zeros_are_put_around_the_picture():
    around = (0, 0, 1, 2, 0, 0, 3, 4)
    (node,) = fused(padded(around, {"strides": [2, 2]})).nodes
    assert node.kind == "Conv" and node.inputs == ("x", "w")
    assert node.attributes["pads"] == [1, 2, 3, 4] and node.attributes["strides"] == [2, 2]
    (node,) = fused(padded(around, {"pads": [1, 1, 1, 1]}, ("v",))).nodes
    assert node.attributes["pads"] == [2, 3, 4, 5]
    (node,) = fused(padded(around, {}, ("",), mode=b"constant")).nodes
    assert node.attributes["pads"] == [1, 2, 3, 4]
    for refused in (
        padded(around, {}, mode=b"reflect"),
        padded((0, 1, 1, 2, 0, 0, 3, 4), {}),
        padded(around, {"auto_pad": b"SAME_UPPER"}),
        padded(around, {}, ("v",), value=1.0),
    ):
        assert kinds(refused) == ["Pad", "Conv"]


def test_a_bias_joins_its_convolution_unless_the_bare_one_is_read_too():
    weight, bias = np.zeros((2, 1, 1, 1)), np.zeros((1, 2, 1, 1))
    nodes = [("Conv", ("x", "w"), "a", {"strides": [1, 1]}), ("Add", ("a", "b"), "y")]
    (node,) = fused(net(nodes, {"w": weight, "b": bias})).nodes
    assert node.kind == "Conv" and len(node.inputs) == 3 and node.attributes["strides"] == [1, 1]
    more = [*nodes[:1], ("Add", ("a", "b"), "s"), ("Mul", ("a", "s"), "y")]
    assert kinds(net(more, {"w": weight, "b": bias})) == ["Conv", "Add", "Mul"]
    assert kinds(net(nodes, {"w": weight, "b": np.zeros((1, 1, 1, 2))})) == ["Conv", "Add"]


def test_a_linear_layer_turns_its_weight():
    weight = np.arange(6.0).reshape(2, 3)
    graph = fused(
        net([("MatMul", ("x", "w"), "a"), ("Add", ("a", "b"), "y")], {"w": weight, "b": np.ones(3)})
    )
    (node,) = graph.nodes
    assert node.kind == "iqm.Linear" and np.array_equal(graph.constants[node.inputs[1]], weight.T)


def test_layer_norm_over_the_last_axis_only():
    def norm(axes):
        nodes = [
            ("ReduceMean", ("x",), "m", {"axes": axes}),
            ("Sub", ("x", "m"), "o"),
            ("Pow", ("o", "two"), "q"),
            ("ReduceMean", ("q",), "v", {"axes": axes}),
            ("Add", ("v", "eps"), "w"),
            ("Sqrt", ("w",), "s"),
            ("Div", ("o", "s"), "n"),
            ("Mul", ("n", "scale"), "g"),
            ("Add", ("g", "shift"), "y"),
        ]
        given = {"two": 2.0, "eps": 1e-5, "scale": np.ones(4), "shift": np.zeros(4)}
        return net(nodes, given)

    (node,) = fused(norm([-1])).nodes
    assert node.kind == "iqm.LayerNorm" and node.attributes["epsilon"] == pytest.approx(1e-5)
    assert len(kinds(norm([1]))) == 9


def test_the_replacements_are_torchs_own():
    from iqmetrics.nets.onnx_torch.operators import OPERATORS

    x, slope = torch.linspace(-2, 2, 12).reshape(1, 3, 4), torch.tensor([0.1, 0.2, 0.3])
    long_way = torch.relu(x) - torch.relu(-x) * slope[:, None]
    assert torch.allclose(OPERATORS["iqm.PRelu"]([x, slope], {}), long_way)
    assert torch.allclose(OPERATORS["iqm.Gelu"]([x], {}), functional.gelu(x))


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("face_full", {"Conv": 91, "Pad": 0}),
        ("face_mesh", {"iqm.PRelu": 73}),
        ("hand_palm", {"iqm.PRelu": 31}),
        ("hand_count", {"Pad": 0}),
        ("detector", {"iqm.Gelu": 13}),
        ("recogniser", {"iqm.Gelu": 13, "iqm.LayerNorm": 5, "iqm.Linear": 9}),
    ],
)
def test_every_group_of_the_nets_is_found(name, wanted):
    found = Counter(n.kind for n in fused(read(path_of(name))).nodes)
    assert {k: found[k] for k in wanted} == wanted
    assert not found["Erf"] and not found["Neg"] and not found["Pow"]
