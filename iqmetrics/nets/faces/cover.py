"""Is a face covered where it is to be judged: dark glasses, a mask over the mouth?"""

from statistics import median
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from iqmetrics.nets.faces.canonical import EYES, SIZE, TOP

T = TypeVar("T", np.uint8, np.float64)

DARK = 0.25
"""Eyes whose median lightness is below this share of the skin's are behind dark glasses."""
FLAT = 0.15
"""A mouth whose upright edges are below this share of the eyes' is behind a mask, or gone."""
SKIN = ((0.0, 0.55), (-0.45, 0.55), (0.45, 0.55), (0.0, -0.4))
"""Nose, cheeks and forehead on the frontal face, eye distances from between the eyes."""
ROWS, COLUMNS = slice(36, 150), slice(48, 144)
"""What is looked at of the frontal face: all patches, and what is blurred into them."""


def covered(front: NDArray[np.uint8]) -> str | None:
    """What covers the frontal face (see `canonical`), or None.

    The limits were set on the photos of `training/faces_photos.csv` (lowest share of a bare face:
    eyes 0.3, mouth 0.3) and on a dozen masks and dark glasses (highest: eyes 0.23, mouth 0.09).
    Blind to: hands, light sunglasses, hair.
    """
    light = np.asarray(cv2.cvtColor(front[ROWS, COLUMNS], cv2.COLOR_RGB2LAB)[..., 0], np.uint8)
    skin = median(_middle(_patch(light, x, y, 0.12)) for x, y in SKIN)
    eyes = [_middle(_patch(light, x, 0, 0.2)) for x in (-0.5, 0.5)]
    if sum(eyes) / 2 < DARK * skin:
        return "covered: dark glasses"
    blurred = cv2.GaussianBlur(light.astype(np.float64), (0, 0), 1.5)
    edges = np.asarray(cv2.Sobel(blurred, cv2.CV_64F, 0, 1), float)
    detail = max(float(_patch(edges, x, 0, 0.2).std()) for x in (-0.5, 0.5))
    if _patch(edges, 0, 1.1, 0.25).std() < FLAT * detail:
        return "covered: nothing to see where the mouth is"
    return None


def _middle(patch: NDArray[np.uint8]) -> float:
    """The median."""
    ordered = np.sort(patch, axis=None)
    return (int(ordered[(ordered.size - 1) // 2]) + int(ordered[ordered.size // 2])) / 2


def _patch(image: NDArray[T], x: float, y: float, reach: float) -> NDArray[T]:
    """A square of what is looked at; middle and half a side in eye distances, as in `SKIN`."""
    column, row, half = SIZE / 2 + x * EYES, TOP + y * EYES, reach * EYES
    column, row = column - COLUMNS.start, row - ROWS.start
    return image[int(row - half) : int(row + half) + 1, int(column - half) : int(column + half) + 1]
