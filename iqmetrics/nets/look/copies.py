"""Repeated texture: details that stand, almost pixel for pixel, at several places."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST = 1536
FAR = 20
WINDOW = 10
DETAIL = 1.6
ALIKE, SAME = 0.9, 0.99
MOST_KEYPOINTS = 6000
REPEATED = 0.03
"""Share of the picture from which it counts as repeated; see benchmarks/validity/look.py."""


@dataclass(frozen=True)
class Copies:
    """What was found: the share of the picture with a twin elsewhere, and the surest twins."""

    share: float
    keypoints: int
    shift: tuple[int, int]
    """The commonest way from a detail to its twin, pixels (x, y); (0, 0) when there is none."""
    shift_share: float
    """Share of the twins that lie that way apart: near 1 for tiles, low for scattered stamps."""
    pairs: tuple[tuple[int, int, int, int], ...]


NONE = Copies(0.0, 0, (0, 0), 0.0, ())


def find_copies(grey: NDArray[np.uint8]) -> Copies:
    """Details of a picture that recur elsewhere in it: the same, not only alike.

    SIFT keypoints are matched with one another. A pair counts when it lies at least 20 pixels
    apart, at one scale and angle, and the fine detail around both (21 x 21 pixels less a blur of
    1.6) correlates by more than 0.9, wholly from 0.99 on. Bricks, windows and stitches are alike,
    but their surfaces differ; printed patterns and rendered graphics are the same, and count.

    Args:
        grey: [H, W]; sides above 1536 are halved as often as needed first.
    """
    import cv2

    by = -(-max(grey.shape) // LARGEST)
    if by > 1:
        size = (grey.shape[1] // by, grey.shape[0] // by)
        grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    sift = cv2.SIFT.create(nfeatures=MOST_KEYPOINTS, contrastThreshold=0.006)
    points, descriptors = sift.detectAndCompute(grey, None)
    if descriptors is None or len(points) < 2:
        return NONE
    first, second = _twins(points, descriptors)
    places = np.array([p.pt for p in points])
    sure = _sameness(grey, places, first, second)
    first, second, sure = first[sure > 0], second[sure > 0], sure[sure > 0]
    if not len(first):
        return Copies(0.0, len(points), (0, 0), 0.0, ())
    shift, shift_share = _commonest(places[second] - places[first], sure)
    ends = np.rint(np.concatenate([places[first], places[second]], 1) * by).astype(int)
    best = np.argsort(-sure, kind="stable")[:60]
    return Copies(
        _area(grey.shape, places, first, second, sure),
        len(points),
        (shift[0] * by, shift[1] * by),
        shift_share,
        tuple((int(x), int(y), int(u), int(v)) for x, y, u, v in ends[best]),
    )


def _twins(points: Any, descriptors: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Pairs of keypoints that may be one detail seen twice: near descriptors, far places."""
    import cv2

    root = np.sqrt(descriptors / np.maximum(descriptors.sum(1, keepdims=True), 1e-9))
    found = cv2.BFMatcher(cv2.NORM_L2).knnMatch(root, root, k=4)
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


def _sameness(
    grey: NDArray[np.uint8], places: NDArray[Any], first: NDArray[Any], second: NDArray[Any]
) -> NDArray[np.float64]:
    """0..1 for each pair: how surely the fine detail around both places is the same."""
    import cv2

    detail = grey.astype(np.float32)
    detail = detail - cv2.GaussianBlur(detail, (0, 0), DETAIL)
    windows, inside = _windows(detail, places)
    spread = windows.std(1)
    windows = windows / (spread[:, None] + 1e-6)
    alike = (windows[first] * windows[second]).mean(1)
    seen = inside & (spread > 0.5)
    alike = np.where(seen[first] & seen[second], alike, 0.0)
    return np.asarray(np.clip((alike - ALIKE) / (SAME - ALIKE), 0, 1) ** 2, np.float64)


def _windows(detail: NDArray[Any], places: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """The window around every place, mean 0, as a row; and whether it lies inside the picture."""
    height, width = detail.shape
    x, y = np.rint(places).astype(int).T
    inside = (x >= WINDOW) & (y >= WINDOW) & (x < width - WINDOW) & (y < height - WINDOW)
    if not inside.any():
        return np.zeros((len(places), (2 * WINDOW + 1) ** 2), np.float32), inside
    x, y = np.where(inside, x, x[inside][0]), np.where(inside, y, y[inside][0])
    reach = np.arange(-WINDOW, WINDOW + 1)
    cut = detail[y[:, None, None] + reach[:, None], x[:, None, None] + reach]
    rows = cut.reshape(len(places), -1)
    return rows - rows.mean(1, keepdims=True), inside


def _commonest(way: NDArray[Any], sure: NDArray[Any]) -> tuple[tuple[int, int], float]:
    """The shift that most pairs share, to 4 pixels, and its share: a histogram of shifts."""
    back = (way[:, :1] < 0) | ((way[:, :1] == 0) & (way[:, 1:] < 0))
    bins, place = np.unique(np.rint(np.where(back, -way, way) / 4), axis=0, return_inverse=True)
    votes = np.bincount(place.ravel(), sure)
    top = bins[votes.argmax()] * 4
    return (int(top[0]), int(top[1])), float(votes.max() / votes.sum())


def _area(
    shape: tuple[int, ...],
    places: NDArray[Any],
    first: NDArray[Any],
    second: NDArray[Any],
    sure: NDArray[Any],
) -> float:
    """Share of the picture within 8 pixels of a detail that has a twin, weighted by sureness."""
    import cv2

    marks = np.zeros(shape, np.float32)
    for end in (first, second):
        x, y = np.rint(places[end]).astype(int).T
        np.maximum.at(marks, (np.minimum(y, shape[0] - 1), np.minimum(x, shape[1] - 1)), sure)
    return float(cv2.dilate(marks, np.ones((17, 17), np.uint8)).mean())
