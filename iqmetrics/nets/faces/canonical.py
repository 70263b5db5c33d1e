"""The frontal face: any face drawn onto one symmetric template, pose gone, asymmetry kept.

The picture is warped by the *symmetric part* of the mesh. That takes head pose and the person's
proportions away, while a feature that sits crooked stays crooked by its full amount.
"""

from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from iqmetrics.nets.faces.crop import Points, Square
from iqmetrics.nets.faces.shape import OVAL, template

SIZE = 192
EYES = 56.0
"""Distance of the eye centres on the frontal face, in pixels."""
TOP = 66.0
"""Row of the eye centres."""
RING = 1.3
"""The face outline is continued to this multiple of its distance from the centre."""
WIDE = 1.35
"""Side of the square that is sampled, over the side of the mesh's square."""
DETAIL = 288


def with_ring(points: Points) -> Points:
    """468 x 2 points and, after them, the outline pushed outwards (504 x 2)."""
    oval = points[list(OVAL)]
    middle = oval.mean(0)
    return np.concatenate([points, middle + RING * (oval - middle)])


@cache
def _weights() -> tuple[NDArray[np.int64], Points]:
    """For each pixel three of the 504 points and their weights; -1 outside all triangles."""
    from scipy.spatial import Delaunay

    points = with_ring(template())
    mesh = Delaunay(points)
    step = np.arange(SIZE) + 0.5
    x, y = np.meshgrid((step - SIZE / 2) / EYES, (step - TOP) / EYES)
    where = np.stack([x.ravel(), y.ravel()], 1)
    simplex = mesh.find_simplex(where)
    part = mesh.transform[simplex, :2]
    two = np.einsum("nij,nj->ni", part, where - mesh.transform[simplex, 2])
    weights = np.hstack([two, 1 - two.sum(1, keepdims=True)])
    weights[simplex < 0] = 0
    return np.asarray(mesh.simplices[simplex], np.int64), weights


@cache
def _places() -> Any:
    """The same as a sparse matrix, pixels x 504: times points it gives where each pixel is seen."""
    from scipy.sparse import csr_matrix

    corners, weights = _weights()
    starts = np.arange(0, corners.size + 1, 3)
    size = len(corners), 468 + len(OVAL)
    places = csr_matrix((weights.ravel(), corners.ravel(), starts), size, copy=True)
    places.eliminate_zeros()  # a third, of the pixels that show no face
    return places


@cache
def inside() -> NDArray[np.bool_]:
    """Which pixels of the frontal face show the face or its ring (SIZE x SIZE, symmetric)."""
    mask = (_weights()[1].sum(1) > 0.5).reshape(SIZE, SIZE)
    return np.asarray(mask & mask[:, ::-1])


def sampled(square: Square) -> Square:
    """The square that the frontal face is made from, around the one the mesh was traced in."""
    return Square(square.x, square.y, square.side * WIDE, square.angle)


def drawn(detail: NDArray[np.uint8], symmetric: Points, wide: Square) -> NDArray[np.uint8]:
    """The frontal face, SIZE x SIZE x 3.

    Args:
        detail: The cut-out of the `sampled` square, DETAIL x DETAIL x 3.
        symmetric: Symmetric part of the mesh, in picture pixels.
        wide: That square.
    """
    points = with_ring(wide.from_image(symmetric[:, :2], DETAIL))
    where = _places() @ points
    where -= 0.5
    at: Any = where.astype(np.float32).reshape(SIZE, SIZE, 2)
    unused: Any = None
    face = cv2.remap(detail, at, unused, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(face, np.uint8)
