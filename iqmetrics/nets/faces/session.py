"""The three embedded face nets: onnxruntime on one CPU thread, or torch on a GPU."""

from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from iqmetrics import weights
from iqmetrics.errors import Unavailable

if TYPE_CHECKING:
    from iqmetrics.nets.faces.torch_net import TorchNet

Floats = NDArray[np.float32]

NETS = ("face_short", "face_full", "face_mesh")
"""Names in the weight ledger: near and far detector, mesh with irises."""

CHUNK = 32
"""Crops that go through a net in one call; bounds the memory of a crowd."""


_device = "cpu"


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


@cache
def _torch_net(name: str, device: str) -> "TorchNet":
    from iqmetrics.nets.faces.torch_net import TorchNet

    return TorchNet(weights.find(name), device)


def load(device: str = "cpu") -> None:
    """Load all three nets for "cpu" (onnxruntime) or "cuda" (torch); what follows runs there.

    Raises:
        Unavailable: onnxruntime (or torch) or a file is missing.
    """
    global _device
    _device = device
    for name in NETS:
        if device == "cpu":
            _session(name)
        elif find_spec("torch") is None:
            raise Unavailable.extra("face on a GPU", "torch", "score")
        else:
            _torch_net(name, device)


def run(name: str, batch: Floats, deep: bool = False) -> list[Floats]:
    """Outputs of one net for a batch.

    Args:
        name: One of `NETS`.
        batch: n x height x width x 3, the range is the net's own.
        deep: Also answer the inner layer that `face_mesh` shows.

    Returns:
        Each output flattened to n x numbers, or n x anchors x numbers for the detectors.
    """
    batch = np.asarray(batch, np.float32)
    chunks = [batch[i : i + CHUNK] for i in range(0, max(len(batch), 1), CHUNK)]
    if _device != "cpu":
        net = _torch_net(name, _device)
        names = [o for o in net.outputs if deep or o != "deep"]
        parts = [net.run(chunk, names) for chunk in chunks]
    else:
        session = _session(name)
        names = [o.name for o in session.get_outputs() if deep or o.name != "deep"]
        entry = session.get_inputs()[0].name
        parts = [session.run(names, {entry: np.ascontiguousarray(c)}) for c in chunks]
    return [np.concatenate(part) for part in zip(*parts, strict=True)]
