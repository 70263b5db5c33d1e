"""The eyes: 71 points of lids and brow and 5 of the iris for each, both seen as the same eye."""

import numpy as np
from numpy.typing import NDArray

from iqmetrics.nets.faces.crop import Points, Square
from iqmetrics.nets.faces.pose import Posed
from iqmetrics.nets.faces.shape import EYES, mirror_all

SIDE = 64
MARGIN = 2.3
"""Side of the square over the distance of the eye's corners."""
POINTS = (
    *(263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398, 359, 255),
    *(339, 254, 253, 252, 256, 341, 463, 467, 260, 259, 257, 258, 286, 414, 446, 261, 448, 449),
    *(450, 451, 452, 453, 464, 342, 445, 444, 443, 442, 441, 413, 265, 353, 276, 283, 282, 295),
    *(372, 340, 346, 347, 348, 349, 350, 357, 465, 383, 300, 293, 334, 296, 336, 285, 417),
    *(473, 474, 475, 476, 477),
)
"""Mesh points of the eye at the picture's right: 16 of the lids, 55 around it, 5 of the iris."""


def eye_squares(posed: Posed) -> list[Square]:
    """Squares around the eye at the left and the eye at the right, placed by the symmetric mesh."""
    squares = []
    for eye in EYES:
        a, b = (posed.symmetric[i, :2] for i in eye)
        x, y = ((a + b) / 2).tolist()
        squares.append(Square(x, y, MARGIN * float(np.linalg.norm(b - a)), posed.roll).rounded())
    return squares


def both(points: Points, posed: Posed) -> Points:
    """[left eye mirrored, right eye] of one face, so that a symmetric face gives two alike.

    Args:
        points: Its mesh with irises, 478 x 3, picture pixels.
        posed: Its mesh, taken apart.

    Returns:
        2 x 76 x 2, in eye widths from the middle of the eye's square.
    """
    right = np.array(POINTS)
    eyes = []
    for square, own, sign in zip(
        eye_squares(posed), (mirror_all()[right], right), (-1, 1), strict=True
    ):
        placed = square.from_image(points[own, :2], 1.0)
        eyes.append((placed - 0.5) * MARGIN * [sign, 1])
    return np.array(eyes)


def grey(eyes: NDArray[np.uint8]) -> Points:
    """The eyes as one eye, 2 x 64 x 64: the left one mirrored, and the right one.

    Args:
        eyes: The cut-outs of `eye_squares`, 2 x 64 x 64 x 3.
    """
    both = np.stack([eyes[0, :, ::-1], eyes[1]])
    red, green, blue = np.moveaxis(both.astype(np.float32), -1, 0)
    return np.asarray((red + green + blue) / np.float32(3), np.float64)
