"""The pixel loops, written as plain Python over arrays and compiled by `cpu` (numba).

Everything is float64: the half-size image of 8-bit values is then exact (its weights are 256ths).
Each function also runs uncompiled, slowly: the tests compare both with a dense reference.
"""

from math import exp, sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Gray = NDArray[Any]
"""A grey image, H x W, uint8 or float64, on the scale 0..255."""

Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]

RESIDUE: Final = 1e-12
"""MSCN coefficients smaller than this are rounding residue of a flat area, and become zero."""

_TAPS = [exp(-(x * x) / (2 * (7 / 6) ** 2)) for x in range(4)]
_SUM = _TAPS[0] + 2 * (_TAPS[1] + _TAPS[2] + _TAPS[3])
W0: Final = _TAPS[0] / _SUM
W1: Final = _TAPS[1] / _SUM
W2: Final = _TAPS[2] / _SUM
W3: Final = _TAPS[3] / _SUM

H0: Final = 0.43359375
H1: Final = 0.11328125
H2: Final = -0.03515625
H3: Final = -0.01171875
"""Antialiased bicubic halving (imresize of MATLAB): weights at .5, 1.5, 2.5 and 3.5 pixels."""

MATLAB_R: Final = 0.29893602129377540
MATLAB_G: Final = 0.58704307445112122
MATLAB_B: Final = 0.11402090425510336
"""rgb2gray of MATLAB: first row of the inverse of its NTSC matrix."""


def matlab_gray(pixels: Pixels, out: Pixels) -> None:
    """Rounded luma of an H x W x 3 image, as MATLAB's rgb2gray, into `out` (H x W)."""
    for i in range(out.shape[0]):
        rgb, row = pixels[i].reshape(-1), out[i]
        for j in range(out.shape[1]):
            r, g, b = float(rgb[3 * j]), float(rgb[3 * j + 1]), float(rgb[3 * j + 2])
            row[j] = np.int32(r * MATLAB_R + g * MATLAB_G + b * MATLAB_B + 0.5)


def half_size(image: Gray, out: Floats) -> None:
    """Halve H x W to ceil(H/2) x ceil(W/2): antialiased bicubic, mirrored at the borders."""
    height, width = image.shape
    row = np.empty(width + 9)
    for i in range(out.shape[0]):
        m4, p4 = mirrored(2 * i - 3, height), mirrored(2 * i + 4, height)
        m3, p3 = mirrored(2 * i - 2, height), mirrored(2 * i + 3, height)
        m2, p2 = mirrored(2 * i - 1, height), mirrored(2 * i + 2, height)
        m1, p1 = mirrored(2 * i, height), mirrored(2 * i + 1, height)
        for j in range(width):
            row[j + 3] = (
                H0 * (float(image[m1, j]) + float(image[p1, j]))
                + H1 * (float(image[m2, j]) + float(image[p2, j]))
                + H2 * (float(image[m3, j]) + float(image[p3, j]))
                + H3 * (float(image[m4, j]) + float(image[p4, j]))
            )
        for k in range(3):
            row[2 - k] = row[3 + mirrored(-1 - k, width)]
        for k in range(6):
            row[width + 3 + k] = row[3 + mirrored(width + k, width)]
        for j in range(out.shape[1]):
            k = 2 * j
            out[i, j] = (
                H0 * (row[k + 3] + row[k + 4])
                + H1 * (row[k + 2] + row[k + 5])
                + H2 * (row[k + 1] + row[k + 6])
                + H3 * (row[k] + row[k + 7])
            )


def mirrored(index: int, length: int) -> int:
    """An index outside 0..length-1 reflected back in, the border pixel repeated."""
    index %= 2 * length
    return 2 * length - 1 - index if index >= length else index


def mscn_row(image: Gray, i: int, zero: bool, mean: Floats, square: Floats, out: Floats) -> None:
    """MSCN coefficients of row i into out[1 : W+1]; `mean` and `square` are scratch, W + 6 long.

    Outside the image stands zero (`zero`), else the nearest pixel.
    """
    height, width = image.shape
    if zero and (i < 3 or i >= height - 3):
        mean[:] = 0.0
        square[:] = 0.0
        for k in range(-3, 4):
            if 0 <= i + k < height:
                w = (W0, W1, W2, W3)[abs(k)]
                for j in range(width):
                    x = float(image[i + k, j])
                    mean[j + 3] += w * x
                    square[j + 3] += w * (x * x)
    else:
        here, last = image[i], height - 1
        up1, up2, up3 = image[max(i - 1, 0)], image[max(i - 2, 0)], image[max(i - 3, 0)]
        down1, down2 = image[min(i + 1, last)], image[min(i + 2, last)]
        down3 = image[min(i + 3, last)]
        for j in range(width):
            x = float(here[j])
            a1, b1 = float(up1[j]), float(down1[j])
            a2, b2 = float(up2[j]), float(down2[j])
            a3, b3 = float(up3[j]), float(down3[j])
            mean[j + 3] = W0 * x + W1 * (a1 + b1) + W2 * (a2 + b2) + W3 * (a3 + b3)
            square[j + 3] = (
                W0 * (x * x)
                + W1 * (a1 * a1 + b1 * b1)
                + W2 * (a2 * a2 + b2 * b2)
                + W3 * (a3 * a3 + b3 * b3)
            )
    for k in range(3):
        mean[k] = 0.0 if zero else mean[3]
        square[k] = 0.0 if zero else square[3]
        mean[width + 3 + k] = 0.0 if zero else mean[width + 2]
        square[width + 3 + k] = 0.0 if zero else square[width + 2]
    row = image[i]
    for j in range(width):
        mu = (
            W0 * mean[j + 3]
            + W1 * (mean[j + 2] + mean[j + 4])
            + W2 * (mean[j + 1] + mean[j + 5])
            + W3 * (mean[j] + mean[j + 6])
        )
        energy = (
            W0 * square[j + 3]
            + W1 * (square[j + 2] + square[j + 4])
            + W2 * (square[j + 1] + square[j + 5])
            + W3 * (square[j] + square[j + 6])
        )
        value = (float(row[j]) - mu) / (sqrt(abs(energy - mu * mu)) + 1.0)
        out[j + 1] = value if abs(value) >= RESIDUE else 0.0


def tally(a: Floats, b: Floats, sums: Floats) -> None:
    """Add to `sums` (5) what the map v = a * b of one row holds.

    The sums: count and sum of squares of v < 0, count and sum of squares of v > 0, sum of |v|.
    """
    lefts = rights = left_square = right_square = absolute = 0.0
    for j in range(a.shape[0]):
        v = a[j] * b[j]
        left = v if v < 0.0 else 0.0
        right = v if v > 0.0 else 0.0
        lefts += 1.0 if v < 0.0 else 0.0
        rights += 1.0 if v > 0.0 else 0.0
        left_square += left * left
        right_square += right * right
        absolute += right - left
    sums[0] += lefts
    sums[1] += left_square
    sums[2] += rights
    sums[3] += right_square
    sums[4] += absolute


def pair_sums(image: Gray, block_h: int, block_w: int, zero: bool, sums: Floats) -> None:
    """For each block, the sums that fit a generalised Gaussian to its MSCN map and neighbour pairs.

    Neighbours (left, above, above left, above right) wrap around within the block, as the
    authors' circshift does. The image may be larger than the blocks need; the rest only pads.

    Args:
        image: H x W.
        block_h: rows of a block.
        block_w: columns of a block.
        zero: what stands outside the image, see `mscn_row`.
        sums: rows of blocks x columns of blocks x 5 maps (itself and the four pairs) x 5 sums
            (see `tally`), zero on entry.
    """
    width = image.shape[1]
    mean, square = np.empty(width + 6), np.empty(width + 6)
    coefficients = np.empty(width + 2)
    above = np.empty((sums.shape[1], block_w + 2))
    here = np.empty((sums.shape[1], block_w + 2))
    one = np.ones(block_w)
    for block_row in range(sums.shape[0]):
        for step in range(-1, block_h):
            i = block_row * block_h + (step if step >= 0 else block_h - 1)
            mscn_row(image, i, zero, mean, square, coefficients)
            above, here = here, above
            for b in range(sums.shape[1]):
                row, last_row, maps = here[b], above[b], sums[block_row, b]
                left = b * block_w + 1
                row[1:-1] = coefficients[left : left + block_w]
                row[0], row[block_w + 1] = row[block_w], row[1]
                if step >= 0:
                    centre = row[1:-1]
                    tally(centre, one, maps[0])
                    tally(centre, row[:-2], maps[1])
                    tally(centre, last_row[1:-1], maps[2])
                    tally(centre, last_row[:-2], maps[3])
                    tally(centre, last_row[2:], maps[4])
