"""The face mesh: 468 points, 2 irises and a "this is a face" flag for squares of pictures.

Net: MediaPipe Attention Mesh (arXiv 2006.10962), Apache-2.0, which looks closer at lips and eyes;
placing of the square as in its public graph settings. Point numbers below are those of its
published mesh.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iqmetrics.nets.faces import session
from iqmetrics.nets.faces.crop import Points, Square, placed
from iqmetrics.nets.faces.looks import Shown, squares_of

SIDE = 192
MARGIN = 1.5
"""Side of the square over the longer side of the face inside it."""
EYE_CORNERS = (33, 263)
"""Outer corners of the eyes at the picture's left and right."""


def trace(
    pictures: Sequence[Shown], squares: Sequence[Square]
) -> tuple[Points, NDArray[np.float64]]:
    """Mesh (without irises) and flag of each square, all in one batch.

    Args:
        pictures: The picture of each square, height x width x 3 bytes.
        squares: Where to look.

    Returns:
        Points in picture pixels, n x 468 x 3 (depth in pixels too, smaller = nearer), and the
        flag 0..1, n.
    """
    points, flags = trace_crops(squares_of(pictures, squares, SIDE))
    return placed(points[:, :468], squares, SIDE), flags


def trace_crops(crops: Any) -> tuple[Points, NDArray[np.float64]]:
    """Points in crop pixels (n x 478 x 3) and flag (n) of n x 192 x 192 x 3 cut-outs.

    Points 468 to 472 are the iris at the picture's left (centre, right, top, left, bottom), 473 to
    477 that at its right; they have no depth.
    """
    points, logits = session.run("face_mesh", crops)
    return points.astype(np.float64), _flags(logits)


def square_of_box(box: Sequence[float], points: Points) -> Square:
    """The square to look at for a detection: turned so that its eyes are level."""
    x0, y0, x1, y1 = box
    (ax, ay), (bx, by) = points[0], points[1]
    side = MARGIN * max(x1 - x0, y1 - y0)
    return Square((x0 + x1) / 2, (y0 + y1) / 2, side, float(np.arctan2(by - ay, bx - ax)))


def square_of_mesh(mesh: Points) -> Square:
    """The square to look at for a mesh that is roughly known, turned so that its eyes are level."""
    return squares_of_meshes(mesh[None])[0]


def squares_of_meshes(meshes: Points) -> list[Square]:
    """`square_of_mesh` of each of n meshes (n x 468 x 2 or 3)."""
    x, y = np.moveaxis(meshes[..., :2], 2, 0)
    left, right = EYE_CORNERS
    angles = np.arctan2(y[:, right] - y[:, left], x[:, right] - x[:, left])
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    across, down = cos * x + sin * y + 0.5, cos * y - sin * x + 0.5
    low, high = (np.stack([end(across, 1), end(down, 1)], 1) for end in (np.min, np.max))
    units = [Square(0.0, 0.0, 1.0, angle) for angle in angles.tolist()]
    centres: list[list[float]] = placed((low + high)[:, None] / 2, units, 1.0)[:, 0].tolist()
    sides = (MARGIN * (high - low).max(1)).tolist()
    found = zip(centres, sides, angles.tolist(), strict=True)
    return [Square(u, v, side, angle) for (u, v), side, angle in found]


def look_inside(
    crops: Any, pairs: int
) -> tuple[Points, NDArray[np.float64], NDArray[np.float32], NDArray[np.float32]]:
    """Points and flag as `trace_crops`, and how the net's inner layers differ from the mirror's.

    Args:
        crops: each cut-out and after it its mirror image.
        pairs: of them, one after the other, of which the mean is taken.

    Returns:
        Besides points and flag the layers of a cut-out less those of its mirror image, of so many
        pairs the mean, 31232 numbers each, channels first: 128 x 6 x 6 of the face, 128 x 4 x 4 of
        the lips and of the eye at the picture's left, then the finer 128 x 12 x 12 of the face and
        64 x 8 x 8 of the same eye; and the mean of both likewise.
    """
    points, logits, off, even = session.run("face_mesh", crops, pairs)
    return points.astype(np.float64), _flags(logits), off, even


def _flags(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    shown = 1 / (1 + np.exp(-np.clip(logits.reshape(-1).astype(np.float64), -80, 80)))
    return np.asarray(shown)
