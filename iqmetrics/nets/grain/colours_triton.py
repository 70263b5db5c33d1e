# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-any-return"
"""Brightness and colour of tiles in Triton, from the halved picture."""

import torch
import triton
import triton.language as tl
from torch import Tensor

from iqmetrics.nets.launches import in_turn

PLACES = 256
"""Pixels, or squares of 2 x 2 of them, that a program looks at together."""


def colours(
    half: Tensor, half_luma: Tensor, side: int, rows: int, columns: int, floor: float
) -> Tensor:
    """Brightness and colour of the tiles of halved pictures: N x rows x columns x 7.

    The features after those of the scales, in the order of `bands.FEATURES`.

    Args:
        half: N x H x W x 3, 0..255; tiles of `side` pixels from the corner on.
        half_luma: N x H x W.
        side: of a tile.
        rows: of tiles.
        columns: of tiles.
        floor: what is added to a product.
    """
    n, height, width = half_luma.shape
    out = torch.empty((n, rows, columns, 7), device=half.device)
    _colours[columns, rows, n](
        half.contiguous(), half_luma.contiguous(), out, height, width, side, floor, PLACES=PLACES
    )
    return out


@in_turn
@triton.jit(do_not_specialize=("height", "width", "side"))
def _colours(half, luma, out, height, width, side, floor, PLACES: tl.constexpr):
    column, row, one = tl.program_id(0), tl.program_id(1), tl.program_id(2).to(tl.int64)
    corner = (one * height + row * side) * width + column * side
    bright = tl.zeros((PLACES,), tl.float32)
    square = tl.zeros((PLACES,), tl.float32)
    clipped = tl.zeros((PLACES,), tl.float32)
    middle = tl.load(luma + corner)
    for first in range(0, side * side, PLACES):
        place = first + tl.arange(0, PLACES)
        known = place < side * side
        value = tl.load(luma + corner + (place // side) * width + place % side, known, middle)
        clipped += (known & ((value < 2) | (value > 253))).to(tl.float32)
        bright += value - middle
        square += (value - middle) * (value - middle)
    rr = tl.zeros((PLACES,), tl.float32)
    gg = tl.zeros((PLACES,), tl.float32)
    bb = tl.zeros((PLACES,), tl.float32)
    rg = tl.zeros((PLACES,), tl.float32)
    gb = tl.zeros((PLACES,), tl.float32)
    rb = tl.zeros((PLACES,), tl.float32)
    pairs = side // 2
    for first in range(0, pairs * pairs, PLACES):
        place = first + tl.arange(0, PLACES)
        known = place < pairs * pairs
        at = half + (corner + 2 * (place // pairs) * width + 2 * (place % pairs)) * 3
        red = _fine(at, width, known)
        green = _fine(at + 1, width, known)
        blue = _fine(at + 2, width, known)
        rr += red * red
        gg += green * green
        bb += blue * blue
        rg += red * green
        gb += green * blue
        rb += red * blue
    count, parts = side * side, pairs * pairs
    mean = tl.sum(bright, 0) / count
    spread = tl.sqrt(tl.maximum(tl.sum(square, 0) / count - mean * mean, 0.0))
    red, green = tl.sum(rr, 0) / parts + floor, tl.sum(gg, 0) / parts + floor
    blue = tl.sum(bb, 0) / parts + floor
    columns, rows = tl.num_programs(0), tl.num_programs(1)
    to = out + ((one * rows + row) * columns + column) * 7
    tl.store(to, (middle + mean) / 255)
    tl.store(to + 1, tl.log(spread + 0.1))
    tl.store(to + 2, tl.sum(clipped, 0) / count)
    tl.store(to + 3, tl.sum(rg, 0) / parts / tl.sqrt(red * green))
    tl.store(to + 4, tl.sum(gb, 0) / parts / tl.sqrt(green * blue))
    tl.store(to + 5, tl.sum(rb, 0) / parts / tl.sqrt(red * blue))
    tl.store(to + 6, tl.log((red + green + blue) / 3))


@triton.jit
def _fine(at, width, known):
    """Of 2 x 2 pixels of one channel: a - b - c + d."""
    a, b = tl.load(at, known, 0), tl.load(at + 3, known, 0)
    c, d = tl.load(at + width * 3, known, 0), tl.load(at + width * 3 + 3, known, 0)
    return a - c - b + d
