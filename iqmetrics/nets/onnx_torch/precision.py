"""Which operators of a net keep float32 where the rest is computed in float16.

Answers are places in pixels or likelihoods: 0..192 in float16 is known to an eighth of a
pixel only.
"""

from iqmetrics.nets.onnx_torch.graph import Graph

WEIGHTED = ("Conv", "ConvTranspose", "Gemm", "iqm.Block", "iqm.First", "iqm.Linear")
"""Operators that make sums: what they read may be rough, what they answer need not be."""
PLACES = {"GridSample": 1}
"""Operators, and which of their inputs says where to look."""


def exact(graph: Graph) -> frozenset[str]:
    """Results that are computed in float32: the last sums before each answer or place, and on."""
    wanted = set(graph.outputs)
    found = set()
    for node in reversed(graph.nodes):
        if node.kind in PLACES:
            wanted.add(node.inputs[PLACES[node.kind]])
        if node.output in wanted:
            found.add(node.output)
            if node.kind not in WEIGHTED:
                wanted.update(node.inputs)
    return frozenset(found)
