"""Where skin is, on a GPU: small maps of many pictures, without their pixels leaving it."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from iqmetrics.nets.hands.tiles import skin_size
from iqmetrics.nets.onnx_torch.fetch import fetched
from iqmetrics.nets.onnx_torch.shrink import shrunk

BITS = 14
LUMA, CR, CB = (4899, 9617, 1868), 11682, 9241
"""OpenCV's factors of RGB to YCrCb for bytes, in units of 2^-14."""


@torch.inference_mode()
def maps(pictures: Sequence[Tensor]) -> list[NDArray[np.bool_]]:
    """`tiles.skin_map` of pictures (height, width, 3; bytes) on a device, as arrays of numpy."""
    groups: dict[tuple[int, int], list[int]] = {}
    for place, picture in enumerate(pictures):
        groups.setdefault((picture.shape[0], picture.shape[1]), []).append(place)
    found: dict[int, NDArray[np.bool_]] = {}
    for shape, places in groups.items():
        small = shrunk([pictures[place] for place in places], skin_size(*shape))
        (seen,) = fetched([skin(small)])
        found.update(zip(places, seen, strict=True))
    return [found[place] for place in range(len(pictures))]


def skin(pixels: Tensor) -> Tensor:
    """Which pixels (n, height, width, 3; bytes) have the colour of skin, see `tiles.skin_map`."""
    red, green, blue = pixels.int().unbind(-1)
    half = 1 << (BITS - 1)
    luma = (red * LUMA[0] + green * LUMA[1] + blue * LUMA[2] + half) >> BITS
    cr = (((red - luma) * CR + (128 << BITS) + half) >> BITS).clamp(0, 255)
    cb = (((blue - luma) * CB + (128 << BITS) + half) >> BITS).clamp(0, 255)
    return (luma > 40) & (cr >= 133) & (cr <= 180) & (cb >= 77) & (cb <= 135)
