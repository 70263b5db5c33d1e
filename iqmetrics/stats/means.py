"""Means with intervals that respect the prompt: images of one prompt are not independent.

numpy and `statistics.NormalDist` only; imported by commands that must start fast.
"""

from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING

from iqmetrics.stats.rates import wilson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RESAMPLES = 2000
LARGE = 1000
"""From this many prompts on the cluster-robust normal interval is used: it agrees with the
bootstrap there, at a small part of its cost."""


def cluster_interval(
    values: "NDArray[np.float64]", clusters: "NDArray[np.intp]", level: float = 0.95
) -> tuple[float, float | None, float | None]:
    """Mean of `values` with an interval that resamples whole clusters (prompts).

    Args:
        values: shape (n,), finite, n >= 1.
        clusters: shape (n,), the cluster number of each value, 0..k-1 with none empty.
        level: coverage of the interval.

    Returns:
        (mean, low, high); low and high are None with fewer than two clusters, since one prompt
        says nothing of how prompts differ. Percentile bootstrap over clusters with a fixed seed
        (Field & Welsh 2007), ratio of sums, so that larger clusters weigh more.
    """
    import numpy as np

    counts = np.bincount(clusters).astype(np.float64)
    sums = np.bincount(clusters, weights=values).astype(np.float64)
    mean = float(sums.sum() / counts.sum())
    k = len(counts)
    if k < 2:
        return mean, None, None
    if k >= LARGE:
        spread = float(np.sqrt(((sums - mean * counts) ** 2).sum() * k / (k - 1)) / counts.sum())
        half = NormalDist().inv_cdf(0.5 + level / 2) * spread
        return mean, mean - half, mean + half
    means = _resampled_means(sums, counts)
    low, high = np.quantile(means, [0.5 - level / 2, 0.5 + level / 2])
    # A mean of equal values must lie inside its own interval in spite of rounding.
    return mean, min(float(low), mean), max(float(high), mean)


def rate_interval(
    values: "NDArray[np.float64]", clusters: "NDArray[np.intp]", level: float = 0.95
) -> tuple[float, float | None, float | None]:
    """`cluster_interval` for values that are 0 or 1: 24 of 24 is no proof of 100 %.

    Wilson's interval at the effective number of independent answers: p (1 - p) over the
    cluster-robust variance of the mean, at most n, less what few clusters leave unsure of that
    variance, (z / t)^2 (Korn & Graubard 1998). Where every answer is the same the variance says
    nothing, and each cluster counts once.
    """
    import numpy as np

    counts = np.bincount(clusters).astype(np.float64)
    sums = np.bincount(clusters, weights=values).astype(np.float64)
    n, k = float(counts.sum()), len(counts)
    mean = float(sums.sum()) / n
    if k < 2:
        return mean, None, None
    variance = float(((sums - mean * counts) ** 2).sum()) * k / (k - 1) / n**2
    effective = float(k) if mean in (0, 1) else n
    if variance > 0:
        effective = min(n, mean * (1 - mean) / variance)
        effective *= _normal_over_t(k - 1, level) ** 2
    low, high = wilson(mean * effective, effective, level)
    return mean, low, high


def _normal_over_t(freedom: int, level: float) -> float:
    """Z / t of a two-sided interval, by the expansion of Fisher and Cornish (1960)."""
    z = NormalDist().inv_cdf(0.5 + level / 2)
    first, second = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96
    return z / (z + first / freedom + second / freedom**2)


def _resampled_means(
    sums: "NDArray[np.float64]", counts: "NDArray[np.float64]"
) -> "NDArray[np.float64]":
    weights = _draws(len(counts))
    means: NDArray[np.float64] = (weights @ sums) / (weights @ counts)
    return means


@lru_cache(2)
def _draws(clusters: int) -> "NDArray[np.float64]":
    """How often each cluster is drawn in each resample: the same for all metrics of a model."""
    import numpy as np

    shares = np.full(clusters, 1 / clusters)
    draws = np.random.default_rng(20).multinomial(clusters, shares, size=RESAMPLES)
    return draws.astype(np.float64)
