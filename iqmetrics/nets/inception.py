"""Inception v3 as FID knows it: 2,048 numbers a picture, computed once for all scorers.

Net and resize (bilinear of TensorFlow 1, to 299 x 299, no antialiasing) are torch-fidelity's own,
used as a package, which torchmetrics also runs with antialias=False (its default
smooths first and gives other numbers); float32 on every device.
"""

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from iqmetrics import weights
from iqmetrics.errors import Unavailable
from iqmetrics.images import Picture, once_each
from iqmetrics.nets.stacks import each

if TYPE_CHECKING:
    from torch import Tensor

WEIGHT = "inception-fid"
DIMENSIONS = 2048
PIXELS_AT_ONCE = {"cpu": 1 << 22, "cuda": 1 << 26}


def locate(file: str = "") -> Path:
    """The weight file, found before torch is imported.

    Raises:
        Unavailable: it, or torch-fidelity, is not on this machine.
    """
    path = Path(file) if file else weights.find(WEIGHT)
    if not path.is_file():
        raise Unavailable(f"{path} is no file", "Give a safetensors file of the same net")
    if find_spec("torch_fidelity") is None:
        raise Unavailable.extra("FID", "torch-fidelity", "score")
    return path


class Encoder:
    """The net on one device."""

    def __init__(self, path: Path, device: str) -> None:
        self.device = device
        self.path = path
        self.net = _build(weights.load_state(WEIGHT, path)).to(device)

    def features(self, pictures: Sequence[Picture]) -> list[NDArray[np.float32]]:
        """Pool features, (2048,) each, in order."""
        return once_each(pictures, ("inception", str(self.path), self.device), self._compute)

    def _compute(self, pictures: list[Picture]) -> list[NDArray[np.float32]]:
        kind = "cuda" if self.device.startswith("cuda") else "cpu"
        return each(pictures, self._net, self.device, PIXELS_AT_ONCE[kind])

    def _net(self, stack: "Tensor") -> list[NDArray[np.float32]]:
        import torch

        with torch.inference_mode():
            (found,) = self.net(stack.permute(0, 3, 1, 2))
        if not bool(torch.isfinite(found).all()):
            raise FloatingPointError("Inception answered a vector that is not finite")
        return list(found.cpu().numpy())


@cache
def encoder(device: str, file: str = "") -> Encoder:
    """The shared net of a device; `file` is your own safetensors of the same net."""
    return Encoder(locate(file), device)


def _build(state: dict[str, Any]) -> Any:
    """torch-fidelity opens its file as an unchecked pickle: it is given the tensors instead."""
    from torch_fidelity import feature_extractor_inceptionv3 as peer

    with patch.object(peer.torch, "load", lambda *_, **__: state):
        return peer.FeatureExtractorInceptionV3("iqm", [str(DIMENSIONS)], "given")
