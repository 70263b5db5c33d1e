"""A net's first convolution, of the few channels of a picture, and its activation: `iqm.First`.

A GPU is held up there by memory alone: the activation costs nothing where the sums are made.
Inputs: x, weight, bias, slope ("" = left out); attributes: the convolution's, and "last".
"""

from iqmetrics.nets.onnx_torch.blocks import act_of, sole
from iqmetrics.nets.onnx_torch.graph import Graph, Node, without_unread

FEW = 4
"""Channels of a picture."""


def with_firsts(graph: Graph) -> Graph:
    """The same net with every such pair one operator."""
    made: dict[str, Node] = {}
    for node in graph.nodes:
        weight = graph.constants.get((*node.inputs, "")[1])
        if node.kind != "Conv" or weight is None or weight.ndim != 4 or weight.shape[1] > FEW:
            continue
        if node.attributes.get("group", 1) != 1:
            continue
        reader = sole(node.output, graph)
        last = act_of(reader, graph) if reader and reader.inputs[0] == node.output else ""
        slope = reader.inputs[1] if reader and last == "PRelu" else ""
        output = reader.output if reader and last else node.output
        inputs = (*(*node.inputs, "")[:3], slope)
        made[output] = Node("iqm.First", inputs, output, {**node.attributes, "last": last})
    nodes = tuple(made.get(node.output, node) for node in graph.nodes)
    return without_unread(Graph(nodes, graph.constants, graph.inputs, graph.outputs))
