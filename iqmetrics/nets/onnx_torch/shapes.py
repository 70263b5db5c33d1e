"""ONNX operators on constants and shapes: numpy arrays in main memory, never on the GPU.

What a net computes of its input's shape stays here, so that no forward waits for the GPU.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Attributes = Mapping[str, Any]


def _cast(v: Sequence[Any], a: Attributes) -> Array:
    types = {1: np.float32, 6: np.int32, 7: np.int64, 9: np.bool_, 10: np.float32, 11: np.float64}
    return np.asarray(v[0], types[a["to"]])


def _slice(v: Sequence[Any], a: Attributes) -> Array:
    """Opset 1 keeps bounds as attributes, later ones as inputs."""
    starts, ends = (v[1], v[2]) if len(v) > 2 else (a["starts"], a["ends"])
    axes = v[3] if len(v) > 3 and v[3] is not None else a.get("axes", range(len(starts)))
    steps = v[4] if len(v) > 4 and v[4] is not None else [1] * len(starts)
    where = [slice(None)] * v[0].ndim
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        low = None if step < 0 and end <= -v[0].shape[axis] - 1 else int(end)
        where[axis] = slice(int(start), low, int(step))
    return np.asarray(v[0][tuple(where)])


def _axes(v: Sequence[Any], a: Attributes) -> tuple[int, ...] | None:
    found = v[1] if len(v) > 1 and v[1] is not None else a.get("axes")
    return None if found is None else tuple(int(axis) for axis in found)


def _unsqueeze(v: Sequence[Any], a: Attributes) -> Array:
    axes = _axes(v, a)
    return np.expand_dims(v[0], axes if axes is not None else ())


def _reshape(v: Sequence[Any], a: Attributes) -> Array:
    return np.reshape(v[0], reshaped(v[0].shape, v[1].tolist()))


def reshaped(shape: Sequence[int], wanted: Sequence[int]) -> list[int]:
    """ONNX's target shape with 0 (= as it was) filled in; -1 is left to the reshape."""
    return [int(shape[i]) if n == 0 else int(n) for i, n in enumerate(wanted)]


OPERATORS: dict[str, Callable[[Sequence[Any], Attributes], Array]] = {
    "Add": lambda v, a: np.asarray(v[0] + v[1]),
    "Cast": _cast,
    "Concat": lambda v, a: np.concatenate([np.atleast_1d(x) for x in v], a["axis"]),
    "Constant": lambda v, a: np.asarray(a["value"]),
    "ConstantOfShape": lambda v, a: np.full(v[0].tolist(), a["value"].item(), a["value"].dtype),
    "Gather": lambda v, a: np.take(v[0], v[1], a.get("axis", 0)),
    "Identity": lambda v, a: np.asarray(v[0]),
    "Mul": lambda v, a: np.asarray(v[0] * v[1]),
    "Neg": lambda v, a: np.asarray(-v[0]),
    "Reshape": _reshape,
    "Slice": _slice,
    "Squeeze": lambda v, a: np.squeeze(v[0], _axes(v, a)),
    "Sub": lambda v, a: np.asarray(v[0] - v[1]),
    "Transpose": lambda v, a: np.transpose(v[0], a["perm"]),
    "Unsqueeze": _unsqueeze,
}
