"""What lies around a convolution of 1 x 1 made one operator, `iqm.Block`.

    x -> one kernel a channel -> activation -> 1 x 1 -> + more -> activation

Small nets consist of little else, and a GPU does it in one pass over memory. Every part but the
1 x 1 may be missing. Inputs: x, taps, their bias, weight, bias, more, slope ("" = left out).
Attributes: "middle" and "last" (activations), "taps" (of that convolution), "pooled" (of more, the
largest of each square of 2 x 2 is added), "narrow" (more has fewer channels: nothing is added to
the rest).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from iqmetrics.nets.onnx_torch.graph import Graph, Node, without_unread

SIX = (0.0, 6.0)


class Last(NamedTuple):
    """What follows a 1 x 1: a value that is added, an activation, and the name of the result."""

    more: str
    act: str
    slope: str
    output: str
    pooled: bool = False
    narrow: bool = False


def with_blocks(graph: Graph) -> Graph:
    """The same net with every such group one operator."""
    maker = {node.output: node for node in graph.nodes}
    made: dict[str, Node] = {}
    for node in graph.nodes:
        if not _is_point(node, graph):
            continue
        last = _at_its_source(_after(node.output, graph), maker, graph)
        if last.output in made:  # a sum of two convolutions belongs to the first
            last = Last("", "", "", node.output)
        first, middle = _before(node.inputs[0], maker, graph)
        taps = (*first.inputs[1:], "", "")[:2] if first else ("", "")
        weight = (*node.inputs[1:], "")[:2]
        x = first.inputs[0] if first else node.inputs[0]
        at: dict[str, Any] = {"middle": middle, "last": last.act}
        at["taps"] = first.attributes if first else {}
        at |= {"pooled": last.pooled, "narrow": last.narrow}
        inputs = (x, *taps, *weight, last.more, last.slope)
        made[last.output] = Node("iqm.Block", inputs, last.output, at)
    nodes = tuple(made.get(node.output, node) for node in graph.nodes)
    return without_unread(Graph(nodes, graph.constants, graph.inputs, graph.outputs))


def _is_point(node: Node, graph: Graph) -> bool:
    at, weight = node.attributes, graph.constants.get((*node.inputs, "", "")[1])
    return (
        node.kind == "Conv"
        and weight is not None
        and weight.shape[2:] == (1, 1)
        and at.get("group", 1) == 1
        and set(at.get("strides", (1,))) == {1}
        and not any(at.get("pads", ()))
    )


def _at_its_source(last: Last, maker: Mapping[str, Node], graph: Graph) -> Last:
    """Where what is added was pooled, or got empty channels: what it was before."""
    node = maker.get(last.more)
    if node and _adds_channels(node, graph):
        last = last._replace(more=node.inputs[0], narrow=True)
        node = maker.get(last.more)
    if node and _halves(node):
        last = last._replace(more=node.inputs[0], pooled=True)
    return last


def _adds_channels(node: Node, graph: Graph) -> bool:
    """Whether that only puts channels of zeros behind the others."""
    if node.kind != "Pad" or node.attributes.get("mode", b"constant") != b"constant":
        return False
    names = (*node.inputs, "", "", "")
    around, value = graph.constants.get(names[1]), graph.constants.get(names[2], np.zeros(1))
    if around is None or around.size != 8 or names[3] or value.any():
        return False
    return bool(around[5] > 0 and not around[[0, 1, 2, 3, 4, 6, 7]].any())


def _halves(node: Node) -> bool:
    """Whether that takes the largest of each square of 2 x 2."""
    at = node.attributes
    plain = at.get("auto_pad", b"NOTSET") == b"NOTSET" and not any(at.get("pads", ()))
    plain = plain and not at.get("ceil_mode") and set(at.get("dilations", (1,))) == {1}
    shape = tuple(at.get("kernel_shape", ())), tuple(at.get("strides", ()))
    return node.kind == "MaxPool" and plain and shape == ((2, 2), (2, 2))


def _is_by_channel(node: Node | None, graph: Graph) -> bool:
    weight = graph.constants.get(node.inputs[1]) if node and node.kind == "Conv" else None
    return (
        node is not None
        and weight is not None
        and weight.shape[1] == 1
        and node.attributes.get("group", 1) == len(weight) > 1
    )


def sole(name: str, graph: Graph) -> Node | None:
    """The only reader of a value that nothing else needs."""
    readers = graph.readers.get(name, [])
    return readers[0] if len(readers) == 1 and name not in graph.outputs else None


def act_of(node: Node | None, graph: Graph) -> str:
    """The activation that an operator is, by the name that `iqm.Block` has for it; "" for none."""
    if node is None:
        return ""
    if node.kind == "Clip" and len(node.inputs) == 3:
        known = [graph.constants.get(name) for name in node.inputs[1:]]
        bounds = tuple(float(k.item()) for k in known if k is not None and k.size == 1)
        return "Relu6" if bounds == SIX else ""
    return {"Relu": "Relu", "iqm.PRelu": "PRelu", "iqm.Gelu": "Gelu"}.get(node.kind, "")


def _before(name: str, maker: Mapping[str, Node], graph: Graph) -> tuple[Node | None, str]:
    """The convolution by channel that makes a value for one reader, and the activation between."""
    node, act = maker.get(name), ""
    if sole(name, graph) and node and (found := act_of(node, graph)) in ("Relu", "Relu6"):
        name, act = node.inputs[0], found
        node = maker.get(name)
    usable = sole(name, graph) and node is not None and _is_by_channel(node, graph)
    return (node, act) if usable else (None, "")


def _after(name: str, graph: Graph) -> Last:
    more, reader = "", sole(name, graph)
    if reader and reader.kind == "Add":
        a, b = reader.inputs
        other = b if a == name else a
        if other != name and other not in graph.constants:
            more, name = other, reader.output
            reader = sole(name, graph)
    act = act_of(reader, graph)
    if reader and act and reader.inputs[0] == name:
        return Last(more, act, reader.inputs[1] if act == "PRelu" else "", reader.output)
    return Last(more, "", "", name)
