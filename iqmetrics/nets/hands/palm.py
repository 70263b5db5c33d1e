"""Palm detection: what the detector's 2016 anchors say, in pixels of the tile.

Input 192 x 192 x 3, 0..1. Anchors, decoding and thresholds: MediaPipe 0.10 `palm_detection_cpu`
(facts): strides 8 (2 anchors a cell) and 16 (6 a cell), unit size, answers in pixels of 192.
"""

from collections.abc import Sequence
from functools import cache
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from iqmetrics.nets.hands import session

Floats = NDArray[np.float32]

SIZE = 192
"""Side of the detector's input in pixels."""

MIN_SCORE = 0.5
FAINT = 0.3
"""A palm below `MIN_SCORE` only says where to look closer; below this it says nothing."""

LEAST = np.float32(MIN_SCORE), np.float32(FAINT)
"""What votes for a palm of at least `MIN_SCORE`, and for a faint one."""


class Palm(NamedTuple):
    """One palm: score 0..1, box (x0, y0, x1, y1) and 7 key points (x, y), 0..1 of the tile."""

    score: float
    box: Floats
    points: Floats


@cache
def anchors() -> Floats:
    """Centres of the 2016 anchors, x and y in 0..1."""
    rows = []
    for cells, each in ((24, 2), (12, 6)):
        y, x = np.mgrid[0:cells, 0:cells]
        centre = (np.stack([x, y], -1).reshape(-1, 2) + 0.5) / cells
        rows.append(np.repeat(centre, each, 0))
    return np.concatenate(rows).astype(np.float32)


def detect(tiles: NDArray[Any], device: str = "cpu") -> list[list[Palm]]:
    """Palms of each tile (n x 192 x 192 x 3: uint8, or 0..1), best first, each palm once.

    Faint ones (below `MIN_SCORE`) come too; they do not move the others.
    """
    least = float(np.log(FAINT / (1 - FAINT)))
    return _decode(session.likely("hand_palm", tiles, least, device))


def _decode(rows: Sequence[tuple[NDArray[np.integer], Floats, Floats]]) -> list[list[Palm]]:
    """The palms that some anchors of each tile (their numbers k x 18 and logits k x 1) say."""
    if not rows:
        return []
    kept, raw, logits = (np.concatenate(part) for part in zip(*rows, strict=True))
    tiles = np.repeat(np.arange(len(rows)), [len(row[0]) for row in rows])
    scores = 1 / (1 + np.exp(-np.clip(logits[:, 0], -100, 100)))
    order = np.lexsort((-scores, tiles))  # the tiles are in order already
    centre = anchors()[kept[order]]
    numbers = raw[order].reshape(-1, 9, 2) / SIZE
    middle, extent, points = numbers[:, 0] + centre, numbers[:, 1], numbers[:, 2:] + centre[:, None]
    corners = middle - extent / 2, middle + extent / 2, points.reshape(-1, 14)
    return _merged(len(rows), tiles, scores[order], np.concatenate(corners, 1))


def _merged(
    count: int, tiles: NDArray[np.intp], scores: Floats, places: Floats
) -> list[list[Palm]]:
    """The palms of each tile, each the mean of what says the same.

    Args:
        count: number of tiles.
        tiles: that of each candidate, ascending.
        scores: of each candidate; within a tile descending.
        places: of each its box (4 numbers) and its points (14).
    """
    found: list[list[Palm]] = [[] for _ in range(count)]
    while len(tiles):
        first = np.flatnonzero(np.diff(tiles, prepend=-1))
        best = np.repeat(first, np.diff(first, append=len(tiles)))
        same = overlap(places[best, :4], places[:, :4]) > 0.3
        same[first] = True
        voting = same & (scores >= np.where(scores[best] >= MIN_SCORE, *LEAST))
        some, where = scores[voting], places[voting]
        ends = accumulate(np.add.reduceat(voting, first, dtype=np.intp).tolist(), initial=0)
        bests = zip(tiles[first].tolist(), scores[first].tolist(), pairwise(ends), strict=True)
        for tile, score, (a, b) in bests:
            weight = some[a:b] / some[a:b].sum()
            mean = (where[a:b] * weight[:, None]).sum(0)
            found[tile].append(Palm(score, mean[:4], mean[4:].reshape(7, 2)))
        tiles, scores, places = tiles[~same], scores[~same], places[~same]
    return found


def overlap(box: NDArray[np.floating], boxes: NDArray[np.floating]) -> NDArray[np.floating]:
    """Intersection over union of a box (x0, y0, x1, y1), or n of them, with each of n x 4."""
    extent = np.minimum(box[..., 2:], boxes[:, 2:]) - np.maximum(box[..., :2], boxes[:, :2])
    inside = _area(np.maximum(extent, 0))
    area = _area(box[..., 2:] - box[..., :2]) + _area(boxes[:, 2:] - boxes[:, :2]) - inside
    return np.asarray(inside / np.maximum(area, 1e-12))


def _area(extent: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.asarray(extent[..., 0] * extent[..., 1])
