"""The embedded hand nets: on one CPU thread, one crop a call, or in torch on a GPU.

One crop a call is the fastest on one CPU core (a batch leaves the cache: 8 crops together cost 5 to
27 % more each) and makes every answer independent of what else is scored.
"""

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from iqmetrics import weights
from iqmetrics.nets import embedded
from iqmetrics.nets.onnx_torch.pixels import Range
from iqmetrics.nets.sessions import Session, quicker

if TYPE_CHECKING:
    from iqmetrics.nets.onnx_torch.net import TorchNet

Floats = NDArray[np.float32]

QUICKER = "hand_palm"
"""What OpenVINO runs where it is installed, in bfloat16 on processors that have it: that moves the
scores of palms by 0.01 and halves their time. The others gain too little for its slower start."""

NETS = ("hand_palm", "hand_landmark", "hand_count")
"""Names in the weight ledger: palm detector, landmarks with presence, finger counter."""

UNIT = Range(255.0)

CHUNK_ON_GPU = 64


@cache
def _session(name: str) -> Session:
    if name == QUICKER:
        return embedded.cpu_session(name, "hands", quicker(), exact=False)
    return embedded.cpu_session(name, "hands")


@cache
def _torch_net(name: str, device: str) -> "TorchNet":
    from iqmetrics.nets.onnx_torch.net import TorchNet

    return TorchNet(weights.find(name), device, prepare=UNIT.on_device)


def load(device: str = "cpu") -> None:
    """Load all nets for "cpu" or "cuda".

    Raises:
        Unavailable: onnxruntime (torch for a GPU) or a file is missing.
    """
    embedded.load_each(NETS, "hands", device, _session, _torch_net)


def likely(
    name: str, batch: Any, least: float, device: str = "cpu"
) -> list[tuple[Any, Floats, Floats]]:
    """Of a detector's answers for each row those of a logit from `least` on.

    Returns:
        For each row the anchors, in order, their numbers and their logits (k x 1).
    """
    if device != "cpu":
        return _torch_net(name, device).likely(batch, CHUNK_ON_GPU, least)
    numbers, logits = run(name, batch)
    return embedded.likely(numbers, logits, least)


def run(name: str, batch: Any, device: str = "cpu") -> list[Floats]:
    """Outputs of one net, each n x numbers.

    Args:
        name: one of `NETS`.
        batch: n x height x width x 3, uint8, or float32 in 0..1; may be on the GPU it runs on.
        device: "cpu" or "cuda".
    """
    if device != "cpu":
        return _torch_net(name, device).run(batch, CHUNK_ON_GPU)
    session = _session(name)
    parts = [session.run(UNIT.on_cpu(one[None])) for one in batch]
    if not parts:
        return [np.zeros((0, *shape), np.float32) for _, shape in session.outputs]
    return [np.concatenate(part) for part in zip(*parts, strict=True)]
