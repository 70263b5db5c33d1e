"""Luma and the half-size picture of one image in one pass, on a CPU; `fused` is for a GPU."""

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from iqmetrics.colour import LUMA
from iqmetrics.compiled import machine_code

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

RED, GREEN, BLUE = (np.float32(share) for share in LUMA)
QUARTER: Final = np.float32(0.25)


def planes(
    pixels: Bytes, top: int, left: int, high: int, wide: int
) -> tuple[Floats, Floats, Floats]:
    """Of a window of an image (H x W x 3): luma, the means of 2 x 2 pixels, and their luma.

    Args:
        pixels: the image.
        top: first row.
        left: first column.
        high: rows, an even number.
        wide: columns, an even number.

    Returns:
        high x wide, high / 2 x wide / 2 x 3, high / 2 x wide / 2; all 0..255.
    """
    luma = np.empty((high, wide), np.float32)
    half = np.empty((high // 2, wide // 2, 3), np.float32)
    half_luma = np.empty((high // 2, wide // 2), np.float32)
    _compiled()(np.ascontiguousarray(pixels), top, left, luma, half, half_luma)
    return luma, half, half_luma


@cache
def _compiled() -> Callable[..., Any]:
    return machine_code(fill, "grain")


def fill(pixels: Bytes, top: int, left: int, luma: Floats, half: Floats, half_luma: Floats) -> None:
    """What `planes` answers; the last three are filled."""
    high, wide = half_luma.shape
    sums = np.empty(6 * wide, np.uint16)
    for i in range(high):
        upper = pixels[top + 2 * i].reshape(-1)[3 * left :]
        lower = pixels[top + 2 * i + 1].reshape(-1)[3 * left :]
        for k in range(2):
            line, into = upper if k == 0 else lower, luma[2 * i + k]
            for j in range(2 * wide):
                red, green, blue = line[3 * j], line[3 * j + 1], line[3 * j + 2]
                into[j] = (
                    np.float32(red) * RED + np.float32(green) * GREEN + np.float32(blue) * BLUE
                )
        for j in range(6 * wide):
            sums[j] = np.uint16(upper[j]) + np.uint16(lower[j])
        row, grey = half[i].reshape(-1), half_luma[i]
        for j in range(wide):
            red = QUARTER * np.float32(sums[6 * j] + sums[6 * j + 3])
            green = QUARTER * np.float32(sums[6 * j + 1] + sums[6 * j + 4])
            blue = QUARTER * np.float32(sums[6 * j + 2] + sums[6 * j + 5])
            row[3 * j], row[3 * j + 1], row[3 * j + 2] = red, green, blue
            grey[j] = red * RED + green * GREEN + blue * BLUE
