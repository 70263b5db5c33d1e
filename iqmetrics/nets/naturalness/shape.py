"""From sums over MSCN maps to the features of NIQE and BRISQUE, and from those to the scores.

Written once for numpy arrays and torch tensors (`xp` is the module): only operations that both
spell alike. Sums come from `cpu` or `cuda`: `count, sum of squares` of the values below zero, the
same of those above, and the sum of magnitudes (last axis, 5 long).

Sources: Lasmar, Stitou & Berthoumieu 2009 (fit of the asymmetric generalised Gaussian by moments);
Mittal, Soundararajan & Bovik 2013 (NIQE); Mittal, Moorthy & Bovik 2012 (BRISQUE).
"""

from dataclasses import dataclass
from functools import cache
from math import lgamma
from typing import Any

import numpy as np

Array = Any
"""A numpy array or a torch tensor of float64."""

LEAST_BLOCKS = 2
"""Textured blocks that NIQE needs at the very least: a covariance of one block is undefined."""


@dataclass(frozen=True)
class Table:
    """Shapes 0.2, 0.201 .. 10 with what the moment fit needs of each, on one device."""

    xp: Any
    shape: Array
    ratio_limits: Array
    """Where the nearest shape changes, in units of mean(|x|)^2 / mean(x^2), rising."""
    inverse_limits: Array
    """The same for mean(x^2) / mean(|x|)^2, negated, rising."""
    mean_factor: Array
    """gamma(2/a) / gamma(1/a)."""
    scale_factor: Array
    """sqrt(gamma(1/a) / gamma(3/a)): standard deviation to scale."""

    def nearest(self, ratio: Array) -> Array:
        """Index of the shape whose moment ratio is nearest."""
        return self.xp.searchsorted(self.ratio_limits, ratio)

    def nearest_inverse(self, inverse: Array) -> Array:
        """The same by the inverse ratio, as BRISQUE compares it for the coefficients themselves."""
        return self.xp.searchsorted(self.inverse_limits, -inverse)


@cache
def table(device: str = "") -> Table:
    """The shape table as numpy arrays, or as tensors on `device`."""
    shapes = np.arange(9801) * 0.001 + 0.2
    g1, g2, g3 = (np.array([lgamma(k / a) for a in shapes]) for k in (1, 2, 3))
    ratio = np.exp(2 * g2 - g1 - g3)
    inverse = 1 / ratio
    arrays = (
        shapes,
        (ratio[1:] + ratio[:-1]) / 2,
        -(inverse[1:] + inverse[:-1]) / 2,
        np.exp(g2 - g1),
        np.exp((g1 - g3) / 2),
    )
    if not device:
        return Table(np, *arrays)
    import torch

    return Table(torch, *(torch.from_numpy(a).to(device) for a in arrays))


def fit(sums: Array, n: int, table: Table) -> tuple[Array, Array, Array]:
    """Index of the shape, left and right standard deviation for each set of n values.

    NaN where nothing lies on one side of zero: then there is no such distribution.
    """
    lefts, left_square, rights, right_square, absolute = (sums[..., k] for k in range(5))
    left, right = (left_square / lefts) ** 0.5, (right_square / rights) ** 0.5
    g = left / right
    ratio = absolute * absolute / (n * (left_square + right_square))
    ratio = ratio * (g**3 + 1) * (g + 1) / (g**2 + 1) ** 2
    return table.nearest(ratio), left, right


def niqe_features(sums: Array, n: int, table: Table) -> Array:
    """18 features of each block at one scale, from its sums (... x 5 maps x 5) over n pixels."""
    index, left, right = fit(sums, n, table)
    shape, scale = table.shape[index], table.scale_factor[index]
    left, right = left * scale, right * scale
    mean = (right - left) * table.mean_factor[index]
    features = [shape[..., 0], (left[..., 0] + right[..., 0]) / 2]
    for k in range(1, 5):
        features += [shape[..., k], mean[..., k], left[..., k], right[..., k]]
    return table.xp.stack(features, -1)


def niqe_distance(
    features: Array, mean: Array, covariance: Array, xp: Any = np
) -> tuple[Array, Array]:
    """NIQE of each picture, and the number of textured blocks that it rests on.

    Args:
        features: pictures x blocks x 36; a block with a NaN among them counts for nothing.
        mean: of pristine photographs, 36.
        covariance: of pristine photographs, 36 x 36.
        xp: numpy or torch.
    """
    textured = xp.isfinite(features).all(-1)
    count = textured.sum(-1)
    n = count.clip(LEAST_BLOCKS)[..., None]
    centre = xp.where(textured[..., None], features, 0.0).sum(-2) / n
    off = xp.where(textured[..., None], features - centre[..., None, :], 0.0)
    spread = off.swapaxes(-1, -2) @ off / (n[..., None] - 1)
    gap = (mean - centre)[..., None]
    solved = xp.linalg.solve((covariance + spread) / 2, gap)
    return (gap * solved).sum(-2)[..., 0] ** 0.5, count


def brisque_features(sums: Array, n: int, table: Table) -> Array:
    """18 features of each picture at one scale, from its sums (... x 5 maps x 5) over n pixels."""
    square = sums[..., 0, 1] + sums[..., 0, 3]
    absolute = sums[..., 0, 4]
    own = table.shape[table.nearest_inverse(n * square / (absolute * absolute))]
    index, left, right = fit(sums, n, table)
    shape = table.shape[index]
    mean = (right - left) * table.mean_factor[index] * table.scale_factor[index]
    features = [own, square / n]
    for k in range(1, 5):
        features += [shape[..., k], mean[..., k], left[..., k] ** 2, right[..., k] ** 2]
    return table.xp.stack(features, -1)


@dataclass(frozen=True)
class Regression:
    """BRISQUE's support vector regression on features scaled to -1..1."""

    coefficients: Array
    vectors: Array
    low: Array
    high: Array
    gamma: float
    rho: float

    def __call__(self, features: Array, xp: Any = np) -> Array:
        """The score of each picture, from its 36 features."""
        scaled = 2 * (features - self.low) / (self.high - self.low) - 1
        distance = ((scaled[..., None, :] - self.vectors) ** 2).sum(-1)
        return xp.exp(-self.gamma * distance) @ self.coefficients - self.rho
