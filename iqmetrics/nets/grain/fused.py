"""Features of tiles on a GPU, by six kernels of Triton: the same numbers as `bands` in torch."""

from functools import cache
from typing import TYPE_CHECKING

from iqmetrics.nets.grain import bands
from iqmetrics.nets.trial import works

if TYPE_CHECKING:
    from torch import Tensor

MOST = 64
"""Patches along a tile up to which each is compared with each; beyond (shorter side above some
7,000 pixels) torch, which sorts them, is faster."""


def features(pixels: "Tensor", grid: bands.Grid) -> "Tensor":
    """`bands.FEATURES` of every tile of N x H x W x 3 bytes, N x rows x columns x 27."""
    import torch

    from iqmetrics.nets.grain.colours_triton import colours
    from iqmetrics.nets.grain.energies_triton import energies
    from iqmetrics.nets.grain.planes_triton import planes
    from iqmetrics.nets.grain.quiet_triton import quiet

    high, wide = grid.rows * grid.side + 4, grid.columns * grid.side + 4
    luma, half, half_luma = planes(pixels, grid.top, grid.left, high, wide)
    dct, members = bands.tensors(str(pixels.device))
    found = []
    for scale, image in ((1, luma), (2, half_luma)):
        per_tile, kept = bands.patches(grid, scale)
        rows, columns = grid.rows * per_tile, grid.columns * per_tile
        found.append(
            quiet(energies(image, dct, members, rows, columns), per_tile, kept, bands.FLOOR)
        )
    found.append(colours(half, half_luma, grid.side // 2, grid.rows, grid.columns, bands.FLOOR))
    return torch.cat(found, -1)


def fits(grid: bands.Grid) -> bool:
    """Whether the tiles are small enough for these kernels."""
    return bands.patches(grid, 1)[0] <= MOST


@cache
def possible(device: str) -> bool:
    """Whether Triton is here and answers as torch does on the device: a small picture is tried."""
    import torch

    made = torch.Generator().manual_seed(0)
    shown = torch.randint(40, 220, (2, 180, 190, 3), generator=made, dtype=torch.uint8).to(device)
    grid = bands.grid_of(180, 190)

    def near() -> bool:
        found, wanted = features(shown, grid), bands.by_torch(shown, grid)
        return torch.allclose(found, wanted, rtol=1e-3, atol=1e-3)

    return works(near, f"faster kernels for grain are not used on {device}")
