"""Transposed convolutions at the size of their input: the same answers, nothing spread between."""

from collections import Counter

import numpy as np
import pytest
from nets.onnx_nets import path_of

pytest.importorskip("torch")

import torch

from iqmetrics.nets.onnx_torch.graph import Graph, Node, read
from iqmetrics.nets.onnx_torch.lower import lowered
from iqmetrics.nets.onnx_torch.operators import OPERATORS

AT = {"strides": [2, 2], "dilations": [1, 1], "group": 1, "pads": [0, 0, 0, 0]}
CHAIN = (
    Node("ConvTranspose", ("x", "one"), "a", AT),
    Node("Add", ("a", "more"), "b"),
    Node("Relu", ("b",), "c"),
    Node("ConvTranspose", ("c", "two", "bias"), "d", AT),
    Node("Add", ("d", "number"), "e"),
    Node("Sigmoid", ("e",), "y"),
)


def net(nodes=CHAIN, outputs=("y",)):
    rng = np.random.default_rng(0)
    shapes = {"one": (3, 4, 2, 2), "two": (4, 2, 2, 2), "bias": (2,), "more": (1, 4, 1, 1)}
    made = {k: rng.normal(size=s).astype(np.float32) for k, s in shapes.items()}
    return Graph(tuple(nodes), {**made, "number": np.float32(0.3)}, ("x",), outputs)


def run(graph, x):
    held = {name: torch.from_numpy(np.asarray(v)) for name, v in graph.constants.items()}
    held["x"] = x
    for node in graph.nodes:
        values = [held[name] for name in node.inputs]
        held[node.output] = OPERATORS[node.kind](values, node.attributes)
    return [held[name] for name in graph.outputs]


@pytest.mark.parametrize("outputs", [("y",), ("y", "c"), ("a", "d", "y")])
def test_the_answers_are_the_same_whoever_reads_what_lies_between(outputs):
    x = torch.randn(2, 3, 5, 6, generator=torch.Generator().manual_seed(1))
    wanted, found = run(net(outputs=outputs), x), run(lowered(net(outputs=outputs)), x)
    for a, b in zip(wanted, found, strict=True):
        assert a.shape == b.shape
        assert torch.allclose(a, b, atol=1e-5)


def test_pixels_are_spread_once_at_the_end():
    kinds = [n.kind for n in lowered(net()).nodes]
    assert kinds == ["Conv", "Add", "Relu", "Conv", "Add", "Sigmoid", *["DepthToSpace"] * 2]


@pytest.mark.parametrize(
    "other",
    [
        {"strides": [1, 1]},
        {"pads": [1, 1, 1, 1]},
        {"dilations": [2, 2]},
        {"output_padding": [1, 1]},
    ],
)
def test_what_overlaps_or_is_cut_is_left_alone(other):
    graph = net([Node("ConvTranspose", ("x", "one"), "y", {**AT, **other})])
    assert lowered(graph).nodes == graph.nodes


def test_the_text_detector_ends_at_a_quarter_of_its_size():
    found = Counter(n.kind for n in lowered(read(path_of("detector"))).nodes)
    assert (found["ConvTranspose"], found["DepthToSpace"]) == (0, 2)
