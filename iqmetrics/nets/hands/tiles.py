"""Where to search for palms: the whole frame, and squares with skin, most of it first.

The detector sees 192 x 192 pixels, so a small hand is only found on a square cut out. Squares are
half or a third of the short side wide and overlap by half. Of the halves those are taken that show
the most skin not shown before; of the thirds those at a place where the detector saw a faint palm
already. Both numbers were chosen on the pictures of comfyui-workflow-templates-media-image: five
squares find as many hands there as the eight with the most skin.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from iqmetrics.nets import area
from iqmetrics.nets.hands import squares
from iqmetrics.nets.hands.region import Region

Bytes = NDArray[np.uint8]

HALVES, THIRDS = 3, 2
"""Squares searched at most."""

SHOWN = 0.5
"""What skin counts for after each square that shows it."""

SKIN_SHARE = 0.06
"""Share of skin-coloured pixels from which a square is worth a look."""

NEAR = 0.4
"""A hint lies in a third when it is so near to the middle, in sides (along x and along y)."""


def whole(pixels: Bytes) -> Region:
    """The square around the whole frame."""
    height, width = pixels.shape[:2]
    return Region(width / 2, height / 2, float(max(height, width)), 0.0)


class Skin:
    """The skin of one picture of height x width pixels, and the squares worth a look.

    `skin` says which pixels of the reduced picture have its colour: `skin_map`, or `skin.maps`.
    """

    def __init__(self, skin: NDArray[np.bool_], height: int, width: int) -> None:
        self._map, self._shape = skin, (height, width)

    @classmethod
    def of(cls, pixels: Bytes) -> "Skin":
        """The skin of a picture, uint8 height x width x 3."""
        return cls(skin_map(pixels), *pixels.shape[:2])

    def halves(self, limit: int = HALVES) -> list[Region]:
        """Squares of half the short side; each next one shows most of what was not shown."""
        halves = self._squares(2)
        if not halves:
            return []
        cells = squares.cells(*self._shape, *self._map.shape)
        left = cells.skin(self._map)
        open_ = cells.shares(left) >= SKIN_SHARE
        chosen: list[Region] = []
        while len(chosen) < limit and open_.any():
            shares = cells.shares(left).astype(np.float32)
            best = int(np.where(open_, shares, -1).argmax())
            chosen.append(halves[best].region)
            open_[best] = False
            left[cells.covered[best] > 0] *= SHOWN
        return chosen

    def thirds(self, hints: Sequence[tuple[float, float]], limit: int = THIRDS) -> list[Region]:
        """Squares of a third of the short side around hints (x, y), most skin first."""
        thirds = self._squares(3) if hints else ()
        near = {
            place
            for x, y in hints
            for place, (one, _) in enumerate(thirds)
            if abs(x - one.x) < NEAR * one.side and abs(y - one.y) < NEAR * one.side
        }
        shares = [(self._share(thirds[place]), thirds[place].region) for place in sorted(near)]
        found = [(share, region) for share, region in shares if share >= SKIN_SHARE]
        return [region for _, region in sorted(found, key=lambda one: -one[0])[:limit]]

    def _squares(self, parts: int) -> tuple[squares.Square, ...]:
        return squares.squares(*self._shape, self._map.shape[0], parts)

    def _share(self, square: squares.Square) -> float:
        part = self._map[square.place]
        return np.count_nonzero(part) / part.size


def skin_size(height: int, width: int) -> tuple[int, int]:
    """Height and width of the skin map of a picture."""
    scale = min(1.0, 256 / max(height, width))
    return max(int(height * scale), 1), max(int(width * scale), 1)


def skin_map(pixels: Bytes) -> NDArray[np.bool_]:
    """Skin-coloured pixels of a reduced image, photographed or painted (YCbCr box)."""
    import cv2

    high, wide = skin_size(*pixels.shape[:2])
    small = area.shrunk(pixels, high, wide)
    box = cv2.inRange(
        cv2.cvtColor(small, cv2.COLOR_RGB2YCrCb), np.array([41, 133, 77]), np.array([255, 180, 135])
    )
    return np.asarray(box) > 0
