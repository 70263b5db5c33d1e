"""Facts of the 468-point mesh that come from data: mirror pairs and the mean face."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from iqmetrics import weights
from iqmetrics.nets.faces.crop import Points

EYES = ((33, 133), (362, 263))
"""Corners of the eye at the picture's left (outer, inner) and at its right (inner, outer)."""
FOREHEAD, CHIN = 10, 152
OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
"""Mesh points of the face outline, in order."""


@cache
def constants() -> dict[str, NDArray[np.float64]]:
    """Every array of `symmetry.npz`, which `training/faces.py` writes."""
    with np.load(weights.find("face_symmetry")) as data:
        return {name: np.asarray(data[name], np.float64) for name in data.files}


@cache
def mirror_map() -> NDArray[np.int64]:
    """For each mesh point the number of its mirror point (468; an involution)."""
    return constants()["mirror"].astype(np.int64)


@cache
def mirror_all() -> NDArray[np.int64]:
    """`mirror_map`, continued over the 10 points of the irises (478)."""
    return np.concatenate([mirror_map(), [473, 476, 475, 474, 477, 468, 471, 470, 469, 472]])


def template() -> Points:
    """The mean face, 468 x 2: exactly symmetric, eye centres at (-+0.5, 0), y down."""
    return constants()["template"]


@cache
def left() -> NDArray[np.int64]:
    """Numbers of the mesh points at the picture's left of a face; none of the midline."""
    paired = mirror_map() != np.arange(468)
    return np.asarray(np.flatnonzero(paired & (template()[:, 0] < 0)), np.int64)
