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

    wide = cv2.GaussianBlur(luma, (0, 0), REBLUR)
    before = cv2.magnitude(cv2.Sobel(luma, cv2.CV_32F, 1, 0), cv2.Sobel(luma, cv2.CV_32F, 0, 1))
    after = cv2.magnitude(cv2.Sobel(wide, cv2.CV_32F, 1, 0), cv2.Sobel(wide, cv2.CV_32F, 0, 1))
    edges = cv2.Canny(np.clip(np.rint(luma), 0, 255).astype(np.uint8), *CANNY) > 0
    edges &= before > LEAST_GRADIENT
    count = int(edges.sum())
    if count < ENOUGH_EDGES:
        return None, count
    ratio = before[edges] / np.maximum(after[edges], 1e-3)
    ratio = ratio[ratio > 1.01]
    if len(ratio) < ENOUGH_EDGES:
        return None, count
    sigma = np.sqrt(REBLUR**2 / (ratio**2 - 1))
    return float(np.quantile(sigma, QUANTILE)), count
