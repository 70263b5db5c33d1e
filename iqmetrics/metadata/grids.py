"""Several pictures in one file: find 2x2 grids by their seams, and split them into picks."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from iqmetrics.records import ImageRecord, Source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SEAM = 3.0
"""How many times stronger than its neighbourhood the step at the middle must be."""
STEADY = 0.6
"""Share of the seam's length along which it must be stronger than usual."""


def seam_strength(pixels: "NDArray[np.uint8]", axis: int) -> tuple[float, float]:
    """The step across the middle of `pixels` (HxWx3) along `axis` (0 = between rows).

    Returns:
        (median step at the middle / median of the same a few lines away, share of the length
        where the middle is stronger than all of those). About (1, 0.1) inside one picture.
    """
    import numpy as np

    rows = pixels.astype(np.int16) if axis == 0 else pixels.astype(np.int16).swapaxes(0, 1)
    middle = rows.shape[0] // 2
    near = rows[middle - 9 : middle + 9].astype(np.float32).mean(axis=2)
    steps = np.abs(np.diff(near, axis=0))
    here, others = steps[8], np.delete(steps, [7, 8, 9], axis=0)
    usual = np.median(others, axis=0)
    strength = float(np.median(here) + 1.0) / float(np.median(usual) + 1.0)
    return strength, float(np.mean(here > others.max(axis=0)))


def looks_like_grid(pixels: "NDArray[np.uint8]") -> bool:
    """Whether uint8 HxWx3 pixels are four equal pictures set edge to edge, two by two."""
    height, width = pixels.shape[:2]
    if height % 2 or width % 2 or min(height, width) < 64:
        return False
    found = [seam_strength(pixels, axis) for axis in (0, 1)]
    return all(strength >= SEAM and share >= STEADY for strength, share in found)


def split_pixels(
    pixels: "NDArray[np.uint8]", rows: int = 2, columns: int = 2
) -> "list[NDArray[np.uint8]]":
    """The pictures of a grid (HxWx3), row by row; a remainder at right and bottom is cut off."""
    height, width = pixels.shape[0] // rows, pixels.shape[1] // columns
    if not height or not width:
        raise ValueError(f"{pixels.shape[:2]} is too small for {rows}x{columns} pictures")
    return [
        pixels[y * height : (y + 1) * height, x * width : (x + 1) * width].copy()
        for y in range(rows)
        for x in range(columns)
    ]


def split_record(record: ImageRecord, rows: int = 2, columns: int = 2) -> list[ImageRecord]:
    """One record a picture of a grid, in the order of `split_pixels`.

    `image` gets `#1` ... behind it, `params["tile"]` says (row, column, rows, columns), and the
    picks follow on: pick p of a grid of four becomes 4 (p - 1) + 1 ... 4 p.
    """
    count = rows * columns
    first = ((record.pick or 1) - 1) * count
    return [
        replace(
            record,
            image=f"{record.image}#{n + 1}",
            pick=first + n + 1,
            params={**record.params, "tile": (n // columns, n % columns, rows, columns)},
            sources={**record.sources, "pick": Source("place in the grid")},
        )
        for n in range(count)
    ]


def tile_of(record: ImageRecord) -> tuple[int, int, int, int] | None:
    """(row, column, rows, columns) of a record made by `split_record`, else None."""
    tile: Sequence[int] | None = record.params.get("tile")
    return (tile[0], tile[1], tile[2], tile[3]) if tile else None
