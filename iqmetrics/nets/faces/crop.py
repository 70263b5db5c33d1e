"""Square, turned cut-outs of an image: area-averaged when shrunk, so that nothing aliases."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

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


def cut(pixels: Pixels, square: Square, size: int) -> Pixels:
    """The square as size x size x 3; what lies outside the image repeats its border."""
    reach = square.side * 0.75 + 4
    height, width = pixels.shape[:2]
    left, top = (
        int(max(0, min(c - reach, n - 1))) for c, n in ((square.x, width), (square.y, height))
    )
    right, bottom = (
        int(min(n, max(c + reach, low + 1)))
        for c, n, low in ((square.x, width, left), (square.y, height, top))
    )
    part: Any = pixels[top:bottom, left:right]
    shrink = max(1, int(square.side / size))
    shrink = min(shrink, *part.shape[:2])
    if shrink > 1:
        rows, columns = part.shape[0] // shrink, part.shape[1] // shrink
        part = cv2.resize(
            part[: rows * shrink, : columns * shrink], (columns, rows), interpolation=cv2.INTER_AREA
        )
    corners = np.array([[0, 0], [size, 0], [0, size]], np.float64)
    source = (square.to_image(corners, size) - [left, top]) / shrink - 0.5
    matrix = cv2.getAffineTransform(source.astype(np.float32), (corners - 0.5).astype(np.float32))
    cut_out = cv2.warpAffine(
        part, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(cut_out, np.uint8)
