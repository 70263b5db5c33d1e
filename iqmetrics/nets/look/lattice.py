"""Latent grid: a faint pattern that repeats every 8 or 16 pixels over the whole picture."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iqmetrics.compiled import machine_code
from iqmetrics.nets.look import lattice_kernels as kernels
from iqmetrics.nets.look import spare

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
    fine = spare.plane(0, luma.shape, np.float32)
    _compiled(kernels.detail)(luma, fine)
    every = (*PERIODS, *OTHERS)
    sums = np.empty((len(every), 2, max(every), max(every)))
    _compiled(kernels.folded)(fine, LIMIT, np.array(every), sums)
    power_of = {p: _variance(both[:, :p, :p]) for p, both in zip(every, sums, strict=True)}
    floor = max(power_of[period] for period in OTHERS)
    return max((float(np.sqrt(max(0.0, power_of[p] - floor))), p) for p in PERIODS)


def _variance(sums: NDArray[np.float64]) -> float:
    """Variance of the mean pattern of one period; sums of weighted values and of weights."""
    pattern = sums[0] / sums[1]
    down, across = (np.add.reduce(pattern, axis) / len(pattern) for axis in range(2))
    return float(_power(down) + _power(across) + _power(pattern))


def _power(values: NDArray[np.float64]) -> np.float64:
    """Their variance; numpy's own function takes three times as long for so few."""
    away = values - np.add.reduce(values, None) / values.size
    return np.float64(np.add.reduce(away * away, None) / values.size)


@cache
def _compiled(kernel: Callable[..., Any]) -> Callable[..., Any]:
    return machine_code(kernel, "look", helpers=kernels.HELPERS)
