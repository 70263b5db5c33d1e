"""Finds the hands of a picture: palms on the whole frame and on tiles with skin, then landmarks.

The detector sees 192 x 192, so a small hand is only found on a tile. Tiles are squares of half and
of a third of the short side, half overlapping; those with most skin colour are searched. A palm
counts as a hand when the landmark net is sure of it (presence), twice: on the palm's region and on
the region of its own landmarks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from iqmetrics.nets.hands import palm, session
from iqmetrics.nets.hands.looks import looks
from iqmetrics.nets.hands.region import Region, of_landmarks, of_palm
from iqmetrics.nets.side_by_side import each

if TYPE_CHECKING:
    from torch import Tensor

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

LANDMARK_SIZE = 224
PRESENCE = 0.9
FIRST_PRESENCE = 0.5
"""What the rougher first look must reach for a second one."""

TILES = 8
"""Tiles searched at most, besides the whole frame."""

SKIN_SHARE = 0.06
"""Share of skin-coloured pixels from which a tile is worth a look."""

SAME_HAND = 0.4
"""Intersection over union from which two finds are one hand."""


@dataclass(frozen=True, slots=True)
class Hand:
    """One hand: presence 0..1, region, 21 landmarks (x, y in image pixels), right-hand share."""

    presence: float
    region: Region
    points: NDArray[np.float64]
    right: float

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Upright box (x0, y0, x1, y1) around the landmarks, in image pixels."""
        low, high = self.points.min(0), self.points.max(0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    @property
    def size(self) -> float:
        """Longer side of the box in pixels."""
        x0, y0, x1, y1 = self.box
        return max(x1 - x0, y1 - y0)


def find(pixels: Bytes, device: str = "cpu", presence: float = PRESENCE) -> list[Hand]:
    """The hands of one image (uint8 height x width x 3), largest first."""
    return find_all([pixels], device, presence)[0]


def find_all(
    images: Sequence[Bytes],
    device: str = "cpu",
    presence: float = PRESENCE,
    there: "Sequence[Tensor] | None" = None,
) -> list[list[Hand]]:
    """The hands of each image, largest first; each net sees the crops of all images together.

    `there` are the images on the device, where they are cut on it.
    """
    regions = _palms(images, device, there)
    first = look_all(images, regions, device, there)
    second = [
        [of_landmarks(h.points) for h in one if h.presence >= FIRST_PRESENCE] for one in first
    ]
    return [
        _once([h for h in one if h.presence >= presence])
        for one in look_all(images, second, device, there)
    ]


def _palms(
    images: Sequence[Bytes], device: str, there: "Sequence[Tensor] | None"
) -> list[list[Region]]:
    """Where a hand may be in each image: the regions of its palms, each palm once."""
    if there is None:
        squares = each(lambda pixels: [whole(pixels), *tiles(pixels)], images)
    else:
        from iqmetrics.nets.hands.skin import tiles_on_device

        found = tiles_on_device(there)
        squares = [[whole(p), *some] for p, some in zip(images, found, strict=True)]
    jobs = [(i, square, False) for i, some in enumerate(squares) for square in some]
    cuts = looks(images, there, jobs, palm.SIZE)
    answers = iter(palm.detect(cuts, device)) if jobs else iter(())
    palms = []
    for some in squares:
        regions = []
        for square in some:
            for one in next(answers):
                box = square.to_image(one.box.reshape(2, 2) * palm.SIZE, palm.SIZE).ravel()
                points = square.to_image(one.points * palm.SIZE, palm.SIZE)
                regions.append((one.score, of_palm(box, points[0], points[2])))
        palms.append(_distinct(regions))
    return palms


def look(pixels: Bytes, regions: Sequence[Region], device: str = "cpu") -> list[Hand]:
    """What the landmark net sees in each region of one image."""
    return look_all([pixels], [regions], device)[0]


def look_all(
    images: Sequence[Bytes],
    regions: Sequence[Sequence[Region]],
    device: str = "cpu",
    there: "Sequence[Tensor] | None" = None,
) -> list[list[Hand]]:
    """What the landmark net sees in each region of each image, all in one batch."""
    jobs = [(i, region, False) for i, some in enumerate(regions) for region in some]
    if not jobs:
        return [[] for _ in images]
    cuts = looks(images, there, jobs, LANDMARK_SIZE)
    marks, presence, right, _ = session.run("hand_landmark", cuts, device)
    hands = iter(
        Hand(
            float(presence[i, 0]),
            region,
            region.to_image(marks[i].reshape(21, 3)[:, :2], LANDMARK_SIZE),
            float(right[i, 0]),
        )
        for i, (_, region, _) in enumerate(jobs)
    )
    return [[next(hands) for _ in some] for some in regions]


def whole(pixels: Bytes) -> Region:
    """The square around the whole frame."""
    height, width = pixels.shape[:2]
    return Region(width / 2, height / 2, float(max(height, width)), 0.0)


def tiles(pixels: Bytes, limit: int = TILES) -> list[Region]:
    """Squares with skin colour, most skin first: half and a third of the short side wide."""
    height, width = pixels.shape[:2]
    skin = skin_map(pixels)
    total = np.pad(skin.cumsum(0, dtype=np.int64).cumsum(1), ((1, 0), (1, 0)))
    squares = tile_squares(height, width, skin.shape)
    y0, x0, y1, x1 = np.array([square.corners for square in squares], np.int64).reshape(-1, 4).T
    return skinniest(squares, total[y1, x1] - total[y0, x1] - total[y1, x0] + total[y0, x0], limit)


@dataclass(frozen=True, slots=True)
class TileSquare:
    """A tile of a picture, how much its share of skin counts, and (y0, x0, y1, x1) on the map."""

    region: Region
    weight: float
    corners: tuple[int, int, int, int]


def tile_squares(height: int, width: int, skin: Sequence[int]) -> list[TileSquare]:
    """All tiles of a picture of that size, with their corners on a skin map of size `skin`."""
    scale = skin[0] / height
    found = []
    for parts in (2, 3):
        side = min(height, width) / parts
        if side < palm.SIZE / 2:
            continue
        for y in _centres(height, side):
            for x in _centres(width, side):
                y0, x0 = (int(max(v - side / 2, 0) * scale) for v in (y, x))
                span = max(int(side * scale), 1)
                y1, x1 = min(y0 + span, skin[0]), min(x0 + span, skin[1])
                found.append(TileSquare(Region(x, y, side, 0.0), parts**0.5, (y0, x0, y1, x1)))
    return found


def skinniest(
    squares: Sequence[TileSquare], counts: Sequence[Any] | NDArray[Any], limit: int = TILES
) -> list[Region]:
    """The tiles with most skin first, given how many pixels of skin each has."""
    found = []
    for square, skinny in zip(squares, counts, strict=True):
        y0, x0, y1, x1 = square.corners
        share = float(skinny / max((y1 - y0) * (x1 - x0), 1))
        if share >= SKIN_SHARE:
            found.append((share * square.weight, square.region))
    found.sort(key=lambda item: -item[0])
    return [region for _, region in found[:limit]]


def skin_size(height: int, width: int) -> tuple[int, int]:
    """Height and width of the skin map of a picture."""
    scale = min(1.0, 256 / max(height, width))
    return max(int(height * scale), 1), max(int(width * scale), 1)


def skin_map(pixels: Bytes) -> NDArray[np.bool_]:
    """Skin-coloured pixels of a reduced image, photographed or painted (YCbCr box)."""
    import cv2

    high, wide = skin_size(*pixels.shape[:2])
    small = cv2.resize(pixels, (wide, high), interpolation=cv2.INTER_AREA)
    y, cr, cb = np.moveaxis(cv2.cvtColor(small, cv2.COLOR_RGB2YCrCb), -1, 0)
    return np.asarray((y > 40) & (cr >= 133) & (cr <= 180) & (cb >= 77) & (cb <= 135))


def _centres(length: int, side: float) -> NDArray[np.float64]:
    steps = max(int(np.ceil((length - side) / (side / 2) - 1e-9)), 0)
    return np.linspace(side / 2, length - side / 2, steps + 1)


def _distinct(found: list[tuple[float, Region]]) -> list[Region]:
    """Regions of palms that are not the same palm, best score first."""
    kept: list[Region] = []
    for _, region in sorted(found, key=lambda item: -item[0]):
        near = any(
            np.hypot(k.x - region.x, k.y - region.y) < 0.2 * min(k.side, region.side)
            and 0.6 < k.side / region.side < 1.67
            for k in kept
        )
        if not near:
            kept.append(region)
    return kept


def _once(hands: list[Hand]) -> list[Hand]:
    kept: list[Hand] = []
    for hand in sorted(hands, key=lambda h: (-round(h.presence, 3), -h.size)):
        boxes = np.array([k.box for k in kept]).reshape(-1, 4)
        if not (palm.overlap(np.array(hand.box), boxes) > SAME_HAND).any():
            kept.append(hand)
    return sorted(kept, key=lambda h: -h.size)
