"""The same ONNX files in torch, for a GPU: a small reader and the operators that they use."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

DTYPES = {1: np.float32, 6: np.int32, 7: np.int64, 10: np.float16}
"""ONNX data types that the files hold."""


@dataclass
class Node:
    """One operator: its kind, the names it reads and writes, its attributes."""

    kind: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Any] = field(default_factory=dict)


class TorchNet:
    """One converted net on a torch device."""

    def __init__(self, path: Path, device: str) -> None:
        self.device = torch.device(device)
        self.nodes: list[Node] = []
        self.constants: dict[str, Any] = {}
        self.inputs: list[str] = []
        self.outputs: list[str] = []
        graph = next(value for key, value in _fields(path.read_bytes()) if key == 7)
        for key, value in _fields(graph):
            if key == 1:
                self.nodes.append(_node(value))
            elif key == 5:
                name, array = _tensor(value)
                self.constants[name] = array
            elif key in (11, 12):
                name = next(v for k, v in _fields(value) if k == 1).decode()
                (self.inputs if key == 11 else self.outputs).append(name)
        for name, array in self.constants.items():
            if array.dtype in (np.float32, np.float16):
                self.constants[name] = torch.from_numpy(array.copy()).to(self.device)

    @torch.inference_mode()
    def run(self, batch: NDArray[np.float32], outputs: list[str]) -> list[NDArray[np.float32]]:
        """The named outputs for a batch (n x height x width x 3)."""
        held = dict(self.constants)
        held[self.inputs[0]] = torch.from_numpy(np.ascontiguousarray(batch)).to(self.device)
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            self._walk(held)
        return [held[name].float().cpu().numpy() for name in outputs]

    def _walk(self, held: dict[str, Any]) -> None:
        for node in self.nodes:
            held[node.outputs[0]] = _OPERATORS[node.kind](
                [held[name] if name else None for name in node.inputs], node.attributes
            )


def _padded(x: Any, pads: list[int], value: float) -> Any:
    top, left, bottom, right = pads
    return functional.pad(x, (left, right, top, bottom), value=value) if any(pads) else x


def _conv(v: list[Any], a: dict[str, Any]) -> Any:
    x = _padded(v[0], a["pads"], 0.0)
    bias = v[2] if len(v) > 2 else None
    return functional.conv2d(x, v[1], bias, a["strides"], 0, a["dilations"], a["group"])


def _pool(v: list[Any], a: dict[str, Any]) -> Any:
    x = _padded(v[0], a["pads"], float("-inf"))
    return functional.max_pool2d(x, a["kernel_shape"], a["strides"])


def _pad(v: list[Any], a: dict[str, Any]) -> Any:
    pads = v[1].tolist()
    rank = len(pads) // 2
    flat = [p for axis in reversed(range(rank)) for p in (pads[axis], pads[axis + rank])]
    return functional.pad(v[0], flat)


def _resize(v: list[Any], a: dict[str, Any]) -> Any:
    if a["coordinate_transformation_mode"] != b"half_pixel":
        raise NotImplementedError(f"resize {a['coordinate_transformation_mode']!r}")
    high, wide = (float(s) for s in v[2][2:])
    return functional.interpolate(
        v[0], scale_factor=(high, wide), mode="bilinear", align_corners=False
    )


def _reshape(v: list[Any], a: dict[str, Any]) -> Any:
    return v[0].reshape([v[0].shape[i] if n == 0 else n for i, n in enumerate(v[1].tolist())])


def _depth_to_space(v: list[Any], a: dict[str, Any]) -> Any:
    n, c, h, w = v[0].shape
    block = a["blocksize"]
    x = v[0].reshape(n, block, block, c // block**2, h, w).permute(0, 3, 4, 1, 5, 2)
    return x.reshape(n, c // block**2, h * block, w * block)


_OPERATORS: dict[str, Any] = {
    "Conv": _conv,
    "MaxPool": _pool,
    "Pad": _pad,
    "Resize": _resize,
    "Reshape": _reshape,
    "DepthToSpace": _depth_to_space,
    "Transpose": lambda v, a: v[0].permute(a["perm"]),
    "Concat": lambda v, a: torch.cat(v, a["axis"]),
    "Relu": lambda v, a: torch.relu(v[0]),
    "Neg": lambda v, a: -v[0],
    "Add": lambda v, a: v[0] + v[1],
    "Sub": lambda v, a: v[0] - v[1],
    "Mul": lambda v, a: v[0] * v[1],
    "Cast": lambda v, a: v[0].float(),
    "Identity": lambda v, a: v[0],
    "Flatten": lambda v, a: v[0].flatten(1),
}


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """(field number, value) of one protobuf message: ints, 4-byte floats or bytes."""
    view, at = memoryview(data), 0
    while at < len(view):
        key, at = _varint(view, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(view, at)
            yield number, value - (1 << 64) if value >> 63 else value
        elif wire == 2:
            length, at = _varint(view, at)
            yield number, bytes(view[at : at + length])
            at += length
        elif wire == 5:
            yield number, float(np.frombuffer(view[at : at + 4], "<f4")[0])
            at += 4
        else:
            raise ValueError(f"protobuf wire type {wire}")


def _ints(key: int, message: bytes) -> list[int]:
    """A repeated integer field, packed or not."""
    found: list[int] = []
    for number, value in _fields(message):
        if number == key and isinstance(value, int):
            found.append(value)
        elif number == key:
            view, at = memoryview(value), 0
            while at < len(view):
                one, at = _varint(view, at)
                found.append(one - (1 << 64) if one >> 63 else one)
    return found


def _node(message: bytes) -> Node:
    node = Node("", [], [])
    for key, value in _fields(message):
        if key in (1, 2):
            (node.inputs if key == 1 else node.outputs).append(value.decode())
        elif key == 4:
            node.kind = value.decode()
        elif key == 5:
            parts = dict(_fields(value))
            many = _ints(8, value)
            node.attributes[parts[1].decode()] = many or parts.get(3, parts.get(4))
    if node.kind not in _OPERATORS:
        raise NotImplementedError(f"operator {node.kind}")
    return node


def _tensor(message: bytes) -> tuple[str, NDArray[Any]]:
    parts = dict(_fields(message))
    values = np.frombuffer(parts[9], DTYPES[parts[2]])
    return parts[8].decode(), values.reshape(_ints(1, message))
