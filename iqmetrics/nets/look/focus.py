"""Sharpness: how wide the edges are, in pixels, from how much a known blur changes them."""

import numpy as np
from numpy.typing import NDArray

REBLUR = 1.0
ENOUGH_EDGES = 100
CANNY = (30, 90)
LEAST_GRADIENT = 20
QUANTILE = 0.2


def edge_width(luma: NDArray[np.float32]) -> tuple[float | None, int]:
    """Blur of the picture's sharper edges as the sigma of a Gaussian, in pixels, and edges seen.

    At a step edge blurred by s, the gradient falls by sqrt(s^2 + b^2) / s when blurred once more
    by b (Zhuo and Sim 2011); the ratio gives s. Measured at Canny edges; the answer is their 20th
    percentile, so that a background out of focus does not make a sharp picture blurred. None when
    fewer than 100 pixels are edges.

    Args:
        luma: [H, W], 0..255.
    """
    import cv2

    edges = cv2.Canny(np.clip(np.rint(luma), 0, 255).astype(np.uint8), *CANNY)
    y, x = np.nonzero(edges)
    before = _gradient(luma, y, x)
    clear = before > LEAST_GRADIENT
    before, y, x = before[clear], y[clear], x[clear]
    count = len(before)
    if count < ENOUGH_EDGES:
        return None, count
    blurred = np.asarray(cv2.GaussianBlur(luma, (0, 0), REBLUR), np.float32)
    after = _gradient(blurred, y, x)
    ratio = before / np.maximum(after, 1e-3)
    ratio = ratio[ratio > 1.01]
    if len(ratio) < ENOUGH_EDGES:
        return None, count
    sigma = np.sqrt(REBLUR**2 / (ratio**2 - 1))
    return float(np.quantile(sigma, QUANTILE)), count


def _gradient(
    image: NDArray[np.float32], y: NDArray[np.intp], x: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Length of the Sobel gradient at some places; the border is mirrored."""
    import cv2

    wide = cv2.copyMakeBorder(image, 1, 1, 1, 1, cv2.BORDER_REFLECT_101)
    flat, line = np.asarray(wide, np.float32).ravel(), wide.shape[1]
    first = y * line + x
    (a, b, c), (d, _, f), (g, h, i) = (
        [flat[first + (line * down + right)] for right in range(3)] for down in range(3)
    )
    across, down = (c - a) + 2 * (f - d) + (i - g), (g - a) + 2 * (h - b) + (i - c)
    return np.asarray(np.hypot(across, down))
