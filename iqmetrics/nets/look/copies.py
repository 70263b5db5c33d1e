"""Repeated texture: details that stand, almost pixel for pixel, at several places."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iqmetrics.nets.look import kernels

LARGEST = 1536
FAR = 20
WINDOW = 10
DETAIL = 1.6
ALIKE, SAME = 0.95, 0.99
MOST_KEYPOINTS = 4000
CELL = 3
"""A window is sketched by the means of its cells, 7 x 7 of 3 x 3 pixels."""
SKETCH = 0.8
"""Sketches that correlate by less cannot belong to windows that are the same."""
KEPT = 24
"""Frequencies of a sketch by which most pairs of places are told apart; 49 tell all."""
NEAREST = 4
"""Twins of one keypoint at most."""
BLOCK = 512
LEAST_CORNER = 1e-4
LEAST_DETAIL = 0.5
"""Grey levels that the fine detail of a window must vary by."""
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

    Corners (least eigenvalue of the gradient's second moments) are compared with one another. A
    pair counts when it lies at least 20 pixels apart and the fine detail around both (21 x 21
    pixels less a blur of 1.6) correlates by more than 0.95, wholly from 0.99 on. Bricks,
    windows and stitches are alike, but their surfaces differ; printed patterns and rendered
    graphics are the same, and count.

    Args:
        grey: [H, W]; sides above 1536 are halved as often as needed first.
    """
    import cv2

    by = -(-max(grey.shape) // LARGEST)
    if by > 1:
        size = (max(1, grey.shape[1] // by), max(1, grey.shape[0] // by))
        grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    places = _corners(grey)
    if len(places) < 2:
        return NONE
    detail = grey.astype(np.float32)
    detail -= cv2.GaussianBlur(detail, (0, 0), DETAIL)
    windows, seen = _windows(detail, places)
    if not seen.all():
        places, windows = places[seen], windows[seen]
    first, second = _twins(places, windows)
    alike = kernels.compiled(kernels.products)(windows, first, second)
    sure = np.clip((alike - ALIKE) / (SAME - ALIKE), 0, 1).astype(np.float64) ** 2
    first, second, sure = first[sure > 0], second[sure > 0], sure[sure > 0]
    if not len(first):
        return Copies(0.0, len(places), (0, 0), 0.0, ())
    shift, shift_share = _commonest(places[second] - places[first], sure)
    ends = np.rint(np.concatenate([places[first], places[second]], 1) * by).astype(int)
    best = np.argsort(-sure, kind="stable")[:60]
    return Copies(
        _area(grey.shape, places, first, second, sure),
        len(places),
        (shift[0] * by, shift[1] * by),
        shift_share,
        tuple((int(x), int(y), int(u), int(v)) for x, y, u, v in ends[best]),
    )


def _corners(grey: NDArray[np.uint8]) -> NDArray[np.intp]:
    """The strongest corners that are the highest within 5 x 5 pixels, (n, 2) as x, y."""
    strength = np.zeros(grey.shape, np.float32)
    kernels.compiled(kernels.corner_strength)(np.ascontiguousarray(grey), strength)
    top = np.empty(grey.shape, np.bool_)
    kernels.compiled(kernels.tops)(strength, LEAST_CORNER, WINDOW, top)
    y, x = np.divmod(np.flatnonzero(top), grey.shape[1])
    if len(y) > MOST_KEYPOINTS:
        best = np.argpartition(-strength[y, x], MOST_KEYPOINTS)[:MOST_KEYPOINTS]
        y, x = y[best], x[best]
    return np.stack([x, y], 1)


def _windows(
    detail: NDArray[np.float32], places: NDArray[np.intp]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The window around every place as a row of mean 0 and length 1; whether there is any detail.

    Places lie at least `WINDOW` pixels inside the picture.
    """
    side = 2 * WINDOW + 1
    rows = np.empty((len(places), side * side + 1), np.float32)
    kernels.compiled(kernels.unit_windows)(detail, places, rows)
    return rows[:, :-1], rows[:, -1] > LEAST_DETAIL * side


def _twins(
    places: NDArray[np.intp], windows: NDArray[np.float32]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs of places that may be one detail seen twice: like sketches, far apart."""
    sketch = windows @ _cell_means()
    sketch -= sketch.mean(1, keepdims=True)
    sketch /= np.maximum(np.sqrt(np.einsum("ij,ij->i", sketch, sketch)), 1e-9)[:, None]
    bound = _bounding(sketch)
    close = kernels.compiled(kernels.close_pairs)
    pairs = [
        close(
            bound[start : start + BLOCK] @ bound[start:].T,
            *(sketch, start, places, SKETCH, FAR, NEAREST),
        )
        for start in range(0, len(places), BLOCK)
    ]
    first, second = np.concatenate(pairs).T
    return first, second


def _bounding(sketch: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shorter rows whose products are never less than those of the sketches (rows of length 1).

    The sketches are turned (which keeps products) into their frequencies; the strongest stay, and
    of the rest its length: the rest of two rows cannot give more than the product of its lengths.
    """
    turned = sketch @ _frequencies().T
    kept = np.argsort(-np.einsum("ij,ij->j", turned, turned))[:KEPT]
    bound = np.empty((len(sketch), KEPT + 1), np.float32)
    bound[:, :-1] = turned[:, kept]
    rest = 1 - np.einsum("ij,ij->i", bound[:, :-1], bound[:, :-1])
    bound[:, -1] = np.sqrt(np.maximum(rest, 0))
    return bound


@cache
def _frequencies() -> NDArray[np.float32]:
    """The cosine transform of a sketch as a row: orthonormal, cells^2 x cells^2."""
    cells = (2 * WINDOW + 1) // CELL
    n = np.arange(cells)
    waves = np.cos((2 * n + 1) * n[:, None] * np.pi / (2 * cells)) * np.sqrt(2 / cells)
    waves[0] /= np.sqrt(2)
    return np.asarray(np.kron(waves, waves), np.float32)


@cache
def _cell_means() -> NDArray[np.float32]:
    """What a window as a row is multiplied by for the means of its cells."""
    side = (2 * WINDOW + 1) // CELL
    of = np.arange(2 * WINDOW + 1) // CELL
    number = (of[:, None] * side + of).ravel()
    return np.asarray((number[:, None] == np.arange(side * side)) / CELL**2, np.float32)


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
