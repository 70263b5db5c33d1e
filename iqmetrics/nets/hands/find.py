"""Finds the hands of a picture: palms on the whole frame and on tiles with skin, then landmarks.

A palm counts as a hand when the landmark net is sure of it (presence), twice: on the palm's region
and on the region of its own landmarks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from iqmetrics.nets.hands import palm, session
from iqmetrics.nets.hands.looks import looks
from iqmetrics.nets.hands.region import Region, of_landmarks, of_palm
from iqmetrics.nets.hands.tiles import Skin, whole
from iqmetrics.nets.side_by_side import each

if TYPE_CHECKING:
    from torch import Tensor

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

LANDMARK_SIZE = 224
PRESENCE = 0.9
FIRST_PRESENCE = 0.5
"""What the rougher first look must reach for a second one."""

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


class _Seen(NamedTuple):
    """A palm in an image: score 0..1, region of its hand."""

    score: float
    region: Region

    @classmethod
    def of(cls, found: palm.Palm, square: Region) -> "_Seen":
        """A palm on a square, in pixels of the image."""
        needed = np.concatenate([found.box.reshape(2, 2), found.points[:3:2]]) * palm.SIZE
        low, high, wrist, middle = square.to_image(needed, palm.SIZE).tolist()
        return cls(found.score, of_palm((*low, *high), wrist, middle))


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
    skins = _skins(images, there)
    squares = [[whole(pixels), *skin.halves()] for pixels, skin in zip(images, skins, strict=True)]
    first = _search(images, squares, device, there)
    closer = [
        skin.thirds([(one.region.x, one.region.y) for one in some])
        for skin, some in zip(skins, first, strict=True)
    ]
    second = _search(images, closer, device, there)
    return [
        _distinct([one for one in (*wide, *near) if one.score >= palm.MIN_SCORE])
        for wide, near in zip(first, second, strict=True)
    ]


def _skins(images: Sequence[Bytes], there: "Sequence[Tensor] | None") -> list[Skin]:
    if there is None:
        return each(Skin.of, images)
    from iqmetrics.nets.hands.skin import maps

    return [Skin(m, *p.shape[:2]) for m, p in zip(maps(there), images, strict=True)]


def _search(
    images: Sequence[Bytes],
    squares: Sequence[Sequence[Region]],
    device: str,
    there: "Sequence[Tensor] | None",
) -> list[list[_Seen]]:
    """The palms on the squares of each image, faint ones too."""
    jobs = [(i, square, False) for i, some in enumerate(squares) for square in some]
    cuts = looks(images, there, jobs, palm.SIZE)
    answers = iter(palm.detect(cuts, device) if jobs else ())
    return [[_Seen.of(one, square) for square in some for one in next(answers)] for some in squares]


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


def _distinct(found: list[_Seen]) -> list[Region]:
    """Regions of palms that are not the same palm, best score first."""
    kept: list[Region] = []
    for region in (one.region for one in sorted(found, key=lambda one: -one.score)):
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
