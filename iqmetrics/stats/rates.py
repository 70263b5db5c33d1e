"""Shares: intervals, exact tests, and whether a published share can be true at all."""

import math
from dataclasses import dataclass
from statistics import NormalDist


def wilson(hits: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a share (Wilson 1927); n >= 1, whole or effective.

    Example:
        >>> low, high = wilson(28, 30)
        >>> round(low, 3), round(high, 3)
        (0.787, 0.982)
    """
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share = hits / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # At the ends the formula is exact but rounding is not.
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    return (0.0 if hits == 0 else low), (1.0 if hits == n else high)


def fisher(hits_a: int, n_a: int, hits_b: int, n_b: int) -> float:
    """Two-sided p value of Fisher's exact test that two shares are equal.

    The chances of all tables with these sums follow from each other; their logarithms are kept, for
    the binomials of many images are no floats.
    """
    hits = hits_a + hits_b
    fewest, most = max(0, hits - n_b), min(n_a, hits)
    logs = [0.0]
    for k in range(fewest, most):
        more, less = (n_a - k) * (hits - k), (k + 1) * (n_b - hits + k + 1)
        logs.append(logs[-1] + math.log(more / less))
    seen, top = logs[hits_a - fewest], max(logs)
    as_rare = math.fsum(math.exp(log - top) for log in logs if log <= seen + 1e-8)
    return min(1.0, as_rare / math.fsum(math.exp(log - top) for log in logs))


def sign_test(wins: int, losses: int) -> float:
    """Two-sided exact p value that wins and losses are equally likely (McNemar, exact)."""
    n = wins + losses
    tail = sum(math.comb(n, k) for k in range(min(wins, losses) + 1))
    return min(1.0, 2 * tail / (1 << n))


def per_group_needed(a: float, b: float, power: float = 0.8, alpha: float = 0.05) -> int | None:
    """Images a model needs for shares a and b to differ significantly; None if they are equal."""
    if a == b:
        return None
    z = NormalDist().inv_cdf(1 - alpha / 2) + NormalDist().inv_cdf(power)
    return math.ceil(z * z * (a * (1 - a) + b * (1 - b)) / (a - b) ** 2)


@dataclass(frozen=True, slots=True)
class Attainable:
    """Whether a rounded percentage can come from n images, and from how many hits."""

    hits: int
    exact: bool


def attainable(percent: str, n: int) -> Attainable:
    """The count nearest to a published percentage, and whether it rounds to that percentage.

    Args:
        percent: as printed, e.g. "93" or "93.3"; its decimals are the precision of the claim.
        n: images behind it.

    Example:
        >>> attainable("93", 30), attainable("71", 30)
        (Attainable(hits=28, exact=True), Attainable(hits=21, exact=False))
    """
    decimals = len(percent.partition(".")[2])
    hits = round(float(percent) / 100 * n)
    half = 0.5 * 10.0**-decimals
    return Attainable(hits, abs(100 * hits / n - float(percent)) <= half + 1e-9)
