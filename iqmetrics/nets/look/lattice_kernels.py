"""The pixel loops of the latent grid: fine detail, its weight, and sums over cells of each period.

Rows beyond the border are the mirror image of those inside, as OpenCV's BORDER_REFLECT_101.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

NEAR: Final = 2
"""Detail is what differs from the mean of 5 x 5 pixels."""
AROUND: Final = 8
"""How much detail there is, is the mean square of 17 x 17 pixels."""
TIMES: Final = np.float32(1 / (2 * AROUND + 1) ** 2)


def detail(luma: Floats, out: Floats) -> None:
    """`luma` less its 5 x 5 mean, both H x W of at least 9 x 9."""
    height, width = luma.shape
    last = 2 * height - 2
    share = np.float32(1 / 25)
    sums = np.empty(width + 2 * NEAR, np.float32)
    inside = sums[NEAR:]
    for i in range(height):
        above, over = luma[abs(i - 2)], luma[abs(i - 1)]
        under, below = luma[min(i + 1, last - i - 1)], luma[min(i + 2, last - i - 2)]
        row, into = luma[i], out[i]
        for j in range(width):
            inside[j] = (above[j] + over[j]) + (under[j] + below[j]) + row[j]
        _mirror(sums, NEAR)
        a, b, c, d, e = sums, sums[1:], sums[2:], sums[3:], sums[4:]
        for j in range(width):
            into[j] = row[j] - share * ((a[j] + b[j]) + (d[j] + e[j]) + c[j])


def folded(
    fine: Floats, limit: float, periods: NDArray[np.int64], sums: NDArray[np.float64]
) -> None:
    """For each period p sums over all whole p x p cells of detail times weight, and of weights.

    A pixel's weight is 1 / (1 + mean square of the detail around it). Of a period whose double is
    asked for too, the rows are summed there.

    Args:
        fine: detail, H x W of at least 18 x 18.
        limit: detail counts up to here, either way.
        periods: n periods.
        sums: n x 2 x most x most, filled in [k, which, :p, :p]; the rest stays.
    """
    height, width = fine.shape
    most, one = np.float32(limit), np.float32(1)
    columns = np.zeros(width)
    padded = np.empty(width + 2 * AROUND, np.float32)
    pairs, fours, eights = np.empty_like(padded), np.empty_like(padded), np.empty_like(padded)
    both = np.empty((2, width), np.float32)
    starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(periods)))
    rows = np.zeros((2, starts[-1], width), np.float32)
    doubles = np.full(len(periods), -1)
    for k in range(len(periods)):
        for twice in range(len(periods)):
            if periods[twice] == 2 * periods[k]:
                doubles[k] = twice
    for i in range(-AROUND, AROUND):
        _add_squares(columns, fine[abs(i)])
    for i in range(height):
        new = fine[min(i + AROUND, 2 * height - 2 - i - AROUND)]
        _moved(columns, new, fine[abs(i - AROUND)], padded[AROUND:])
        _mirror(padded, AROUND)
        _pairs(padded, 1, pairs)
        _pairs(pairs, 2, fours)
        _pairs(fours, 4, eights)
        other, end, row = eights[8:], padded[16:], fine[i]
        product, weights = both[0], both[1]
        for j in range(width):
            weight = one / (TIMES * ((eights[j] + other[j]) + end[j]) + one)
            value = row[j] if row[j] < most else most
            weights[j] = weight
            product[j] = (value if value > -most else -most) * weight
        for k in range(len(periods)):
            p, double = periods[k], doubles[k]
            if i < height // p * p and (double < 0 or i >= height // (2 * p) * 2 * p):
                for which in range(2):
                    into, line = rows[which, starts[k] + i % p], both[which]
                    for j in range(width):
                        into[j] += line[j]
    for k in np.argsort(periods)[::-1]:  # doubles are complete before they are used
        p, double = periods[k], doubles[k]
        for which in range(2):
            for i in range(p):
                line, cell = rows[which, starts[k] + i], sums[k, which, i]
                if double >= 0:
                    early, late = (
                        rows[which, starts[double] + i],
                        rows[which, starts[double] + i + p],
                    )
                    for j in range(width):
                        line[j] += early[j] + late[j]
                cell[:p] = 0.0
                for start in range(0, width // p * p, p):
                    part = line[start:]
                    for j in range(p):
                        cell[j] += part[j]


def _add_squares(columns: NDArray[np.float64], row: Floats) -> None:
    for j in range(len(columns)):
        value = np.float64(row[j])
        columns[j] += value * value


def _moved(columns: NDArray[np.float64], new: Floats, old: Floats, out: Floats) -> None:
    """Adds the squares of a row to the sums, writes these to `out`, takes those of another away."""
    for j in range(len(columns)):
        first, last = np.float64(new[j]), np.float64(old[j])
        both = columns[j] + first * first
        out[j] = np.float32(both)
        columns[j] = both - last * last


def _pairs(values: Floats, apart: int, out: Floats) -> None:
    """`out[j]` becomes values[j] + values[j + apart], as far as there are both."""
    other = values[apart:]
    for j in range(len(other)):
        out[j] = values[j] + other[j]


def _mirror(padded: Floats, border: int) -> None:
    """Fill `border` numbers at each end with the mirror image of what is inside."""
    end = len(padded) - border - 1
    for k in range(1, border + 1):
        padded[border - k] = padded[border + k]
        padded[end + k] = padded[end - k]


HELPERS: Final = (_add_squares, _moved, _pairs, _mirror)
"""What the loops call."""
