"""Sharpness: how wide the edges are, in pixels, from how much a known blur changes them."""

import numpy as np
from numpy.typing import NDArray

from iqmetrics.nets.look import edges, spare
from iqmetrics.nets.look.edges import compiled

REBLUR = 1.0
ENOUGH_EDGES = 100
CANNY = (30, 90)
LEAST_GRADIENT = 20
QUANTILE = 0.2


def edge_width(
    luma: NDArray[np.float32], grey: NDArray[np.uint8] | None = None
) -> tuple[float | None, int]:
    """Blur of the picture's sharper edges as the sigma of a Gaussian, in pixels, and edges seen.

    At a step edge blurred by s, the gradient falls by sqrt(s^2 + b^2) / s when blurred once more
    by b (Zhuo and Sim 2011); the ratio gives s. Measured at Canny edges; the answer is their 20th
    percentile, so that a background out of focus does not make a sharp picture blurred. None when
    fewer than 100 pixels are edges, or a side is one pixel.

    Args:
        luma: [H, W], 0..255.
        grey: the same rounded, where it is there already.
    """
    import cv2

    if min(luma.shape) < 2:  # no gradient across
        return None, 0
    if grey is None:
        grey = np.clip(np.rint(luma), 0, 255).astype(np.uint8)
    marks = spare.plane(1, (grey.shape[0] + 2, grey.shape[1] + 2), np.uint8)
    marks[:] = 0
    found = spare.plane(0, (grey.size,), np.int32)
    most = compiled(edges.edges)(grey, *CANNY, marks, found)
    if most < ENOUGH_EDGES:
        return None, 0
    blurred = spare.plane(0, luma.shape, np.float32)
    cv2.GaussianBlur(luma, (0, 0), REBLUR, blurred)
    room = np.empty(most, np.float32)
    inside = marks[1:-1, 1:-1]
    clear, count = compiled(edges.edge_ratios)(inside, luma, blurred, LEAST_GRADIENT, room)
    if min(clear, count) < ENOUGH_EDGES:
        return None, clear
    sharper = _quantile(room[:count], 1 - QUANTILE)
    return float(np.sqrt(REBLUR**2 / (sharper**2 - 1))), clear


def _quantile(values: NDArray[np.float32], share: float) -> float:
    """`np.quantile` of many numbers by two partial sorts in place."""
    place = share * (len(values) - 1)
    below = int(place)
    values.partition(below)
    low = float(values[below])
    high = float(values[below + 1 :].min()) if below + 1 < len(values) else low
    return low + (high - low) * (place - below)
