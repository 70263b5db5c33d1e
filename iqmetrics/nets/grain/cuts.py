"""Patches cut out and colours of tiles multiplied in one pass, on a CPU; on a GPU torch does it."""

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from iqmetrics.compiled import machine_code

Floats = NDArray[np.float32]

PATCH: Final = 8
STRIDE: Final = 7


def patches(luma: Floats, first: int, out: Floats) -> None:
    """Copies patches of 8 x 8 that start every 7 pixels.

    Args:
        luma: H x W.
        first: row of patches.
        out: rows x columns x 64, filled.
    """
    rows, columns = out.shape[:2]
    for i in range(rows):
        for k in range(PATCH):
            line = luma[(first + i) * STRIDE + k]
            for j in range(columns):
                into, some = out[i, j, k * PATCH :], line[j * STRIDE :]
                for x in range(PATCH):
                    into[x] = some[x]


def energies(waves: Floats, members: Floats, out: Floats) -> None:
    """Weighted sums of the squares of coefficients, and in the last row of their fourth powers.

    Args:
        waves: coefficients x patches.
        members: n x coefficients: the weights, mostly 0.
        out: n x patches, filled.
    """
    many, count = out.shape
    square, fourth = np.empty(count, np.float32), np.empty(count, np.float32)
    for n in range(many):
        for j in range(count):
            out[n, j] = np.float32(0)
    for k in range(len(waves)):
        wave = waves[k]
        for j in range(count):
            square[j] = wave[j] * wave[j]
            fourth[j] = square[j] * square[j]
        for n in range(many):
            weight, into = members[n, k], out[n]
            powers = square if n < many - 1 else fourth
            if weight != 0:
                for j in range(count):
                    into[j] += weight * powers[j]


def colours(half: Floats, side: int, out: Floats) -> None:
    """Means over the tiles of products of the fine detail of a picture's channels.

    Fine detail is a - b - c + d of 2 x 2 pixels that lie apart.

    Args:
        half: H x W x 3, tiles of `side` from the corner on.
        side: of a tile; the last row and column of an odd one are left out.
        out: rows x columns x 6, filled: red, green and blue squared, red-green, green-blue,
            red-blue.
    """
    rows, columns = out.shape[:2]
    pairs = side // 2
    sums = np.empty(6, np.float32)
    share = np.float32(1 / (pairs * pairs))
    for i in range(rows):
        for j in range(columns):
            sums[:] = 0
            for k in range(pairs):
                y = i * side + 2 * k
                upper = half[y, j * side :].reshape(-1)
                lower = half[y + 1, j * side :].reshape(-1)
                for x in range(0, 6 * pairs, 6):
                    red = upper[x] - lower[x] - upper[x + 3] + lower[x + 3]
                    green = upper[x + 1] - lower[x + 1] - upper[x + 4] + lower[x + 4]
                    blue = upper[x + 2] - lower[x + 2] - upper[x + 5] + lower[x + 5]
                    sums[0] += red * red
                    sums[1] += green * green
                    sums[2] += blue * blue
                    sums[3] += red * green
                    sums[4] += green * blue
                    sums[5] += red * blue
            for k in range(6):
                out[i, j, k] = share * sums[k]


@cache
def compiled(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """One of the functions above as machine code; `Unavailable` without numba."""
    return machine_code(kernel, "grain")
