"""Energies of patches and products of colours in one pass, on a CPU; `fused` is for a GPU."""

from collections.abc import Callable
from functools import cache
from math import sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from iqmetrics.compiled import machine_code

Floats = NDArray[np.float32]

PATCH: Final = 8
STRIDE: Final = 7


def energies(luma: Floats, dct: Floats, members: Floats, out: Floats) -> None:
    """Sums over the squared DCT coefficients of patches of 8 x 8 that start every 7 pixels.

    A row of patches is transformed down, then across; both ways coefficients of even number come
    from the sums of pixels that mirror each other in the patch, odd ones from their differences.

    Args:
        luma: H x W.
        dct: 8 x 8, a row a wave.
        members: n x 64: weights of coefficients in each sum, mostly 0. In the last of the n the
            fourth powers are summed.
        out: n x rows x columns, filled.
    """
    many, rows, columns = out.shape
    wide = (columns - 1) * STRIDE + PATCH
    half = PATCH // 2
    down = np.empty((PATCH, wide), np.float32)
    folded = np.empty((PATCH, columns), np.float32)
    square, fourth = np.empty(columns, np.float32), np.empty(columns, np.float32)
    for i in range(rows):
        _transformed(luma[i * STRIDE : i * STRIDE + PATCH], dct, down)
        for n in range(many):
            into = out[n, i]
            for j in range(columns):
                into[j] = np.float32(0)
        for u in range(PATCH):
            row = down[u]
            for k in range(half):
                left, right = row[k:], row[PATCH - 1 - k :]
                sums, differences = folded[k], folded[half + k]
                for j in range(columns):
                    a, b = left[j * STRIDE], right[j * STRIDE]
                    sums[j], differences[j] = a + b, a - b
            for v in range(PATCH):
                if u + v == 0:
                    continue
                some, wave = folded[v % 2 * half :], dct[v]
                a, b, c, d = some[0], some[1], some[2], some[3]
                for j in range(columns):
                    x = wave[0] * a[j] + wave[1] * b[j] + wave[2] * c[j] + wave[3] * d[j]
                    square[j] = x * x
                    fourth[j] = square[j] * square[j]
                for n in range(many):
                    weight, into = members[n, u * PATCH + v], out[n, i]
                    powers = square if n < many - 1 else fourth
                    if weight != 0:
                        for j in range(columns):
                            into[j] += weight * powers[j]


def _transformed(lines: Floats, dct: Floats, out: Floats) -> None:
    """The DCT down every column of eight lines, into eight lines, which may be shorter."""
    half = PATCH // 2
    for u in range(PATCH):
        w0, w1, w2, w3 = dct[u, 0], dct[u, 1], dct[u, 2], dct[u, 3]
        sign = np.float32(1 - 2 * (u % 2))
        a, b, c, d, into = lines[0], lines[1], lines[2], lines[3], out[u]
        e, f, g, h = lines[half], lines[half + 1], lines[half + 2], lines[half + 3]
        for j in range(len(into)):
            outer, inner = w0 * (a[j] + sign * h[j]), w1 * (b[j] + sign * g[j])
            into[j] = (outer + inner) + (w2 * (c[j] + sign * f[j]) + w3 * (d[j] + sign * e[j]))


def quiet(energies: Floats, per_tile: int, kept: int, floor: float, out: Floats) -> None:
    """What the patches of each tile say that have the least energy in the LOW band.

    Args:
        energies: 8 x rows x columns of patches: averages of `bands.BANDS`, fourth powers of HIGH.
        per_tile: patches along a tile.
        kept: how many patches of a tile count, more where some are equal.
        floor: what is added to an energy before its logarithm is taken.
        out: 10 x rows x columns of tiles, filled: the means of the eight energies over those
            patches; mean and standard deviation over all patches of the log energy from MID on.
    """
    rows, columns = out.shape[1:]
    count = per_tile * per_tile
    part = np.empty((energies.shape[0], count), np.float32)
    low, marks = np.empty(count, np.float32), np.empty(count, np.float32)
    for i in range(rows):
        for j in range(columns):
            for n in range(len(part)):
                for y in range(per_tile):
                    line = energies[n, i * per_tile + y, j * per_tile :]
                    into = part[n, y * per_tile :]
                    for x in range(per_tile):
                        into[x] = line[x]
            for k in range(count):
                low[k] = (np.float32(5) * part[0, k] + np.float32(4) * part[1, k]) / np.float32(9)
            chosen = _least(low, kept, marks)
            for n in range(len(part)):
                total = np.float32(0)
                for k in range(count):
                    total += part[n, k] * marks[k]
                out[n, i, j] = total / chosen
            _spread(part, np.float32(floor), low, out[len(part) :, i, j])


def _least(values: Floats, many: int, marks: Floats) -> np.float32:
    """Marks (1, else 0) the `many` least values and what equals their largest; how many are."""
    chosen = np.float32(0)
    for k in range(len(values)):
        value, fewer = values[k], np.float32(0)
        for other in range(len(values)):
            fewer += np.float32(values[other] < value)
        marks[k] = np.float32(fewer < many)
        chosen += marks[k]
    return chosen


def _spread(part: Floats, floor: np.float32, room: Floats, out: Floats) -> None:
    """Mean and standard deviation of the log energy from MID on; `room` is written over."""
    count = len(room)
    total, square = 0.0, 0.0
    for k in range(count):
        weighed = part[2, k] * np.float32(18) + part[3, k] * np.float32(21)
        room[k] = np.log((weighed + part[4, k] * np.float32(15)) / np.float32(54) + floor)
    for k in range(count):
        total += room[k]
    mean = total / count
    for k in range(count):
        square += (room[k] - mean) ** 2
    out[0], out[1] = mean, sqrt(square / (count - 1))


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


HELPERS: Final = (_transformed, _least, _spread)
"""What the loops call."""


@cache
def compiled(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """One of the functions above as machine code; `Unavailable` without numba."""
    return machine_code(kernel, "grain", helpers=HELPERS)
