"""Groups of operators that torch has as one: fewer passes over memory, the same numbers.

A pattern is written as nested tuples (kind, input, input ...); a string stands for any value, the
same value wherever it is repeated. Add and Mul match in either order.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from iqmetrics.nets.onnx_torch.graph import Graph, Node, without_unread

Bound = dict[str, str]
Made = tuple[Node, Mapping[str, Any]]
"""The operator that replaces a group, and the constants that it adds."""

PRELU = ("Sub", ("Relu", "x"), ("Mul", ("Relu", ("Neg", "x")), "slope"))
GELU = ("Mul", ("Mul", "x", ("Add", ("Erf", ("Div", "x", "root")), "one")), "half")
OFF = ("Sub", "x", ("ReduceMean", "x"))
VARIANCE = ("ReduceMean", ("Pow", OFF, "two"))
LAYER_NORM = (
    "Add", ("Mul", ("Div", OFF, ("Sqrt", ("Add", VARIANCE, "epsilon"))), "scale"), "shift",
)  # fmt: skip
BIASED = ("Add", ("Conv", "x", "weight"), "bias")
PADDED, PADDED_BY = ("Pad", "x", "around"), ("Pad", "x", "around", "value")
LINEAR = ("Add", ("MatMul", "x", "weight"), "bias")


def fused(graph: Graph) -> Graph:
    """The same net with every group below made one operator."""
    maker = {node.output: node for node in graph.nodes}
    constants = dict(graph.constants)
    nodes = []
    for node in graph.nodes:
        made = next((m for p, make in _GROUPS if (m := _try(p, make, node, maker, graph))), None)
        if made is not None:
            node, more = made
            constants.update(more)
        nodes.append(node)
    return without_unread(Graph(tuple(nodes), constants, graph.inputs, graph.outputs))


def _try(
    pattern: Any,
    make: Callable[[Node, Bound, Mapping[str, Node], Graph], Made | None],
    node: Node,
    maker: Mapping[str, Node],
    graph: Graph,
) -> Made | None:
    bound = _match(pattern, node.output, maker, {})
    return None if bound is None else make(node, bound, maker, graph)


def _match(pattern: Any, name: str, maker: Mapping[str, Node], bound: Bound) -> Bound | None:
    """What the pattern's strings stand for where `name` is its result, or None."""
    if isinstance(pattern, str):
        return None if bound.get(pattern, name) != name else {**bound, pattern: name}
    kind, *inputs = pattern
    node = maker.get(name)
    if node is None or node.kind != kind or len(node.inputs) != len(inputs):
        return None
    orders = [inputs, inputs[::-1]] if kind in ("Add", "Mul") else [inputs]
    for order in orders:
        found: Bound | None = bound
        for part, value in zip(order, node.inputs, strict=True):
            found = None if found is None else _match(part, value, maker, found)
        if found is not None:
            return found
    return None


def _number(graph: Graph, name: str) -> float:
    """The value of a constant of one element; NaN, which equals nothing, for all else."""
    value = graph.constants.get(name)
    return float(value.item()) if value is not None and value.size == 1 else float("nan")


def _prelu(node: Node, b: Bound, maker: Mapping[str, Node], graph: Graph) -> Made | None:
    slope = graph.constants.get(b["slope"])
    if slope is None or slope.size != slope.shape[0] or slope.ndim != 3:
        return None
    name = f"{node.output}.slope"
    return Node("iqm.PRelu", (b["x"], name), node.output), {name: slope.ravel()}


def _gelu(node: Node, b: Bound, maker: Mapping[str, Node], graph: Graph) -> Made | None:
    wanted = {"root": 2**0.5, "one": 1.0, "half": 0.5}
    if not all(abs(_number(graph, b[k]) - v) < 1e-6 for k, v in wanted.items()):
        return None
    return Node("iqm.Gelu", (b["x"],), node.output), {}


def _layer_norm(node: Node, b: Bound, maker: Mapping[str, Node], graph: Graph) -> Made | None:
    scale, epsilon = graph.constants.get(b["scale"]), _number(graph, b["epsilon"])
    if scale is None or scale.ndim != 1 or _number(graph, b["two"]) != 2 or not epsilon > 0:
        return None
    means = [n for n in graph.nodes if n.kind == "ReduceMean" and n.inputs[0] == b["x"]]
    if any(tuple(n.attributes["axes"]) != (-1,) for n in means):
        return None
    inputs = (b["x"], b["scale"], b["shift"])
    return Node("iqm.LayerNorm", inputs, node.output, {"epsilon": epsilon}), {}


def _biased(node: Node, b: Bound, maker: Mapping[str, Node], graph: Graph) -> Made | None:
    weight, bias = graph.constants.get(b["weight"]), graph.constants.get(b["bias"])
    if weight is None or bias is None or bias.shape != (1, len(weight), 1, 1):
        return None
    conv = next(maker[n] for n in node.inputs if n in maker and maker[n].kind == "Conv")
    if len(graph.readers[conv.output]) > 1:
        return None
    name = f"{node.output}.bias"
    inputs = (b["x"], b["weight"], name)
    return Node("Conv", inputs, node.output, conv.attributes), {name: bias.ravel()}


def _linear(node: Node, b: Bound, maker: Mapping[str, Node], graph: Graph) -> Made | None:
    weight, bias = graph.constants.get(b["weight"]), graph.constants.get(b["bias"])
    if weight is None or bias is None or weight.ndim != 2 or bias.shape != weight.shape[1:]:
        return None
    name = f"{node.output}.weight"
    made = {name: np.ascontiguousarray(weight.T)}
    return Node("iqm.Linear", (b["x"], name, b["bias"]), node.output), made


def _padded(node: Node, b: Bound, maker: Mapping[str, Node], graph: Graph) -> Made | None:
    """A convolution of what was padded with zeros: it pads by itself."""
    before, at = maker[node.inputs[0]], node.attributes
    around = graph.constants.get(before.inputs[1])
    value = _number(graph, before.inputs[2]) if any(before.inputs[2:]) else 0.0
    constant = before.attributes.get("mode", b"constant") == b"constant"
    if around is None or around.size != 8 or value != 0 or not constant:
        return None
    if at.get("auto_pad", b"NOTSET") != b"NOTSET" or around[[0, 1, 4, 5]].any():
        return None
    pads = [int(p) for p in np.add(at.get("pads", [0] * 4), around[[2, 3, 6, 7]])]
    inputs = (before.inputs[0], *node.inputs[1:])
    return Node("Conv", inputs, node.output, {**at, "pads": pads}), {}


_GROUPS = (
    (PRELU, _prelu),
    (GELU, _gelu),
    (LAYER_NORM, _layer_norm),
    (BIASED, _biased),
    (LINEAR, _linear),
    (("Conv", PADDED, "weight"), _padded),
    (("Conv", PADDED, "weight", "bias"), _padded),
    (("Conv", PADDED_BY, "weight"), _padded),
    (("Conv", PADDED_BY, "weight", "bias"), _padded),
)
