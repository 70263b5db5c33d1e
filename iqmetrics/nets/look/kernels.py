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
REACH: Final = 3
"""A corner is the 7 x 7 square around a pixel."""
FRAME: Final = REACH + 1
"""Pixels along the border that have no corner."""
RUN: Final = 64
FALLEN: Final = np.float32(1.01)
"""What a gradient falls by at an edge of which the width can be told."""
SLACK: Final = 1e-4
"""By how much rounding may lower a bound."""
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


def corner_strength(grey: Bytes, out: Floats) -> None:
    """Least eigenvalue of the gradient's second moments over 7 x 7 pixels; 0 along the border.

    Gradients are Sobel's, scaled so that a step of the whole range in all 49 pixels is 1.

    Args:
        grey: H x W.
        out: H x W, zero on entry.
    """
    height, width = grey.shape
    side = 2 * REACH + 1
    kept = np.zeros((3, side, width), np.int32)
    sums = np.zeros((3, width), np.int32)
    scale = np.float32(1 / (4 * side * 255.0) ** 2)
    half = np.float32(0.5)
    for i in range(1, height - 1):
        a, b, c = grey[i - 1], grey[i], grey[i + 1]
        xx, yy, xy = kept[0, i % side], kept[1, i % side], kept[2, i % side]
        for j in range(1, width - 1):
            nw, n, ne = np.int32(a[j - 1]), np.int32(a[j]), np.int32(a[j + 1])
            w, e = np.int32(b[j - 1]), np.int32(b[j + 1])
            sw, s, se = np.int32(c[j - 1]), np.int32(c[j]), np.int32(c[j + 1])
            dx = (ne - nw) + 2 * (e - w) + (se - sw)
            dy = (sw - nw) + 2 * (s - n) + (se - ne)
            x2, y2, both = dx * dx, dy * dy, dx * dy
            sums[0, j] += x2 - xx[j]
            sums[1, j] += y2 - yy[j]
            sums[2, j] += both - xy[j]
            xx[j], yy[j], xy[j] = x2, y2, both
        if i < side:
            continue
        p, q, r, row = sums[0], sums[1], sums[2], out[i - REACH]
        for j in range(FRAME, width - FRAME):
            x2 = p[j - 3] + p[j - 2] + p[j - 1] + p[j] + p[j + 1] + p[j + 2] + p[j + 3]
            y2 = q[j - 3] + q[j - 2] + q[j - 1] + q[j] + q[j + 1] + q[j + 2] + q[j + 3]
            both = r[j - 3] + r[j - 2] + r[j - 1] + r[j] + r[j + 1] + r[j + 2] + r[j + 3]
            u, v = half * np.float32(x2), half * np.float32(y2)
            d, m = u - v, np.float32(both)
            row[j] = scale * ((u + v) - np.sqrt(d * d + m * m))


def tops(strength: Floats, least: float, border: int, out: NDArray[np.bool_]) -> None:
    """Marks what is above `least` and the highest within 5 x 5, and not in the border.

    Args:
        strength: H x W.
        least: what a mark is above.
        border: pixels along each side without marks, two at least.
        out: H x W, filled.
    """
    height, width = strength.shape
    inner, low = max(width - 2 * border, 0), np.float32(least)
    column = np.empty(width, np.float32)
    out[:border] = False
    out[max(height - border, 0) :] = False
    for i in range(border, height - border):
        above, over, row = strength[i - 2], strength[i - 1], strength[i]
        under, below, marks = strength[i + 1], strength[i + 2], out[i]
        for j in range(width):
            up = above[j] if above[j] > over[j] else over[j]
            down = below[j] if below[j] > under[j] else under[j]
            high = up if up > down else down
            column[j] = high if high > row[j] else row[j]
        marks[:border] = False
        marks[border + inner :] = False
        middle, marks = row[border:], marks[border:]
        a, b, c = column[border - 2 :], column[border - 1 :], column[border:]
        d, e = column[border + 1 :], column[border + 2 :]
        for j in range(inner):
            left, right = a[j] if a[j] > b[j] else b[j], d[j] if d[j] > e[j] else e[j]
            high = left if left > right else right
            marks[j] = (middle[j] >= high) & (middle[j] >= c[j]) & (middle[j] > low)


def unit_windows(detail: Floats, places: NDArray[np.intp], out: Floats) -> None:
    """The square window around each place less its mean, and its length: `out` n x (side^2 + 1).

    Args:
        detail: H x W.
        places: n x 2 as x, y, each far enough inside.
        out: filled; the last column is the length before the window was divided by it.
    """
    count, wide = out.shape
    side = int(sqrt(wide - 1))
    reach = side // 2
    for k in range(count):
        x, y = places[k, 0] - reach, places[k, 1] - reach
        row = out[k]
        total = np.float32(0)
        for i in range(side):
            line, into = detail[y + i, x:], row[i * side :]
            for j in range(side):
                into[j] = line[j]
                total += line[j]
        mean = total / np.float32(side * side)
        square = np.float32(0)
        for i in range(side * side):
            row[i] -= mean
            square += row[i] * row[i]
        length = np.sqrt(square)
        by = np.float32(1) / max(length, np.float32(1e-6))
        for i in range(side * side):
            row[i] *= by
        row[side * side] = length


def close_pairs(
    bound: Floats,
    sketches: Floats,
    start: int,
    places: NDArray[np.intp],
    least: float,
    far: int,
    most: int,
) -> NDArray[np.int64]:
    """Per row the `most` likest columns of places that lie far away: rows of (first, second).

    How alike two places are is the product of their sketches.

    Args:
        bound: rows x columns; row r and column c belong to places start + r and start + c, which
            are not more alike than this. Only columns beyond r are looked at.
        sketches: n x any, one a place.
        start: number of the first place.
        places: n x 2 as x, y.
        least: below this nothing is alike.
        far: pixels that two places lie apart at least, along x or y.
        most: pairs a row.
    """
    rows, columns = bound.shape
    found = np.empty((rows * most, 2), np.int64)
    best = np.empty(most, np.float32)
    low, hopeless = np.float32(least), np.float32(least - SLACK)
    count = 0
    for a in range(rows):
        row, mine = bound[a], sketches[start + a]
        held = 0
        for begin in range(a + 1, columns, RUN):
            some = row[begin : begin + RUN]
            top = some[0]
            for c in range(len(some)):
                top = some[c] if some[c] > top else top
            if not top > hopeless:
                continue
            for b in range(len(some)):
                if not some[b] > hopeless:
                    continue
                c = begin + b
                dx = abs(places[start + a, 0] - places[start + c, 0])
                dy = abs(places[start + a, 1] - places[start + c, 1])
                if max(dx, dy) < far:
                    continue
                other, value = sketches[start + c], np.float32(0)
                for k in range(len(mine)):
                    value += mine[k] * other[k]
                if not value > low:
                    continue
                if held == most:
                    if not value > best[most - 1]:
                        continue
                    held -= 1
                k = held
                while k > 0 and best[k - 1] < value:
                    best[k] = best[k - 1]
                    found[count + k, 1] = found[count + k - 1, 1]
                    k -= 1
                best[k] = value
                found[count + k, 0], found[count + k, 1] = start + a, start + c
                held += 1
        for k in range(held):
            found[count + k, 0] = start + a
        count += held
    return found[:count].copy()


def products(rows: Floats, first: NDArray[np.int64], second: NDArray[np.int64]) -> Floats:
    """How alike the rows of each pair are: their product."""
    out = np.empty(len(first), np.float32)
    for k in range(len(first)):
        one, other, total = rows[first[k]], rows[second[k]], np.float32(0)
        for i in range(len(one)):
            total += one[i] * other[i]
        out[k] = total
    return out


def edge_ratios(
    edges: Bytes, luma: Floats, blurred: Floats, least: float, out: Floats
) -> tuple[int, int]:
    """By how much a blur lowers the Sobel gradient at every clear edge; the border is mirrored.

    Args:
        edges: H x W, not 0 at an edge.
        luma: H x W.
        blurred: the same, blurred.
        least: gradient that is left out, and below.
        out: n, with room for every edge: the ratios above `FALLEN`, in the order of rows.

    Returns:
        How many edges are clear, and how many ratios there are.
    """
    height, width = luma.shape
    low, two, floor = np.float32(least), np.float32(2), np.float32(1e-3)
    clear = count = 0
    for y in range(height):
        up, down = abs(y - 1), y + 1 if y + 1 < height else 2 * height - 3 - y
        line = edges[y]
        for start in range(0, width, RUN):
            end = min(start + RUN, width)
            some = np.uint8(0)
            for x in range(start, end):
                some |= line[x]
            if some == 0:
                continue
            for x in range(start, end):
                if line[x] == 0:
                    continue
                left, right = abs(x - 1), x + 1 if x + 1 < width else 2 * width - 3 - x
                nw, ne, sw, se = (
                    luma[up, left],
                    luma[up, right],
                    luma[down, left],
                    luma[down, right],
                )
                across = (ne - nw) + two * (luma[y, right] - luma[y, left]) + (se - sw)
                along = (sw - nw) + two * (luma[down, x] - luma[up, x]) + (se - ne)
                before = np.sqrt(across * across + along * along)
                if not before > low:
                    continue
                clear += 1
                nw, ne = blurred[up, left], blurred[up, right]
                sw, se = blurred[down, left], blurred[down, right]
                across = (ne - nw) + two * (blurred[y, right] - blurred[y, left]) + (se - sw)
                along = (sw - nw) + two * (blurred[down, x] - blurred[up, x]) + (se - ne)
                ratio = before / max(np.sqrt(across * across + along * along), floor)
                if ratio > FALLEN:
                    out[count] = ratio
                    count += 1
    return clear, count


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
