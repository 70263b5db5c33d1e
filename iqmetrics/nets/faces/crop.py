"""Square, turned cut-outs of an image: area-averaged when shrunk, so that nothing aliases."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from iqmetrics.nets.cuts import Cut

Pixels = NDArray[np.uint8]
Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Square:
    """A turned square in image pixels: centre, side, and the angle of its top edge (radians)."""

    x: float
    y: float
    side: float
    angle: float = 0.0

    def to_image(self, points: Points, size: float) -> Points:
        """Points of the cut-out (0..size; n x 2 or n x 3, depth scaled alike) in image pixels."""
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        out = points * (self.side / size)
        u, v = out[..., 0] - self.side / 2, out[..., 1] - self.side / 2
        out[..., 0], out[..., 1] = self.x + cos * u - sin * v, self.y + sin * u + cos * v
        return out

    def from_image(self, points: Points, size: float) -> Points:
        """The inverse of `to_image`."""
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        out = np.array(points, np.float64)
        u, v = points[..., 0] - self.x, points[..., 1] - self.y
        out[..., 0], out[..., 1] = cos * u + sin * v, cos * v - sin * u
        out[..., :2] += self.side / 2
        return out * (size / self.side)

    def rounded(self) -> "Square":
        """Placed on a coarse raster, so that float noise cannot move the cut-out."""
        return Square(
            round(self.x * 16) / 16,
            round(self.y * 16) / 16,
            max(round(self.side * 16) / 16, 1.0),
            round(self.angle * 4096) / 4096,
        )


def placed(points: Points, squares: Sequence[Square], size: float) -> Points:
    """`Square.to_image` of the points of n squares (n x any x 2 or 3) at once."""
    known = np.array([(s.x, s.y, s.side, s.angle) for s in squares])
    x, y, side, angle = known.reshape(-1, 4, *[1] * (points.ndim - 2)).swapaxes(0, 1)
    cos, sin = np.cos(angle), np.sin(angle)
    out = np.asarray(points * (side / size)[..., None], np.float64)
    u, v = out[..., 0] - side / 2, out[..., 1] - side / 2
    out[..., 0], out[..., 1] = x + cos * u - sin * v, y + sin * u + cos * v
    return out


def cut(pixels: Pixels, square: Square, size: int) -> Pixels:
    """The square as size x size x 3; what lies outside the image repeats its border."""
    plan = planned(pixels.shape, square, size)
    high, wide = plan.rows * plan.shrink, plan.columns * plan.shrink
    part: Any = pixels[plan.top : plan.top + high, plan.left : plan.left + wide]
    if plan.shrink > 1:
        part = cv2.resize(part, (plan.columns, plan.rows), interpolation=cv2.INTER_AREA)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    cut_out = cv2.warpAffine(
        part, plan.matrix, (size, size), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(cut_out, np.uint8)


def planned(
    shape: Sequence[int], square: Square, size: int, picture: int = 0, turned: bool = False
) -> Cut:
    """How a square is cut from a picture of that shape; it is mirrored first where `turned`."""
    reach = square.side * 0.75 + 4
    height, width = shape[:2]
    left = int(max(0, min(square.x - reach, width - 1)))
    top = int(max(0, min(square.y - reach, height - 1)))
    right = int(min(width, max(square.x + reach, left + 1)))
    bottom = int(min(height, max(square.y + reach, top + 1)))
    shrink = min(max(1, int(square.side / size)), bottom - top, right - left)
    matrix = _matrix(square, size, left, top, shrink)
    columns, rows = (right - left) // shrink, (bottom - top) // shrink
    return Cut(picture, left, top, columns, rows, shrink, matrix, turned=turned)


def _matrix(square: Square, size: int, left: int, top: int, shrink: int) -> Points:
    """2 x 3: from a pixel of the cut-out to one of the window, its blocks of `shrink` averaged.

    In plain numbers: a batch has hundreds of squares, and arrays of three points are slow.
    """
    cos, sin = float(np.cos(square.angle)), float(np.sin(square.angle))
    near, far = -square.side / 2, size * (square.side / size) - square.side / 2

    def at(u: float, v: float) -> tuple[float, float]:
        x, y = square.x + cos * u - sin * v, square.y + sin * u + cos * v
        return (x - left) / shrink - 0.5, (y - top) / shrink - 0.5

    (x, y), (right_x, right_y), (low_x, low_y) = at(near, near), at(far, near), at(near, far)
    across_x, across_y = (right_x - x) / size, (right_y - y) / size
    down_x, down_y = (low_x - x) / size, (low_y - y) / size
    return np.array(
        [
            [across_x, down_x, x + (across_x + down_x) / 2],
            [across_y, down_y, y + (across_y + down_y) / 2],
        ]
    )
