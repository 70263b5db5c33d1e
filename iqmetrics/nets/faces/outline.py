"""Where cheek and jaw end: edge profiles across the face outline, left against right."""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from iqmetrics.nets.faces.canonical import EYES, SIZE, TOP
from iqmetrics.nets.faces.shape import OVAL, template

MIDDLE = (0.0, 0.55)
"""Where the rays start, eye distances from between the eyes."""
RAYS = np.radians(np.linspace(-10, 82, 16))
"""Directions of the rays on the left side, downwards from the horizontal."""
REACH = np.linspace(0.78, 1.28, 21)
"""Points on a ray, in multiples of the distance of the mean outline."""


def rays(angles: NDArray[np.float64], reach: NDArray[np.float64]) -> NDArray[np.float32]:
    """Pixels of points on rays over the left side, angles x reach x 2 (x, y).

    Args:
        angles: Directions from `MIDDLE`, downwards from the horizontal, in radians.
        reach: Points on a ray, in multiples of the distance of the mean outline.
    """
    oval = template()[list(OVAL)] - MIDDLE
    angle, radius = np.arctan2(oval[:, 1], -oval[:, 0]), np.hypot(*oval.T)
    order = np.argsort(angle)
    far = np.interp(angles, angle[order], radius[order])
    ray = np.stack([-np.cos(angles), np.sin(angles)], 1)
    at = MIDDLE + ray[:, None] * (far[:, None] * reach)[..., None]
    return np.asarray(at * EYES + [SIZE / 2 - 0.5, TOP - 0.5], np.float32)


@cache
def _points() -> NDArray[np.float32]:
    return rays(RAYS, REACH)


def outline_difference(front: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Edge profiles of the left side minus those of the right, and their centres (16 x 22 numbers).

    A profile is the share of a ray's edge strength at each of its points, so that neither the
    colour of the background nor the contrast counts.
    """
    lab = cv2.GaussianBlur(cv2.cvtColor(front, cv2.COLOR_RGB2LAB), (0, 0), 1.5).astype(np.float32)
    edges = np.sqrt(cv2.Sobel(lab, cv2.CV_32F, 1, 0) ** 2 + cv2.Sobel(lab, cv2.CV_32F, 0, 1) ** 2)
    strength = edges[..., 0] + edges[..., 1] + edges[..., 2]
    points = _points()
    profiles = []
    for side in (strength, cv2.flip(strength, 1)):
        seen = cv2.remap(side, points[..., 0], points[..., 1], cv2.INTER_LINEAR).astype(np.float64)
        profiles.append((seen + 1) / (seen + 1).sum(1, keepdims=True))
    off = profiles[0] - profiles[1]
    return np.hstack([off, off @ REACH[:, None] * 4]).ravel()
