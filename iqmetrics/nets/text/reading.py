"""Reads pictures in passes, from the quick look to the laborious: the caller stops when satisfied.

quick    the whole frame at 576 x 576 px of detector area
glance   what that found, widened: cheaper than the frame at full size, often enough
full     the same at its own size, at least 1024 x 1024 px of area
turned, wide, longer ...   second looks at what was found: see `again`
bent     rings of lettering, unrolled
far      the whole frame small, for huge or soft letters
fine     the whole frame enlarged and with its local contrast raised, for small or faint print
Each pass is remembered on the picture; networks are called in batches over all pictures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from iqmetrics.images import Picture, once_each
from iqmetrics.nets.side_by_side import each
from iqmetrics.nets.text import again, recognise
from iqmetrics.nets.text.again import AGAIN, CHANGES
from iqmetrics.nets.text.detect import Region, heat_maps, regions
from iqmetrics.nets.text.lines import Line, distinct
from iqmetrics.nets.text.readability import ctc_likelihood

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from iqmetrics.nets.text.runtime import Net

PASSES = ("quick", "glance", "full", *AGAIN, "bent", "far", "fine")
AREA = {"far": 320**2, "quick": 576**2, "full": 1024**2, "fine": 1536**2}
LARGEST_SCALE, LARGEST_SIDE = 2.0, 2048
LEAST_CONFIDENCE = 0.3
FINE_SCALE = 1.5
"""How much larger than it is, at least, the fine look sees a picture."""
TILE, SHARED = (1024, 576), 128
"""Width and height of what it sees in one piece, at most, and what neighbours share, in pixels."""
TOGETHER = 8
"""Pictures that a GPU's detector is given at once, and whose heat maps are in memory at once."""


@dataclass(frozen=True, eq=False)
class Reader:
    """The two networks and the alphabet; `name` tells the runtime and enters the memo's key.

    `device` is where a network's crops and pictures may be worked on beside it: "cpu" or "cuda".
    """

    detector: "Net"
    recogniser: "Net"
    alphabet: tuple[str, ...]
    name: str
    device: str = "cpu"

    def lines(self, pictures: Sequence[Picture], what: str) -> list[list[Line]]:
        """The lines that one pass reads, for each picture, in order."""
        return once_each(pictures, ("text.lines", self.name, what), lambda p: self._read(p, what))

    def regions(self, pictures: Sequence[Picture], what: str) -> list[list[Region]]:
        """Where the pass sees text, for each picture."""
        key = ("text.regions", self.name, what)
        return once_each(pictures, key, lambda todo: self._detect(todo, what))

    def probabilities(self, images: Sequence["NDArray[np.uint8]"]) -> "list[NDArray[np.float32]]":
        """The recogniser's answers (steps, classes) for crops of lines."""
        return recognise.probabilities(self.recogniser, images)

    def likelihoods(
        self, images: Sequence["NDArray[np.uint8]"], classes: Sequence[Sequence[int]]
    ) -> list[float]:
        """The CTC likelihood a letter, 0..1, of what each crop should say."""
        if on_device := getattr(self.recogniser, "likelihoods", None):
            found: list[float] = on_device(images, classes)
            return found
        answers = self.probabilities(images)
        return [ctc_likelihood(a, c) for a, c in zip(answers, classes, strict=True)]

    def _detect(self, pictures: Sequence[Picture], what: str) -> list[list[Region]]:
        found = []
        together = TOGETHER if hasattr(self.detector, "heats") else 1
        for first in range(0, len(pictures), together):
            some = pictures[first : first + together]
            frames = each(lambda picture: _frames(picture, what), some)
            flat = [f for few in frames for f in few]
            shown = [(f.pixels, f.side) for f in flat]
            heats = heat_maps(self.detector, shown, [f.picture for f in flat])
            seen = each(
                lambda pair: regions(*pair[1], bowed=pair[0].bowed),
                list(zip(flat, heats, strict=True)),
            )
            of_frame = iter(seen)
            found += [[r for f in few for r in f.placed(next(of_frame))] for few in frames]
        return found

    def _read(self, pictures: Sequence[Picture], what: str) -> list[list[Line]]:
        if what in AREA:
            self.regions(pictures, what)
        crops = each(lambda picture: self._crops(picture, what), pictures)
        flat = [image for found in crops for _, image, _ in found]
        reads = iter(recognise.read(self.recogniser, flat, self.alphabet))
        out = []
        for found in crops:
            lines = [
                Line(corners, read.text, read.confidence, image, flipped)
                for (corners, image, flipped), read in zip(found, reads, strict=False)
                if read.text and read.confidence >= LEAST_CONFIDENCE
            ]
            out.append(distinct(lines))
        return out

    def _crops(
        self, picture: Picture, what: str
    ) -> "list[tuple[NDArray[np.float32], NDArray[np.uint8], bool]]":
        """Corners, upright crop, and whether it was turned over, of everything a pass looks at."""
        if what == "bent":
            arcs = [r for r in self.regions([picture], widest(picture))[0] if r.arc is not None]
            return [
                (r.corners, r.arc.strip(picture.pixels, inward), inward)
                for r in arcs
                if r.arc is not None
                for inward in (False, True)
            ]
        if what == "glance":
            return again.changed(self._straight(picture, "quick"), "wide")
        if what in CHANGES:
            return again.changed(self._straight(picture, widest(picture)), what)
        if what in AGAIN:
            found = self.regions([picture], widest(picture))[0]
            return again.looks(picture.pixels, found, what)
        return [(corners, image, False) for corners, image in self._straight(picture, what)]

    def _straight(self, picture: Picture, what: str) -> "list[again.Crop]":
        """Corners and upright crop of every box of a pass, cut out once for all looks at it."""

        def cut(picture: Picture) -> "list[again.Crop]":
            boxes = [r.corners for r in self.regions([picture], what)[0] if r.arc is None]
            return [(corners, recognise.crop(picture.pixels, corners)) for corners in boxes]

        return picture.once(("text.crops", self.name, what), cut)


@dataclass(frozen=True, eq=False)
class Frame:
    """What the detector looks at: pixels, the length of their longer side there, and their place.

    A tile of a picture has a `corner` (x, y); `picture` is the one that is shown as it is, if any.
    Arcs are looked for in `bowed` frames only.
    """

    pixels: "NDArray[np.uint8]"
    side: int
    corner: tuple[int, int] | None = None
    bowed: bool = False
    picture: Picture | None = None

    def placed(self, found: list[Region]) -> list[Region]:
        """The regions in pixels of the whole picture."""
        if self.corner is None:
            return found
        by = np.array(self.corner, np.float32)
        return [Region(r.corners + by, r.heat) for r in found]


def _frames(picture: Picture, what: str) -> list[Frame]:
    if what == "fine":
        pixels = raised(picture.pixels)
        scale = max(FINE_SCALE, (AREA["fine"] / (picture.width * picture.height)) ** 0.5)
        scale = min(LARGEST_SCALE, scale)
        return [
            Frame(
                np.ascontiguousarray(pixels[y0:y1, x0:x1]),
                round(scale * max(x1 - x0, y1 - y0)),
                (x0, y0),
            )
            for x0, y0, x1, y1 in tiles(picture.width, picture.height)
        ]
    side = detector_side(picture.width, picture.height, AREA[what])
    return [Frame(picture.pixels, side, bowed=what == widest(picture), picture=picture)]


def widest(picture: Picture) -> str:
    """The pass that has already seen the frame at full size: "quick" for small pictures."""
    return "full" if adds(picture, "full") else "quick"


def adds(picture: Picture, what: str) -> bool:
    """Whether a pass sees this picture in a way in which no earlier pass has seen it."""
    quick, full = (detector_side(picture.width, picture.height, AREA[k]) for k in ("quick", "full"))
    return what not in ("glance", "full") or full > quick


def detector_side(width: int, height: int, area: int) -> int:
    """The longer side, in pixels, at which the detector sees a picture of that size."""
    scale: float = min(LARGEST_SCALE, (area / (width * height)) ** 0.5)
    if area >= AREA["full"]:
        scale = min(max(scale, 1.0), max(1.0, LARGEST_SCALE), LARGEST_SIDE / max(width, height))
    return round(scale * max(width, height))


def tiles(width: int, height: int) -> list[tuple[int, int, int, int]]:
    """Overlapping rectangles (x0, y0, x1, y1) of one size that cover the picture."""
    return [
        (x0, y0, x1, y1) for y0, y1 in _spans(height, TILE[1]) for x0, x1 in _spans(width, TILE[0])
    ]


def _spans(length: int, most: int) -> list[tuple[int, int]]:
    """Equal stretches (start, end) that cover a length, as few as may be."""
    count = max(1, -(-(length - SHARED) // (most - SHARED)))
    size = -(-(length + (count - 1) * SHARED) // count)
    starts = [round(i * (length - size) / max(1, count - 1)) for i in range(count)]
    return [(start, start + size) for start in starts]


def raised(pixels: "NDArray[np.uint8]") -> "NDArray[np.uint8]":
    """The picture with its local contrast raised (CLAHE on lightness)."""
    lab = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB), np.uint8)
    lab[..., 0] = cv2.createCLAHE(clipLimit=6.0, tileGridSize=(8, 8)).apply(lab[..., 0])
    out = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
    return np.asarray(out, np.uint8)
