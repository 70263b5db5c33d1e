"""Squares of a picture that overlap by half, and the parts that their sides cut a skin map into."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from iqmetrics.nets.hands import palm
from iqmetrics.nets.hands.region import Region


class Square(NamedTuple):
    """A square of the picture and what it covers of the reduced skin map."""

    region: Region
    place: tuple[slice, slice]


@lru_cache(maxsize=256)
def squares(height: int, width: int, rows: int, parts: int) -> tuple[Square, ...]:
    """The squares of 1 / `parts` of the short side; the skin map has so many `rows`."""
    side = min(height, width) / parts
    if side < palm.SIZE / 2:
        return ()
    scale = rows / height
    span = max(int(side * scale), 1)
    found = []
    for y in _centres(height, side):
        for x in _centres(width, side):
            y0, x0 = (int(max(v - side / 2, 0) * scale) for v in (y, x))
            place = slice(y0, y0 + span), slice(x0, x0 + span)
            found.append(Square(Region(float(x), float(y), side, 0.0), place))
    return tuple(found)


def _centres(length: int, side: float) -> NDArray[np.float64]:
    steps = max(int(np.ceil((length - side) / (side / 2) - 1e-9)), 0)
    return np.linspace(side / 2, length - side / 2, steps + 1)


class Cells(NamedTuple):
    """Parts that the sides of the halves cut a skin map into, row by row.

    `covered` says which of them each square covers (squares x cells, 0 or 1), `sizes` how many
    pixels of the map.
    """

    edges: tuple[NDArray[np.intp], ...]
    covered: NDArray[np.float64]
    sizes: NDArray[np.int64]

    def skin(self, skin: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Pixels of skin in each cell."""
        import cv2

        corners = cv2.integral(skin.view(np.uint8))[self.edges]
        return np.diff(np.diff(corners, axis=0), axis=1).reshape(-1).astype(np.float64)

    def shares(self, skin: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of skin in each square; exact sums, where each cell's is a whole number or half."""
        return np.asarray(self.covered @ skin / self.sizes)


@lru_cache(maxsize=256)
def cells(height: int, width: int, rows: int, columns: int) -> Cells:
    """Those of a picture whose skin map has so many `rows` and `columns`."""
    places = [square.place for square in squares(height, width, rows, 2)]
    ends = np.array([(*y.indices(rows)[:2], *x.indices(columns)[:2]) for y, x in places])
    across, along = np.unique(ends[:, :2]), np.unique(ends[:, 2:])
    inside = [
        np.outer(_between(across, top, bottom), _between(along, first, last)).reshape(-1)
        for top, bottom, first, last in ends
    ]
    sizes = (ends[:, 1] - ends[:, 0]) * (ends[:, 3] - ends[:, 2])
    return Cells(np.ix_(across, along), np.array(inside, np.float64), sizes)


def _between(edges: NDArray[np.intp], first: int, last: int) -> NDArray[np.bool_]:
    return np.asarray((edges[:-1] >= first) & (edges[1:] <= last))
