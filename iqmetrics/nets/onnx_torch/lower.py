"""Transposed convolutions without overlap computed at the size of their input.

One whose steps are as long as its kernel makes a square of pixels of each pixel: that is a 1 x 1
convolution whose channels are spread afterwards. What follows for each pixel alone is done before
they are spread, so that no full map is written between.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from iqmetrics.nets.onnx_torch.graph import Array, Graph, Node, without_unread

PIXEL = ("Relu", "Sigmoid")
"""Operators of one input that see each number alone."""


class Low(NamedTuple):
    """A value before it is spread: its name and channels, and the squares that they become."""

    name: str
    channels: int
    squares: tuple[int, ...]

    @property
    def places(self) -> int:
        """Pixels that each pixel becomes."""
        return int(np.prod(np.square(self.squares)))


def lowered(graph: Graph) -> Graph:
    """The same net with such convolutions, and what follows, at the size of their input."""
    constants = dict(graph.constants)
    nodes: list[Node] = []
    low: dict[str, Low] = {}
    spread: set[str] = set()

    def whole(name: str) -> None:
        """The value itself, for whoever needs it."""
        if name not in low or name in spread:
            return
        spread.add(name)
        at, _, squares = low[name]
        for number, square in enumerate(squares):
            last = number == len(squares) - 1
            to = name if last else f"{name}.spread{number}"
            nodes.append(Node("DepthToSpace", (at,), to, {"blocksize": square, "mode": b"DCR"}))
            at = to

    for node in graph.nodes:
        made = _low(node, low, constants)
        if made is None:
            for name in node.inputs:
                whole(name)
            nodes.append(node)
            continue
        below, channels, squares, more = made
        constants.update(more)
        nodes.append(below)
        low[node.output] = Low(below.output, channels, squares)
    for name in graph.outputs:
        whole(name)
    return without_unread(Graph(tuple(nodes), constants, graph.inputs, graph.outputs))


Made = tuple[Node, int, tuple[int, ...], dict[str, Array]]
"""The operator that makes the low value, its channels and squares, and constants that it adds."""


def _low(node: Node, low: Mapping[str, Low], constants: Mapping[str, Array]) -> Made | None:
    name = f"{node.output}.low"
    x = low.get(node.inputs[0]) if node.inputs else None
    if node.kind == "ConvTranspose" and (square := _square(node, constants)):
        return _spreading(node, x or Low(node.inputs[0], 0, ()), square, constants)
    if x is None:
        return None
    if node.kind in PIXEL:
        made = Node(node.kind, (x.name,), name, node.attributes)
        return made, x.channels, x.squares, {}
    bias = constants.get(node.inputs[1]) if node.kind == "Add" else None
    if bias is None or (bias.size != 1 and bias.shape != (1, x.channels // x.places, 1, 1)):
        return None
    tiled = np.tile(bias.ravel(), x.channels // bias.size).reshape(1, -1, 1, 1)
    made = Node("Add", (x.name, f"{name}.more"), name)
    return made, x.channels, x.squares, {f"{name}.more": tiled}


def _spreading(node: Node, x: Low, square: int, constants: Mapping[str, Array]) -> Made:
    """A transposed convolution as a 1 x 1, of each pixel that its input still has to become."""
    name = f"{node.output}.low"
    weight = constants[node.inputs[1]]
    one = weight.transpose(2, 3, 1, 0).reshape(-1, len(weight))
    more = {f"{name}.weight": np.kron(np.eye(x.places, dtype=one.dtype), one)[..., None, None]}
    inputs = [x.name, f"{name}.weight"]
    channels = x.places * len(one)
    if len(node.inputs) > 2:
        bias = constants[node.inputs[2]]
        more[f"{name}.bias"] = np.tile(bias, channels // len(bias))
        inputs.append(f"{name}.bias")
    return Node("Conv", tuple(inputs), name), channels, (*x.squares, square), more


def _square(node: Node, constants: Mapping[str, Array]) -> int:
    """The side of the square that each pixel becomes; 0 where they overlap or are no squares."""
    at, weight = node.attributes, constants.get(node.inputs[1])
    if weight is None or at.get("group", 1) != 1 or at.get("output_shape"):
        return 0
    sides = {*weight.shape[2:], *at.get("strides", (1, 1))}
    plain = not any((*at.get("pads", ()), *at.get("output_padding", ())))
    plain = plain and set(at.get("dilations", (1,))) == {1}
    plain = plain and at.get("auto_pad", b"NOTSET") == b"NOTSET"
    return sides.pop() if plain and len(sides) == 1 else 0
