"""Which operators keep float32: those that make the answers, and places."""

import pytest
from nets.onnx_nets import path_of

pytest.importorskip("torch")

import torch

from iqmetrics.nets.onnx_torch.graph import Graph, Node
from iqmetrics.nets.onnx_torch.net import TorchNet
from iqmetrics.nets.onnx_torch.precision import exact


def test_the_last_sums_and_what_follows_are_exact():
    nodes = (
        Node("Conv", ("x", "w"), "a"),
        Node("Relu", ("a",), "b"),
        Node("Conv", ("b", "w"), "c"),
        Node("Sigmoid", ("c",), "d"),
        Node("Mul", ("d", "b"), "y"),
    )
    assert exact(Graph(nodes, {}, ("x",), ("y",))) == {"a", "b", "c", "d", "y"}
    assert exact(Graph(nodes, {}, ("x",), ("d",))) == {"c", "d"}


def test_where_to_look_is_exact_and_what_is_looked_at_is_not():
    nodes = (
        Node("Conv", ("x", "w"), "a"),
        Node("Gemm", ("a", "w"), "p"),
        Node("Mul", ("p", "k"), "q"),
        Node("GridSample", ("a", "q"), "g"),
        Node("Conv", ("g", "w"), "y"),
    )
    assert exact(Graph(nodes, {}, ("x",), ("y",))) == {"p", "q", "y"}


@pytest.mark.parametrize("name", ["face_full", "hand_landmark"])
def test_answers_of_a_half_net_are_finer_than_float16(name):
    net = TorchNet(path_of(name), "cpu", half=True)
    side = {"face_full": 192, "hand_landmark": 224}[name]
    batch = torch.rand((1, side, side, 3), generator=torch.Generator().manual_seed(0))
    places = net(batch)[0]
    assert places.dtype == torch.float32
    assert (places != places.half().float()).float().mean() > 0.9
