"""Pictures made smaller by a whole factor: means of squares, rounded as OpenCV rounds them."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iqmetrics.compiled import machine_code

Bytes = NDArray[np.uint8]

LEAST, MOST = 3, 256
"""Factors of which the loop here is the faster and its sums stay within their type."""


def shrunk(pixels: Bytes, high: int, wide: int) -> Bytes:
    """`cv2.resize` of a picture (H x W x 3) to high x wide with INTER_AREA, byte for byte."""
    import cv2

    by = pixels.shape[0] // high
    if pixels.shape[:2] == (high * by, wide * by):
        return window(pixels, 0, 0, high, wide, by)
    return np.asarray(cv2.resize(pixels, (wide, high), interpolation=cv2.INTER_AREA), np.uint8)


def window(pixels: Bytes, top: int, left: int, high: int, wide: int, by: int) -> Bytes:
    """A window of a picture (H x W x 3) as high x wide means of `by` x `by` pixels.

    Byte for byte `cv2.resize` with INTER_AREA, in half the time from a factor of 3 on. A strip
    narrower than `by` is one square across, of what there is.
    """
    import cv2

    whole = top + high * by <= pixels.shape[0] and left + wide * by <= pixels.shape[1]
    if whole and LEAST <= by <= MOST and pixels.flags.c_contiguous:
        out = np.empty((high, wide, 3), np.uint8)
        _compiled()(pixels, top, left, by, out)
        return out
    part = pixels[top : top + high * by, left : left + wide * by]
    if by < 2:
        return part
    return np.asarray(cv2.resize(part, (wide, high), interpolation=cv2.INTER_AREA), np.uint8)


@cache
def _compiled() -> Callable[..., Any]:
    return machine_code(means, "a smaller picture")


def means(pixels: Bytes, top: int, left: int, by: int, out: Bytes) -> None:
    """The mean of every square of `by` x `by` pixels from (top, left) on, half to even.

    Args:
        pixels: H x W x 3, contiguous.
        top: first row.
        left: first column.
        by: side of the squares.
        out: filled: high x wide x 3.
    """
    high, wide = out.shape[:2]
    sums, squares = np.empty(3 * wide * by, np.uint16), np.empty(3 * wide * by, np.int32)
    scale = np.float32(1.0 / (by * by))
    inside = squares[: 3 * (wide * by - by + 1)]
    for i in range(high):
        sums[:] = 0
        for k in range(by):
            line = pixels[top + i * by + k].reshape(-1)[3 * left :]
            for j in range(len(sums)):
                sums[j] += line[j]
        inside[:] = 0
        for k in range(by):
            part = sums[3 * k :]
            for j in range(len(inside)):
                inside[j] += np.int32(part[j])
        row = out[i].reshape(-1)
        for j in range(wide):
            for c in range(3):
                total = inside[3 * j * by + c]
                row[3 * j + c] = np.uint8(np.rint(np.float32(total) * scale))
