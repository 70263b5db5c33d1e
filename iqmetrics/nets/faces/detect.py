"""BlazeFace, near and far range, on the whole picture and on tiles: boxes with six key points.

Architecture and anchors: "BlazeFace" (arXiv 1907.05047) and the public graph settings of
MediaPipe's face_detection module (Apache-2.0).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from iqmetrics.nets.faces import session
from iqmetrics.nets.faces.looks import OnDevice, Shown
from iqmetrics.nets.side_by_side import each

Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]

SIDE = {"face_short": 128, "face_full": 192}
"""Input side of each detector in pixels."""
LAYERS = {"face_short": ((8, 2), (16, 6)), "face_full": ((4, 1),)}
"""(stride, anchors a cell) of each output layer."""
THRESHOLD = {"face_short": 0.5, "face_full": 0.5}
TILES_FROM = 600
"""Pictures whose longer side is at least this many pixels are searched in tiles as well."""
TILE = 512
MOST_TILES = 7
"""Tiles along one side at most; beyond, tiles grow."""
SAME_FACE = 0.3
"""Overlap (intersection over union) above which two boxes are one face."""
SAME_INSIDE = 0.7
"""Share of the smaller box inside the larger above which two boxes are one face."""


@dataclass(frozen=True, slots=True)
class Found:
    """One detection: box (x0, y0, x1, y1) and six key points (6 x 2) in pixels, score 0..1.

    The key points are the eye at the picture's left, the eye at its right, nose tip, mouth centre,
    left and right ear. A finder with landmarks of its own adds them (n x 2, pixels) and the
    head's yaw in degrees.
    """

    box: tuple[float, float, float, float]
    points: Floats
    score: float
    landmarks: Floats | None = None
    yaw: float | None = None


class _Window(NamedTuple):
    picture: int
    x: int
    y: int
    side: int
    inner: bool


def detect(pictures: Sequence[Shown], tiles: bool = True) -> list[list[Found]]:
    """Faces of each picture (height x width x 3 bytes), best first; all windows in one batch."""
    shapes = [p.shape for p in pictures]
    windows = [
        _Window(i, *place)
        for i, (height, width, _) in enumerate(shapes)
        for place in _places(height, width, tiles)
    ]
    there = [p for p in pictures if isinstance(p, OnDevice)]
    found: list[list[tuple[Found, _Window]]] = [[] for _ in pictures]
    for name, size in SIDE.items():
        seen = [w for w in windows if name == "face_full" or not w.inner]
        least = math.log(THRESHOLD[name] / (1 - THRESHOLD[name]))
        answers = session.likely(name, _looks(pictures, there, seen, size), least)
        for face, window in _decode(name, answers, seen):
            found[window.picture].append((face, window))
    return [
        _merge([f for f, w in one if _whole(f, w, shape)])
        for one, shape in zip(found, shapes, strict=True)
    ]


@lru_cache(maxsize=256)
def _places(height: int, width: int, tiles: bool) -> tuple[tuple[int, int, int, bool], ...]:
    """(x, y, side, inner) of the windows of a picture of that size."""
    longer = max(height, width)
    whole = (0, 0, longer, False)
    if not tiles or longer < TILES_FROM:
        return (whole,)
    side = max(TILE, 2 * longer // (MOST_TILES + 1))
    inner = [(x, y, side, True) for y in _starts(height, side) for x in _starts(width, side)]
    return (whole, *inner)


def _starts(length: int, side: int) -> list[int]:
    """Starts of windows that overlap by at least half and are spread evenly."""
    if length <= side:
        return [0]
    count = int(np.ceil((length - side) / (side / 2))) + 1
    return [round(i * (length - side) / (count - 1)) for i in range(count)]


def _looks(
    pictures: Sequence[Shown], there: list[OnDevice], windows: list[_Window], size: int
) -> Any:
    """All windows, n x size x size x 3 bytes; on the device where the pictures are `there`."""
    here = pictures
    if there:
        from iqmetrics.nets.faces.device_looks import looks

        if (found := looks(there, windows, size)) is not None:
            return found
        here = [p.upright().cpu().numpy() for p in there]
    cuts = each(lambda w: _look(here[w.picture], w, size), windows)
    return np.array(cuts, np.uint8).reshape(-1, size, size, 3)


def _look(pixels: Any, window: _Window, size: int) -> Pixels:
    """The window, shrunk or grown to size x size; what lies outside the picture is black."""
    part = pixels[window.y : window.y + window.side, window.x : window.x + window.side]
    scale = size / window.side
    wide, high = (max(1, round(n * scale)) for n in (part.shape[1], part.shape[0]))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    out = np.zeros((size, size, 3), np.uint8)
    out[:high, :wide] = cv2.resize(part, (wide, high), interpolation=method)
    return out


@cache
def _anchors(name: str) -> Floats:
    """Centres of all anchors as a share of the input side, anchors x 2."""
    layers = []
    for stride, count in LAYERS[name]:
        cells = SIDE[name] // stride
        y, x = np.mgrid[:cells, :cells]
        centres = np.stack([(x + 0.5) / cells, (y + 0.5) / cells], -1).reshape(-1, 2)
        layers.append(np.repeat(centres, count, 0))
    return np.concatenate(layers)


def _decode(
    name: str, answers: Sequence[tuple[Any, Any, Any]], windows: Sequence[_Window]
) -> list[tuple[Found, _Window]]:
    """What some anchors (their numbers k x 16 and logits k x 1) of each window say, in order."""
    of = [w for w, (keep, _, _) in zip(windows, answers, strict=True) for _ in keep]
    if not of:
        return []
    said = [answer for answer in answers if len(answer[0])]  # silence may have no columns
    keep, raw, logits = (np.concatenate(some) for some in zip(*said, strict=True))
    scores = 1 / (1 + np.exp(-np.clip(logits[:, 0].astype(np.float64), -80, 80)))
    numbers = raw.astype(np.float64) / SIDE[name]
    centres = _anchors(name)[keep]
    at = np.array([(w.x, w.y) for w in of], np.float64)
    side = np.array([w.side for w in of], np.float64)[:, None]
    middle = (numbers[:, :2] + centres) * side + at
    half = numbers[:, 2:4] * side / 2
    points = numbers[:, 4:].reshape(-1, 6, 2) + centres[:, None]
    points = points * side[:, None] + at[:, None]
    boxes = np.hstack([middle - half, middle + half])
    found = zip(boxes.tolist(), points, scores.tolist(), of, strict=True)
    return [(Found((b[0], b[1], b[2], b[3]), p, s), w) for b, p, s, w in found]


def _whole(found: Found, window: _Window, shape: tuple[int, ...]) -> bool:
    """False for a box that a tile's own edge, inside the picture, may have cut."""
    x0, y0, x1, y1 = found.box
    if x1 <= x0 or y1 <= y0:
        return False
    if not window.inner:
        return True
    if max(x1 - x0, y1 - y0) > window.side * 0.6:
        return False
    right, bottom = window.x + window.side, window.y + window.side
    return not (
        (window.x > 0 and x0 < window.x)
        or (window.y > 0 and y0 < window.y)
        or (right < shape[1] and x1 > right)
        or (bottom < shape[0] and y1 > bottom)
    )


def _merge(found: list[Found]) -> list[Found]:
    """Weighted non-maximum suppression: overlapping boxes become their score-weighted mean."""
    rest = sorted(found, key=lambda f: (-f.score, f.box))
    faces = []
    while rest:
        same = [_same(rest[0].box, f.box) for f in rest]
        group = [f for f, s in zip(rest, same, strict=True) if s]
        rest = [f for f, s in zip(rest, same, strict=True) if not s]
        close = [f for f in group if _overlap(group[0].box, f.box) > 0.5]
        if len(close) == 1:
            faces.append(close[0])
            continue
        weight = np.array([f.score for f in close])
        weight /= weight.sum()
        box = (weight[:, None] * np.array([f.box for f in close])).sum(0)
        points = (weight[:, None, None] * np.array([f.points for f in close])).sum(0)
        x0, y0, x1, y1 = box.tolist()
        faces.append(Found((x0, y0, x1, y1), points, group[0].score))
    return faces


def _same(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    overlap = _overlap(a, b)
    if not overlap:
        return False
    return overlap > SAME_FACE or _overlap(a, b, smaller=True) > SAME_INSIDE


def _overlap(a: tuple[float, ...], b: tuple[float, ...], smaller: bool = False) -> float:
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    if wide <= 0 or high <= 0:
        return 0.0
    one, two = (a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1])
    shared = wide * high
    return shared / (min(one, two) if smaller else one + two - shared)
