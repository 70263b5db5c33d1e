"""The pixel loops of sharpness: edges, and how much a blur lowers the gradient at them."""

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from iqmetrics.compiled import machine_code
from iqmetrics.nets.look.marks import marked

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Numbers = NDArray[np.int32]
Shorts = NDArray[np.int16]

SHIFT: Final = 15
TANGENT: Final = 13573
"""Of 22.5 degrees, in parts of 2^15; that of 67.5 is by 2 more."""
WEAK, STRONG = np.uint8(1), np.uint8(255)
FALLEN: Final = np.float32(1.01)
"""What a gradient falls by at an edge of which the width can be told."""


@cache
def compiled(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """One of the functions below as machine code; `Unavailable` without numba."""
    return machine_code(kernel, "look", helpers=HELPERS)


def edges(grey: Bytes, low: int, high: int, out: Bytes, found: Numbers) -> int:
    """Canny's edges, as OpenCV finds them: 3 x 3 Sobel, strength the sum of both slopes' sizes.

    Args:
        grey: H x W.
        low: what a pixel beside an edge must exceed to belong to it.
        high: what the pixel must exceed that an edge starts from.
        out: (H + 2) x (W + 2), zero on entry; `STRONG` at an edge afterwards, the border apart.
        found: H W, with anything in it then.

    Returns:
        How many pixels are edges.
    """
    height, width = grey.shape
    strength = np.zeros((3, width + 2), np.int16)
    slopes = np.empty((3, 2, width), np.int16)
    room, lines = np.empty((2, width + 2), np.int16), np.empty((3, width), np.int16)
    around, beside = np.empty(width + 2, np.uint8), np.empty(width, np.uint8)
    count = 0
    for i in range(height + 2):
        now = strength[i % 3]
        if i < height:
            if i == 0:
                _widened(grey[0], lines[0])
            if i + 1 < height:
                _widened(grey[i + 1], lines[(i + 1) % 3])
            above, below = lines[max(i - 1, 0) % 3], lines[min(i + 1, height - 1) % 3]
            _slopes(above, lines[i % 3], below, room, slopes[i % 3], now)
        else:
            now[:] = 0
        if 0 < i <= height:
            rows = strength[(i - 2) % 3], strength[(i - 1) % 3], now
            _highest(rows[0], rows[1], rows[2], slopes[(i - 1) % 3], low, high, out[i, 1:])
        if i > 1:
            _beside_strong(out[i - 2], out[i - 1], out[i], around, beside)
            count += marked(beside, 0, (i - 1) * (width + 2) + 1, found[count:])
    return _joined(out.reshape(-1), width + 2, found, count)


def _widened(row: Bytes, out: Shorts) -> None:
    """Bytes as 16-bit numbers; loops that widen them as they go do so to 64 bits."""
    for j in range(len(row)):
        out[j] = np.int16(row[j])


def _slopes(
    above: Shorts, row: Shorts, below: Shorts, room: Shorts, slopes: Shorts, strength: Shorts
) -> None:
    """Sobel's slopes along and down a row, repeated beyond its ends, and the sum of their sizes.

    `room` is used up, and like `strength` one longer at either end than the row.
    """
    width = len(row)
    smooth, steps = room[0, 1:], room[1, 1:]
    for j in range(width):
        first, last = above[j], below[j]
        smooth[j], steps[j] = np.int16(first + 2 * row[j] + last), np.int16(last - first)
    for whole in room:
        whole[0], whole[width + 1] = whole[1], whole[width]
    left, right, before, after = room[0], smooth[1:], room[1], steps[1:]
    across, along, inside = slopes[0], slopes[1], strength[1:]
    for j in range(width):
        dx, dy = np.int16(right[j] - left[j]), np.int16(before[j] + 2 * steps[j] + after[j])
        across[j], along[j] = dx, dy
        inside[j] = np.int16(abs(dx) + abs(dy))


def _highest(
    over: Shorts, here: Shorts, under: Shorts, slopes: Shorts, low: int, high: int, out: Bytes
) -> None:
    """Marks a row's pixels that are stronger than both neighbours up and down the slope."""
    across, along = slopes[0], slopes[1]
    least, enough = np.int16(low), np.int16(high)
    wests, easts, souths = here, here[2:], under[1:]
    middles, norths, northeasts, southeasts = here[1:], over[1:], over[2:], under[2:]
    for j in range(len(across)):
        m, dx, dy = middles[j], across[j], along[j]
        right, down = np.int16(abs(dx)), np.int16(abs(dy))
        flat = np.int16((np.int32(right) * TANGENT) >> SHIFT)
        sideways, upright = down <= flat, down > np.int16(flat + 2 * right)
        falls = np.int16(dx ^ dy) < 0
        nw, n, ne, w = over[j], norths[j], northeasts[j], wests[j]
        e, sw, s, se = easts[j], under[j], souths[j], southeasts[j]
        before = w if sideways else n if upright else ne if falls else nw
        after = e if sideways else s if upright else sw if falls else se
        straight = sideways | upright
        top = (m > before) & ((m > after) | (straight & (m == after))) & (m > least)
        out[j] = (STRONG if m > enough else WEAK) if top else np.uint8(0)


def _beside_strong(above: Bytes, row: Bytes, below: Bytes, room: Bytes, marks: Bytes) -> None:
    """Makes weak pixels of a row strong that have a strong neighbour, and marks them (1, else 0).

    `room` is used up and as long as the row; `marks` is shorter by one at either end.
    """
    for j in range(len(row)):
        room[j] = np.uint8(above[j] | row[j] | below[j])
    middle, right, inside = room[1:], room[2:], row[1:]
    for j in range(len(marks)):
        near = np.uint8(room[j] | middle[j] | right[j])
        mark = (inside[j] == WEAK) & (near == STRONG)
        marks[j] = np.uint8(mark)
        inside[j] = STRONG if mark else inside[j]


def _joined(marks: Bytes, wide: int, found: Numbers, count: int) -> int:
    """Lets edges grow over weak pixels from those found; what is left weak goes. All edges."""
    at = 0
    while at < count:
        place = found[at]
        at += 1
        for side in range(3):
            first = place + (side - 1) * wide - 1
            for near in range(first, first + 3):
                if marks[near] == WEAK:
                    marks[near] = STRONG
                    found[count] = near
                    count += 1
    edges = np.int32(0)
    for place in range(len(marks)):
        strong = marks[place] == STRONG
        edges = np.int32(edges + np.int32(strong))
        marks[place] = STRONG if strong else np.uint8(0)
    return int(edges)


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
    picked, places = np.empty((2, width), np.float32), np.empty(width, np.int32)
    clear = count = 0
    for y in range(height):
        found = marked(edges[y], 0, 0, places)
        if found == 0:
            continue
        up, down = abs(y - 1), y + 1 if y + 1 < height else 2 * height - 3 - y
        _squared(luma[up], luma[y], luma[down], steep[0])
        _squared(blurred[up], blurred[y], blurred[down], steep[1])
        before, after = picked[0], picked[1]
        for k in range(found):
            before[k], after[k] = steep[0, places[k]], steep[1, places[k]]
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


HELPERS: Final = (marked, _widened, _slopes, _highest, _beside_strong, _joined, _squared)
"""What the loops call."""
