"""What lies around a convolution of 1 x 1 made one operator, `iqm.Block`.

    x -> one kernel a channel -> activation -> 1 x 1 -> + more -> activation

Small nets consist of little else, and a GPU does it in two passes over memory. Every part but the
1 x 1 may be missing. Inputs: x, taps, their bias, weight, bias, more, slope ("" = left out).
"""

from collections.abc import Mapping
from typing import NamedTuple

from iqmetrics.nets.onnx_torch.graph import Graph, Node, without_unread

SIX = (0.0, 6.0)


class Last(NamedTuple):
    """What follows a 1 x 1: a value that is added, an activation, and the name of the result."""

    more: str
    act: str
    slope: str
    output: str


def with_blocks(graph: Graph) -> Graph:
    """The same net with every such group one operator."""
    maker = {node.output: node for node in graph.nodes}
    made: dict[str, Node] = {}
    for node in graph.nodes:
        if not _is_point(node, graph):
            continue
        last = _after(node.output, graph)
        if last.output in made:  # a sum of two convolutions belongs to the first
            last = Last("", "", "", node.output)
        first, middle = _before(node.inputs[0], maker, graph)
        taps = (*first.inputs[1:], "", "")[:2] if first else ("", "")
        weight = (*node.inputs[1:], "")[:2]
        x = first.inputs[0] if first else node.inputs[0]
        at = {"middle": middle, "last": last.act, "taps": first.attributes if first else {}}
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


def _is_by_channel(node: Node | None, graph: Graph) -> bool:
    weight = graph.constants.get(node.inputs[1]) if node and node.kind == "Conv" else None
    return (
        node is not None
        and weight is not None
        and weight.shape[1] == 1
        and node.attributes.get("group", 1) == len(weight) > 1
    )


def _sole(name: str, graph: Graph) -> Node | None:
    """The only reader of a value that nothing else needs."""
    readers = graph.readers.get(name, [])
    return readers[0] if len(readers) == 1 and name not in graph.outputs else None


def _act(node: Node | None, graph: Graph) -> str:
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
    if _sole(name, graph) and node and (found := _act(node, graph)) in ("Relu", "Relu6"):
        name, act = node.inputs[0], found
        node = maker.get(name)
    usable = _sole(name, graph) and node is not None and _is_by_channel(node, graph)
    return (node, act) if usable else (None, "")


def _after(name: str, graph: Graph) -> Last:
    more, reader = "", _sole(name, graph)
    if reader and reader.kind == "Add":
        a, b = reader.inputs
        other = b if a == name else a
        if other != name and other not in graph.constants:
            more, name = other, reader.output
            reader = _sole(name, graph)
    act = _act(reader, graph)
    if reader and act and reader.inputs[0] == name:
        return Last(more, act, reader.inputs[1] if act == "PRelu" else "", reader.output)
    return Last(more, "", "", name)
