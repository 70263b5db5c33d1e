"""How far apart two sets of feature vectors are: FID and KID, in float64, without chance."""

import numpy as np
from numpy.typing import NDArray

ROWS = 1024
"""Kernels are summed in blocks of so many rows, so that large sets need little memory."""

Features = NDArray[np.floating]


def frechet(a: Features, b: Features) -> float:
    """Squared Frechet distance of the normal distributions fitted to two sets.

    |mean_a - mean_b|^2 + trace(A + B - 2 (A B)^(1/2)), A and B the covariances with n - 1. The last
    trace is that of the root of A^(1/2) B A^(1/2), which is symmetric: no imaginary parts to drop.
    Source: Heusel et al., "GANs Trained by a Two Time-Scale Update Rule", NeurIPS 2017.

    Args:
        a: (n, d) features, n above d, or the covariance lacks rank.
        b: (m, d) features, likewise.
    """
    first, second = a.astype(np.float64), b.astype(np.float64)
    gap = first.mean(0) - second.mean(0)
    cov_a, cov_b = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    values, vectors = np.linalg.eigh(cov_a)
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    mixed = np.linalg.eigvalsh(root @ cov_b @ root)
    both = np.sqrt(np.clip(mixed, 0, None)).sum()
    return float(gap @ gap + np.trace(cov_a) + np.trace(cov_b) - 2 * both)


def kernel_distance(a: Features, b: Features) -> float:
    """Unbiased squared maximum mean discrepancy, kernel (x.y / d + 1)^3, over all pairs.

    The usual mean over random subsets estimates the same number with more noise; this one is
    repeatable. May be slightly below 0, because it is unbiased.
    Source: Binkowski et al., "Demystifying MMD GANs", ICLR 2018.
    """
    n, m = len(a), len(b)
    within_a = (_kernel_sum(a, a) - _diagonal(a)) / (n * (n - 1))
    within_b = (_kernel_sum(b, b) - _diagonal(b)) / (m * (m - 1))
    return within_a + within_b - 2 * _kernel_sum(a, b) / (n * m)


def _kernel_sum(a: Features, b: Features) -> float:
    dim = a.shape[1]
    other = b.astype(np.float64).T
    parts = (a[i : i + ROWS].astype(np.float64) @ other for i in range(0, len(a), ROWS))
    return float(sum(((part / dim + 1) ** 3).sum() for part in parts))


def _diagonal(a: Features) -> float:
    own = np.einsum("ij,ij->i", a, a, dtype=np.float64)
    return float(((own / a.shape[1] + 1) ** 3).sum())
