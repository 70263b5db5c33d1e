"""Latent grid: a faint pattern that repeats every 8 or 16 pixels over the whole picture."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

PERIODS = (8, 16)
OTHERS = (7, 9, 10, 11, 13, 14, 15, 17, 18, 19)
LIMIT = 6.0
SMALLEST = 10 * max(OTHERS)
"""Pixels: ten cells of the largest period."""


def grid_strength(luma: NDArray[np.float32]) -> tuple[float, int]:
    """Amplitude in grey levels of the strongest 8 or 16 pixel lattice, and its period.

    `luma` is [H, W], at least 190 pixels either way. Fine detail (luma less its 5 x 5 mean,
    limited to 6 grey levels, calm places weighing more) is averaged over all cells of a period:
    what does not repeat averages out. From the variance of the pattern at 8 or 16 pixels the
    largest at ten other periods is taken away, so structure that repeats at no special period
    counts as nothing. Blocks of JPEG are an 8 pixel lattice too, and are reported as one.
    """
    import cv2

    detail = luma - cv2.blur(luma, (5, 5))
    power = cv2.blur(detail * detail, (17, 17))
    weight = 1 / (power + 1.0)
    detail = np.clip(detail, -LIMIT, LIMIT)
    weighted = detail * weight
    floor = max(_folded(weighted, weight, period) for period in OTHERS)
    found = [
        (float(np.sqrt(max(0.0, _folded(weighted, weight, period) - floor))), period)
        for period in PERIODS
    ]
    return max(found)


def _folded(weighted: NDArray[Any], weight: NDArray[Any], period: int) -> float:
    """Variance of the mean pattern of one period, without what chance alone would leave."""
    cells = _cell_sums(weighted, period)
    pattern = cells / _cell_sums(weight, period)
    across = pattern.mean(0).var() + pattern.mean(1).var()
    return float(across + pattern.var())


def _cell_sums(values: NDArray[Any], period: int) -> NDArray[np.float64]:
    """Sum over all whole cells of a period, [period, period]; rows first, which is contiguous."""
    rows, columns = (n // period * period for n in values.shape)
    rowwise = values[:rows].reshape(-1, period, values.shape[1]).sum(0)[:, :columns]
    return np.asarray(rowwise.reshape(period, -1, period).sum(1, dtype=np.float64))
