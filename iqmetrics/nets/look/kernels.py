"""The pixel loops of `look`, written as plain Python over arrays and compiled on first use.

Sums of 8-bit values are whole numbers, so they do not depend on the order of additions.
"""

from collections.abc import Callable
from functools import cache
from math import sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from iqmetrics.colour import LUMA
from iqmetrics.compiled import machine_code

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

BLOWN: Final = 254
CRUSHED: Final = 2
RED, GREEN, BLUE = (np.float32(share) for share in LUMA)
ROOT: Final = (-3.51407911, 8.52055398, -7.30064598, 3.09336599, 0.21186318)
"""Polynomial that starts Halley's way to a cube root in 0.0089..1.1: three steps leave 1e-12."""


@cache
def compiled(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """One of the functions below as machine code; `Unavailable` without numba."""
    return machine_code(kernel, "look")


def light_and_solid(pixels: Bytes, luma: Floats, grey: Bytes, blown: Bytes, crushed: Bytes) -> None:
    """Luma, rounded luma, and whether all channels are blown (>= 254) or crushed (<= 2).

    `pixels` is H x W x 3; the others are H x W and filled.
    """
    for i in range(luma.shape[0]):
        rgb = pixels[i].reshape(-1)
        for j in range(luma.shape[1]):
            r, g, b = rgb[3 * j], rgb[3 * j + 1], rgb[3 * j + 2]
            y = np.float32(r) * RED + np.float32(g) * GREEN + np.float32(b) * BLUE
            luma[i, j] = y
            grey[i, j] = np.uint8(min(np.rint(y), np.float32(255)))
            blown[i, j] = np.uint8(min(r, g, b) >= BLOWN)
            crushed[i, j] = np.uint8(max(r, g, b) <= CRUSHED)


def lab(pixels: Bytes, linear: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """CIELAB (D65, 2 degrees) of an H x W x 3 sRGB image, as scikit-image's rgb2lab.

    Args:
        pixels: H x W x 3, contiguous.
        linear: light of each 8-bit value, 256.
        out: H x W x 3, contiguous, filled.
    """
    width = pixels.shape[1]
    rows = np.empty((3, width))
    for i in range(pixels.shape[0]):
        line, row = pixels[i].reshape(-1), out[i].reshape(-1)
        x, y, z = rows[0], rows[1], rows[2]
        for j in range(width):
            r, g, b = linear[line[3 * j]], linear[line[3 * j + 1]], linear[line[3 * j + 2]]
            x[j] = (0.412453 * r + 0.357580 * g + 0.180423 * b) / 0.95047
            y[j] = 0.212671 * r + 0.715160 * g + 0.072169 * b
            z[j] = (0.019334 * r + 0.119193 * g + 0.950227 * b) / 1.08883
        for k in range(3):
            some = rows[k]
            for j in range(width):
                t = some[j]
                root = (((ROOT[0] * t + ROOT[1]) * t + ROOT[2]) * t + ROOT[3]) * t + ROOT[4]
                for _ in range(3):
                    cube = root * root * root
                    root *= (cube + 2 * t) / (2 * cube + t)
                some[j] = root if t > 0.008856 else 7.787 * t + 16 / 116
        for j in range(width):
            row[3 * j] = 116 * y[j] - 16
            row[3 * j + 1] = 500 * (x[j] - y[j])
            row[3 * j + 2] = 200 * (y[j] - z[j])


def colour_sums(lab: NDArray[np.float64], calm: float, sums: NDArray[np.float64]) -> None:
    """Adds to `sums`: weights, weighted a*, weighted b*, chroma.

    A pixel weighs 1 / (1 + chroma / calm), or nothing where L* <= 5 or L* >= 99.
    """
    width = lab.shape[1]
    rows = np.empty((4, width))
    weights, reds, yellows, chromas = rows[0], rows[1], rows[2], rows[3]
    for i in range(lab.shape[0]):
        line = lab[i].reshape(-1)
        for j in range(width):
            light, a, b = line[3 * j], line[3 * j + 1], line[3 * j + 2]
            chroma = sqrt(a * a + b * b)
            weights[j] = 1 / (1 + chroma / calm) if 5 < light < 99 else 0.0
            reds[j], yellows[j], chromas[j] = a, b, chroma
        for j in range(width):
            sums[0] += weights[j]
            sums[1] += weights[j] * reds[j]
            sums[2] += weights[j] * yellows[j]
            sums[3] += chromas[j]


def light_counts(pixels: Bytes, counts: NDArray[np.int64]) -> None:
    """Adds to `counts` (3 x 256) the values of each channel, blown and crushed pixels left out."""
    for i in range(pixels.shape[0]):
        for j in range(pixels.shape[1]):
            r, g, b = pixels[i, j, 0], pixels[i, j, 1], pixels[i, j, 2]
            if CRUSHED < max(r, g, b) < BLOWN:
                counts[0, r] += 1
                counts[1, g] += 1
                counts[2, b] += 1
