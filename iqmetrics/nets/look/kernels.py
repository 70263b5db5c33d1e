"""The pixel loops of `look`, written as plain Python over arrays and compiled on first use.

Sums of 8-bit values are whole numbers, so they do not depend on the order of additions.
"""

from collections.abc import Callable
from functools import cache
from math import sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from iqmetrics.nets.compiled import machine_code

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

BLOWN: Final = 254
CRUSHED: Final = 2
RED, GREEN, BLUE = np.float32(0.299), np.float32(0.587), np.float32(0.114)
FALLEN: Final = np.float32(1.01)
"""What a gradient falls by at an edge of which the width can be told."""
ROOT: Final = (-3.51407911, 8.52055398, -7.30064598, 3.09336599, 0.21186318)
"""Polynomial that starts Halley's way to a cube root in 0.0089..1.1: three steps leave 1e-12."""


@cache
def compiled(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """One of the functions below as machine code; `Unavailable` without numba."""
    return machine_code(kernel, "look", helpers=HELPERS)


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


def edge_ratios(
    edges: Bytes, luma: Floats, blurred: Floats, least: float, out: Floats
) -> tuple[int, int]:
    """By how much a blur lowers the Sobel gradient at every clear edge; the border is mirrored.

    Args:
        edges: H x W, not 0 at an edge; two pixels at least either way.
        luma: H x W.
        blurred: the same, blurred.
        least: gradient that is left out, and below.
        out: n, with room for every edge: the ratios above `FALLEN`, in the order of rows.

    Returns:
        How many edges are clear, and how many ratios there are.
    """
    height, width = luma.shape
    low, floor = np.float32(least), np.float32(1e-3)
    steep = np.empty((2, width), np.float32)
    picked = np.empty((2, width), np.float32)
    clear = count = 0
    for y in range(height):
        line, some = edges[y], np.uint8(0)
        for x in range(width):
            some |= line[x]
        if some == 0:
            continue
        up, down = abs(y - 1), y + 1 if y + 1 < height else 2 * height - 3 - y
        _squared(luma[up], luma[y], luma[down], steep[0])
        _squared(blurred[up], blurred[y], blurred[down], steep[1])
        before, after = picked[0], picked[1]
        found = 0
        for x in range(width):
            before[found], after[found] = steep[0, x], steep[1, x]
            found += 1 if line[x] != 0 else 0
        for k in range(found):
            before[k] = np.sqrt(before[k])
            after[k] = before[k] / max(np.sqrt(after[k]), floor)
        for k in range(found):
            if before[k] > low:
                clear += 1
                if after[k] > FALLEN:
                    out[count] = after[k]
                    count += 1
    return clear, count


def _squared(above: Floats, row: Floats, below: Floats, out: Floats) -> None:
    """Squares of Sobel's gradient along a row; beyond its ends it is mirrored."""
    last = len(row) - 1
    two = np.float32(2)
    for j in range(1, last):
        nw, ne, sw, se = above[j - 1], above[j + 1], below[j - 1], below[j + 1]
        across = (ne - nw) + two * (row[j + 1] - row[j - 1]) + (se - sw)
        along = (sw - nw) + two * (below[j] - above[j]) + (se - ne)
        out[j] = across * across + along * along
    for j in range(0, last + 1, last):
        left, right = abs(j - 1), j + 1 if j < last else last - 1
        nw, ne, sw, se = above[left], above[right], below[left], below[right]
        across = (ne - nw) + two * (row[right] - row[left]) + (se - sw)
        along = (sw - nw) + two * (below[j] - above[j]) + (se - ne)
        out[j] = across * across + along * along


HELPERS: Final = (_squared,)
"""What the loops call."""


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
    for i in range(lab.shape[0]):
        for j in range(lab.shape[1]):
            light, a, b = lab[i, j, 0], lab[i, j, 1], lab[i, j, 2]
            chroma = sqrt(a * a + b * b)
            weight = 1 / (1 + chroma / calm) if 5 < light < 99 else 0.0
            sums[0] += weight
            sums[1] += weight * a
            sums[2] += weight * b
            sums[3] += chroma


def light_counts(pixels: Bytes, counts: NDArray[np.int64]) -> None:
    """Adds to `counts` (3 x 256) the values of each channel, blown and crushed pixels left out."""
    for i in range(pixels.shape[0]):
        for j in range(pixels.shape[1]):
            r, g, b = pixels[i, j, 0], pixels[i, j, 1], pixels[i, j, 2]
            if CRUSHED < max(r, g, b) < BLOWN:
                counts[0, r] += 1
                counts[1, g] += 1
                counts[2, b] += 1
