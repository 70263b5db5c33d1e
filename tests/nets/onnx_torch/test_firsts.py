"""First convolutions with their activation: found, and left alone where they are something else."""

import numpy as np
import pytest
from nets.onnx_nets import path_of

pytest.importorskip("torch")

import torch
from torch.nn import functional

from iqmetrics.nets.onnx_torch.blocks import with_blocks
from iqmetrics.nets.onnx_torch.firsts import with_firsts
from iqmetrics.nets.onnx_torch.fuse import fused
from iqmetrics.nets.onnx_torch.graph import Graph, Node, read
from iqmetrics.nets.onnx_torch.operators import OPERATORS

STEPS = {"strides": [2, 2], "pads": [1, 1, 1, 1]}


def net(nodes, channels=3, outputs=("y",)):
    made = {"w": np.ones((5, channels, 3, 3), np.float32), "b": np.ones(5, np.float32)}
    return Graph(tuple(nodes), made | {"s": np.ones(5, np.float32)}, ("x",), outputs)


def test_the_activation_is_taken_along():
    nodes = [Node("Conv", ("x", "w", "b"), "a", STEPS), Node("iqm.PRelu", ("a", "s"), "y")]
    (node,) = with_firsts(net(nodes)).nodes
    assert (node.kind, node.inputs, node.output) == ("iqm.First", ("x", "w", "b", "s"), "y")
    assert node.attributes == {**STEPS, "last": "PRelu"}
    nodes = [Node("Conv", ("x", "w"), "a", STEPS), Node("Sigmoid", ("a",), "y")]
    first, second = with_firsts(net(nodes)).nodes
    assert first.inputs == ("x", "w", "", "") and first.attributes["last"] == ""
    assert (first.output, second.kind) == ("a", "Sigmoid")


def test_what_is_read_elsewhere_stays_a_value():
    nodes = [Node("Conv", ("x", "w", "b"), "a", STEPS), Node("Relu", ("a",), "y")]
    found = with_firsts(net(nodes, outputs=("y", "a"))).nodes
    assert [n.kind for n in found] == ["iqm.First", "Relu"]


@pytest.mark.parametrize(("channels", "at"), [(8, {}), (1, {"group": 5})])
def test_other_convolutions_are_left_alone(channels, at):
    (node,) = with_firsts(net([Node("Conv", ("x", "w", "b"), "y", at)], channels)).nodes
    assert node.kind == "Conv"


def test_it_does_what_its_parts_do():
    torch.manual_seed(0)
    x, w, b, s = torch.randn(2, 3, 6, 8), torch.randn(5, 3, 3, 3), torch.randn(5), torch.rand(5)
    wanted = functional.prelu(functional.conv2d(x, w, b, 2, 1), s)
    found = OPERATORS["iqm.First"]((x, w, b, s), {**STEPS, "last": "PRelu"})
    assert torch.allclose(found, wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("face_full", "Relu"),
        ("face_mesh", "PRelu"),
        ("hand_count", "Relu6"),
        ("hand_palm", "PRelu"),
        ("detector", "Relu"),
    ],
)
def test_every_net_begins_so(name, last):
    graph = with_firsts(with_blocks(fused(read(path_of(name)))))
    found = next(n for n in graph.nodes if n.kind == "iqm.First")
    assert found.attributes["last"] == last
