"""An ONNX file as a list of operators, with everything that is known beforehand worked out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iqmetrics.errors import Unavailable
from iqmetrics.nets.onnx_torch import shapes

Array = NDArray[Any]


@dataclass(frozen=True)
class Node:
    """One operator: its kind, the names it reads and writes ("" = left out), its attributes."""

    kind: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Graph:
    """The operators in the order they run, constants by name, names of inputs and outputs."""

    nodes: tuple[Node, ...]
    constants: Mapping[str, Array]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @cached_property
    def readers(self) -> dict[str, list[Node]]:
        """The operators that read each name."""
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in node.inputs:
                found.setdefault(name, []).append(node)
        return found


def read(path: Path) -> Graph:
    """The graph of an ONNX file; constants of half precision are widened to float32.

    Raises:
        Unavailable: the package onnx is not installed.
    """
    try:
        import onnx
    except ImportError as error:
        raise Unavailable.extra("nets on a GPU", "onnx", "score") from error
    graph = onnx.load(str(path)).graph
    constants = {t.name: _widened(onnx.numpy_helper.to_array(t)) for t in graph.initializer}
    nodes = []
    for proto in graph.node:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in proto.attribute}
        if proto.op_type in ("Constant", "ConstantOfShape"):
            attributes["value"] = _widened(onnx.numpy_helper.to_array(attributes["value"]))
        if len(proto.output) != 1:
            raise NotImplementedError(f"{proto.op_type} with {len(proto.output)} outputs")
        nodes.append(Node(proto.op_type, tuple(proto.input), proto.output[0], attributes))
    inputs = tuple(i.name for i in graph.input if i.name not in constants)
    outputs = tuple(o.name for o in graph.output)
    return folded(Graph(tuple(nodes), constants, inputs, outputs))


def folded(graph: Graph) -> Graph:
    """The same graph without what does not depend on its input, and without mere renaming."""
    constants = dict(graph.constants)
    other_name: dict[str, str] = {}
    nodes = []
    for node in graph.nodes:
        names = tuple(other_name.get(name, name) for name in node.inputs)
        if all(name in constants or not name for name in names) and node.kind in shapes.OPERATORS:
            values = [constants[name] if name else None for name in names]
            constants[node.output] = shapes.OPERATORS[node.kind](values, node.attributes)
        elif node.kind == "Identity" and node.output not in graph.outputs:
            other_name[node.output] = names[0]
        else:
            nodes.append(Node(node.kind, names, node.output, node.attributes))
    return without_unread(Graph(tuple(nodes), constants, graph.inputs, graph.outputs))


def without_unread(graph: Graph) -> Graph:
    """The same graph without the constants and operators that nothing reads."""
    wanted = set(graph.outputs)
    kept = []
    for node in reversed(graph.nodes):
        if node.output in wanted:
            kept.append(node)
            wanted.update(node.inputs)
    constants = {name: value for name, value in graph.constants.items() if name in wanted}
    return Graph(tuple(reversed(kept)), constants, graph.inputs, graph.outputs)


def _widened(array: Array) -> Array:
    return array.astype(np.float32) if array.dtype == np.float16 else array
