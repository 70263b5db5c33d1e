"""How light each pixel is, in one pass over a picture, and what is blown or crushed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iqmetrics.nets.look import kernels, spare
from iqmetrics.nets.look.blown import without_paper


@dataclass(frozen=True)
class Light:
    """Luma (H x W, 0..255), the same rounded, and shares of the picture (0..1).

    `clipped` is blown: all channels >= 254 over a whole 3 x 3 square, which keeps sparkle and thin
    reflections out; large areas that are sharp all round are paper and left out. `crushed` is
    black: no channel above 2 over a whole 3 x 3 square.
    """

    luma: NDArray[np.float32]
    grey: NDArray[np.uint8]
    clipped: float
    crushed: float


def light(pixels: NDArray[np.uint8]) -> Light:
    """The light of a picture, [H, W, 3]."""
    shape = pixels.shape[:2]
    luma, grey = np.empty(shape, np.float32), np.empty(shape, np.uint8)
    blown, crushed = (spare.plane(place, shape, np.uint8) for place in range(2))
    fill = kernels.compiled(kernels.light_and_solid)
    fill(np.ascontiguousarray(pixels), luma, grey, blown, crushed)
    clipped = without_paper(luma, blown, _solid(blown))
    return Light(luma, grey, _share(clipped), _share(_solid(crushed)))


def _share(mask: NDArray[np.uint8]) -> float:
    import cv2

    return cv2.countNonZero(mask) / mask.size


def _solid(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The pixels in whose 3 x 3 square all are marked."""
    import cv2

    if not mask.any():
        return mask
    inside = cv2.erode(mask, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(inside, np.uint8)
