"""Where skin is, on a GPU: the tiles of many pictures without any of their pixels leaving it."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from torch import Tensor

from iqmetrics.nets.hands.find import TileSquare, skin_size, skinniest, tile_squares
from iqmetrics.nets.hands.region import Region
from iqmetrics.nets.onnx_torch.shrink import shrunk

BITS = 14
LUMA, CR, CB = (4899, 9617, 1868), 11682, 9241
"""OpenCV's factors of RGB to YCrCb for bytes, in units of 2^-14."""


@torch.inference_mode()
def tiles_on_device(pictures: Sequence[Tensor]) -> list[list[Region]]:
    """`find.tiles` of pictures (height, width, 3; bytes) on a device."""
    groups: dict[tuple[int, int], list[int]] = {}
    for place, picture in enumerate(pictures):
        groups.setdefault((picture.shape[0], picture.shape[1]), []).append(place)
    found: dict[int, list[Region]] = {}
    for (height, width), places in groups.items():
        size = skin_size(height, width)
        squares, corners = _squares(height, width, size, pictures[0].device)
        small = shrunk(torch.stack([pictures[place] for place in places]), size)
        total = skin(small).int().cumsum(1).cumsum(2)
        total = torch.nn.functional.pad(total, (1, 0, 1, 0))
        y0, x0, y1, x1 = corners
        counts = total[:, y1, x1] - total[:, y0, x1] - total[:, y1, x0] + total[:, y0, x0]
        for place, some in zip(places, counts.cpu().numpy(), strict=True):
            found[place] = skinniest(squares, some)
    return [found[place] for place in range(len(pictures))]


def skin(pixels: Tensor) -> Tensor:
    """Which pixels (n, height, width, 3; bytes) have the colour of skin, see `find.skin_map`."""
    red, green, blue = pixels.int().unbind(-1)
    half = 1 << (BITS - 1)
    luma = (red * LUMA[0] + green * LUMA[1] + blue * LUMA[2] + half) >> BITS
    cr = (((red - luma) * CR + (128 << BITS) + half) >> BITS).clamp(0, 255)
    cb = (((blue - luma) * CB + (128 << BITS) + half) >> BITS).clamp(0, 255)
    return (luma > 40) & (cr >= 133) & (cr <= 180) & (cb >= 77) & (cb <= 135)


@cache
def _squares(
    height: int, width: int, size: tuple[int, int], device: torch.device
) -> tuple[list[TileSquare], Tensor]:
    squares = tile_squares(height, width, size)
    corners = np.array([square.corners for square in squares], np.int64).reshape(-1, 4)
    return squares, torch.from_numpy(corners.T.copy()).to(device)
