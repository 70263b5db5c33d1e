"""Head pose and the symmetric part of a face mesh: what is turned, what is crooked."""

from dataclasses import dataclass

import numpy as np

from iqmetrics.nets.faces.crop import Points
from iqmetrics.nets.faces.shape import CHIN, EYES, FOREHEAD, left, mirror_map

ROUNDS = 6
"""Rounds of reweighting in the alignment of a mesh with its mirror."""


@dataclass(frozen=True, slots=True)
class Posed:
    """A mesh taken apart.

    Attributes:
        symmetric: 468 x 3, the mean of the mesh and its aligned mirror, in the mesh's own pose.
        skew: 468 x 3, mesh minus aligned mirror, turned to face the viewer, in eye distances.
        axes: 3 x 3, rows: the head's left-to-right, top-to-chin and depth directions.
        yaw: Radians; 0 facing the viewer.
        pitch: Radians; relative to the mesh net's own forehead-chin line.
        roll: Radians in the image plane.
        eyes: Distance of the two eye centres in mesh units.
    """

    symmetric: Points
    skew: Points
    axes: Points
    yaw: float
    pitch: float
    roll: float
    eyes: float

    @property
    def degrees(self) -> float:
        """The yaw in degrees."""
        return float(np.degrees(self.yaw))


def take_apart(mesh: Points) -> Posed:
    """Pose, symmetric part and skew of a mesh (468 x 3)."""
    return take_all_apart(mesh[None])[0]


def take_all_apart(meshes: Points) -> list[Posed]:
    """Pose, symmetric part and skew of each of n meshes (n x 468 x 3)."""
    aligned = _align(meshes[:, mirror_map()] * [-1, 1, 1], meshes)
    symmetric, off = (meshes + aligned) / 2, meshes - aligned
    own = left()
    across = _sums(symmetric[:, mirror_map()[own]] - symmetric[:, own]) / len(own)
    return [_posed(*one) for one in zip(symmetric, off, across, strict=True)]


def _posed(symmetric: Points, off: Points, across: Points) -> Posed:
    """What the symmetric part of a mesh says, and how far off it the mesh is (468 x 3 each).

    `across` is the mean way from a point at the left to its mirror point (3).
    """
    e1 = across / np.linalg.norm(across)
    down = symmetric[CHIN] - symmetric[FOREHEAD]
    down = down - (down @ e1) * e1
    e2 = down / np.linalg.norm(down)
    (a, b, c), (d, e, f) = e1.tolist(), e2.tolist()
    axes = np.array([(a, b, c), (d, e, f), (b * f - c * e, c * d - a * f, a * e - b * d)])
    one, two = ((symmetric[i] + symmetric[j]) / 2 for i, j in EYES)
    eyes = float(np.linalg.norm(two - one))
    return Posed(
        symmetric,
        off @ axes.T / eyes,
        axes,
        float(np.arctan2(e1[2], np.hypot(e1[0], e1[1]))),
        float(np.arctan2(e2[2], np.hypot(e2[0], e2[1]))),
        float(np.arctan2(e1[1], e1[0])),
        eyes,
    )


def _align(moving: Points, fixed: Points) -> Points:
    """Each `moving` (n x 468 x 3), turned, scaled and shifted onto its `fixed`.

    Points that do not fit count less.
    """
    weight = np.ones(fixed.shape[:2])
    fitted = moving
    for _ in range(ROUNDS):
        share = np.repeat((weight / weight.sum(1, keepdims=True))[..., None], 3, 2)
        a, b = (_sums(points * share)[:, None] for points in (moving, fixed))
        own, other = moving - a, fixed - b
        u, s, vt = np.linalg.svd((own * share).swapaxes(1, 2) @ other)
        sign = np.ones((len(fixed), 1, 3))
        sign[:, 0, 2] = np.sign(np.linalg.det(u @ vt))
        scale = (s * sign[:, 0]).sum(1) / (share * own**2).sum((1, 2))
        fitted = scale[:, None, None] * own @ ((u * sign) @ vt) + b
        squares = (fitted - fixed) ** 2
        off = np.sqrt(squares[..., 0] + squares[..., 1] + squares[..., 2])
        usual = np.maximum(np.median(off, axis=1, keepdims=True), 1e-9)
        weight = 1 / (1 + (off / usual) ** 2)
    return fitted


def _sums(points: Points) -> Points:
    """Sum over the points of each of n meshes (n x any x 3), which numpy does slowly in place."""
    return np.asarray(np.ascontiguousarray(points.swapaxes(0, 1)).sum(0))
