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
    counts = [len(row[0]) for row in rows]
    scores = 1 / (1 + np.exp(-np.clip(logits[:, 0], -100, 100)))
    order = np.lexsort((-scores, np.repeat(np.arange(len(rows)), counts)))  # tiles stay in order
    kept, raw, scores = kept[order], raw[order], scores[order]
    numbers = raw.reshape(-1, 9, 2) / SIZE
    centre, extent = numbers[:, 0] + anchors()[kept], numbers[:, 1]
    points = numbers[:, 2:] + anchors()[kept][:, None]
    boxes = np.concatenate([centre - extent / 2, centre + extent / 2], 1)
    ends = accumulate(counts, initial=0)
    return [_merged(scores[a:b], boxes[a:b], points[a:b]) for a, b in pairwise(ends)]


def _merged(scores: Floats, boxes: Floats, points: Floats) -> list[Palm]:
    """Palms of one tile, each the mean of what says the same; what they are made of, best first."""
    found: list[Palm] = []
    while len(scores):
        same = overlap(boxes[0], boxes) > 0.3
        same[0] = True
        voting = same & (scores >= (MIN_SCORE if scores[0] >= MIN_SCORE else FAINT))
        weight = scores[voting] / scores[voting].sum()
        box = (boxes[voting] * weight[:, None]).sum(0)
        mean = (points[voting] * weight[:, None, None]).sum(0)
        found.append(Palm(float(scores[0]), box, mean))
        if same.all():
            break
        boxes, points, scores = boxes[~same], points[~same], scores[~same]
    return found


def overlap(box: NDArray[np.floating], boxes: NDArray[np.floating]) -> NDArray[np.floating]:
    """Intersection over union of one box (x0, y0, x1, y1) with each of n x 4."""
    extent = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
    inside = np.multiply(*np.maximum(extent, 0).T)
    area = (box[2] - box[0]) * (box[3] - box[1]) + np.multiply(*(boxes[:, 2:] - boxes[:, :2]).T)
    return np.asarray(inside / np.maximum(area - inside, 1e-12))
