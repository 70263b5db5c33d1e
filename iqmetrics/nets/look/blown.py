"""Which white areas are blown highlights: a highlight fades into what is around it, paper ends.

White boards and cut-out backgrounds are as white as a blown sky, but sharp all round. Limits: a
blown window in a dark wall passes for paper; a page of thin strokes, with nothing 3 pixels from its
white, does not.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LEAST = 0.005
"""Share of the picture from which on an area is asked: lamps and windows are smaller, and sharp."""
REACH = 3
"""Pixels from an area to where it is asked whether it fades: beyond the blur of a drawn edge."""
NEARLY = 224
"""Luma from here on is nearly white: highlights of any hue fade through it."""
FADING = 0.05
"""Least share of an area's surroundings that must be nearly white."""


def without_paper(
    luma: NDArray[np.float32], white: NDArray[np.uint8], solid: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Of the solid white pixels those that belong to blown highlights.

    An area (connected, diagonals included) of half a per cent of the picture or more is paper if
    less than 5 % of the pixels at a distance of 3 have a luma of 224 or more; not if nothing lies
    around it.

    Args:
        luma: H x W, 0..255.
        white: H x W, 1 where a pixel is white.
        solid: H x W, 1 where its whole 3 x 3 square is.
    """
    import cv2

    least = LEAST * solid.size
    if np.count_nonzero(solid) < least:
        return solid
    count, area = cv2.connectedComponents(white, connectivity=8)
    large = np.bincount(area[solid != 0], minlength=count) >= least
    if not large.any():
        return solid
    asked = large.astype(np.uint8)[area]
    part = _around(cv2.boundingRect(asked))
    area, luma, asked = area[part], luma[part], asked[part]
    square = np.ones((2 * REACH + 1, 2 * REACH + 1), np.uint8)
    far = cv2.dilate(np.where(large, np.arange(count), 0)[area].astype(np.float32), square)
    ring = (far > 0) & (cv2.dilate(asked, square[1:-1, 1:-1]) == 0)
    owner = far[ring].astype(np.int64)
    around = np.bincount(owner, minlength=count)
    fading = np.bincount(owner[luma[ring] >= NEARLY], minlength=count)
    paper = large & (fading < FADING * around)
    kept = solid.copy()
    kept[part] &= ~paper[area]
    return kept


def _around(box: Sequence[int]) -> tuple[slice, slice]:
    """The part of a picture that holds a box (left, top, width, height) and what is around it."""
    left, top, wide, high = box
    reach = REACH + 1
    return (
        slice(max(top - reach, 0), top + high + reach),
        slice(max(left - reach, 0), left + wide + reach),
    )
