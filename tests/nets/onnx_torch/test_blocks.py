"""Groups around a 1 x 1 convolution: found whole, cut off where something else reads a part."""

from collections import Counter

import numpy as np
import pytest
from nets.onnx_nets import path_of

pytest.importorskip("torch")

import torch
from torch.nn import functional

from iqmetrics.nets.onnx_torch.blocks import with_blocks
from iqmetrics.nets.onnx_torch.fuse import fused
from iqmetrics.nets.onnx_torch.graph import Graph, Node, read
from iqmetrics.nets.onnx_torch.operators import OPERATORS

TAPS = {"group": 3, "pads": [1, 1, 1, 1], "strides": [2, 2]}
PLAIN = {"pooled": False, "narrow": False}
CHAIN = (
    Node("Conv", ("x", "taps", "b"), "a", TAPS),
    Node("Clip", ("a", "zero", "six"), "c"),
    Node("Conv", ("c", "w", "b"), "d"),
    Node("Sigmoid", ("z",), "other"),
    Node("Add", ("other", "d"), "s"),
    Node("Relu", ("s",), "y"),
)


def net(nodes, outputs=("y",), six=6.0):
    shapes = {"taps": (3, 1, 3, 3), "w": (3, 3, 1, 1), "b": (3,)}
    made = {k: np.ones(shape, np.float32) for k, shape in shapes.items()}
    made |= {"zero": np.float32(0), "six": np.asarray(six, np.float32)}
    return Graph(tuple(nodes), made, ("x", "z"), outputs)


def blocks(graph):
    return [n for n in with_blocks(graph).nodes if n.kind == "iqm.Block"]


def test_a_whole_group_is_one_operator_where_its_last_one_was():
    found = with_blocks(net(CHAIN)).nodes
    assert [n.kind for n in found] == ["Sigmoid", "iqm.Block"]
    assert found[1].inputs == ("x", "taps", "b", "w", "b", "other", "")
    assert found[1].attributes == {"middle": "Relu6", "last": "Relu", "taps": TAPS} | PLAIN
    assert found[1].output == "y"


@pytest.mark.parametrize(
    ("value", "kinds"),
    [
        ("a", ["Conv", "Clip", "Sigmoid", "iqm.Block"]),
        ("c", ["Conv", "Clip", "Sigmoid", "iqm.Block"]),
        ("d", ["iqm.Block", "Sigmoid", "Add", "Relu"]),
        ("s", ["Sigmoid", "iqm.Block", "Relu"]),
    ],
)
def test_what_is_read_elsewhere_stays_a_value(value, kinds):
    assert [n.kind for n in with_blocks(net(CHAIN, ("y", value))).nodes] == kinds


def test_another_clip_is_no_relu6():
    found = with_blocks(net(CHAIN, six=5.0)).nodes
    assert [n.kind for n in found] == ["Conv", "Clip", "Sigmoid", "iqm.Block"]
    assert found[-1].inputs[:3] == ("c", "", "")


def test_the_sum_of_two_convolutions_belongs_to_the_first():
    nodes = [
        Node("Conv", ("x", "w"), "a"),
        Node("Conv", ("z", "w", "b"), "c"),
        Node("Add", ("a", "c"), "y"),
    ]
    first, second = sorted(blocks(net(nodes)), key=lambda n: n.output)
    assert (first.output, first.inputs[5]) == ("c", "")
    assert (second.output, second.inputs) == ("y", ("x", "", "", "w", "", "c", ""))


HALVED = {"kernel_shape": [2, 2], "strides": [2, 2]}


def joined(around=(0, 0, 0, 0, 0, 2, 0, 0), pool=HALVED):
    nodes = [
        Node("MaxPool", ("z",), "p", pool),
        Node("Pad", ("p", "around"), "q", {"mode": b"constant"}),
        Node("Conv", ("x", "w"), "a"),
        Node("Add", ("q", "a"), "y"),
    ]
    graph = net(nodes)
    graph.constants["around"] = np.array(around)
    return with_blocks(graph).nodes


def test_what_is_added_is_taken_before_it_is_pooled_or_gets_empty_channels():
    (block,) = joined()
    assert block.inputs[5] == "z"
    assert block.attributes["pooled"] and block.attributes["narrow"]
    pooled, block = joined(pool={**HALVED, "strides": [1, 1]})
    assert (pooled.kind, block.inputs[5]) == ("MaxPool", "p")
    assert block.attributes["narrow"] and not block.attributes["pooled"]


@pytest.mark.parametrize("around", [(0, 1, 0, 0, 0, 2, 0, 0), (0, 0, 0, 0, 0, 2, 1, 0), (0,) * 8])
def test_other_padding_is_left_alone(around):
    assert [n.kind for n in joined(around)] == ["MaxPool", "Pad", "iqm.Block"]


def test_a_block_adds_the_largest_of_squares_to_its_first_channels():
    torch.manual_seed(0)
    x, weight, more = torch.randn(2, 3, 3, 4), torch.randn(5, 3, 1, 1), torch.randn(2, 3, 7, 8)
    wanted = functional.conv2d(x, weight)
    wanted[:, :3] += functional.max_pool2d(more, 2)
    at = {"middle": "", "last": "", "taps": {}, "pooled": True, "narrow": True}
    found = OPERATORS["iqm.Block"]((x, None, None, weight, None, more, None), at)
    assert torch.allclose(found, wanted, atol=1e-5)


@pytest.mark.parametrize("at", [{"strides": [2, 2]}, {"group": 3}, {"pads": [1, 0, 0, 0]}])
def test_other_convolutions_are_left_alone(at):
    assert blocks(net([Node("Conv", ("x", "w", "b"), "y", at)])) == []


def test_a_block_does_what_its_parts_do():
    torch.manual_seed(0)
    x, more = torch.randn(2, 3, 6, 8), torch.randn(2, 5, 3, 4)
    taps, bias, weight = torch.randn(3, 1, 3, 3), torch.randn(3), torch.randn(5, 3, 1, 1)
    slope = torch.rand(5)
    inner = functional.conv2d(x, taps, bias, 2, 1, 1, 3).clamp(0, 6)
    wanted = functional.prelu(functional.conv2d(inner, weight) + more, slope)
    values = (x, taps, bias, weight, None, more, slope)
    found = OPERATORS["iqm.Block"](values, {"middle": "Relu6", "last": "PRelu", "taps": TAPS})
    assert torch.allclose(found, wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("face_full", {"iqm.Block": 48, "Conv": 3}),
        ("face_mesh", {"iqm.Block": 72, "Conv": 8}),
        ("hand_palm", {"iqm.Block": 34, "Conv": 1}),
        ("hand_count", {"iqm.Block": 36, "Conv": 2}),
        ("recogniser", {"iqm.Block": 39, "Conv": 16}),
    ],
)
def test_the_nets_consist_of_blocks(name, wanted):
    found = Counter(n.kind for n in with_blocks(fused(read(path_of(name)))).nodes)
    assert {k: found[k] for k in wanted} == wanted
