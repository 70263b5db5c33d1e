"""Repeated texture: details that stand, pixel for pixel, at several places of one picture."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 1024
FAR = 20
WINDOW = 8
ALIKE = 0.9
NEAR, SUPPORT = 48, 2
MOST_KEYPOINTS = 4000


@dataclass(frozen=True)
class Copies:
    """What was found: the share of details with a twin, and the twins (x, y, x, y)."""

    share: float
    keypoints: int
    shift: tuple[int, int]
    """The commonest way from a detail to its twin, pixels (x, y); (0, 0) when there is none."""
    shift_share: float
    """Share of the twins that lie that way apart."""
    pairs: tuple[tuple[int, int, int, int], ...]


def find_copies(grey: NDArray[np.uint8]) -> Copies:
    """Details of a picture that recur elsewhere in it, exactly and not only alike.

    SIFT keypoints are matched with one another; a pair counts when it lies at least 20 pixels
    apart, at nearly the same scale and angle, and the fine detail around both points (a 25 x 25
    window less its blur) correlates by 0.9 or more at the best shift of a pixel. Bricks, windows
    and stitches are alike but not the same: their corners match, their surface does not.
    """
    import cv2

    sift = cv2.SIFT_create(nfeatures=MOST_KEYPOINTS, contrastThreshold=0.02)
    points, descriptors = sift.detectAndCompute(grey, None)
    if descriptors is None or len(points) < 30:
        return Copies(0.0, len(points), (0, 0), 0.0, ())
    first, second = _twins(points, descriptors)
    detail = grey.astype(np.float32)
    detail = detail - cv2.GaussianBlur(detail, (0, 0), 3.0)
    places = np.array([p.pt for p in points])
    real = np.array(
        [_same(detail, places[a], places[b]) for a, b in zip(first, second, strict=True)], bool
    )
    first, second = first[real], second[real]
    held = _supported(places[first], places[second])
    first, second = first[held], second[held]
    if not len(first):
        return Copies(0.0, len(points), (0, 0), 0.0, ())
    marks = np.zeros(grey.shape, np.uint8)
    for x, y in np.rint(places[np.unique(np.concatenate([first, second]))]).astype(int):
        marks[y, x] = 1
    share = float(cv2.dilate(marks, np.ones((2 * WINDOW + 1,) * 2, np.uint8)).mean())
    way = np.rint(places[second] - places[first])
    way = np.where((way[:, :1] < 0) | ((way[:, :1] == 0) & (way[:, 1:] < 0)), -way, way)
    bins, counts = np.unique(np.rint(way / 4), axis=0, return_counts=True)
    top = bins[counts.argmax()] * 4
    ends = np.rint(np.concatenate([places[first], places[second]], 1)).astype(int)
    return Copies(
        float(share),
        len(points),
        (int(top[0]), int(top[1])),
        float(counts.max() / counts.sum()),
        tuple(tuple(map(int, row)) for row in ends[:60]),  # type: ignore[misc]
    )


def _twins(points: Any, descriptors: NDArray[np.float32]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Pairs of keypoints that may be one detail seen twice: near descriptors, far places."""
    import cv2

    root = np.sqrt(descriptors / np.maximum(descriptors.sum(1, keepdims=True), 1e-9))
    matcher = cv2.BFMatcher(cv2.NORM_L2)
    found = matcher.knnMatch(root.astype(np.float32), root.astype(np.float32), k=4)
    pairs = set()
    for matches in found:
        for m in matches:
            a, b = points[m.queryIdx], points[m.trainIdx]
            apart = max(abs(a.pt[0] - b.pt[0]), abs(a.pt[1] - b.pt[1]))
            turn = abs((a.angle - b.angle + 180) % 360 - 180)
            if m.distance < 0.35 and apart >= FAR and turn < 8 and abs(a.size / b.size - 1) < 0.15:
                pairs.add((min(m.queryIdx, m.trainIdx), max(m.queryIdx, m.trainIdx)))
    ordered = np.array(sorted(pairs), int).reshape(-1, 2)
    return ordered[:, 0], ordered[:, 1]


def _supported(here: NDArray[Any], there: NDArray[Any]) -> NDArray[np.bool_]:
    """Pairs with at least two others close by that lie the same way apart: a patch, not a point."""
    way = there - here
    swap = (way[:, 0] < 0) | ((way[:, 0] == 0) & (way[:, 1] < 0))
    here = np.where(swap[:, None], there, here)
    way = np.where(swap[:, None], -way, way)
    close = np.zeros(len(here), int)
    for i in range(len(here)):
        alike = np.abs(way - way[i]).max(1) <= 2
        near = np.abs(here - here[i]).max(1) <= NEAR
        apart = np.abs(here - here[i]).max(1) >= 2
        close[i] = int((alike & near & apart).sum())
    return np.asarray(close >= SUPPORT)


def _same(detail: NDArray[np.float32], here: NDArray[Any], there: NDArray[Any]) -> bool:
    """Whether the fine detail around two places is the same, shifted by a pixel at most."""
    import cv2

    (x, y), (u, v) = np.rint(here).astype(int), np.rint(there).astype(int)
    height, width = detail.shape
    reach = WINDOW + 1
    if min(x, y, u, v) < reach or max(x, u) >= width - reach or max(y, v) >= height - reach:
        return False
    patch = detail[y - WINDOW : y + WINDOW + 1, x - WINDOW : x + WINDOW + 1]
    if patch.std() < 1.0:
        return False
    around = detail[v - reach : v + reach + 1, u - reach : u + reach + 1]
    return bool(cv2.matchTemplate(around, patch, cv2.TM_CCOEFF_NORMED).max() >= ALIKE)
