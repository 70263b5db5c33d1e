"""The embedded hand nets: on one CPU thread, a few crops a call, or in torch on a GPU.

Where OpenVINO is installed it runs them: the palm detector and the counter in bfloat16 on
processors that have it, which halves their time; the figures of benchmarks/validity/hands.py are
those of such answers. An answer is the same, bit for bit, whatever else is in the batch.
"""

from collections.abc import Iterator
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

NETS = ("hand_palm", "hand_landmark", "hand_count")
"""Names in the weight ledger: palm detector, landmarks with presence, finger counter."""

UNIT = Range(255.0)

QUICKER = ("hand_palm", "hand_count")
"""What may be calculated in bfloat16, and on a GPU is in float16, which is finer. bfloat16 moves
the scores of palms by 0.01; the presence that the landmark net gives, which decides whether there
is a hand, would move by as much: it stays exact."""

CHUNK = 4
"""Crops a call of OpenVINO in bfloat16: fewer spread its weights over too little (10 to 20 % more
each). In float32 more than one leave the cache (6 % more each, of onnxruntime 5 to 27 %)."""
CHUNK_ON_GPU = {"hand_palm": 64, "hand_landmark": 32, "hand_count": 32}
"""Crops that each net sees in one forward on a GPU, always. Half as many cost 5 to 13 % more each
on an H100; of hands there seldom are enough to fill a forward of 64."""


@cache
def _session(name: str) -> Session:
    return embedded.cpu_session(name, "hands", quicker(), name not in QUICKER, _rows(name))


def _rows(name: str) -> int:
    return CHUNK if name in QUICKER and quicker() == "openvino" else 1


@cache
def _torch_net(name: str, device: str) -> "TorchNet":
    from iqmetrics.nets.onnx_torch.net import TorchNet

    half = name in QUICKER and device.startswith("cuda")
    return TorchNet(weights.find(name), device, half, UNIT.on_device)


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
        return _torch_net(name, device).likely(batch, CHUNK_ON_GPU[name], least)
    parts = _answers(name, batch)
    return [one for numbers, logits in parts for one in embedded.likely(numbers, logits, least)]


def run(name: str, batch: Any, device: str = "cpu") -> list[Floats]:
    """Outputs of one net, each n x numbers.

    Args:
        name: one of `NETS`.
        batch: n x height x width x 3, uint8, or float32 in 0..1; may be on the GPU it runs on.
        device: "cpu" or "cuda".
    """
    if device != "cpu":
        return _torch_net(name, device).run(batch, CHUNK_ON_GPU[name])
    parts = list(_answers(name, batch))
    if not parts:
        return [np.zeros((0, *shape), np.float32) for _, shape in _session(name).outputs]
    return [np.concatenate(part) for part in zip(*parts, strict=True)]


def _answers(name: str, batch: Any) -> Iterator[list[Floats]]:
    """Outputs of one net on the CPU, call by call."""
    session, each = _session(name), _rows(name)
    for start in range(0, len(batch), each):
        yield session.run(UNIT.on_cpu(batch[start : start + each]))
