"""From tiles to numbers: luminance curve, uniformity, where grain is weak and how much is known.

All functions take stacked images, tensors [N, rows, columns], and answer one number an image, [N].
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from iqmetrics.nets.grain.bands import grid_of

SURE = 0.2
"""Likely error of a tile's log strength at which it is trusted by half."""
MOST_CLIPPED = 0.1
WEAKEST, STRONGEST = -2.5, 1.2
HALF_UNIFORM = 0.35
"""Spread of the log strength at which uniformity is one half."""
OF_ERROR, MOST_ERROR = 0.75, 0.13
"""How much of the tiles' likely error (mean square) is in the spread, and up to which error: what a
picture all of texture varies by must not be forgiven it. Measured on even grain."""
RIDGE = 0.02
READABLE = 0.1
"""Trust of the best tile from which a part of the frame counts as read (likely error 0.6)."""
FULL = 0.8
SHADOW, HIGHLIGHT = 0.25, 0.7
CENTRE, EDGE = 0.55, 0.95


@dataclass(frozen=True)
class Field:
    """The grain of N images; maps are [N, rows, columns], the rest [N]."""

    strength_map: Any
    """Natural log of the grain's standard deviation, grey levels."""
    trust: Any
    """0..1 a tile."""
    deviation: Any
    """Log strength less the luminance curve: 0 = as strong as expected at this brightness."""
    strength: Any
    fullest: Any
    """Strength where grain is whole, see `fullest`: what tells grain from none."""
    spread: Any
    """Of the deviation over the trusted tiles, less what comes of reading them with an error."""
    uniformity: Any
    size: Any
    covered: Any
    """Share of the frame, in 4 x 4 cells, where grain can be read."""


def tile_means(plane: Any, height: int, width: int) -> Any:
    """Mean of a full-size plane [N, height, width] in every tile of the grid."""
    grid = grid_of(height, width)
    cut = plane[
        :,
        grid.top : grid.top + grid.rows * grid.side,
        grid.left : grid.left + grid.columns * grid.side,
    ]
    return cut.reshape(-1, grid.rows, grid.side, grid.columns, grid.side).mean((2, 4))


def trust_of(error: Any, clipped: Any) -> Any:
    """Trust 0..1 from the likely error of a tile's log strength; none where it is clipped."""
    return (clipped <= MOST_CLIPPED).float() / (1 + (error / SURE) ** 2)


def mean(values: Any, weight: Any) -> Any:
    """Weighted mean over the tiles of each image."""
    return (values * weight).sum((1, 2)) / weight.sum((1, 2)).clamp(min=1e-6)


@cache
def _ridge(device: str) -> Any:
    """What pulls the three terms to 0, (3, 3), float64."""
    import torch

    with torch.inference_mode(False):
        pulls = torch.tensor([1e-6, RIDGE, RIDGE], device=device, dtype=torch.float64)
        return torch.diag(pulls)


def luminance_curve(strength: Any, luma: Any, trust: Any) -> Any:
    """Expected log strength of every tile by its luminance Y: ridge and Huber on three terms.

    The terms are 1, Y and the logarithm of a bell, 0.5 log(0.08 + 0.92 * 4Y(1-Y)), the shape that
    developed grains give (variance as exposed times unexposed area) and film curves follow.

    Film grain varies with density; that is not unevenness. Slopes are pulled to 0 where the image
    says little of them.
    """
    import torch

    n = strength.shape[0]
    y = luma.reshape(n, -1).double()
    r = strength.reshape(n, -1).double()
    bell = 0.5 * (0.08 + 0.92 * 4 * y * (1 - y)).log()
    base = torch.stack([torch.ones_like(y), bell + 0.25, y - 0.5], -1)
    ridge = _ridge(str(y.device))
    start = trust.reshape(n, -1).double() + 1e-9
    weight = start
    curve = r
    for _ in range(3):
        share = weight / weight.sum(1, keepdim=True)
        shared = (base * share[..., None]).mT
        slopes = torch.linalg.solve(shared @ base + ridge, shared @ r[..., None])
        curve = (base @ slopes)[..., 0]
        away = (r - curve).abs()
        weight = start / (away / 0.35).clamp(min=1)
    return curve.reshape(strength.shape).to(strength.dtype)


def read_field(strength: Any, error: Any, size: Any, luma: Any, clipped: Any) -> Field:
    """All that one look at the tiles gives.

    From the spread is taken what even grain would spread by too, since tiles of texture are read
    with an error: a picture is not less even because it has more texture.
    """
    trust = trust_of(error, clipped)
    curve = luminance_curve(strength, luma, trust)
    deviation = (strength - curve).clamp(WEAKEST, STRONGEST)
    centred = deviation - mean(deviation, trust)[:, None, None]
    likely_error = mean(error.square(), trust).sqrt()
    by_chance = OF_ERROR * likely_error.clamp(max=MOST_ERROR).square()
    spread = (mean(centred.square(), trust) - by_chance).clamp(min=0).sqrt()
    return Field(
        strength_map=strength,
        trust=trust,
        deviation=deviation,
        strength=mean(strength, trust).exp(),
        fullest=fullest(strength, trust),
        spread=spread,
        uniformity=1 / (1 + (spread / HALF_UNIFORM) ** 2),
        size=mean(size, trust).exp(),
        covered=_covered(trust),
    )


def _covered(trust: Any) -> Any:
    """Share of 4 x 4 parts of the frame that have a tile that can be read."""
    import torch

    pooled = torch.nn.functional.adaptive_max_pool2d(trust[:, None], 4)[:, 0]
    return (pooled >= READABLE).float().mean((1, 2))


def fullest(strength: Any, trust: Any) -> Any:
    """Strength in grey levels that a fifth of the trusted tiles reach: grain where it is whole."""
    n = strength.shape[0]
    ordered, places = strength.reshape(n, -1).sort(1)
    summed = trust.reshape(n, -1).gather(1, places).cumsum(1)
    at = (summed < FULL * summed[:, -1:]).sum(1, keepdim=True)
    return ordered.gather(1, at.clamp(max=ordered.shape[1] - 1))[:, 0].exp()


def ratio(deviation: Any, trust: Any, inside: Any, outside: Any) -> tuple[Any, Any]:
    """Strength inside over strength outside, and the lesser trust sum of the two."""
    within, without = trust * inside, trust * outside
    value = (mean(deviation, within) - mean(deviation, without)).exp()
    return value, within.sum((1, 2)).minimum(without.sum((1, 2)))
