"""The four embedded face nets in onnxruntime: loaded once, one thread, fixed-size batches."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iqmetrics import weights
from iqmetrics.errors import Unavailable

Floats = NDArray[np.float32]

NETS = ("face_short", "face_full", "face_mesh", "face_iris")
"""Names in the weight ledger: near and far detector, mesh, iris."""

CHUNK = 32
"""Crops that go through a net in one call; bounds the memory of a crowd."""


@cache
def _session(name: str) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise Unavailable.extra("face", "onnxruntime", "score") from error
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    settings.log_severity_level = 3
    path = str(weights.find(name))
    return onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])


def load() -> None:
    """Load all four nets; raises `Unavailable` when onnxruntime or a file is missing."""
    for name in NETS:
        _session(name)


def run(name: str, batch: Floats, deep: bool = False) -> list[Floats]:
    """Outputs of one net for a batch.

    Args:
        name: One of `NETS`.
        batch: n x height x width x 3, the range is the net's own.
        deep: Also answer the inner layer that `face_mesh` and `face_iris` show.

    Returns:
        Each output flattened to n x numbers, or n x anchors x numbers for the detectors.
    """
    session = _session(name)
    entry = session.get_inputs()[0]
    outputs = [o for o in session.get_outputs() if deep or o.name != "deep"]
    names = [o.name for o in outputs]
    parts = [
        session.run(names, {entry.name: np.ascontiguousarray(batch[i : i + CHUNK], np.float32)})
        for i in range(0, len(batch), CHUNK)
    ]
    if not parts:
        shapes = [[0, *output.shape[1:]] for output in outputs]
        return [np.zeros(shape, np.float32) for shape in shapes]
    return [np.concatenate(part) for part in zip(*parts, strict=True)]
