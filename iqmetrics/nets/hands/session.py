"""The embedded hand nets in onnxruntime: loaded once, one thread, one crop a call.

One crop a call is the fastest on one CPU core (a batch leaves the cache) and makes every answer
independent of what else is scored; with a CUDA provider crops go in batches.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iqmetrics import weights
from iqmetrics.errors import Unavailable

Floats = NDArray[np.float32]

NETS = ("hand_palm", "hand_landmark", "hand_count")
"""Names in the weight ledger: palm detector, landmarks with presence, finger counter."""

BATCH_ON_GPU = 64


@cache
def _session(name: str, device: str) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise Unavailable.extra("hands", "onnxruntime", "score") from error
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    settings.log_severity_level = 3
    providers = ["CPUExecutionProvider"]
    if device == "cuda" and "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        providers.insert(0, "CUDAExecutionProvider")
    return onnxruntime.InferenceSession(str(weights.find(name)), settings, providers=providers)


def load(device: str = "cpu") -> None:
    """Load all nets; raises `Unavailable` when onnxruntime or a file is missing."""
    for name in NETS:
        _session(name, device)


def run(name: str, batch: Floats, device: str = "cpu") -> list[Floats]:
    """Outputs of one net for a batch (n x height x width x 3, 0..1), each n x numbers."""
    session = _session(name, device)
    entry = session.get_inputs()[0].name
    step = BATCH_ON_GPU if "CUDAExecutionProvider" in session.get_providers() else 1
    parts = [
        session.run(None, {entry: np.ascontiguousarray(batch[i : i + step], np.float32)})
        for i in range(0, len(batch), step)
    ]
    if not parts:
        return [np.zeros((0, *o.shape[1:]), np.float32) for o in session.get_outputs()]
    return [np.concatenate(part) for part in zip(*parts, strict=True)]
