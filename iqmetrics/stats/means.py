"""Means with intervals that respect the prompt: images of one prompt are not independent.

numpy and `statistics.NormalDist` only; imported by commands that must start fast.
"""

from statistics import NormalDist
from typing import TYPE_CHECKING

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


def _resampled_means(
    sums: "NDArray[np.float64]", counts: "NDArray[np.float64]"
) -> "NDArray[np.float64]":
    import numpy as np

    k = len(counts)
    draws = np.random.default_rng(20).multinomial(k, np.full(k, 1 / k), size=RESAMPLES)
    weights = draws.astype(np.float64)
    means: NDArray[np.float64] = (weights @ sums) / (weights @ counts)
    return means
