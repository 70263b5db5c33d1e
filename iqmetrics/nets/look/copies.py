"""Repeated texture: details that stand, almost pixel for pixel, at several places."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iqmetrics.compiled import machine_code
from iqmetrics.nets.look import blur, spare
from iqmetrics.nets.look import copies_kernels as kernels

LARGEST = 1536
FAR = 20
WINDOW = 10
DETAIL = 1.6
ALIKE, SAME = 0.95, 0.99
MOST_KEYPOINTS = 4000
SKETCH = 0.8
"""Sketches that correlate by less cannot belong to windows that are the same."""
KEPT = 29
"""Frequencies of a sketch by which most pairs of places are told apart; 49 tell all. One more than
these is a multiple of five, which are multiplied at once."""
NEAREST = 4
"""Twins of one keypoint at most."""
NEAR = 8
"""Pixels around a detail that it speaks for."""
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
    detail = spare.plane(0, grey.shape, np.float32)
    _compiled(blur.detail)(grey, blur.weights(DETAIL), detail)
    places, sketches = _sketches(detail, places)
    if len(places) < 2:
        return NONE
    first, second = _twins(places, sketches)
    alike = _compiled(kernels.products)(detail, places, 2 * WINDOW + 1, first, second)
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
    place = spare.plane(0, (grey.size,), np.int32)
    strength = spare.plane(1, (grey.size,), np.float32)
    find = _compiled(kernels.corners)
    count = find(np.ascontiguousarray(grey), LEAST_CORNER, WINDOW, place, strength)
    y, x = np.divmod(place[:count].astype(np.intp), grey.shape[1])
    if count > MOST_KEYPOINTS:
        best = np.argpartition(-strength[:count], MOST_KEYPOINTS)[:MOST_KEYPOINTS]
        y, x = y[best], x[best]
    return np.stack([x, y], 1)


def _sketches(
    detail: NDArray[np.float32], places: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """The places with any detail around them, and what a row of 49 numbers says of each.

    Places lie at least `WINDOW` pixels inside the picture.
    """
    side = 2 * WINDOW + 1
    kept = np.empty(len(places), np.intp)
    rows = np.empty((len(places), (side // kernels.CELL) ** 2), np.float32)
    count = _compiled(kernels.sketches)(detail, places, LEAST_DETAIL * side, kept, rows)
    return places[kept[:count]], rows[:count]


def _twins(
    places: NDArray[np.intp], sketches: NDArray[np.float32]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs of places that may be one detail seen twice: like sketches, far apart."""
    bound = _bounding(sketches)
    pairs = _compiled(kernels.close_pairs)(bound, sketches, places, SKETCH, FAR, NEAREST)
    first, second = pairs.T.copy()
    return first, second


def _bounding(sketches: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shorter columns whose products are never less than those of the sketches (rows of length 1).

    The sketches are turned (which keeps products) into their frequencies; the strongest stay, and
    of the rest its length: the rest of two cannot give more than the product of its lengths.
    Blocks x (KEPT + 1) x BLOCK; zeros fill the last block.
    """
    count, cells = sketches.shape
    blocks = -(-count // kernels.BLOCK)
    rows = np.zeros((blocks * kernels.BLOCK, cells), np.float32)
    rows[:count] = sketches
    columns = rows.reshape(blocks, kernels.BLOCK, cells).transpose(0, 2, 1).copy()
    turned = np.empty((blocks, len(_frequencies()), kernels.BLOCK), np.float32)
    _compiled(kernels.turned)(columns, _frequencies(), turned)
    kept = np.argsort(-np.einsum("bij,bij->i", turned, turned))[:KEPT]
    bound = np.empty((blocks, KEPT + 1, kernels.BLOCK), np.float32)
    bound[:, :-1] = turned[:, kept]
    rest = 1 - np.einsum("bij,bij->bj", bound[:, :-1], bound[:, :-1])
    bound[:, -1] = np.sqrt(np.maximum(rest, 0))
    bound[-1, :, count - blocks * kernels.BLOCK + kernels.BLOCK :] = 0
    return bound


@cache
def _frequencies() -> NDArray[np.float32]:
    """The cosine transform of a sketch as a row, orthonormal: cells^2 and zeros x cells^2."""
    cells = (2 * WINDOW + 1) // kernels.CELL
    n = np.arange(cells)
    waves = np.cos((2 * n + 1) * n[:, None] * np.pi / (2 * cells)) * np.sqrt(2 / cells)
    waves[0] /= np.sqrt(2)
    return np.pad(np.kron(waves, waves).astype(np.float32), ((0, -(cells**2) % 4), (0, 0)))


@cache
def _compiled(kernel: Callable[..., Any]) -> Callable[..., Any]:
    return machine_code(kernel, "look", helpers=(*blur.HELPERS, *kernels.HELPERS))


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
    marks = np.zeros(shape, np.float32)
    paint = _compiled(kernels.painted)
    for end in (first, second):
        paint(places[end], sure.astype(np.float32), NEAR, marks)
    return float(marks.mean())
