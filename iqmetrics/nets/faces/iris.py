"""The eyes: 71 points of lids and brow and 5 of the iris for each, both seen as the same eye.

Net: MediaPipe Iris (arXiv 2006.11341), Apache-2.0.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from iqmetrics.nets.faces import session
from iqmetrics.nets.faces.crop import Points, Square, cut
from iqmetrics.nets.faces.pose import Posed
from iqmetrics.nets.faces.shape import EYES

SIDE = 64
MARGIN = 2.3
"""Side of the square over the distance of the eye's corners."""


def eye_squares(posed: Posed) -> list[Square]:
    """Squares around the eye at the left and the eye at the right, placed by the symmetric mesh."""
    squares = []
    for eye in EYES:
        a, b = (posed.symmetric[i, :2] for i in eye)
        x, y = ((a + b) / 2).tolist()
        squares.append(Square(x, y, MARGIN * float(np.linalg.norm(b - a)), posed.roll).rounded())
    return squares


def look(
    pictures: Sequence[NDArray[np.uint8]], poses: Sequence[Posed]
) -> tuple[Points, Points, NDArray[np.float32]]:
    """Both eyes of each face, all in one batch.

    Returns:
        Points, n x 2 x 76 x 2: [left eye mirrored, right eye], lids and brow (71) then iris (5),
        in eye widths from the middle of the square, so that a symmetric face gives two alike;
        the 64-pixel grey cut-outs, n x 2 x 64 x 64, mirrored likewise; and the difference of the
        two eyes in the net's inner layer, n x 2048.
    """
    crops = []
    for pixels, posed in zip(pictures, poses, strict=True):
        one, two = (cut(pixels, square, SIDE) for square in eye_squares(posed))
        crops += [one[:, ::-1], two]
    batch = np.array(crops, np.uint8).reshape(-1, SIDE, SIDE, 3)
    lids, irises, deep = session.run("face_iris", batch, deep=True)
    points = np.concatenate([lids.reshape(-1, 71, 3), irises.reshape(-1, 5, 3)], 1)[..., :2]
    scaled = (points.astype(np.float64) / SIDE - 0.5) * MARGIN
    grey = batch.mean(-1, dtype=np.float32).astype(np.float64)
    return (
        scaled.reshape(-1, 2, 76, 2),
        grey.reshape(-1, 2, SIDE, SIDE),
        np.asarray(deep[0::2] - deep[1::2], np.float32),
    )
