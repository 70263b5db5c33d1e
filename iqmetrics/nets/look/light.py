"""How light each pixel is, in one pass over a picture, and what is blown or crushed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iqmetrics.nets.look import kernels


@dataclass(frozen=True)
class Light:
    """Luma (H x W, 0..255), the same rounded, and shares of the picture (0..1).

    `clipped` is blown: all channels >= 254 over a whole 3 x 3 square, which keeps sparkle and thin
    reflections out. `crushed` is black: no channel above 2 over a whole 3 x 3 square.
    """

    luma: NDArray[np.float32]
    grey: NDArray[np.uint8]
    clipped: float
    crushed: float


def light(pixels: NDArray[np.uint8]) -> Light:
    """The light of a picture, [H, W, 3]."""
    shape = pixels.shape[:2]
    luma = np.empty(shape, np.float32)
    grey, blown, crushed = (np.empty(shape, np.uint8) for _ in range(3))
    fill = kernels.compiled(kernels.light_and_solid)
    fill(np.ascontiguousarray(pixels), luma, grey, blown, crushed)
    return Light(luma, grey, _solid(blown), _solid(crushed))


def _solid(mask: NDArray[np.uint8]) -> float:
    """Share of the pixels (0..1) in whose 3 x 3 square all are marked."""
    import cv2

    if not mask.any():
        return 0.0
    inside = cv2.erode(mask, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_REPLICATE)
    return float(np.asarray(inside).mean())
