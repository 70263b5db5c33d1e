"""The pixel loops of repeated texture: corners, windows around them, pairs that look the same.

Sums of 8-bit values are whole numbers, so they do not depend on the order of additions. Products of
matrices stand here too: numpy's library for them keeps threads that wait by spinning.
"""

from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from iqmetrics.nets.look.marks import marked

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Places = NDArray[np.intp]
Numbers = NDArray[np.int32]

REACH: Final = 3
"""A corner is the 7 x 7 square around a pixel."""
FRAME: Final = REACH + 1
"""Pixels along the border that have no corner."""
CELL: Final = 3
"""A window is sketched by the means of its cells, 3 x 3 pixels each."""
BLOCK: Final = 128
"""Columns that lie, and are compared, together: with all their rows they fit the nearest cache."""
RUN: Final = 64
SLACK: Final = 1e-4
"""By how much rounding may lower a bound."""


def corners(grey: Bytes, least: float, border: int, places: Numbers, strengths: Floats) -> int:
    """Pixels of which the corner strength is above `least` and the highest within 5 x 5.

    Strength is the least eigenvalue of the gradient's second moments over 7 x 7 pixels. Gradients
    are Sobel's, scaled so that a step of the whole range in all 49 pixels is 1.

    Args:
        grey: H x W.
        least: what a strength is above.
        border: pixels along each side without corners, at least `FRAME` + 2.
        places: one number a pixel, filled from the start on: row times W plus column, ascending.
        strengths: filled likewise.

    Returns:
        How many there are.
    """
    height, width = grey.shape
    side = 2 * REACH + 1
    kept = np.zeros((2, side, width), np.float32)
    sums = np.zeros((3, width), np.int32)
    rows = np.zeros((5, width), np.float32)
    smooth, steps = np.empty(width, np.float32), np.empty(width, np.float32)
    column, marks = np.empty(width, np.float32), np.empty(width, np.uint8)
    count, two = 0, np.float32(2)
    if width <= 2 * border:
        return count
    for i in range(1, height - 1):
        a, b, c = grey[i - 1], grey[i], grey[i + 1]
        for j in range(width):
            first, last = np.float32(a[j]), np.float32(c[j])
            smooth[j], steps[j] = first + two * np.float32(b[j]) + last, last - first
        _moved(smooth, steps, kept[0, i % side], kept[1, i % side], sums)
        if i < side:
            continue
        _strengths(sums[0], sums[1], sums[2], rows[(i - REACH) % 5])
        row = i - REACH - 2
        if border <= row < height - border:
            _tops(rows, row, np.float32(least), column, marks)
            here, new = rows[row % 5], places[count:]
            more = marked(marks[border : width - border], 0, row * width + border, new)
            for k in range(more):
                strengths[count + k] = here[new[k] - row * width]
            count += more
    return count


def _moved(smooth: Floats, steps: Floats, across: Floats, along: Floats, sums: Numbers) -> None:
    """Puts a row's gradients into the moments' sums, and those of seven rows before out of them.

    Gradients and their products are whole numbers that floats hold; integers would be multiplied in
    64 bits.

    Args:
        smooth: sums over three rows of the picture, the middle one twice.
        steps: differences of the outer ones.
        across: gradients of the old row, replaced by those of the new one.
        along: likewise.
        sums: 3 rows: squares of `across`, of `along`, and products.
    """
    right, middle, after = smooth[2:], steps[1:], steps[2:]
    xx, yy, xy = sums[0, 1:], sums[1, 1:], sums[2, 1:]
    two = np.float32(2)
    for j in range(len(right)):
        dx, dy = right[j] - smooth[j], steps[j] + two * middle[j] + after[j]
        old_x, old_y = across[j], along[j]
        xx[j] += np.int32(dx * dx - old_x * old_x)
        yy[j] += np.int32(dy * dy - old_y * old_y)
        xy[j] += np.int32(dx * dy - old_x * old_y)
        across[j], along[j] = dx, dy


def _strengths(p: Numbers, q: Numbers, r: Numbers, out: Floats) -> None:
    """Corner strengths of a row from the moments' sums over seven rows; 0 along the frame."""
    scale = np.float32(1 / (4 * (2 * REACH + 1) * 255.0) ** 2)
    half = np.float32(0.5)
    into = out[FRAME:]
    for j in range(len(out) - 2 * FRAME):
        x2 = p[j + 1] + p[j + 2] + p[j + 3] + p[j + 4] + p[j + 5] + p[j + 6] + p[j + 7]
        y2 = q[j + 1] + q[j + 2] + q[j + 3] + q[j + 4] + q[j + 5] + q[j + 6] + q[j + 7]
        both = r[j + 1] + r[j + 2] + r[j + 3] + r[j + 4] + r[j + 5] + r[j + 6] + r[j + 7]
        u, v = half * np.float32(np.int32(x2)), half * np.float32(np.int32(y2))
        d, m = u - v, np.float32(np.int32(both))
        into[j] = scale * ((u + v) - np.sqrt(d * d + m * m))


def _tops(rows: Floats, row: int, low: np.float32, column: Floats, marks: Bytes) -> None:
    """Marks (1, else 0) what is the highest within 5 x 5, two pixels from either end apart."""
    above, over, here = rows[(row - 2) % 5], rows[(row - 1) % 5], rows[row % 5]
    under, below = rows[(row + 1) % 5], rows[(row + 2) % 5]
    for j in range(len(column)):
        up = above[j] if above[j] > over[j] else over[j]
        down = below[j] if below[j] > under[j] else under[j]
        high = up if up > down else down
        column[j] = high if high > here[j] else here[j]
    a, b, c, d, e = column, column[1:], column[2:], column[3:], column[4:]
    middle, into = here[2:], marks[2:]
    for j in range(len(column) - 4):
        left, right = a[j] if a[j] > b[j] else b[j], d[j] if d[j] > e[j] else e[j]
        high = left if left > right else right
        into[j] = np.uint8((middle[j] >= high) & (middle[j] >= c[j]) & (middle[j] > low))


def sketches(detail: Floats, places: Places, least: float, kept: Places, out: Floats) -> int:
    """A sketch of the window around each place that shows any detail: its cells' means.

    Args:
        detail: H x W.
        places: n x 2 as x, y, each far enough inside.
        least: length (root of the sum of squares, less the mean) that a window must exceed.
        kept: n, filled with the numbers of the places that do.
        out: n x cells, filled for those with rows of mean 0 and length 1.

    Returns:
        How many they are.
    """
    cells = int(sqrt(out.shape[1]))
    side = cells * CELL
    line = np.empty(side, np.float32)
    low, size = np.float32(least * least), np.float32(side * side)
    count = 0
    for n in range(len(places)):
        left, top = places[n, 0] - side // 2, places[n, 1] - side // 2
        row = out[count]
        total, powers = np.float32(0), np.float32(0)
        for i in range(cells):
            y = top + i * CELL
            a, b, c = detail[y, left:], detail[y + 1, left:], detail[y + 2, left:]
            for j in range(side):
                line[j] = a[j] + b[j] + c[j]
                powers += a[j] * a[j] + b[j] * b[j] + c[j] * c[j]
            for j in range(cells):
                value = line[CELL * j] + line[CELL * j + 1] + line[CELL * j + 2]
                row[i * cells + j] = value
                total += value
        if not powers - total * total / size > low:
            continue
        kept[count] = n
        total /= np.float32(len(row))
        square = np.float32(0)
        for i in range(len(row)):
            row[i] -= total
            square += row[i] * row[i]
        by = np.float32(1) / max(np.sqrt(square), np.float32(1e-9))
        for i in range(len(row)):
            row[i] *= by
        count += 1
    return count


def _unit(detail: Floats, x: int, y: int, window: Floats) -> np.float32:
    """Fills the window around a place, less its mean and of length 1; its length before."""
    side = int(sqrt(len(window)))
    left, top = x - side // 2, y - side // 2
    total = np.float32(0)
    for i in range(side):
        line, into = detail[top + i, left:], window[i * side :]
        for j in range(side):
            into[j] = line[j]
            total += line[j]
    mean = total / np.float32(side * side)
    square = np.float32(0)
    for i in range(side * side):
        window[i] -= mean
        square += window[i] * window[i]
    length = np.sqrt(square)
    by = np.float32(1) / max(length, np.float32(1e-6))
    for i in range(side * side):
        window[i] *= by
    return np.float32(length)


def products(detail: Floats, places: Places, side: int, first: Places, second: Places) -> Floats:
    """How alike the windows (side x side) around the two places of each pair are, -1..1."""
    out = np.empty(len(first), np.float32)
    one, other = np.empty(side * side, np.float32), np.empty(side * side, np.float32)
    last = -1
    for k in range(len(first)):
        a, b = first[k], second[k]
        if a != last:
            _unit(detail, places[a, 0], places[a, 1], one)
            last = a
        _unit(detail, places[b, 0], places[b, 1], other)
        total = np.float32(0)
        for i in range(len(one)):
            total += one[i] * other[i]
        out[k] = total
    return out


def turned(columns: Floats, waves: Floats, out: Floats) -> None:
    """The product waves (m x n) x columns (n x `BLOCK`) of each block, into `out` (m x `BLOCK`).

    m is a multiple of four.
    """
    for block in range(len(columns)):
        for m in range(0, len(waves), 4):
            _mixed(waves[m : m + 4], columns[block].reshape(-1), out[block, m : m + 4].reshape(-1))


def _mixed(weights: Floats, rows: Floats, out: Floats) -> None:
    """Four sums of the same rows, each with its own weights: as many as registers hold.

    Args:
        weights: 4 x n.
        rows: n times `BLOCK` numbers, one after the other.
        out: 4 times `BLOCK`, filled.
    """
    count = weights.shape[1]
    for j in range(4 * BLOCK):
        out[j] = np.float32(0)
    for k in range(0, count - 4, 5):
        r = rows[k * BLOCK :]
        a, b, c, d = weights[0, k:], weights[1, k:], weights[2, k:], weights[3, k:]
        a0, a1, a2, a3, a4 = a[0], a[1], a[2], a[3], a[4]
        b0, b1, b2, b3, b4 = b[0], b[1], b[2], b[3], b[4]
        c0, c1, c2, c3, c4 = c[0], c[1], c[2], c[3], c[4]
        d0, d1, d2, d3, d4 = d[0], d[1], d[2], d[3], d[4]
        for j in range(BLOCK):
            p, q, s = r[j], r[j + BLOCK], r[j + 2 * BLOCK]
            t, u = r[j + 3 * BLOCK], r[j + 4 * BLOCK]
            out[j] += a0 * p + a1 * q + a2 * s + a3 * t + a4 * u
            out[j + BLOCK] += b0 * p + b1 * q + b2 * s + b3 * t + b4 * u
            out[j + 2 * BLOCK] += c0 * p + c1 * q + c2 * s + c3 * t + c4 * u
            out[j + 3 * BLOCK] += d0 * p + d1 * q + d2 * s + d3 * t + d4 * u
    for k in range(count // 5 * 5, count):
        r = rows[k * BLOCK :]
        for i in range(4):
            weight, into = weights[i, k], out[i * BLOCK :]
            for j in range(BLOCK):
                into[j] += weight * r[j]


def close_pairs(
    bound: Floats, sketches: Floats, places: Places, least: float, far: int, most: int
) -> NDArray[np.int64]:
    """Per place the `most` likest later places that lie far away: rows of (first, second).

    How alike two places are is the product of their sketches.

    Args:
        bound: blocks x any x `BLOCK`, a column a place and then zeros: places are not more alike
            than the product of their columns.
        sketches: n x any, one a place.
        places: n x 2 as x, y.
        least: below this nothing is alike, above 0.
        far: pixels that two places lie apart at least, along x or y.
        most: pairs of one place.
    """
    height, count = bound.shape[1], len(sketches)
    found = np.empty((count, most), np.int64)
    best = np.empty((count, most), np.float32)
    held = np.zeros(count, np.int64)
    totals, highest = np.empty(4 * BLOCK, np.float32), np.empty(BLOCK, np.float32)
    fours = np.empty((-(-count // 4), 4, height), np.float32)
    for n in range(len(fours)):
        for k in range(height):
            for i in range(4):
                fours[n, i, k] = bound[4 * n // BLOCK, k, 4 * n % BLOCK + i]
    likely = np.empty(RUN, np.int64)
    low, hopeless = np.float32(least), np.float32(least - SLACK)
    for block in range(len(bound)):
        begin, columns = block * BLOCK, bound[block].reshape(-1)
        for first in range(0, min(count, begin + BLOCK), 4):
            _mixed(fours[first // 4], columns, totals)
            _highest(totals, highest)
            for run in range(max(first + 1 - begin, 0) // RUN * RUN, BLOCK, RUN):
                if not _any(highest[run : run + RUN], hopeless):
                    continue
                for a in range(first, min(first + 4, count)):
                    some = totals[(a - first) * BLOCK + run :]
                    if not _any(some[:RUN], hopeless):
                        continue
                    few = 0
                    for j in range(max(a + 1 - begin - run, 0), RUN):
                        likely[few] = begin + run + j
                        few += 1 if some[j] > hopeless else 0
                    for k in range(few):
                        b = likely[k]
                        value = _alike(sketches, places, a, b, far)
                        if value > low:
                            held[a] = _placed(value, b, best[a], found[a], held[a])
    pairs = np.empty((held.sum(), 2), np.int64)
    row = 0
    for a in range(count):
        for k in range(held[a]):
            pairs[row, 0], pairs[row, 1] = a, found[a, k]
            row += 1
    return pairs


def _highest(rows: Floats, out: Floats) -> None:
    """The highest of four numbers that lie `BLOCK` apart, into `out` (`BLOCK`)."""
    a, b, c, d = rows, rows[BLOCK:], rows[2 * BLOCK :], rows[3 * BLOCK :]
    for j in range(BLOCK):
        one, other = a[j] if a[j] > b[j] else b[j], c[j] if c[j] > d[j] else d[j]
        out[j] = one if one > other else other


def _any(values: Floats, low: np.float32) -> bool:
    """Whether any is above `low`."""
    count = np.float32(0)
    for j in range(len(values)):
        count += np.float32(values[j] > low)
    return bool(count > 0)


def _alike(sketches: Floats, places: Places, a: int, b: int, far: int) -> np.float32:
    """The product of the sketches of two places; 0 where they are near each other."""
    value = np.float32(0)
    across = abs(places[a, 0] - places[b, 0])
    if max(across, abs(places[a, 1] - places[b, 1])) >= far:
        one, other = sketches[a], sketches[b]
        for k in range(len(one)):
            value += one[k] * other[k]
    return value


def _placed(
    value: np.float32, number: int, best: Floats, found: NDArray[np.int64], held: int
) -> int:
    """Puts a value among the best ones, largest first, the earlier of equal ones first."""
    if held == len(best):
        if not value > best[held - 1]:
            return held
        held -= 1
    k = held
    while k > 0 and best[k - 1] < value:
        best[k], found[k] = best[k - 1], found[k - 1]
        k -= 1
    best[k], found[k] = value, number
    return held + 1


def painted(places: Places, values: Floats, reach: int, out: Floats) -> None:
    """Raises `out` (H x W) to the value of every place (n x 2 as x, y) within `reach` of it."""
    height, width = out.shape
    for n in range(len(places)):
        x, y, value = places[n, 0], places[n, 1], values[n]
        left, right = max(x - reach, 0), min(x + reach + 1, width)
        for i in range(max(y - reach, 0), min(y + reach + 1, height)):
            row = out[i]
            for j in range(left, right):
                row[j] = row[j] if row[j] > value else value


HELPERS: Final = (marked, _moved, _strengths, _tops, _unit, _mixed, _highest, _any, _alike, _placed)
"""What the loops call."""
