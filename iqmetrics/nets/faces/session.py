"""The three embedded face nets: onnxruntime on one CPU thread, or torch on a GPU."""

from collections.abc import Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from iqmetrics import weights
from iqmetrics.nets import embedded
from iqmetrics.nets.onnx_torch.pixels import Range
from iqmetrics.nets.sessions import Session

if TYPE_CHECKING:
    from iqmetrics.nets.onnx_torch.net import TorchNet
    from iqmetrics.nets.onnx_torch.rough_first import RoughFirst

Floats = NDArray[np.float32]

NETS = ("face_short", "face_full", "face_mesh")
"""Names in the weight ledger: near and far detector, mesh with irises."""

SIGNED, UNSIGNED = Range(127.5, 1.0), Range(255.0)
RANGE = {"face_short": SIGNED, "face_full": SIGNED, "face_mesh": UNSIGNED}

CHUNK = 4
"""Crops that go through a net in one call: more leave the CPU's cache and cost up to half more."""
CHUNK_ON_GPU = 64
"""The same on a GPU, where every call has exactly so many rows."""
ROUGHLY = "face_full"
"""The detector that a GPU asks in float16 first: it sees ten windows of a large picture."""
MARGIN = 0.2
"""Logits below the threshold from which a window is seen again in float32. Of 2,127 windows of
291 pictures (comfyui-workflow-templates-media-image, its examples, scikit-image) and their mirror
images the largest logit moved by .0495 at most, by .004 on average (H100); of 1,100 with a find
four fell below the threshold, by less than .017."""
AGAIN_ON_GPU = 32
"""Rows a forward of those windows."""


_device = "cpu"


@cache
def _session(name: str) -> Session:
    return embedded.cpu_session(name, "face")


@cache
def _torch_net(name: str, device: str, half: bool = False) -> "TorchNet":
    from iqmetrics.nets.onnx_torch.net import TorchNet

    return TorchNet(weights.find(name), device, half, RANGE[name].on_device)


@cache
def _rough_first(device: str) -> "RoughFirst":
    from iqmetrics.nets.onnx_torch.rough_first import RoughFirst

    rough, exact = (_torch_net(ROUGHLY, device, half) for half in (True, False))
    return RoughFirst(rough, exact, MARGIN)


def load(device: str = "cpu") -> None:
    """Load all three nets for "cpu" (onnxruntime) or "cuda" (torch); what follows runs there.

    Raises:
        Unavailable: onnxruntime (or torch) or a file is missing.
    """
    global _device
    _device = device
    embedded.load_each(NETS, "face", device, _session, _torch_net)
    if device != "cpu":
        _rough_first(device)


def device() -> str:
    """Where the nets run: "cpu" or "cuda"."""
    return _device


def likely(name: str, batch: Any, least: float) -> list[tuple[Any, Floats, Floats]]:
    """Of a detector's answers for each row those of a logit from `least` on.

    Args:
        name: "face_short" or "face_full".
        batch: as for `run`.
        least: the least logit.

    Returns:
        For each row the anchors, in order, their numbers and their logits (k x 1).
    """
    if _device != "cpu":
        if name == ROUGHLY:
            return _rough_first(_device).likely(batch, CHUNK_ON_GPU, AGAIN_ON_GPU, least)
        return _torch_net(name, _device).likely(batch, CHUNK_ON_GPU, least)
    numbers, logits = run(name, batch)
    return embedded.likely(numbers, logits, least)


def run(name: str, batch: Any, pairs: int = 0) -> list[Floats]:
    """Outputs of one net for a batch.

    Args:
        name: One of `NETS`.
        batch: n x height x width x 3, uint8, or float32 in the net's own range; may be on the GPU
            when the nets run there.
        pairs: If any, also answer the inner layers that `face_mesh` shows: of every two rows the
            first's less the second's, of so many pairs (a divisor of 32) the mean, and the mean of
            all these rows.

    Returns:
        Each output flattened to n x numbers, or n x anchors x numbers for the detectors.
    """
    if _device != "cpu":
        net = _torch_net(name, _device)
        reduce = partial(_reduced, net.outputs, pairs)
        return net.run(batch, CHUNK_ON_GPU, reduce)
    chunks = [batch[i : i + CHUNK] for i in range(0, max(len(batch), 1), CHUNK)]
    session = _session(name)
    parts = [session.run(RANGE[name].on_cpu(c)) for c in chunks]
    whole = [np.concatenate(some) for some in zip(*parts, strict=True)]
    return list(_reduced([o for o, _ in session.outputs], pairs, whole))


def _reduced(names: Sequence[str], pairs: int, answer: Sequence[Any], _: Any = None) -> Any:
    """The outputs of a forward as `run` answers them: arrays or tensors."""
    found: list[Any] = []
    for name, o in zip(names, answer, strict=True):
        if name != "deep":
            found.append(o)
        elif pairs:
            found.append((o[0::2] - o[1::2]).reshape(-1, pairs, o.shape[1]).mean(1))
            found.append(o.reshape(-1, 2 * pairs, o.shape[1]).mean(1))
    return tuple(found)
