# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-any-return"
"""Luma and halved pictures in Triton: what `planes` does on a CPU, each byte read once."""

import torch
import triton
import triton.language as tl
from torch import Tensor

from iqmetrics.colour import LUMA
from iqmetrics.nets.launches import in_turn

PLACES = 256
"""Squares of 2 x 2 pixels that one program makes."""
SHAPES = ("height", "width", "top", "left", "rows", "columns")


def planes(
    pixels: Tensor, top: int, left: int, high: int, wide: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Of a window of images (n x H x W x 3 bytes): luma, the means of 2 x 2 pixels, their luma.

    Args:
        pixels: the images.
        top: first row.
        left: first column.
        high: rows, an even number.
        wide: columns, an even number.

    Returns:
        n x high x wide, n x high / 2 x wide / 2 x 3, n x high / 2 x wide / 2; float32, 0..255.
    """
    pixels = pixels.contiguous()
    n, height, width = pixels.shape[:3]
    rows, columns = high // 2, wide // 2
    luma, half, half_luma = (
        torch.empty(shape, device=pixels.device)
        for shape in ((n, high, wide), (n, rows, columns, 3), (n, rows, columns))
    )
    _planes[triton.cdiv(rows * columns, PLACES), n](
        pixels, luma, half, half_luma, height, width, top, left, rows, columns,
        *(float(share) for share in LUMA), PLACES=PLACES,
    )  # fmt: skip
    return luma, half, half_luma


@in_turn
@triton.jit(do_not_specialize=SHAPES)
def _planes(
    pixels,
    luma,
    half,
    half_luma,
    height,
    width,
    top,
    left,
    rows,
    columns,
    by_red,
    by_green,
    by_blue,
    PLACES: tl.constexpr,
):
    one = tl.program_id(1).to(tl.int64)
    place = tl.program_id(0) * PLACES + tl.arange(0, PLACES)
    inside = place < rows * columns
    row, column = place // columns, place % columns
    red = tl.zeros((PLACES,), tl.float32)
    green = tl.zeros((PLACES,), tl.float32)
    blue = tl.zeros((PLACES,), tl.float32)
    for corner in tl.static_range(4):
        y, x = 2 * row + corner // 2, 2 * column + corner % 2
        at = pixels + ((one * height + top + y) * width + left + x) * 3
        r = tl.load(at, inside, 0).to(tl.float32)
        g = tl.load(at + 1, inside, 0).to(tl.float32)
        b = tl.load(at + 2, inside, 0).to(tl.float32)
        to = (one * (2 * rows) + y) * (2 * columns) + x
        tl.store(luma + to, r * by_red + g * by_green + b * by_blue, inside)
        red += r
        green += g
        blue += b
    red, green, blue = red / 4, green / 4, blue / 4
    to = one * rows * columns + place
    tl.store(half + to * 3, red, inside)
    tl.store(half + to * 3 + 1, green, inside)
    tl.store(half + to * 3 + 2, blue, inside)
    tl.store(half_luma + to, red * by_red + green * by_green + blue * by_blue, inside)
