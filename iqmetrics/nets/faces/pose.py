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
    return [_posed(*pair) for pair in zip(meshes, aligned, strict=True)]


def _posed(mesh: Points, aligned: Points) -> Posed:
    """What a mesh and its aligned mirror (468 x 3 each) say."""
    symmetric = (mesh + aligned) / 2
    across = (symmetric[mirror_map()] - symmetric)[left()].mean(0)
    e1 = across / np.linalg.norm(across)
    down = symmetric[CHIN] - symmetric[FOREHEAD]
    down = down - (down @ e1) * e1
    e2 = down / np.linalg.norm(down)
    axes = np.stack([e1, e2, np.cross(e1, e2)])
    a, b = (symmetric[list(eye)].mean(0) for eye in EYES)
    eyes = float(np.linalg.norm(b - a))
    return Posed(
        symmetric,
        (mesh - aligned) @ axes.T / eyes,
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
        share = (weight / weight.sum(1, keepdims=True))[..., None]
        a, b = ((points * share).sum(1, keepdims=True) for points in (moving, fixed))
        own, other = moving - a, fixed - b
        u, s, vt = np.linalg.svd((own * share).swapaxes(1, 2) @ other)
        sign = np.ones((len(fixed), 1, 3))
        sign[:, 0, 2] = np.sign(np.linalg.det(u @ vt))
        scale = (s * sign[:, 0]).sum(1) / (share * own**2).sum((1, 2))
        fitted = scale[:, None, None] * own @ ((u * sign) @ vt) + b
        off = np.linalg.norm(fitted - fixed, axis=2)
        usual = np.maximum(np.median(off, axis=1, keepdims=True), 1e-9)
        weight = 1 / (1 + (off / usual) ** 2)
    return fitted
