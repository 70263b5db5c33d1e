"""A Gaussian blur a row at a time, for loops that use it up at once: what it takes stays cached.

The same as `cv2.GaussianBlur` of numbers (its size and weights, BORDER_REFLECT_101), but for the
last digit: additions may be in another order.
"""

from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

GROUP: Final = 4
"""Weights are used so many at a time."""


@cache
def weights(sigma: float) -> Floats:
    """Weights of the middle and of what lies to one side, then zeros: 1 + a multiple of `GROUP`."""
    import cv2

    size = round(8 * sigma + 1) | 1
    half = cv2.getGaussianKernel(size, sigma, cv2.CV_32F)[size // 2 :, 0]
    return np.pad(half, (0, -(len(half) - 1) % GROUP))


def detail(picture: NDArray[np.uint8], weights: Floats, out: Floats) -> None:
    """The picture less its blur, both H x W."""
    height, width = picture.shape
    padded = np.empty(width + 2 * len(weights), np.float32)
    blurred = np.empty(width, np.float32)
    for i in range(height):
        blurred_row(picture, i, weights, padded, blurred)
        row, into = picture[i], out[i]
        for j in range(width):
            into[j] = np.float32(row[j]) - blurred[j]


def blurred_row(
    picture: NDArray[Any], i: int, weights: Floats, padded: Floats, out: Floats
) -> None:
    """One row of the blurred picture.

    Args:
        picture: H x W.
        i: which row.
        weights: of `weights`, n.
        padded: room, W + 2 n at least.
        out: W, filled.
    """
    height, width = picture.shape
    reach = len(weights) - 1
    row, inside = picture[i], padded[reach:]
    for j in range(width):
        inside[j] = weights[0] * np.float32(row[j])
    for k in range(1, reach, GROUP):
        a, b = picture[mirrored(i - k, height)], picture[mirrored(i + k, height)]
        c, d = picture[mirrored(i - k - 1, height)], picture[mirrored(i + k + 1, height)]
        e, f = picture[mirrored(i - k - 2, height)], picture[mirrored(i + k + 2, height)]
        g, h = picture[mirrored(i - k - 3, height)], picture[mirrored(i + k + 3, height)]
        w0, w1, w2, w3 = weights[k], weights[k + 1], weights[k + 2], weights[k + 3]
        for j in range(width):
            near = w0 * (np.float32(a[j]) + np.float32(b[j]))
            near += w1 * (np.float32(c[j]) + np.float32(d[j]))
            far = w2 * (np.float32(e[j]) + np.float32(f[j]))
            far += w3 * (np.float32(g[j]) + np.float32(h[j]))
            inside[j] += near + far
    for k in range(1, reach + 1):
        padded[reach - k] = inside[mirrored(-k, width)]
        inside[width - 1 + k] = inside[mirrored(width - 1 + k, width)]
    for j in range(width):
        out[j] = weights[0] * inside[j]
    for k in range(1, reach, GROUP):
        left, right = padded[reach - k - GROUP + 1 :], inside[k:]
        w0, w1, w2, w3 = weights[k], weights[k + 1], weights[k + 2], weights[k + 3]
        for j in range(width):
            near = w0 * (left[j + 3] + right[j]) + w1 * (left[j + 2] + right[j + 1])
            far = w2 * (left[j + 1] + right[j + 2]) + w3 * (left[j] + right[j + 3])
            out[j] += near + far


def mirrored(place: int, length: int) -> int:
    """Where a place beyond the ends lies: the end itself is not repeated."""
    if length == 1:
        return 0
    place = abs(place) % (2 * length - 2)
    return min(place, 2 * length - 2 - place)


HELPERS: Final = (mirrored, blurred_row)
"""What loops that blur call."""
