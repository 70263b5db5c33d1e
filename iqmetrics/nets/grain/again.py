"""A second look, at the noisier half of the tiles alone, where the first one found no grain.

The network reads every tile in the light of all of them. Where a filter has smoothed a part of a
grainy picture full of detail, that part speaks for a picture without grain, and what is left of the
grain passes for texture. So the half of the tiles with more energy is judged once more, by itself,
as a picture of its own; the other half keeps what the first look read there.

What is found counts only if it is twice what is otherwise enough for grain, if it is trusted, if it
is much alike all over that half, as texture seldom is, and if a quarter of the picture is clearly
quieter than it: texture can add energy and never take any, so grain that covers the frame leaves no
quiet tile, and the first look would have seen it.

The half and the constants were chosen on training pictures, 90 film scans, model outputs
and half of the scenes of benchmarks/validity/grain.py; see benchmarks/results/grain.json.
"""

from typing import Any

from iqmetrics.nets.grain.field import fullest, mean, trust_of
from iqmetrics.nets.grain.trust import judge

NO_GRAIN = 0.75
"""Strength in grey levels where there is most, below which a picture counts as having none."""
CLEAR = 2
"""How many times as much the noisier half must reach by itself."""
LEAST_TRUST = 0.16
"""Mean trust over the noisier half."""
ALIKE = 0.25
"""Spread of its log strength over the noisier half, at most."""
QUIETER = 0.5
"""At most this share of the grain found is in all of the quarter of the tiles with least energy."""


def noisier_half(features: Any) -> Any:
    """1 for tiles with at least the median energy of their image, else 0: [N, rows, columns]."""
    energy = features[..., 0]
    middle = energy.flatten(1).quantile(0.5, dim=1)
    return (energy >= middle[:, None, None]).float()


def look_again(
    features: Any,
    first: tuple[Any, Any, Any],
    clipped: Any,
    given: dict[str, Any],
    no_grain_below: float = NO_GRAIN,
) -> tuple[Any, Any]:
    """Judge the noisier half by itself.

    Args:
        features: [N, rows, columns, len(FEATURES)] of `bands.tile_features`.
        first: what `trust.judge` said of them: log strength, likely error, log cell size.
        clipped: share of clipped pixels in every tile.
        given: the network's parameters.
        no_grain_below: strength in grey levels that would otherwise be enough for grain.

    Returns:
        The three tensors with the noisier half judged anew, and for each image [N] whether that
        found grain; where it did not, they are to be forgotten.
    """
    import torch

    half = noisier_half(features)
    alone = judge(features, given, half)
    trust = trust_of(alone[1], clipped) * half
    strength = fullest(alone[0], trust)
    quiet = (0.5 * features[..., 0].flatten(1).quantile(0.25, dim=1)).exp()
    away = alone[0] - mean(alone[0], trust)[:, None, None]
    found = (
        (strength >= CLEAR * no_grain_below)
        & (trust.sum((1, 2)) >= LEAST_TRUST * half.sum((1, 2)))
        & (mean(away.square(), trust) <= ALIKE**2)
        & (quiet < QUIETER * strength)
    )
    merged = tuple(torch.where(half > 0, a, b) for a, b in zip(alone, first, strict=True))
    return merged, found
