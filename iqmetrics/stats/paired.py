"""Two models on the same prompts: the mean difference, with bounds that hold for skewed scores.

Bootstrap-t over prompts (Hall 1988; Efron & Tibshirani 1993, ch. 12): seeds of one prompt are
averaged first, since they are not independent, and the studentised bootstrap follows the skewness
that a plain t interval ignores. In `benchmarks/validity/gate.py` it keeps its level where point
thresholds pass half of all true regressions.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RESAMPLES = 2000
LARGE = 2000
"""From this many prompts on the mean is normal for any score and the plain interval is used."""
MIN_PROMPTS = 5
"""Below this no bound is given: a bootstrap of so few prompts promises what it cannot keep."""
ENDLESS = 1e6
"""Stands for an endless t value of a resample without spread."""
FARTHEST = 100
"""A bound farther from the mean than so many standard errors says nothing and is not given."""


@dataclass(frozen=True, slots=True)
class Effect:
    """Mean difference of two models with its bounds, both of one-sided level 1 - alpha.

    `low` and `high` are None below `MIN_PROMPTS` prompts, and where so many prompts do not differ
    at all that the bootstrap gives no bound worth the name (12 equal prompts and one that is not;
    see `FARTHEST`). `sd` is the standard deviation of the prompts' mean differences.
    """

    mean: float
    low: float | None
    high: float | None
    sd: float
    prompts: int


def effect(differences: "NDArray[np.float64]", alpha: float = 0.05) -> Effect:
    """Bounds of the mean of one difference a prompt.

    Args:
        differences: shape (n,), candidate minus baseline, averaged over the seeds of a prompt.
        alpha: each bound is crossed by the truth with this probability.
    """
    mean, sd, n = float(differences.mean()), _sd(differences), len(differences)
    if n < MIN_PROMPTS:
        return Effect(mean, None, None, sd, n)
    low, high = bounds(differences[:, None], alpha)
    reach = FARTHEST * sd / math.sqrt(n)
    return Effect(
        mean,
        float(low[0]) if mean - low[0] <= reach else None,
        float(high[0]) if high[0] - mean <= reach else None,
        sd,
        n,
    )


def bounds(
    differences: "NDArray[np.float64]", alpha: float = 0.05
) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    """Bootstrap-t bounds of the mean of each column.

    Args:
        differences: shape (n prompts, k columns); every column is resampled the same way.
        alpha: one-sided level.

    Returns:
        (low, high), each of shape (k,). A column without any spread has its mean as both bounds.
    """
    import numpy as np

    n = len(differences)
    mean = differences.mean(axis=0)
    centred = differences - mean
    error = centred.std(axis=0, ddof=1) / math.sqrt(n)
    if n >= LARGE:
        half = NormalDist().inv_cdf(1 - alpha) * error
        return mean - half, mean + half
    drawn = _weights(n) @ np.hstack([centred, centred**2])
    shift, square = np.split(drawn, 2, axis=1)
    spread = np.sqrt(np.maximum(square - shift**2, 0) / (n - 1))
    # A resample without spread (one prompt drawn n times) says nothing: it goes to both tails.
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(spread > 1e-12 * error, shift / spread, np.sign(shift) * np.inf)
    t = np.nan_to_num(t, nan=0.0, posinf=ENDLESS, neginf=-ENDLESS)
    low_t, high_t = np.quantile(t, [alpha, 1 - alpha], axis=0)
    return mean - high_t * error, mean - low_t * error


def p_value(differences: "NDArray[np.float64]", null: float, side: str) -> float:
    """One-sided bootstrap-t p value of "the mean is not above (below) `null`".

    Args:
        differences: shape (n,), n >= 2.
        null: the border of the hypothesis.
        side: "above" or "below".
    """
    import numpy as np

    n, mean = len(differences), differences.mean()
    centred = differences - mean
    error = _sd(differences) / math.sqrt(n)
    if error == 0:
        beyond = mean > null if side == "above" else mean < null
        return 0.0 if beyond else 1.0
    observed = (mean - null) / error
    if n >= LARGE:
        return NormalDist().cdf(-observed if side == "above" else observed)
    drawn = _weights(n) @ np.stack([centred, centred**2], axis=1)
    spread = np.sqrt(np.maximum(drawn[:, 1] - drawn[:, 0] ** 2, 1e-300) / (n - 1))
    t = drawn[:, 0] / spread
    extreme = t >= observed if side == "above" else t <= observed
    return float((1 + extreme.sum()) / (RESAMPLES + 1))


def prompts_needed(
    sd: float, margin: float, power: float = 0.8, alpha: float = 0.05, skew: float = 0.0
) -> int:
    """Prompts for `power` to show a bound within `margin` when the true difference is zero.

    Args:
        sd: standard deviation of the prompts' mean differences.
        margin: the difference that is just too large, > 0.
        power: the chance to succeed.
        alpha: one-sided level of the bound.
        skew: skewness of the differences, turned so that more is better. With a long tail to the
            worse side the bound lies lower, so more prompts are needed: first-order Edgeworth
            terms of both quantiles of the studentised mean (Hall 1992, ch. 2), and of margin over
            estimated error, which moves with the mean when differences are skewed. A tail to the
            better side never lowers the number.
    """
    z_a, z_b = NormalDist().inv_cdf(1 - alpha), NormalDist().inv_cdf(power)
    plain = z_a + z_b
    term = (z_a**2 - z_b**2) / 3 + z_b * plain / 2
    n = (plain * sd / margin) ** 2
    for _ in range(20):
        shift = -skew * term / math.sqrt(max(n, MIN_PROMPTS))
        n = ((plain + max(shift, 0.0)) * sd / margin) ** 2
    return max(MIN_PROMPTS, math.ceil(n))


def skewness(differences: "NDArray[np.float64]") -> float:
    """Sample skewness; 0 without any spread."""
    centred = differences - differences.mean()
    spread = float(centred.std())
    return float((centred**3).mean()) / spread**3 if spread > 0 else 0.0


def _sd(differences: "NDArray[np.float64]") -> float:
    return float(differences.std(ddof=1)) if len(differences) > 1 else 0.0


@lru_cache(maxsize=2)
def _weights(n: int) -> "NDArray[np.float64]":
    """How often each of n prompts is drawn in each resample, divided by n; the same every time."""
    import numpy as np

    draws = np.random.default_rng(20).multinomial(n, np.full(n, 1 / n), size=RESAMPLES)
    return draws / n
