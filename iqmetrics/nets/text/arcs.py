"""Lettering on a circle: fits the circle, and unrolls the ring to a straight strip."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_ANGLE = math.radians(35)
LEAST_SAG = 0.25
"""Height of the bow over its chord in units of the ring's thickness; less reads well as a box."""


@dataclass(frozen=True, slots=True)
class Arc:
    """A piece of a ring: centre, middle radius, half thickness (px), angles start..end (radians).

    Angles grow clockwise in the picture (y points down).
    """

    x: float
    y: float
    radius: float
    half: float
    start: float
    end: float

    def strip(self, pixels: "NDArray[np.uint8]", inward: bool) -> "NDArray[np.uint8]":
        """The unrolled ring: letters that stand outward, or with `inward` towards the centre."""
        grow = 1.6 * self.half
        pad = grow / self.radius
        span = self.end - self.start + 2 * pad
        columns = max(8, round(span * self.radius))
        rows = max(8, round(2 * grow))
        t = np.linspace(self.start - pad, self.end + pad, columns, dtype=np.float32)
        r = np.linspace(self.radius + grow, self.radius - grow, rows, dtype=np.float32)
        if inward:
            t, r = t[::-1], r[::-1]
        map_x = (self.x + r[:, None] * np.cos(t)[None]).astype(np.float32)
        map_y = (self.y + r[:, None] * np.sin(t)[None]).astype(np.float32)
        out = cv2.remap(pixels, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(out, np.uint8)

    def outline(self) -> "NDArray[np.float32]":
        """The polygon around the ring piece, (64, 2): outer edge, then back on the inner."""
        t = np.linspace(self.start, self.end, 32)
        angles = np.concatenate([t, t[::-1]])
        radii = np.repeat([self.radius + self.half, self.radius - self.half], 32)
        x, y = self.x + radii * np.cos(angles), self.y + radii * np.sin(angles)
        return np.stack([x, y], 1).astype(np.float32)


def fit_arc(clouds: Sequence["NDArray[np.float32]"]) -> Arc | None:
    """The ring through all points (n, 2) of the clouds, or None where they are not bowed.

    Circle by linear least squares (Kåsa 1976), refined on true distances; refused
    when the points leave the ring, when the bow is flat against its thickness, or when it covers
    less than 35 degrees.
    """
    points = np.concatenate(clouds).astype(np.float64)
    if len(points) < 60:
        return None
    points = points[:: max(1, len(points) // 4000)]
    middle = points.mean(0)
    moved = points - middle
    design = np.column_stack([2 * moved, np.ones(len(moved))])
    (a, b, c), *_ = np.linalg.lstsq(design, (moved**2).sum(1), rcond=None)
    a, b, radius = _refined(moved, a, b, math.sqrt(max(c + a * a + b * b, 1e-9)))
    offset = moved - [a, b]
    distance = np.hypot(offset[:, 0], offset[:, 1])
    half = float(np.quantile(np.abs(distance - radius), 0.95)) + 1
    angles = np.sort(np.arctan2(offset[:, 1], offset[:, 0]))
    gaps = np.diff(np.append(angles, angles[0] + 2 * math.pi))
    widest = int(np.argmax(gaps))
    span = 2 * math.pi - float(gaps[widest])
    start = float(angles[(widest + 1) % len(angles)])
    sag = radius * (1 - math.cos(min(span, math.pi) / 2))
    bowed = span >= LEAST_ANGLE and sag >= LEAST_SAG * 2 * half and half < 0.45 * radius
    filled = len(np.unique(np.floor((angles - start) % (2 * math.pi) / span * 20))) >= 15
    if not (bowed and filled and span * radius > 3 * half):
        return None
    return Arc(float(middle[0] + a), float(middle[1] + b), radius, half, start, start + span)


def _refined(
    points: "NDArray[np.float64]", a: float, b: float, radius: float
) -> tuple[float, float, float]:
    """Gauss-Newton on the distances to the circle: Kåsa's radius is too small for thick rings."""
    for _ in range(12):
        offset = points - [a, b]
        distance = np.maximum(np.hypot(offset[:, 0], offset[:, 1]), 1e-6)
        jacobian = np.column_stack([-offset / distance[:, None], -np.ones(len(points))])
        step, *_ = np.linalg.lstsq(jacobian, radius - distance, rcond=None)
        if not np.all(np.isfinite(step)) or abs(step).max() > radius:
            break
        a, b, radius = a + float(step[0]), b + float(step[1]), radius + float(step[2])
    return float(a), float(b), float(radius)
