"""The pixel loops of PIQE, written like `kernels` and compiled by `cpu`.

Grey values are computed in float32, operation by operation as the common implementation does:
a rounded grey level more or less can switch a block, so "nearly the same luma" is not the same.
"""

from math import sqrt
from typing import Final

import numpy as np

from iqmetrics.colour import LUMA
from iqmetrics.nets.naturalness.kernels import Floats, Pixels, mscn_row

BLOCK: Final = 16
SEGMENT: Final = 6
"""Length in pixels of the pieces of a block's border that are looked at for artefacts."""
IMPAIRED: Final = 0.1
"""A border piece whose MSCN standard deviation is below this is an artefact."""

FULL = np.float32(255.0)
RED, GREEN, BLUE = (np.float32(share) for share in LUMA)


def stretched_gray(pixels: Pixels, out: Pixels) -> None:
    """Luma (Y of YIQ) of an H x W x 3 image, scaled so that the brightest pixel is 255."""
    brightest = np.float32(0.0)
    for i in range(out.shape[0]):
        rgb = pixels[i].reshape(-1)
        for j in range(out.shape[1]):
            r = np.float32(rgb[3 * j]) / FULL * RED
            g = np.float32(rgb[3 * j + 1]) / FULL * GREEN
            b = np.float32(rgb[3 * j + 2]) / FULL * BLUE
            y = r + g + b
            brightest = y if y > brightest else brightest
    for i in range(out.shape[0]):
        rgb, row = pixels[i].reshape(-1), out[i]
        for j in range(out.shape[1]):
            r = np.float32(rgb[3 * j]) / FULL * RED
            g = np.float32(rgb[3 * j + 1]) / FULL * GREEN
            b = np.float32(rgb[3 * j + 2]) / FULL * BLUE
            y = r + g + b
            row[j] = np.int32(np.rint(FULL * (y / brightest)))


def spread(values: Floats) -> float:
    """Standard deviation (n - 1) of a 1-D array."""
    n = values.shape[0]
    total = square = 0.0
    for k in range(n):
        total += values[k]
        square += values[k] * values[k]
    return sqrt(max(square - total * total / n, 0.0) / (n - 1))


def flat_piece(border: Floats) -> bool:
    """Whether any `SEGMENT` consecutive values of a block's border hardly differ."""
    for start in range(BLOCK - SEGMENT + 1):
        if spread(border[start : start + SEGMENT]) < IMPAIRED:
            return True
    return False


def piqe_blocks(image: Pixels, out: Floats) -> None:
    """For each 16 x 16 block its MSCN variance, and 1 where it is noisy, 1 where it is impaired.

    Noisy: the two middle columns spread about as much as the columns around them, relative to the
    whole block. The columns around leave out the 8th and the *10th* of sixteen: so the published
    program does it, and so every value that was ever quoted.

    Args:
        image: H x W; what is beyond whole blocks is not looked at.
        out: rows of blocks x columns of blocks x 3 (variance, noisy, impaired).
    """
    width = image.shape[1]
    mean, square = np.empty(width + 6), np.empty(width + 6)
    rows = np.empty((BLOCK, width + 2))
    column = np.empty(BLOCK)
    for block_row in range(out.shape[0]):
        for k in range(BLOCK):
            mscn_row(image, block_row * BLOCK + k, False, mean, square, rows[k])
        for b in range(out.shape[1]):
            left = b * BLOCK + 1
            total = total_square = centre = centre_square = skipped = skipped_square = 0.0
            for k in range(BLOCK):
                row = rows[k][left : left + BLOCK]
                for j in range(BLOCK):
                    total += row[j]
                    total_square += row[j] * row[j]
                centre += row[7] + row[8]
                centre_square += row[7] * row[7] + row[8] * row[8]
                skipped += row[7] + row[9]
                skipped_square += row[7] * row[7] + row[9] * row[9]
            variance = deviation(total, total_square, 256) ** 2
            middle = deviation(centre, centre_square, 32)
            around = deviation(total - skipped, total_square - skipped_square, 224)
            noisy = False
            if around > 0.0:
                sigma, ratio = sqrt(variance), middle / around
                noisy = sigma > 2 * (abs(sigma - ratio) / max(sigma, ratio))
            impaired = flat_piece(rows[0][left : left + BLOCK])
            impaired = impaired or flat_piece(rows[BLOCK - 1][left : left + BLOCK])
            for side in (0, BLOCK - 1):
                if not impaired:
                    for k in range(BLOCK):
                        column[k] = rows[k][left + side]
                    impaired = flat_piece(column)
            out[block_row, b, 0] = variance
            out[block_row, b, 1] = 1.0 if noisy else 0.0
            out[block_row, b, 2] = 1.0 if impaired else 0.0


def deviation(total: float, square: float, n: int) -> float:
    """Standard deviation (n - 1) from the sum and the sum of squares of n values."""
    return sqrt(max(square - total * total / n, 0.0) / (n - 1))
