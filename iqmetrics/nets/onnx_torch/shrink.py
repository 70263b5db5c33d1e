"""Pictures made smaller on their device by area averages, as OpenCV's INTER_AREA.

One pass over the bytes in Triton; where that is not, two products.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from iqmetrics.nets import cuts


@cache
def weights(size: int, to: int) -> NDArray[np.float32]:
    """(to, size): the share of each of `size` pixels in each of `to` <= `size`; rows sum to 1."""
    step = size / to
    edges = np.arange(to + 1) * step
    pixel = np.arange(size)
    low = np.maximum(edges[:-1, None], pixel)
    high = np.minimum(edges[1:, None], pixel + 1)
    share = np.clip(high - low, 0, None)
    return np.asarray(share / share.sum(1, keepdims=True), np.float32)


@cache
def _on(device: torch.device, size: int, to: int) -> Tensor:
    return torch.from_numpy(weights(size, to)).to(device)


def upload(pixels: NDArray[Any], device: torch.device) -> Tensor:
    """An array that may be read-only, on the device."""
    here = pixels if pixels.flags.writeable else pixels.copy()
    return torch.from_numpy(np.ascontiguousarray(here)).to(device)


def shrunk(pixels: Tensor | Sequence[Tensor], to: Sequence[int]) -> Tensor:
    """Bytes n x h x w x 3, n >= 1, as n x to[0] x to[1] x 3, neither side growing.

    Within 1 of what cv2.resize answers with INTER_AREA (it rounds some halves the other way).
    """
    high, wide = to
    h, w = pixels[0].shape[:2]
    there, alike = pixels[0].device, (h, w) == (high, wide)
    if there.type == "cuda" and not alike and cuts.possible(str(there)):
        from iqmetrics.nets.onnx_torch.shrink_triton import Part, shrink

        parts = [Part(place, 0, 0, h, w, (high, wide)) for place in range(len(pixels))]
        return shrink([one.contiguous() for one in pixels], parts, (high, wide))
    if not isinstance(pixels, Tensor):
        pixels = torch.stack(list(pixels))
    if alike:
        return pixels
    planes = pixels.permute(0, 3, 1, 2).float()
    across = planes @ _on(pixels.device, w, wide).T
    down = _on(pixels.device, h, high) @ across
    return down.round_().clamp_(0, 255).byte().permute(0, 2, 3, 1)
