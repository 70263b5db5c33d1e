"""Pixels in, everything known of their grain out: the one call that scorers and benchmarks make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iqmetrics.nets.grain.again import NO_GRAIN, look_again
from iqmetrics.nets.grain.bands import FEATURES, Grid, grid_of, tile_features
from iqmetrics.nets.grain.field import (
    CENTRE,
    EDGE,
    HIGHLIGHT,
    SHADOW,
    Field,
    mean,
    ratio,
    read_field,
)
from iqmetrics.nets.grain.trust import judge, parameters

LEAST_TILES = 4
LEAST_TRUST = 0.5
Floats = NDArray[np.float32]


def readable(height: int, width: int) -> bool:
    """Whether an image of this size has the 4 x 4 tiles that a grain field needs."""
    grid = grid_of(height, width)
    return min(grid.rows, grid.columns) >= LEAST_TILES


@dataclass(frozen=True)
class Look:
    """The grain of N images as arrays [N]; zones [N, 3] are shadow, mid and highlight."""

    grid: Grid
    uniformity: Floats
    strength: Floats
    fullest: Floats
    size: Floats
    spread: Floats
    covered: Floats
    chroma_corr: Floats
    centre_edge: Floats
    centre_trust: Floats
    zones: Floats
    zone_trust: Floats
    zone_tiles: Floats
    deviation: Floats
    """[N, rows, columns]: log strength less what is expected at this brightness."""
    trust: Floats
    """[N, rows, columns], 0..1."""

    def evidence(self, i: int) -> dict[str, Any]:
        """The grain map of one image, as the report draws it."""
        return {
            "tile": self.grid.side,
            "origin": [self.grid.left, self.grid.top],
            "grain_map": _short(self.deviation[i]),
            "trust": _short(self.trust[i]),
            "covered": round(float(self.covered[i]), 2),
        }


def _short(values: Floats) -> list[list[float]]:
    """In two digits; as float64, for the float32 next to 0.01 takes twenty to be told."""
    found: list[list[float]] = np.round(values.astype(np.float64), 2).tolist()
    return found


def look(pixels: Any, device: str = "cpu", no_grain_below: float = NO_GRAIN) -> Look:
    """Read the grain of images of one size.

    Args:
        pixels: images [H, W, 3] uint8, sRGB, or a tensor of them [N, H, W, 3] on the device.
        device: "cpu" or "cuda".
        no_grain_below: strength in grey levels where there is most, below which a picture is looked
            at a second time.
    """
    import torch

    with torch.inference_mode():
        if device != "cpu" and not isinstance(pixels, torch.Tensor):
            pixels = torch.stack([torch.from_numpy(np.array(p)).to(device) for p in pixels])
        named, grid = measure(pixels, no_grain_below)
        arrays = torch.cat([named[key].reshape(len(pixels), -1) for key in named], 1).cpu().numpy()
    found: dict[str, Any] = {}
    start = 0
    for key, value in named.items():
        width = int(np.prod(value.shape[1:]))
        found[key] = arrays[:, start : start + width].reshape(value.shape)
        start += width
    return Look(grid=grid, **found)


def measure(pixels: Any, no_grain_below: float = NO_GRAIN) -> tuple[dict[str, Any], Grid]:
    """The same as `look` on what `tile_features` takes, answering tensors on its device."""
    import torch

    features, grid = tile_features(pixels)
    luma, clipped = (features[..., FEATURES.index(name)] for name in ("luma", "clipped"))
    seen = _read(features, luma, clipped, no_grain_below)
    inside, outside = _rings(grid, str(features.device))
    centre_edge, centre_trust = ratio(seen.deviation, seen.trust, inside, outside)
    bounds = ((luma < SHADOW), (luma >= SHADOW) & (luma <= HIGHLIGHT), (luma > HIGHLIGHT))
    zones = [zone.float() for zone in bounds]
    corr = sum(features[..., FEATURES.index(f"corr_{pair}")] for pair in ("rg", "gb", "rb")) / 3
    return {
        "uniformity": seen.uniformity,
        "strength": seen.strength,
        "fullest": seen.fullest,
        "size": seen.size,
        "spread": seen.spread,
        "covered": seen.covered,
        "chroma_corr": mean(corr, seen.trust),
        "centre_edge": centre_edge,
        "centre_trust": centre_trust,
        "zones": torch.stack(
            [mean(seen.strength_map, seen.trust * zone).exp() for zone in zones], 1
        ),
        "zone_trust": torch.stack([(seen.trust * zone).sum((1, 2)) for zone in zones], 1),
        "zone_tiles": torch.stack([zone.sum((1, 2)) for zone in zones], 1),
        "deviation": seen.deviation,
        "trust": seen.trust,
    }, grid


def _read(features: Any, luma: Any, clipped: Any, no_grain_below: float) -> Field:
    """The field of every image, after a second look where the first has found no grain."""
    given = parameters(str(features.device))
    first = judge(features, given)
    seen = read_field(*first, luma, clipped)
    bare = (seen.fullest < no_grain_below).nonzero()[:, 0]
    if not len(bare):
        return seen
    again = features[bare], tuple(t[bare] for t in first), clipped[bare]
    merged, found = look_again(*again, given, no_grain_below)
    if not found.any():
        return seen
    at = bare[found]
    for whole, part in zip(first, merged, strict=True):
        whole[at] = part[found]
    return read_field(*first, luma, clipped)


def face_ratio(
    evidence: Mapping[str, Any], boxes: Sequence[tuple[float, float, float, float]]
) -> float | None:
    """Grain inside faces over grain outside, from `Look.evidence`; None where it cannot be read.

    Args:
        evidence: the grain map of the image.
        boxes: faces as (x0, y0, x1, y1) in pixels; tiles with their middle in one are inside.
    """
    deviation, trust = np.array(evidence["grain_map"]), np.array(evidence["trust"])
    left, top = evidence["origin"]
    y = top + (np.arange(deviation.shape[0])[:, None] + 0.5) * evidence["tile"]
    x = left + (np.arange(deviation.shape[1])[None] + 0.5) * evidence["tile"]
    inside = np.zeros(deviation.shape, bool)
    for x0, y0, x1, y1 in boxes:
        inside |= (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
    within, without = trust * inside, trust * ~inside
    if inside.sum() < 2 or within.sum() < LEAST_TRUST or without.sum() < LEAST_TRUST:
        return None
    means = [(deviation * w).sum() / w.sum() for w in (within, without)]
    return float(np.exp(means[0] - means[1]))


@lru_cache(64)
def _rings(grid: Grid, device: str) -> tuple[Any, Any]:
    """Tiles of the centre and of the edges, [rows, columns]: radius below .55, above .95."""
    import torch

    with torch.inference_mode(False):
        y = (torch.arange(grid.rows, device=device) + 0.5) / grid.rows * 2 - 1
        x = (torch.arange(grid.columns, device=device) + 0.5) / grid.columns * 2 - 1
        radius = torch.hypot(y[:, None].expand(-1, grid.columns), x[None].expand(grid.rows, -1))
        return (radius < CENTRE).float(), (radius > EDGE).float()
