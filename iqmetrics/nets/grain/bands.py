"""What the tiles of an image say of its grain: energies in DCT bands, at two scales.

An image is cut into tiles, each of k x k patches of 8 x 8 pixels a stride of 7 apart (so that
blocks of JPEG are met in every phase), so a tile is 7k pixels wide: about a sixteenth of the
shorter side, at least 42. The second scale is the image
averaged 2 x 2: coarse grain that the first scale takes for texture is fine grain there.

In every tile the quarter of its patches with the least energy in the LOW band speaks for its
grain, measured in the MIDDLE and HIGH bands: what is chosen by one band and measured in another
carries no selection bias for noise. Idea: Colom and Buades 2013 (IPOL), Ponomarenko et al. 2007.
"""

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from iqmetrics.colour import LUMA
from iqmetrics.nets.grain import cuts
from iqmetrics.nets.grain.cuts import PATCH, STRIDE

KEPT = 0.25
FLOOR = 0.01
"""Added to every energy (grey levels squared a coefficient): below it there is only rounding."""
BANDS = ("low1", "low2", "mid", "high1", "high2", "across", "down")

FEATURES = (
    *(
        f"{name}_{scale}"
        for scale in (1, 2)
        for name in (
            "grain",
            "low1",
            "low2",
            "mid",
            "high1",
            "high2",
            "aniso",
            "kurtosis",
            "all_grain",
            "spread",
        )
    ),
    "luma",
    "luma_spread",
    "clipped",
    "corr_rg",
    "corr_gb",
    "corr_rb",
    "colour",
)


@dataclass(frozen=True)
class Grid:
    """Where the tiles lie: `rows` x `columns` of `side` pixels each, the first at (top, left)."""

    rows: int
    columns: int
    side: int
    top: int
    left: int


def grid_of(height: int, width: int) -> Grid:
    """The tile grid of an image; fewer than 4 rows or columns means that it is too small."""
    per_tile = max(6, 2 * round(min(height, width) / 16 / (2 * STRIDE)))
    side = per_tile * STRIDE
    rows, columns = (height - 4) // side, (width - 4) // side
    return Grid(
        rows,
        columns,
        side,
        (height - 4 - rows * side) // 4 * 2,
        (width - 4 - columns * side) // 4 * 2,
    )


@cache
def _members() -> Any:
    """What to multiply squared coefficients by for the averages of `BANDS` and HIGH, 8 x 64."""
    u, v = np.divmod(np.arange(64), PATCH)
    order = u + v
    noisy = order >= 4
    members = {
        "low1": (order >= 1) & (order <= 2),
        "low2": order == 3,
        "mid": (order >= 4) & (order <= 6),
        "high1": (order >= 7) & (order <= 9),
        "high2": order >= 10,
        "across": noisy & (v > 2 * u),
        "down": noisy & (u > 2 * v),
        "high": order >= 7,
    }
    return np.array([members[b] / members[b].sum() for b in (*BANDS, "high")], np.float32)


@cache
def _dct() -> Any:
    """The orthonormal DCT of eight numbers, 8 x 8, a row a wave."""
    n = np.arange(PATCH)
    dct = np.cos((2 * n[None] + 1) * n[:, None] * math.pi / 16) * math.sqrt(2 / PATCH)
    dct[0] /= math.sqrt(2)
    return dct


@cache
def tensors(device: str) -> tuple[Any, Any]:
    """The 64 x 64 DCT of a patch, and 8 x 64: averages of squares over `BANDS` and over HIGH."""
    import torch

    both = np.kron(_dct(), _dct()), _members()
    dct, members = (torch.tensor(one, dtype=torch.float32, device=device) for one in both)
    return dct, members


def patches(grid: Grid, scale: int) -> tuple[int, int]:
    """Patches along a tile at a scale, and how many of a tile speak for its grain."""
    per_tile = grid.side // STRIDE // scale
    return per_tile, max(2, round(KEPT * per_tile * per_tile))


def _tiled(values: Any, grid: Grid, per_tile: int) -> Any:
    """[..., rows k, columns k] -> [..., rows, columns, k k]."""
    lead = values.shape[:-2]
    cut = values.reshape(*lead, grid.rows, per_tile, grid.columns, per_tile)
    return cut.transpose(-2, -3).reshape(*lead, grid.rows, grid.columns, per_tile * per_tile)


def _energies(luma: Any, rows: int, columns: int) -> Any:
    """Of every patch the averages of `BANDS`, and over HIGH that of the fourths: 8 x N x r x c."""
    import torch

    dct, members = tensors(str(luma.device))
    luma = luma[:, : (rows - 1) * STRIDE + PATCH, : (columns - 1) * STRIDE + PATCH]
    cut = luma.unfold(1, PATCH, STRIDE).unfold(2, PATCH, STRIDE)
    square = (dct @ cut.reshape(-1, 64).T).square_()
    found = torch.cat([members[:-1] @ square, members[-1:] @ square.square_()])
    return found.reshape(-1, luma.shape[0], rows, columns)


def _quiet(luma: Any, grid: Grid, per_tile: int, kept: int) -> Any:
    """Of every tile what `cuts.quiet` says, 10 x N x rows x columns."""
    import torch

    rows, columns = grid.rows * per_tile, grid.columns * per_tile
    if luma.device.type == "cpu":
        found = np.empty((len(BANDS) + 3, len(luma), grid.rows, grid.columns), np.float32)
        energies = np.empty((len(BANDS) + 1, rows, columns), np.float32)
        for k, one in enumerate(luma.numpy()):
            cuts.compiled(cuts.energies)(one, _dct().astype(np.float32), _members(), energies)
            cuts.compiled(cuts.quiet)(energies, per_tile, kept, FLOOR, found[:, k])
        return torch.from_numpy(found)
    energy = _tiled(_energies(luma, rows, columns), grid, per_tile)
    low = (5 * energy[0] + 4 * energy[1]) / 9
    chosen = (low <= low.kthvalue(kept, dim=-1, keepdim=True).values).float()
    every = (energy[2] * 18 + energy[3] * 21 + energy[4] * 15) / 54
    log_every = (every + FLOOR).log()
    means = (energy * chosen).sum(-1) / chosen.sum(-1)
    return torch.cat([means, log_every.mean(-1)[None], log_every.std(-1)[None]])


def _scale(luma: Any, grid: Grid, scale: int) -> list[Any]:
    """Ten features of one scale, each [N, rows, columns]; `luma` [N, H, W] starts at the grid."""
    per_tile, kept = patches(grid, scale)
    found = _quiet(luma, grid, per_tile, kept).unbind(0)
    low1, low2, mid, high1, high2, across, down, fourth, log_every, spread = found
    grain = (18 * mid + 21 * high1 + 15 * high2) / 54
    above = ((21 * high1 + 15 * high2) / 36) ** 2

    def log(value: Any) -> Any:
        return (value + FLOOR).log()

    return [
        log(grain),
        *(log(band) - log(grain) for band in (low1, low2, mid, high1, high2)),
        (log(across) - log(down)).abs(),
        ((fourth + 3 * FLOOR**2) / (above + FLOOR**2)).log(),
        log_every - log(grain),
        spread,
    ]


def _colour(half: Any, grid: Grid) -> list[Any]:
    """Correlations of the channels' fine detail and its colourfulness, each [N, rows, columns]."""
    red, green, blue, rg, gb, rb = _products(half, grid)
    powers = [value + FLOOR for value in (red, green, blue)]
    total = (powers[0] + powers[1] + powers[2]) / 3
    return [
        rg / (powers[0] * powers[1]).sqrt(),
        gb / (powers[1] * powers[2]).sqrt(),
        rb / (powers[0] * powers[2]).sqrt(),
        total.log(),
    ]


def _products(half: Any, grid: Grid) -> list[Any]:
    """Mean products of the channels' fine detail in every tile: r r, g g, b b, r g, g b, r b."""
    import torch

    side = grid.side // 2
    if half.device.type == "cpu":
        found = np.empty((half.shape[0], grid.rows, grid.columns, 6), np.float32)
        for one, into in zip(half.numpy(), found, strict=True):
            cuts.compiled(cuts.colours)(one, side, into)
        return list(torch.from_numpy(found).unbind(-1))
    even = side // 2 * 2
    half = half[:, : grid.rows * side, : grid.columns * side]
    half = half.reshape(-1, grid.rows, side, grid.columns, side, 3)[:, :, :even, :, :even]
    fine = half[:, :, 0::2, :, 0::2] - half[:, :, 1::2, :, 0::2]
    fine = fine - half[:, :, 0::2, :, 1::2] + half[:, :, 1::2, :, 1::2]
    red, green, blue = fine.permute(5, 0, 1, 3, 2, 4).flatten(-2).unbind(0)
    pairs = ((red, red), (green, green), (blue, blue), (red, green), (green, blue), (red, blue))
    return [(a * b).mean(-1) for a, b in pairs]


def _planes(pixels: Any, grid: Grid) -> tuple[Any, Any, Any]:
    """Luma [N, h, w], half-size picture [N, h / 2, w / 2, 3] and its luma, from the grid on."""
    import torch

    high, wide = grid.rows * grid.side + 4, grid.columns * grid.side + 4
    if not isinstance(pixels, torch.Tensor) or pixels.device.type == "cpu":
        from iqmetrics.nets.grain.planes import planes

        found = [planes(np.asarray(one), grid.top, grid.left, high, wide) for one in pixels]
        luma, half, half_luma = (
            torch.from_numpy(np.stack(some) if len(some) > 1 else some[0][None])
            for some in zip(*found, strict=True)
        )
        return luma, half, half_luma
    inside = pixels[:, grid.top : grid.top + high, grid.left : grid.left + wide]
    weight = torch.tensor(LUMA, device=pixels.device)
    pairs = inside[:, 0::2].short() + inside[:, 1::2].short()
    half = (pairs[:, :, 0::2] + pairs[:, :, 1::2]).float() / 4
    return inside.float() @ weight, half, half @ weight


def tile_features(pixels: Any) -> tuple[Any, Grid]:
    """Features of every tile of images of one size.

    Args:
        pixels: uint8 tensor [N, H, W, 3], on any device, or arrays [H, W, 3] of one size.

    Returns:
        float32 [N, rows, columns, len(FEATURES)] (energies as natural logarithms) and the grid.
    """
    from iqmetrics.nets.grain import fused

    grid = grid_of(*pixels[0].shape[:2])
    there = getattr(pixels, "is_cuda", False) and fused.fits(grid)
    if there and fused.possible(str(pixels.device)):
        return fused.features(pixels, grid), grid
    return by_torch(pixels, grid), grid


def by_torch(pixels: Any, grid: Grid) -> Any:
    """What `tile_features` answers, by torch; on a CPU compiled loops do the most of it."""
    import torch

    luma, half, half_luma = _planes(pixels, grid)
    side = grid.side // 2
    tiles = _tiled(half_luma[:, : grid.rows * side, : grid.columns * side], grid, side)
    mean = tiles.mean(-1)
    spread = (tiles.square().mean(-1) - mean.square()).clamp(min=0).sqrt()
    found = [
        *_scale(luma, grid, 1),
        *_scale(half_luma, grid, 2),
        mean / 255,
        (spread + 0.1).log(),
        ((tiles < 2.0) | (tiles > 253.0)).float().mean(-1),
        *_colour(half, grid),
    ]
    return torch.stack(found, -1)
