"""Where a hand lies and how it is cut out upright: rotated squares, crops, points there and back.

A region is a rotated square in image pixels. Its "up" is the direction from the wrist to the
fingers; a crop shows the hand with its fingers up. Rules of the two regions: the graphs
`palm_detection_detection_to_roi` and `hand_landmark_landmarks_to_roi` of MediaPipe 0.10 (facts).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iqmetrics.nets import area
from iqmetrics.nets.cuts import Cut

Numbers = NDArray[np.floating] | Sequence[float]
Bytes = NDArray[np.uint8]

KNUCKLES = (0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18)
"""Landmarks (of 21) that carry a region: wrist, thumb and the two joints of each finger."""

OUTSIDE = (127, 127, 127)
"""Colour of what lies outside the image."""


@dataclass(frozen=True, slots=True)
class Region:
    """A rotated square: centre and side in pixels, angle in radians (0 = fingers up)."""

    x: float
    y: float
    side: float
    angle: float

    def grown(self, factor: float) -> "Region":
        """The same square, `factor` times as wide."""
        return Region(self.x, self.y, self.side * factor, self.angle)

    def matrix(self, size: int) -> NDArray[np.float64]:
        """2 x 3 affine from crop pixels (size x size) to image pixels."""
        return np.array(self.rows(size), np.float64)

    def rows(self, size: int) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
        """`matrix` in plain numbers, which for so few are quicker than numpy's."""
        scale = self.side / size
        c, s = float(np.cos(self.angle)) * scale, float(np.sin(self.angle)) * scale
        half = size / 2
        return (c, -s, self.x - half * (c - s)), (s, c, self.y - half * (s + c))

    def to_image(self, points: NDArray[np.floating], size: int) -> NDArray[np.float64]:
        """Points (... x 2) of a size x size crop, in image pixels."""
        m = self.matrix(size)
        return np.asarray(points @ m[:, :2].T + m[:, 2])


def of_palm(box: Numbers, wrist: Numbers, middle: Numbers) -> Region:
    """The region around a detected palm; box (x0, y0, x1, y1) and two key points in pixels."""
    angle = _up(wrist, middle)
    side = float(max(box[2] - box[0], box[3] - box[1]))
    x, y = float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2
    x, y = x + 0.5 * side * np.sin(angle), y - 0.5 * side * np.cos(angle)
    return Region(float(x), float(y), 2.6 * side, angle)


def of_landmarks(points: NDArray[np.floating]) -> Region:
    """The region around a hand whose 21 landmarks (x, y in pixels) are known."""
    wrist, index, middle, ring = points[0], points[5], points[9], points[13]
    angle = _up(wrist, ((index + ring) / 2 + middle) / 2)
    c, s = np.cos(-angle), np.sin(-angle)
    upright = points[list(KNUCKLES)] @ np.array([[c, s], [-s, c]])
    low, high = upright.min(0), upright.max(0)
    side = float((high - low).max())
    centre = (low + high) / 2 + np.array([0.0, -0.1 * side])
    x, y = centre @ np.array([[c, -s], [s, c]])
    return Region(float(x), float(y), 2.0 * side, angle)


def crop(pixels: Bytes, region: Region, size: int) -> Bytes:
    """The region as an upright size x size x 3 crop; a large one is averaged down first."""
    return turned(pixels, [region], size)[0]


def turned(pixels: Bytes, regions: Sequence[Region], size: int) -> list[Bytes]:
    """Crops of regions that differ in their angle alone: they are averaged down once for all."""
    import cv2

    plans = [planned(pixels.shape, region, size) for region in regions]
    one = plans[0]
    if not one.rows or not one.columns:
        return [np.full((size, size, 3), OUTSIDE, np.uint8) for _ in regions]
    window = area.window(pixels, one.top, one.left, one.rows, one.columns, one.shrink)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return [
        np.asarray(
            cv2.warpAffine(window, plan.matrix, (size, size), flags=flags, borderValue=OUTSIDE),
            np.uint8,
        )
        for plan in plans
    ]


def planned(
    shape: Sequence[int], region: Region, size: int, picture: int = 0, mirrored: bool = False
) -> Cut:
    """How the crop of a region is made from a picture of that shape (height, width)."""
    shrink = max(int(region.side / size), 1)
    reach = region.side * 0.72 + 2
    x0, y0 = max(int(region.x - reach), 0), max(int(region.y - reach), 0)
    x1, y1 = int(region.x + reach) + 1, int(region.y + reach) + 1
    wide, high = max(min(x1, shape[1]) - x0, 0), max(min(y1, shape[0]) - y0, 0)
    columns, rows = max(wide // shrink, min(wide, 1)), max(high // shrink, min(high, 1))
    (a, b, x), (c, d, y) = region.rows(size)
    x, y = (x - x0 + 0.5) / shrink - 0.5, (y - y0 + 0.5) / shrink - 0.5
    m = np.array([[a / shrink, b / shrink, x], [c / shrink, d / shrink, y]])
    return Cut(picture, x0, y0, columns, rows, shrink, m, mirrored=mirrored)


def _up(low: Numbers, high: Numbers) -> float:
    """Angle of the direction from `low` to `high`, 0 when it points up."""
    dx, dy = float(high[0] - low[0]), float(high[1] - low[1])
    return float(np.arctan2(dx, -dy))
