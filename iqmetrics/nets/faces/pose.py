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
    pair = mirror_map()
    aligned = _align(mesh[pair] * [-1, 1, 1], mesh)
    symmetric = (mesh + aligned) / 2
    across = (symmetric[pair] - symmetric)[left()].mean(0)
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
    """`moving`, turned, scaled and shifted onto `fixed`; points that do not fit count less."""
    weight = np.ones(len(fixed))
    fitted = moving
    for _ in range(ROUNDS):
        share = weight[:, None] / weight.sum()
        a, b = (moving * share).sum(0), (fixed * share).sum(0)
        own, other = moving - a, fixed - b
        u, s, vt = np.linalg.svd((own * share).T @ other)
        sign = np.array([1, 1, np.sign(np.linalg.det(u @ vt))])
        turn = (u * sign) @ vt
        scale = (s * sign).sum() / (share * own**2).sum()
        fitted = scale * own @ turn + b
        off = np.linalg.norm(fitted - fixed, axis=1)
        weight = 1 / (1 + (off / max(float(np.median(off)), 1e-9)) ** 2)
    return fitted
